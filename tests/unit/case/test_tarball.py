"""A case as a tar stream: the same bytes every time, read by tar, and nothing hostile gets out of the folder."""

import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from case_folders import write_case
from hypothesis import given
from hypothesis import strategies as st

from phonehome.case.tarball import MAX_PAX, Unpacker, iter_tar, tar_size
from phonehome.model.errors import ConfigError

LONG = "long-" + "é" * 60 + ".har"


def packed(root: Path, top: str = "case") -> bytes:
    return b"".join(iter_tar(root, top))


def unpack(data: bytes, target: Path, step: int = 7001) -> None:
    target.mkdir(exist_ok=True)
    unpacker = Unpacker(target)
    try:
        for at in range(0, len(data), step):
            unpacker.write(data[at : at + step])
        unpacker.finish()
    finally:
        unpacker.close()


def tree(root: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


@pytest.fixture
def case(tmp_path: Path) -> Path:
    root = write_case(tmp_path / "c")
    (root / "sessions" / "01-factory" / LONG).write_bytes(os.urandom(200_000))
    (root / "sessions" / "01-factory" / "exact.bin").write_bytes(bytes(1024))
    (root / "sessions" / "01-factory" / "empty.bin").write_bytes(b"")
    (root / "results").mkdir()
    (root / "sessions" / "01-factory" / "traffic.pcap").chmod(0o444)
    return root


@pytest.mark.parametrize("step", [1 << 20, 512, 511, 13])
def test_what_went_in_comes_out(case: Path, tmp_path: Path, step: int) -> None:
    unpack(packed(case), tmp_path / "out", step)
    assert tree(tmp_path / "out") == tree(case)


def test_evidence_stays_read_only_and_nobody_else_may_look(case: Path, tmp_path: Path) -> None:
    unpack(packed(case), tmp_path / "out")
    folder = tmp_path / "out" / "sessions" / "01-factory"
    assert stat.S_IMODE((folder / "traffic.pcap").stat().st_mode) == 0o400
    assert stat.S_IMODE((folder / "session.yaml").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_bytes_tell_nothing_of_time_and_owner(case: Path) -> None:
    before = packed(case)
    for path in case.rglob("*"):
        os.utime(path, (5, 5))
    assert packed(case) == before
    assert tar_size(case) <= len(before) + 4096


@pytest.mark.needs_tool("tar")
def test_tar_reads_it(case: Path, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    subprocess.run(["tar", "-x", "-C", str(tmp_path / "x")], input=packed(case), check=True, timeout=60)
    assert tree(tmp_path / "x" / "case") == tree(case)


@pytest.mark.parametrize("size", [100, 5 << 20])
def test_a_file_that_grows_or_shrinks_meanwhile_is_a_sentence(case: Path, size: int) -> None:
    victim = case / "sessions" / "01-factory" / LONG
    victim.write_bytes(bytes(3 << 20))
    with pytest.raises(ConfigError, match="was written to while it was read"):  # noqa: PT012  it is read step by step
        for block in iter_tar(case, "case"):
            if LONG.encode() in block:
                os.truncate(victim, size)


def hostile(change: Callable[[tarfile.TarInfo], None], data: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("case/a")
        info.size = len(data)
        change(info)
        tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def with_record(name: str, text: str) -> bytes:
    return hostile(lambda info: setattr(info, "pax_headers", {"path": "case/a"} | {name: text}))


def named(name: str) -> bytes:
    return hostile(lambda info: setattr(info, "name", name))


def of_type(kind: bytes, target: str = "/etc/passwd") -> bytes:
    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname, info.size = kind, target, 0

    return hostile(change, b"")


def test_a_path_record_of_its_own_is_checked_like_any_other() -> None:
    assert b"../" in named("case/" + "n" * 120 + "/../../../evil")


@pytest.mark.parametrize(
    "data",
    [
        named("../evil"),
        named("/etc/evil"),
        named("case/../../evil"),
        named("case/" + "n" * 120 + "/../../../evil"),
        named("case//a"),
        named("case/./a"),
        named("case/a\\\n"),
        named("case/a\u202eb"),
        named("case/.partial-1-x"),
        named("case/" + "d/" * 30 + "a"),
        named("case/" + "é" * 200),
        named("case"),
        named(""),
        of_type(tarfile.SYMTYPE),
        of_type(tarfile.LNKTYPE),
        of_type(tarfile.CHRTYPE),
        of_type(tarfile.FIFOTYPE),
        of_type(tarfile.GNUTYPE_LONGNAME),
        of_type(tarfile.XGLTYPE),
        with_record("SCHILY.acl", "x"),
        with_record("size", "-5"),
        with_record("GNU.sparse.major", "1"),
        with_record("path", "case/" + "x" * MAX_PAX),
        named("case/a")[:10240].replace(bytes(1024), named("case/a")[:1024], 1),
        b"junk" * 1000,
        b"",
        bytes(512),
        named("case/a")[:512],
        named("case/a")[:600],
        bytes(1024) + named("case/a"),
    ],
)
def test_what_is_hostile_is_refused_and_nothing_gets_out(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ConfigError, match="what was sealed is no case"):
        unpack(data, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_size_that_lies_takes_no_memory(tmp_path: Path) -> None:
    data = bytearray(tarfile.TarInfo("case/a").tobuf(tarfile.PAX_FORMAT))
    data[124:136] = b"77777777777\0"
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data)
    with pytest.raises(ConfigError, match="breaks off"):
        unpack(bytes(data) + bytes(100_000), tmp_path / "out")


def test_files_of_two_folders_are_refused(tmp_path: Path) -> None:
    both = named("case/a")[:1024] + named("other/a")
    with pytest.raises(ConfigError, match="more than one folder"):
        unpack(both, tmp_path / "out")


@pytest.mark.parametrize("names", [("case/a", "case/a/b"), ("case/a/b", "case/a"), ("case/a", "case/a/b/c")])
def test_what_is_a_file_and_a_folder_is_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"both a file and a folder|stands in it twice"):
        unpack(named(names[0])[:1024] + named(names[1]), tmp_path / "out")


def test_a_file_that_stands_in_it_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stands in it twice"):
        unpack(named("case/a")[:1024] + named("case/a"), tmp_path / "out")


@given(data=st.binary(max_size=2000), at=st.integers(0, 3000))
def test_whatever_comes_in_ends_as_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    whole = bytearray(named("case/a")[:3000])
    whole[at : at + len(data)] = data
    with suppress(ConfigError):
        unpack(bytes(whole), folder / "out")
    assert {path.name for path in folder.iterdir()} == {"out"}
