"""The manifest: every file by its digest, the same bytes for the same folder, and what differs by name."""

import hashlib
import json
import os
from pathlib import Path

import pyrage
import pytest
from case_folders import write_case
from evidence_cases import PASSPHRASE

from phonehome.case.inventory import Part, iter_files
from phonehome.case.manifest import (
    compare,
    hash_folder,
    load_manifest,
    make_manifest,
    render_manifest,
)
from phonehome.case.sealing import new_identity
from phonehome.model.errors import ConfigError


def names(root: Path) -> list[str]:
    return [entry.path for entry in make_manifest(root).evidence]


def test_every_file_that_was_recorded_or_written_by_people_is_evidence(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    for name in ("annotations.yaml", "claims.yaml", "policy.yaml", "keys.yaml"):
        (root / name).write_text("x", encoding="utf-8")
    (root / "results").mkdir()
    (root / "results" / "audit.json").write_text("{}", encoding="utf-8")
    manifest = make_manifest(root)
    assert [entry.path for entry in manifest.evidence] == [
        "annotations.yaml",
        "case.yaml",
        "claims.yaml",
        "keys.yaml",
        "policy.yaml",
        "sessions/01-factory/keys.txt",
        "sessions/01-factory/session.yaml",
        "sessions/01-factory/traffic.pcap",
        "subjects/phone-1.yaml",
    ]
    assert [entry.path for entry in manifest.derived] == ["results/audit.json"]
    traffic = next(entry for entry in manifest.evidence if entry.path.endswith("traffic.pcap"))
    assert (traffic.sha256, traffic.size) == (hashlib.sha256(b"traffic").hexdigest(), 7)


def test_the_same_folder_gives_the_same_bytes_which_read_back(tmp_path: Path) -> None:
    one, other = write_case(tmp_path / "one"), write_case(tmp_path / "other")
    os.utime(other / "case.yaml", (0, 0))
    data = render_manifest(make_manifest(one))
    assert data == render_manifest(make_manifest(other))
    (one / "manifest.json").write_bytes(data)
    loaded = load_manifest(one)
    assert loaded is not None
    assert loaded == (make_manifest(one), data)
    assert json.loads(data)["schema"] == "phonehome.manifest/1"


def test_manifest_signatures_lock_and_unfinished_writes_are_not_in_it(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    before = names(root)
    (root / "manifest.json").write_text("old", encoding="utf-8")
    (root / "signatures").mkdir()
    (root / "signatures" / "a.dsse.json").write_text("x", encoding="utf-8")
    (root / ".lock").write_text("", encoding="utf-8")
    (root / ".partial-0123-case.yaml").write_text("half", encoding="utf-8")
    (root / "sessions" / ".partial-77-02-x").mkdir()
    (root / "sessions" / ".partial-77-02-x" / "big.pcap").write_text("half", encoding="utf-8")
    assert names(root) == before


def test_a_hidden_file_is_evidence_too_so_that_nothing_can_hide(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    (root / "sessions" / ".hidden").write_text("x", encoding="utf-8")
    assert "sessions/.hidden" in names(root)


def test_what_was_changed_added_or_removed_is_named(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    (root / "results").mkdir()
    (root / "results" / "audit.json").write_text("{}", encoding="utf-8")
    manifest = make_manifest(root)
    assert compare(manifest, hash_folder(root)) == []
    (root / "case.yaml").write_text("other", encoding="utf-8")
    (root / "sessions" / "01-factory" / "keys.txt").unlink()
    (root / "new.txt").write_text("", encoding="utf-8")
    (root / "results" / "audit.json").unlink()
    found = compare(manifest, hash_folder(root))
    assert [(str(one), one.part) for one in found] == [
        ("changed: case.yaml", Part.EVIDENCE),
        ("added: new.txt", Part.EVIDENCE),
        ("missing: results/audit.json", Part.DERIVED),
        ("missing: sessions/01-factory/keys.txt", Part.EVIDENCE),
    ]


def test_a_change_that_keeps_the_size_is_found(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    manifest = make_manifest(root)
    (root / "sessions" / "01-factory" / "traffic.pcap").write_bytes(b"trAffic")
    assert [one.kind for one in compare(manifest, hash_folder(root))] == ["changed"]


@pytest.mark.parametrize("kind", ["file", "folder", "dangling", "pipe"])
def test_what_is_no_file_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    root = write_case(tmp_path / "c")
    place = root / "sessions" / "odd"
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "file":
            place.symlink_to("/etc/passwd")
        case "folder":
            place.symlink_to("/etc")
        case _:
            place.symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"odd: is .*a case holds files only"):
        make_manifest(root)


def test_a_folder_that_goes_on_and_on_is_refused(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    deep = root.joinpath(*["d"] * 20)
    deep.mkdir(parents=True)
    with pytest.raises(ConfigError, match="deeper than 16 folders"):
        list(iter_files(root))


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nxx",
        "-----BEGIN RSA PRIVATE KEY-----\nxx",
        "# mine\nAGE-SECRET-KEY-1QQQQ",
        new_identity(PASSPHRASE)[0].decode(),
        pyrage.passphrase.encrypt(b"AGE-SECRET-KEY-1QQQQ", PASSPHRASE).decode("latin-1"),
    ],
    ids=["encrypted", "rsa", "age", "age encrypted, armoured", "age encrypted"],
)
def test_a_private_key_beside_the_evidence_is_refused(tmp_path: Path, text: str) -> None:
    root = write_case(tmp_path / "c")
    for folder in ("sessions", "signatures"):
        place = root / folder / "lab.pem"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="latin-1")
        with pytest.raises(ConfigError, match=r"lab\.pem: looks like a private key"):
            make_manifest(root)
        place.unlink()


def test_what_was_sealed_for_somebody_is_no_private_key(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    recipient = pyrage.x25519.Identity.generate().to_public()
    (root / "note.age").write_bytes(pyrage.encrypt(b"x", [recipient]))
    assert "note.age" in names(root)


@pytest.mark.parametrize("name", [b"a\nb", b"\xff.pcap", "a\u202efdp.exe".encode()])
def test_a_name_that_nobody_can_read_is_refused(tmp_path: Path, name: bytes) -> None:
    root = write_case(tmp_path / "c")
    (root / os.fsdecode(name)).write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError, match="rename it"):
        make_manifest(root)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "this is no JSON"),
        ("[" * 100_000, "this is no JSON"),
        ('{"schema": "phonehome.manifest/2"}', "a newer phonehome may read it"),
        ('{"schema": "something/1"}', r"its schema is 'something/1'"),
        ("[]", "its schema is None"),
        ('{"schema": "phonehome.manifest/1", "of": "case"}', "this is no manifest: tool"),
    ],
)
def test_what_is_no_manifest_is_refused_by_name(tmp_path: Path, text: str, sentence: str) -> None:
    root = write_case(tmp_path / "c")
    (root / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"manifest\.json: .*{sentence}"):
        load_manifest(root)


def test_a_manifest_that_names_a_file_twice_is_refused(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    manifest = make_manifest(root)
    twice = manifest.model_copy(update={"derived": [manifest.evidence[0]]})
    (root / "manifest.json").write_bytes(render_manifest(twice))
    with pytest.raises(ConfigError, match="stands in it twice"):
        load_manifest(root)


def test_the_tool_and_data_of_the_stored_result_are_in_it(tmp_path: Path) -> None:
    root = write_case(tmp_path / "c")
    (root / "results").mkdir()
    tool = {"name": "phonehome", "version": "0.0.1", "data": [{"name": "asn", "date": None, "source": "x"}]}
    (root / "results" / "audit.json").write_text(json.dumps({"tool": tool}), encoding="utf-8")
    found = make_manifest(root).audited_with
    assert found is not None
    assert found.model_dump() == tool
    (root / "results" / "audit.json").write_text("{", encoding="utf-8")
    assert make_manifest(root).audited_with is None
