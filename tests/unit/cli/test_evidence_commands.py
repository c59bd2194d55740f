"""The commands of evidence as people give them: key, sign, verify, repeat, seal, open, share, prove."""

import fcntl
import json
import os
import shutil
import stat
from pathlib import Path

import pyrage
import pytest
from evidence_cases import PASSPHRASE, PASSPHRASE_VARIABLE, lab_key, public_of, write_evidence, write_key

from phonehome.cli.main import main

Capture = pytest.CaptureFixture[str]
WITH_PASSPHRASE = ["--passphrase-env", PASSPHRASE_VARIABLE]


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_evidence(tmp_path_factory.mktemp("cases") / "c", sessions=2)
    assert main(["audit", str(root), "-o", str(root.parent / "report.json")]) == 0
    return root


@pytest.fixture
def case(audited: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(audited, tmp_path / "c"))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key(tmp_path / "keys")


def sign(case: Path, key: Path, *options: str) -> int:
    return main(["sign", str(case), "--key", str(key), *WITH_PASSPHRASE, *options])


def test_a_new_key_is_private_encrypted_and_named(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "lab.pem"
    assert main(["key", "new", str(path), *WITH_PASSPHRASE]) == 0
    out, err = capsys.readouterr()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert out == public_of(path).read_text()
    assert main(["key", "show", str(public_of(path))]) == 0
    fingerprint = capsys.readouterr().out.strip()
    assert f"fingerprint {fingerprint}" in err
    assert PASSPHRASE not in out + err


def test_a_private_key_that_others_may_read_is_told(case: Path, key: Path, capsys: Capture) -> None:
    key.chmod(0o600)
    assert sign(case, key) == 0
    assert "others on this machine may read" not in capsys.readouterr().err
    key.chmod(0o644)
    assert sign(case, key) == 0
    assert "others on this machine may read this private key" in capsys.readouterr().err


def test_a_key_to_open_with_is_one_of_age(tmp_path: Path, case: Path, capsys: Capture) -> None:
    path = tmp_path / "open.age"
    assert main(["key", "new", str(path), "--for", "opening", *WITH_PASSPHRASE]) == 0
    assert capsys.readouterr().out.startswith("age1")
    assert b"AGE-SECRET-KEY" not in path.read_bytes()
    sealed = tmp_path / "c.age"
    assert main(["case", "seal", str(case), "-o", str(sealed), "--recipient", str(public_of(path))]) == 0


def test_a_key_is_never_written_over_or_into_a_case(
    tmp_path: Path, case: Path, key: Path, capsys: Capture
) -> None:
    before = key.read_bytes()
    assert main(["key", "new", str(key), *WITH_PASSPHRASE]) == 2
    assert key.read_bytes() == before
    assert main(["key", "new", str(case / "lab.pem"), *WITH_PASSPHRASE]) == 2
    assert "lies in the case" in capsys.readouterr().err
    assert not (case / "lab.pem").exists()
    shutil.copy(key, case / "lab.pem")
    assert sign(case, case / "lab.pem") == 2
    assert "lies in the case" in capsys.readouterr().err
    assert sign(case, key) == 2
    assert "looks like a private key" in capsys.readouterr().err
    assert not (case / "manifest.json").exists()


def test_a_passphrase_comes_from_an_open_file(tmp_path: Path, case: Path, key: Path) -> None:
    read, write = os.pipe()
    os.write(write, PASSPHRASE.encode() + b"\nmore")
    os.close(write)
    try:
        assert main(["sign", str(case), "--key", str(key), "--passphrase-fd", str(read)]) == 0
    finally:
        os.close(read)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--passphrase-env", "NOT_THERE"], "the environment has no NOT_THERE"),
        (["--passphrase-fd", "987"], "file descriptor 987"),
        ([], "there is no terminal to ask at"),
    ],
)
def test_a_passphrase_that_is_not_there_is_a_sentence(
    case: Path, key: Path, capsys: Capture, options: list[str], sentence: str
) -> None:
    assert main(["sign", str(case), "--key", str(key), *options]) == 2
    assert sentence in capsys.readouterr().err


def test_what_was_signed_is_verified_and_repeated(case: Path, key: Path, capsys: Capture) -> None:
    assert sign(case, key) == 0
    assert "only your own clock says when" in capsys.readouterr().err
    assert main(["verify", str(case), "--public-key", str(public_of(key))]) == 0
    assert "All that was checked holds." in capsys.readouterr().out
    before = (case / "results" / "audit.json").read_bytes()
    assert main(["repeat", str(case)]) == 0
    assert "byte for byte" in capsys.readouterr().out
    assert (case / "results" / "audit.json").read_bytes() == before


def test_a_case_is_repeated_elsewhere_under_another_name(case: Path, key: Path, tmp_path: Path) -> None:
    assert sign(case, key) == 0
    shutil.move(case, tmp_path / "another-lab")
    assert main(["repeat", str(tmp_path / "another-lab")]) == 0


def test_a_change_fails_the_check_by_name(case: Path, key: Path, capsys: Capture) -> None:
    assert sign(case, key) == 0
    (case / "case.yaml").write_text("title: another\n")
    assert main(["verify", str(case)]) == 4
    out = capsys.readouterr().out
    assert "changed: case.yaml" in out
    assert "The check FAILED." in out
    assert main(["repeat", str(case)]) == 4
    out, err = capsys.readouterr()
    assert "changed: case.yaml" in out
    assert "not audited again" in err


def test_a_result_that_the_evidence_does_not_give_fails_by_place(case: Path, capsys: Capture) -> None:
    stored = case / "results" / "audit.json"
    document = json.loads(stored.read_text())
    document["flows"][0]["severity"] = "low" if document["flows"][0]["severity"] != "low" else "high"
    stored.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    assert main(["repeat", str(case)]) == 4
    out = capsys.readouterr().out
    assert f"flows[{document['flows'][0]['id']}].severity: " in out
    assert "DIFFERS, with the same versions" in out


def test_a_result_of_another_version_is_compared_by_its_contents(case: Path, capsys: Capture) -> None:
    stored = case / "results" / "audit.json"
    stored.write_text(stored.read_text().replace('"version": "0.', '"version": "9.', 1))
    assert main(["repeat", str(case)]) == 0
    out = capsys.readouterr().out
    assert 'other version: program version: "9.' in out
    assert "The same result, apart from the versions." in out


def test_there_must_be_a_result_to_repeat(case: Path, capsys: Capture) -> None:
    (case / "results" / "audit.json").unlink()
    assert main(["repeat", str(case)]) == 2
    assert "`phonehome audit" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["sign", "verify", "repeat", "case seal", "case share"])
@pytest.mark.parametrize("what", ["nothing", "a file", "an empty folder"])
def test_what_is_no_case_is_a_sentence(tmp_path: Path, capsys: Capture, command: str, what: str) -> None:
    place = tmp_path / "x"
    if what == "a file":
        place.write_text("x")
    elif what == "an empty folder":
        place.mkdir()
    extra = {"sign": ["--manifest-only"], "case seal": ["-o", "y", "--passphrase"], "case share": ["-o", "y"]}
    assert main([*command.split(), str(place), *extra.get(command, [])]) == 2
    assert str(place) in capsys.readouterr().err


def test_signing_needs_a_key_or_the_word_not_to(case: Path, capsys: Capture) -> None:
    assert main(["sign", str(case)]) == 2
    assert "--key FILE" in capsys.readouterr().err
    assert main(["sign", str(case), "--manifest-only", "--timestamp-url", "http://127.0.0.1/"]) == 2
    assert main(["sign", str(case), "--manifest-only"]) == 0
    assert main(["verify", str(case)]) == 0
    assert "Not signed" in capsys.readouterr().out


def test_a_sealed_case_opens_checked(case: Path, key: Path, tmp_path: Path, capsys: Capture) -> None:
    assert sign(case, key) == 0
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "id").write_text(f"{identity}\n")
    sealed = tmp_path / "sent.age"
    assert main(["case", "seal", str(case), "-o", str(sealed), "--recipient", str(identity.to_public())]) == 0
    got = tmp_path / "got"
    opening = [
        "case",
        "open",
        str(sealed),
        "--identity",
        str(tmp_path / "id"),
        "--public-key",
        str(public_of(key)),
    ]
    assert main([*opening, "-o", str(got)]) == 0
    assert "the key that you trust" in capsys.readouterr().out
    assert main(["repeat", str(got)]) == 0
    assert main([*opening, "-o", str(got)]) == 2  # there already
    other = write_key(tmp_path / "keys", 2)
    opening[-1] = str(public_of(other))
    assert main([*opening, "-o", str(tmp_path / "again")]) == 4
    assert "did not sign this" in capsys.readouterr().out


def test_an_unsigned_case_is_sealed_with_a_word_of_warning(
    case: Path, tmp_path: Path, capsys: Capture
) -> None:
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    assert main(["case", "seal", str(case), "-o", str(tmp_path / "x.age"), "--recipient", recipient]) == 0
    assert "is not signed" in capsys.readouterr().err


def test_sealing_asks_for_one_way_of_opening(case: Path, tmp_path: Path) -> None:
    out = ["-o", str(tmp_path / "x.age")]
    assert main(["case", "seal", str(case), *out]) == 2
    assert main(["case", "seal", str(case), *out, "--recipient", "age1x", "--passphrase"]) == 2
    assert not (tmp_path / "x.age").exists()


def test_one_finding_is_proved_from_a_signed_copy(
    case: Path, key: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert sign(case, key) == 0
    copy, openings, proof = tmp_path / "shared", tmp_path / "shared.openings.json", tmp_path / "f1.json"
    assert main(["case", "share", str(case), "-o", str(copy)]) == 0
    assert stat.S_IMODE(openings.stat().st_mode) == 0o600
    assert sign(copy, key) == 0
    assert main(["prove", str(openings), "f1", "-o", str(proof)]) == 0
    assert stat.S_IMODE(proof.stat().st_mode) == 0o600
    checking = ["verify", str(copy), "--public-key", str(public_of(key)), "--opening", str(proof)]
    assert main(checking) == 0
    assert "opens f1: the " in capfd.readouterr().out
    opening = json.loads(proof.read_text())
    opening["committed"] = opening["committed"].replace('"f1"', '"f2"')
    proof.write_text(json.dumps(opening))
    assert main(checking) == 4
    assert main(["prove", str(openings), "f1"]) == 0
    assert '"finding": "f1"' in capfd.readouterr().out


def test_a_copy_holds_no_value_in_any_file(case: Path, tmp_path: Path) -> None:
    assert main(["case", "share", str(case), "-o", str(tmp_path / "shared")]) == 0
    everything = b"".join(path.read_bytes() for path in (tmp_path / "shared").rglob("*") if path.is_file())
    for word in (b"490154203237518", b"2025550143", b"mill", b"alice", b"imei-1", b"traffic.har"):
        assert word not in everything, word
    names = sorted(path.name for path in (tmp_path / "shared").iterdir())
    assert names == [
        "README.txt",
        "manifest.json",
        "shared.json",
    ]


def test_openings_stay_out_of_copy_and_case(case: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "shared"
    for place in (copy / "o.json", case / "o.json", case / "results" / "o.json"):
        assert main(["case", "share", str(case), "-o", str(copy), "--openings", str(place)]) == 2
        assert not copy.exists()
    assert main(["case", "share", str(case), "-o", str(case / "shared")]) == 2
    assert "lies in the case" in capsys.readouterr().err
    (tmp_path / "mine.json").write_text("mine")
    assert main(["case", "share", str(case), "-o", str(copy), "--openings", str(tmp_path / "mine.json")]) == 2
    assert (tmp_path / "mine.json").read_text() == "mine"


def test_sharing_needs_a_result(case: Path, tmp_path: Path, capsys: Capture) -> None:
    (case / "results" / "audit.json").write_text("{}")
    assert main(["case", "share", str(case), "-o", str(tmp_path / "s")]) == 2
    assert "run `phonehome audit" in capsys.readouterr().err
    (case / "results" / "audit.json").unlink()
    assert main(["case", "share", str(case), "-o", str(tmp_path / "s")]) == 2
    assert not (tmp_path / "s").exists()


def test_a_shared_copy_is_no_case_to_repeat_or_share(case: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "shared"
    assert main(["case", "share", str(case), "-o", str(copy)]) == 0
    assert main(["repeat", str(copy)]) == 2
    assert main(["case", "share", str(copy), "-o", str(tmp_path / "again")]) == 2
    assert main(["verify", str(case), "--opening", "x"]) == 2
    assert "--opening is for a copy" in capsys.readouterr().err


def test_two_writers_of_one_case_do_not_meet(case: Path, key: Path, tmp_path: Path, capsys: Capture) -> None:
    with (case / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (
            ["sign", str(case), "--key", str(key), *WITH_PASSPHRASE],
            ["case", "seal", str(case), "-o", str(tmp_path / "x.age"), *WITH_PASSPHRASE],
            ["case", "share", str(case), "-o", str(tmp_path / "s")],
        ):
            assert main(command) == 2
            assert "another process writes to this case" in capsys.readouterr().err
        assert main(["verify", str(case)]) == 0  # readers need not wait
    assert not (case / "manifest.json").exists()


def test_the_fingerprint_of_a_signer_is_that_of_the_key(case: Path, key: Path, capsys: Capture) -> None:
    assert sign(case, key) == 0
    assert main(["verify", str(case)]) == 0
    assert lab_key()[0].public.fingerprint in capsys.readouterr().out


def test_a_case_with_a_mistake_is_signed_with_a_word_on_it(case: Path, key: Path, capsys: Capture) -> None:
    (case / "case.yaml").write_text("titel: x\n")
    assert sign(case, key) == 0
    err = capsys.readouterr().err
    assert "warning: the case is signed as it is, and has a mistake: " in err
    assert "case.yaml:1: " in err
    assert main(["verify", str(case), "--public-key", str(public_of(key))]) == 0


def test_folders_in_the_place_of_files_are_sentences(case: Path, tmp_path: Path, capsys: Capture) -> None:
    for place in (".", "/", str(tmp_path)):
        assert main(["key", "new", place, *WITH_PASSPHRASE]) == 2
        assert main(["case", "share", str(case), "-o", place]) == 2
        assert main(["case", "seal", str(case), "-o", place, *WITH_PASSPHRASE]) == 2
        assert main(["case", "open", place, *WITH_PASSPHRASE]) == 2
        assert main(["prove", place, "f1"]) == 2
        assert main(["verify", str(case), "--public-key", place]) == 2
    assert "fault of phonehome's own" not in capsys.readouterr().err


def test_a_wrong_address_is_refused_before_anything_is_signed(case: Path, key: Path, capsys: Capture) -> None:
    assert sign(case, key, "--timestamp-url", "file:///etc/passwd") == 2
    assert "no address of a time-stamp service" in capsys.readouterr().err
    assert not (case / "manifest.json").exists()


def test_values_in_what_people_wrote_are_taken_out_of_a_copy(tmp_path: Path) -> None:
    case = write_evidence(tmp_path / "c")
    subject, about = case / "subjects" / "phone-1.yaml", case / "case.yaml"
    subject.write_text(
        subject.read_text()
        + '- {id: carrier, type: carrier_name, value: "Exampletel"}\n'
        + '- {id: model, type: device_model, value: "Phone 5"}\n'
    )
    about.write_text(about.read_text().replace("A test", "The exampletel Phone 5 of +1 202-555-0143"))
    assert main(["audit", str(case), "-o", str(tmp_path / "report.json")]) == 0
    assert main(["case", "share", str(case), "-o", str(tmp_path / "s")]) == 0
    shared = json.loads((tmp_path / "s" / "shared.json").read_text())
    assert shared["title"] == "The ‹masked› Phone 5 of ‹masked›"
    assert shared["handsets"][0]["model"] == "Phone 5"
