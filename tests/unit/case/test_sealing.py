"""Sealing with age: whole or not at all both ways, in bounded memory, and for nobody else's eyes."""

import base64
import errno
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
from age_scrypt import seal_with
from case_folders import write_case
from evidence_cases import PASSPHRASE

from phonehome.case import sealing
from phonehome.case.manifest import make_manifest
from phonehome.case.sealing import (
    Identities,
    is_locked_by_passphrase,
    load_identities,
    new_identity,
    open_sealed,
    parse_recipients,
    seal,
)
from phonehome.case.tarball import iter_tar
from phonehome.model.errors import ConfigError


def no_passphrase(of: str) -> str:
    raise AssertionError(f"nobody should be asked {of}")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    root = write_case(tmp_path / "c")
    (root / "sessions" / "01-factory" / "more.bin").write_bytes(os.urandom(300_000))
    return root


@pytest.fixture
def identity() -> "pyrage.x25519.Identity":
    return pyrage.x25519.Identity.generate()


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_recipient_opens_what_was_sealed_for_several(case: Path, tmp_path: Path) -> None:
    pair = [pyrage.x25519.Identity.generate() for _ in range(2)]
    seal(case, tmp_path / "x.age", [one.to_public() for one in pair])
    assert stat.S_IMODE((tmp_path / "x.age").stat().st_mode) == 0o600
    assert b"traffic" not in (tmp_path / "x.age").read_bytes()
    for number, one in enumerate(pair):
        open_sealed(tmp_path / "x.age", tmp_path / f"out{number}", [one])
        assert files(tmp_path / f"out{number}") == files(case)


@pytest.mark.parametrize("name", ["shot 3.45\u202fPM.png", "a\u00a0b.png", "❤️.txt", "ключ.pcap", "n" * 255])
def test_a_name_that_can_be_seen_is_signed_sealed_and_opened(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity", name: str
) -> None:
    (case / name).write_bytes(b"x")
    make_manifest(case)
    seal(case, tmp_path / "x.age", [identity.to_public()])
    open_sealed(tmp_path / "x.age", tmp_path / "out", [identity])
    assert files(tmp_path / "out") == files(case)


@pytest.mark.parametrize(
    "name", [b"a\nb", b"a\xe9b", "a\u200bb".encode(), "a\u202eb".encode(), "a\u00adb".encode()]
)
def test_a_name_that_cannot_be_seen_is_refused_before_it_is_sealed(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity", name: bytes
) -> None:
    for place in (case / os.fsdecode(name), case / "sessions" / os.fsdecode(name)):
        place.mkdir()
        with pytest.raises(ConfigError, match="rename it"):
            seal(case, tmp_path / "x.age", [identity.to_public()])
        place.rmdir()
        place.write_bytes(b"x")
        with pytest.raises(ConfigError, match="rename it"):
            make_manifest(case)
        with pytest.raises(ConfigError, match="rename it"):
            seal(case, tmp_path / "x.age", [identity.to_public()])
        place.unlink()
    assert not (tmp_path / "x.age").exists()


def test_a_folder_with_a_name_of_its_own_opens_all_the_same(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity"
) -> None:
    odd = case.rename(case.with_name("od\u200bd"))
    seal(odd, tmp_path / "x.age", [identity.to_public()])
    open_sealed(tmp_path / "x.age", tmp_path / "out", [identity])
    assert files(tmp_path / "out") == files(odd)


def test_a_private_key_is_not_sealed_wherever_it_lies(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity"
) -> None:
    (case / "signatures").mkdir()
    (case / "signatures" / "lab.age").write_bytes(new_identity(PASSPHRASE)[0])
    with pytest.raises(ConfigError, match="looks like a private key"):
        seal(case, tmp_path / "x.age", [identity.to_public()])


@pytest.mark.parametrize("after", [0, 1, 2, 3, 5])
def test_a_disk_that_is_full_is_blamed_whenever_it_is(
    case: Path,
    tmp_path: Path,
    identity: "pyrage.x25519.Identity",
    after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seal(case, tmp_path / "x.age", [identity.to_public()])
    left = [after]
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr("phonehome.case.tarball.os.write", full)
    with pytest.raises(ConfigError, match="the disk is full"):
        open_sealed(tmp_path / "x.age", tmp_path / "out", [identity])
    assert not (tmp_path / "out").exists()


def test_a_passphrase_opens_it_and_another_does_not(case: Path, tmp_path: Path) -> None:
    (tmp_path / "x.age").write_bytes(seal_with(PASSPHRASE, b"".join(iter_tar(case, "c"))))
    open_sealed(tmp_path / "x.age", tmp_path / "out", PASSPHRASE)
    assert files(tmp_path / "out") == files(case)
    with pytest.raises(ConfigError, match="does not open with this passphrase; nothing was written"):
        open_sealed(tmp_path / "x.age", tmp_path / "other", PASSPHRASE + "!")
    assert not (tmp_path / "other").exists()


def test_a_passphrase_seals(case: Path, tmp_path: Path) -> None:
    seal(case, tmp_path / "x.age", PASSPHRASE)
    assert (tmp_path / "x.age").read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")


def test_a_file_that_asks_for_endless_work_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.age").write_bytes(seal_with(PASSPHRASE, b"", work=21))
    with pytest.raises(ConfigError, match=r"asks for 2\^21 rounds"):
        open_sealed(tmp_path / "x.age", tmp_path / "out", PASSPHRASE)


def armoured(data: bytes) -> bytes:
    text = base64.encodebytes(data).replace(b"\n", b"")
    lines = b"\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return b"-----BEGIN AGE ENCRYPTED FILE-----\n" + lines + b"\n-----END AGE ENCRYPTED FILE-----\n"


def test_armour_of_age_is_read_and_hides_no_endless_work(case: Path, tmp_path: Path) -> None:
    sealed = tmp_path / "x.age"
    sealed.write_bytes(armoured(seal_with(PASSPHRASE, b"".join(iter_tar(case, "c")))))
    assert is_locked_by_passphrase(sealed)
    open_sealed(sealed, tmp_path / "out", PASSPHRASE)
    assert files(tmp_path / "out") == files(case)
    sealed.write_bytes(armoured(seal_with(PASSPHRASE, b"", work=25)))
    with pytest.raises(ConfigError, match=r"asks for 2\^25 rounds"):
        open_sealed(sealed, tmp_path / "other", PASSPHRASE)


def test_another_key_opens_nothing(case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity") -> None:
    seal(case, tmp_path / "x.age", [pyrage.x25519.Identity.generate().to_public()])
    with pytest.raises(ConfigError, match="was not sealed for this key"):
        open_sealed(tmp_path / "x.age", tmp_path / "out", [identity])


@pytest.mark.parametrize("kind", ["cut", "cut at a chunk", "changed", "longer", "empty", "junk"])
def test_what_was_changed_or_cut_leaves_nothing_behind(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity", kind: str
) -> None:
    sealed = tmp_path / "x.age"
    seal(case, sealed, [identity.to_public()])
    data = sealed.read_bytes()
    middle = len(data) // 2
    changed = {
        "cut": data[:-100],
        "cut at a chunk": data[: len(data) - (len(data) - 200) % 65552],
        "changed": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "longer": data + b"x",
        "empty": b"",
        "junk": os.urandom(5000),
    }[kind]
    sealed.write_bytes(changed)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ConfigError, match=r"x\.age: .*nothing was written"):
        open_sealed(sealed, tmp_path / "out", [identity])
    assert sorted(tmp_path.iterdir()) == before


def test_what_holds_no_case_is_refused(tmp_path: Path, identity: "pyrage.x25519.Identity") -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "other.txt").write_text("x")
    seal(tmp_path / "c", tmp_path / "x.age", [identity.to_public()])
    with pytest.raises(ConfigError, match=r"holds no case"):
        open_sealed(tmp_path / "x.age", tmp_path / "out", [identity])
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over_or_into_a_case(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity"
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        seal(case, mine, [identity.to_public()])
    with pytest.raises(ConfigError, match="lies in a case"):
        seal(case, case / "results.age", [identity.to_public()])
    seal(case, tmp_path / "x.age", [identity.to_public()])
    with pytest.raises(ConfigError, match="is there already"):
        open_sealed(tmp_path / "x.age", mine, [identity])
    with pytest.raises(ConfigError, match="lies in the case"):
        open_sealed(tmp_path / "x.age", case / "inner", [identity])
    assert mine.read_text() == "mine"


def test_a_case_too_large_for_a_passphrase_is_told_the_other_way(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MAX_IN_MEMORY", 1 << 20)
    with (case / "sessions" / "01-factory" / "big.bin").open("wb") as file:
        file.truncate(1 << 20)
    with pytest.raises(ConfigError, match=r"larger than 1 MiB.*--recipient"):
        seal(case, tmp_path / "x.age", PASSPHRASE)
    assert not (tmp_path / "x.age").exists()


def test_a_file_that_changes_while_it_is_sealed_leaves_no_sealed_file(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity", monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> object:
        yield b"x" * 512
        raise ConfigError("traffic.pcap: was written to while it was read")

    monkeypatch.setattr(sealing, "iter_tar", gone)
    with pytest.raises(ConfigError, match="was written to while it was read"):
        seal(case, tmp_path / "x.age", [identity.to_public()])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c"]


def test_ctrl_c_within_the_library_stays_ctrl_c(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity", monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> object:
        yield b"x" * 512
        raise KeyboardInterrupt

    monkeypatch.setattr(sealing, "iter_tar", interrupted)
    with pytest.raises(KeyboardInterrupt):
        seal(case, tmp_path / "x.age", [identity.to_public()])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c"]


MEMORY = """
import resource, sys
from pathlib import Path
import pyrage
from phonehome.case.sealing import open_sealed, seal
root = Path(sys.argv[1])
identity = pyrage.x25519.Identity.generate()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seal(root / "c", root / "x.age", [identity.to_public()])
open_sealed(root / "x.age", root / "out", [identity])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_case(case: Path, tmp_path: Path) -> None:
    with (case / "sessions" / "01-factory" / "big.bin").open("wb") as file:
        file.truncate(192 << 20)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path)], capture_output=True, timeout=120, check=True
    )
    assert int(done.stdout) < 32 << 10  # KiB
    assert (tmp_path / "out" / "sessions" / "01-factory" / "big.bin").stat().st_size == 192 << 20


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    case: Path, tmp_path: Path, identity: "pyrage.x25519.Identity"
) -> None:
    """A limit on the size of files stands for the disk: writing fails at the same place in the program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(ConfigError, match="cannot be written"):
            seal(case, tmp_path / "x.age", [identity.to_public()])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c"]
    seal(case, tmp_path / "x.age", [identity.to_public()])
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(ConfigError, match="cannot be written"):
            open_sealed(tmp_path / "x.age", tmp_path / "out", [identity])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "x.age"]


def test_an_encrypted_identity_opens_with_its_passphrase(
    tmp_path: Path, identity: "pyrage.x25519.Identity"
) -> None:
    data, recipient = seal_with(PASSPHRASE, f"{identity}\n".encode()), str(identity.to_public())
    (tmp_path / "k.age").write_bytes(data)
    found: Identities = load_identities(tmp_path / "k.age", lambda of: PASSPHRASE)
    assert [str(one.to_public()) for one in found] == [recipient]
    with pytest.raises(ConfigError, match=r"k\.age: does not open with this passphrase"):
        load_identities(tmp_path / "k.age", lambda of: "another one")


def test_an_identity_of_age_keygen_needs_no_passphrase(
    tmp_path: Path, identity: "pyrage.x25519.Identity"
) -> None:
    (tmp_path / "k").write_text(f"# created: today\n{identity}\n")
    assert len(load_identities(tmp_path / "k", no_passphrase)) == 1


@pytest.mark.parametrize("text", ["", "# nothing", "AGE-SECRET-KEY-1NONSENSE", "\x00\xff"])
def test_what_is_no_identity_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text)
    with pytest.raises(ConfigError, match="identity"):
        load_identities(tmp_path / "k", no_passphrase)


def test_recipients_come_one_by_one_or_from_a_file(
    tmp_path: Path, identity: "pyrage.x25519.Identity"
) -> None:
    text = str(identity.to_public())
    (tmp_path / "r").write_text(f"# the lab\n{text}\n\n{text}\n")
    assert [str(one) for one in parse_recipients(text)] == [text]
    assert len(parse_recipients(str(tmp_path / "r"))) == 2


@pytest.mark.parametrize("text", ["age1nonsense", "nowhere.pub"])
def test_what_is_no_recipient_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_recipients(text)
