"""Checking a case: what holds passes, every change is named, and nothing in the case is believed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_cases import add_traffic, lab_key, write_evidence

from phonehome.case.dsse import parse_envelope, render_envelope, sign_payload
from phonehome.case.evidence import describe, evidence_notes, is_signed
from phonehome.case.signing import renew_manifest, sign_manifest
from phonehome.case.verification import Verification, verify
from phonehome.model.errors import ConfigError

ONE, TWO = lab_key(1)[0], lab_key(2)[0]


def sign(root: Path, *keys: int) -> list[Path]:
    renewed = renew_manifest(root)
    return [sign_manifest(root, renewed, lab_key(key)[0])[0] for key in keys]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_evidence(tmp_path_factory.mktemp("cases") / "c")
    (root / "results").mkdir()
    (root / "results" / "audit.json").write_text("{}")
    sign(root, 1)
    return root


@pytest.fixture
def case(signed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(signed, tmp_path / "c"))


def wrong(result: Verification) -> str:
    assert not result.passed
    return "\n".join(describe(result))


def test_what_was_signed_passes_and_the_key_is_named(case: Path) -> None:
    result = verify(case, [ONE.public])
    assert result.passed
    assert [(one.fingerprint, one.trusted, one.present) for one in result.signatures] == [
        (ONE.public.fingerprint, True, True)
    ]
    assert "the key that you trust" in "\n".join(describe(result))


def test_without_a_key_it_says_who_signed_and_that_trust_is_not_established(case: Path) -> None:
    result = verify(case)
    text = "\n".join(describe(result))
    assert result.passed
    assert f"Signed by SHA256:{ONE.public.fingerprint}" in text
    assert "a key that nothing here vouches for" in text
    assert "Trust is not established" in text


def test_a_case_without_a_time_stamp_says_so(case: Path) -> None:
    assert "no time stamp of an independent service" in "\n".join(describe(verify(case)))
    assert any("no time stamp" in note for note in evidence_notes(case))


def _change(root: Path) -> None:
    path = root / "sessions" / "01-factory" / "session.yaml"
    path.chmod(0o644)
    path.write_text(path.read_text() + "# later\n")


def _remove(root: Path) -> None:
    (root / "subjects" / "phone-1.yaml").unlink()


def _add(root: Path) -> None:
    (root / "sessions" / "01-factory" / "more.har").write_text("{}")


def _result(root: Path) -> None:
    (root / "results" / "audit.json").write_text('{"clean": true}')


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_change, "changed: sessions/01-factory/session.yaml"),
        (_remove, "missing: subjects/phone-1.yaml"),
        (_add, "added: sessions/01-factory/more.har"),
        (_result, "changed: results/audit.json (a result"),
    ],
)
def test_every_change_is_named(case: Path, change: Callable[[Path], None], named: str) -> None:
    change(case)
    assert named in wrong(verify(case, [ONE.public]))


def test_results_may_be_deleted_and_more_be_made(case: Path) -> None:
    shutil.rmtree(case / "results")
    (case / "results").mkdir()
    (case / "results" / "report.html").write_text("x")
    result = verify(case, [ONE.public])
    assert result.passed
    assert [str(one) for one in result.differences] == [
        "missing: results/audit.json",
        "added: results/report.html",
    ]


def test_a_signature_of_another_key_is_not_the_one_you_trust(case: Path) -> None:
    text = wrong(verify(case, [TWO.public]))
    assert f"the key SHA256:{TWO.public.fingerprint}, which you trust, did not sign this" in text
    assert f"signed by: {ONE.public.fingerprint}" in text


def test_every_key_that_is_trusted_must_have_signed(case: Path) -> None:
    assert not verify(case, [ONE.public, TWO.public]).passed
    sign(case, 2)
    result = verify(case, [ONE.public, TWO.public])
    assert result.passed
    assert len(result.present) == 2


def test_whoever_replaces_all_of_it_does_not_have_the_key(case: Path) -> None:
    """The attack that signatures are for: evidence, manifest and signature made anew."""
    _remove(case)
    shutil.rmtree(case / "signatures")
    sign(case, 2)
    assert verify(case).passed  # nothing in the case can tell
    assert not verify(case, [ONE.public]).passed


def test_a_manifest_made_anew_beside_the_old_signature_is_found(case: Path) -> None:
    _add(case)
    renew_manifest(case)
    text = wrong(verify(case))
    assert "manifest.json is not the one that was signed" in text
    assert "added: sessions/01-factory/more.har" in text
    assert "Not signed" in text


def test_a_new_session_is_signed_again_and_the_old_signature_is_kept(case: Path) -> None:
    add_traffic(case, "02-later")
    assert "added: sessions/02-later/traffic.har" in wrong(verify(case, [ONE.public]))
    sign(case, 1)
    result = verify(case, [ONE.public])
    assert result.passed
    assert [one.present for one in result.signatures].count(False) == 1
    assert "1 more over earlier states" in "\n".join(describe(result))


def test_signing_again_changes_nothing(case: Path) -> None:
    before = {path: path.read_bytes() for path in case.rglob("*") if path.is_file()}
    sign(case, 1)
    assert {path: path.read_bytes() for path in case.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("damage", ["cut", "signature", "payload", "type", "empty"])
def test_a_broken_envelope_is_named(case: Path, damage: str) -> None:
    path = next((case / "signatures").glob("*.dsse.json"))
    document = json.loads(path.read_bytes())
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:-40])
        case "empty":
            path.write_bytes(b"")
        case "signature":
            document["signatures"][0]["sig"] = "AAAA" + document["signatures"][0]["sig"][4:]
        case "payload":
            document["payload"] = "AAAA" + document["payload"][4:]
        case _:
            document["payloadType"] = "text/plain"
    if damage not in ("cut", "empty"):
        path.write_text(json.dumps(document))
    text = wrong(verify(case, [ONE.public]))
    assert f"WRONG: {path}: " in text
    assert "did not sign this" in text


def test_an_envelope_over_something_else_by_the_right_key_counts_for_nothing(case: Path) -> None:
    path = next((case / "signatures").glob("*.dsse.json"))
    path.write_bytes(render_envelope(sign_payload("text/plain", b"hello", [ONE])))
    assert "and not an in-toto statement" in wrong(verify(case))
    payload = b'{"predicateType": "https://slsa.dev/provenance/v1"}'
    path.write_bytes(render_envelope(sign_payload("application/vnd.in-toto+json", payload, [ONE])))
    assert "a newer one may read it" in wrong(verify(case))


def test_a_statement_that_leaves_out_a_file_counts_for_nothing(case: Path) -> None:
    path = next((case / "signatures").glob("*.dsse.json"))
    envelope = parse_envelope(path.read_bytes(), path)
    statement = json.loads(envelope.payload)
    statement["subject"] = statement["subject"][:-1]
    path.write_bytes(
        render_envelope(sign_payload(envelope.payload_type, json.dumps(statement).encode(), [ONE]))
    )
    assert "not the one that was signed" in wrong(verify(case))


def test_the_public_key_may_come_with_the_case_by_name_but_is_not_trusted(case: Path) -> None:
    for path in (case / "signatures").glob("*.pub"):
        path.unlink()
    assert "no key that is here made it" in wrong(verify(case))
    lines = "".join(f"    {line}\n" for line in ONE.public.as_pem().decode().splitlines())
    (case / "keys.yaml").write_text(f"keys:\n- name: Lab A\n  public_key: |\n{lines}")
    sign(case, 1)
    for path in (case / "signatures").glob("*.pub"):
        path.unlink()
    result = verify(case)
    assert result.passed
    assert "'Lab A' by the word of keys.yaml" in "\n".join(describe(result))
    assert "Trust is not established" in "\n".join(describe(result))


def test_a_manifest_that_is_gone_is_missed(case: Path) -> None:
    (case / "manifest.json").unlink()
    assert "missing: manifest.json, though the case was signed" in wrong(verify(case))


def test_what_no_manifest_lists_is_named_and_does_not_pass_for_signed(case: Path) -> None:
    (case / "signatures" / "notes.txt").write_text("x")
    (case / "signatures" / "more").mkdir()
    (case / "signatures" / "more" / "a.pub").write_text("x")
    (case / "sessions" / ".partial-0-x").mkdir()
    (case / ".lock").write_text("somebody")
    (case / "empty").mkdir()
    result = verify(case, [ONE.public])
    assert result.passed
    text = "\n".join(describe(result))
    for name in (
        "signatures/notes.txt (belongs to no signature)",
        "signatures/more/a.pub (belongs",
        "sessions/.partial-0-x (not finished",
        ".lock (holds 8 bytes",
        "empty (an empty folder)",
    ):
        assert f"In no manifest, so nobody vouches for it: {name}" in text
    (case / ".lock").unlink()
    (case / ".lock").mkdir()
    assert ".lock (is no file)" in "\n".join(describe(verify(case)))


def test_a_signed_case_has_nothing_beside_its_manifest(case: Path) -> None:
    assert verify(case).strays == []


def test_a_session_without_its_file_fails_since_no_audit_would_take_it(case: Path) -> None:
    (case / "sessions" / "07-empty").mkdir()
    assert "sessions/07-empty: is a session without its session.yaml" in wrong(verify(case))
    (case / "manifest.json").unlink()
    shutil.rmtree(case / "signatures")
    assert "sessions/07-empty: is a session without its session.yaml" in wrong(verify(case))


def test_without_its_manifest_nothing_is_said_to_be_as_it_was(case: Path) -> None:
    (case / "manifest.json").unlink()
    text = wrong(verify(case))
    assert "each is as it was" not in text
    assert "missing: manifest.json, though the case was signed" in text


def test_without_a_manifest_captures_are_held_against_their_sessions(case: Path) -> None:
    (case / "manifest.json").unlink()
    shutil.rmtree(case / "signatures")
    assert verify(case).passed
    assert "no manifest vouches" in "\n".join(describe(verify(case)))
    assert not verify(case, [ONE.public]).passed
    traffic = case / "sessions" / "01-factory" / "traffic.har"
    traffic.chmod(0o644)
    traffic.write_bytes(traffic.read_bytes() + b" ")
    assert "traffic.har is not what was added" in wrong(verify(case))
    with pytest.raises(ConfigError, match=r"traffic.har is not what was added.*put it back"):
        renew_manifest(case, accept_changes=True)


def test_a_case_of_which_nothing_is_known_cannot_be_checked(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "case.yaml").write_text("title: x\n")
    with pytest.raises(ConfigError, match=r"there is no manifest\.json"):
        verify(tmp_path / "c")


def test_evidence_that_changed_is_signed_only_when_told(case: Path) -> None:
    _change(case)
    with pytest.raises(ConfigError, match=r"changed: sessions/01-factory/session.yaml.*--accept-changes"):
        renew_manifest(case)
    renew_manifest(case, accept_changes=True)


def test_reports_get_sentences_and_never_an_exception(case: Path, tmp_path: Path) -> None:
    assert is_signed(case)
    assert evidence_notes(case)[0].startswith("Signed by SHA256:")
    _change(case)
    assert "WRONG: evidence changed: sessions/01-factory/session.yaml" in evidence_notes(
        case, hash_files=True
    )
    (case / "manifest.json").write_text("{")
    assert not is_signed(case)
    assert evidence_notes(case)[0].startswith("The evidence could not be checked: ")
    assert "no manifest and no signature" in evidence_notes(write_evidence(tmp_path / "new"))[0]


def _passes(root: Path) -> bool:
    try:
        return verify(root, [ONE.public]).passed
    except ConfigError:
        return False


@pytest.mark.parametrize(
    "name", ["manifest.json", "case.yaml", "sessions/01-factory/traffic.har", "results/audit.json"]
)
def test_no_changed_byte_passes(case: Path, name: str) -> None:
    path = case / name
    path.chmod(0o644)
    data = path.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 150)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :])
        assert not _passes(case), f"byte {at} of {name}"
    path.write_bytes(data)
    assert _passes(case)


def test_an_envelope_with_a_changed_byte_passes_only_with_the_same_statement(case: Path) -> None:
    path = next((case / "signatures").glob("*.dsse.json"))
    data = path.read_bytes()
    payload = parse_envelope(data, path).payload
    for at in range(0, len(data), max(1, len(data) // 300)):
        changed = data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]
        path.write_bytes(changed)
        if _passes(case):  # the hint of the key is not signed, and nobody goes by it
            assert parse_envelope(changed, path).payload == payload


@pytest.mark.parametrize("place", ["signatures", "signatures/x.dsse.json", "manifest.json", "keys.yaml"])
def test_a_link_in_place_of_what_is_read_is_not_followed(case: Path, tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    source = case / place
    if source.exists():
        shutil.move(source, outside)
    else:
        outside.write_text("keys:\n")
    source.symlink_to(outside)
    assert not _passes(case)


def test_a_signer_cannot_put_words_in_the_place_of_a_time(case: Path) -> None:
    path = next((case / "signatures").glob("*.dsse.json"))
    envelope = parse_envelope(path.read_bytes(), path)
    statement = json.loads(envelope.payload)
    statement["predicate"]["signed_at"] = "noon, as the court has found"
    path.write_bytes(
        render_envelope(sign_payload(envelope.payload_type, json.dumps(statement).encode(), [ONE]))
    )
    assert "court" not in wrong(verify(case))
