"""Inputs: files, folders, wrappings, standard input, and everything that is none."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import threading
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.problem import Problem
from phonehome.readers import (
    READERS,
    InputFile,
    Reading,
    iter_inputs,
    read_input,
    reading,
    unwrap,
    zip_archive,
)
from phonehome.readers.base import Item

Make = Callable[..., bytes]
MakeEntry = Callable[..., dict[str, object]]


@pytest.fixture
def har(make_har: Make, make_entry: MakeEntry) -> bytes:
    return make_har(*(make_entry({"url": f"https://example.org/{number}"}) for number in range(3)))


def zip_of(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return packed.getvalue()


def read_all(files: list[InputFile]) -> tuple[list[Item], list[Reading]]:
    readings = [read_input(file) for file in files]
    return [item for one in readings for item in one], readings


def count(files: list[InputFile]) -> int:
    return sum(isinstance(item, Exchange) for item in read_all(files)[0])


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "zlib": zlib.compress,
    "zlib of little effort": lambda data: zlib.compress(data, 1),
    "gzip of zlib": lambda data: gzip.compress(zlib.compress(data)),
    "gzip of zstd": lambda data: gzip.compress(zstandard.ZstdCompressor().compress(data)),
    "two gzip members": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "two zstd frames": lambda data: b"".join(
        zstandard.ZstdCompressor().compress(part) for part in (data[:100], data[100:])
    ),
    "xz twice": lambda data: lzma.compress(lzma.compress(data)),
    "gzip with padding": lambda data: gzip.compress(data) + b"\0" * 512,
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_compression_is_looked_through_whatever_the_name(tmp_path: Path, har: bytes, wrapping: str) -> None:
    path = tmp_path / "capture.txt"
    packed = WRAPPINGS[wrapping](har)
    path.write_bytes(packed)
    [file] = iter_inputs([path])
    items, [done] = read_all([file])
    assert [type(item) for item in items] == [Exchange] * 3
    assert done.facts.format == "har"
    assert done.facts.path == str(path)
    assert done.facts.size == len(packed)
    assert done.facts.sha256 == hashlib.sha256(packed).hexdigest()


def test_each_member_of_a_zip_is_an_input(tmp_path: Path, har: bytes, cases: Path) -> None:
    flows = (cases / "mitm-successful_log" / "successful_log.mitm").read_bytes()
    packed = zip_of(a_har=har, folder__b_mitm=gzip.compress(flows), notes_txt=b"notes")
    path = tmp_path / "archive.zip"
    path.write_bytes(packed)
    files = iter_inputs([path])
    assert [file.name for file in files] == [f"{path}!a.har", f"{path}!folder/b.mitm"]
    assert [file.number for file in files] == [0, 1]
    items, readings = read_all(files)
    assert [(item.input, item.index) for item in items if isinstance(item, Exchange)] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
    ]
    assert [one.facts.format for one in readings] == ["har", "mitmproxy"]
    assert {one.facts.sha256 for one in readings} == {hashlib.sha256(packed).hexdigest()}
    assert {one.facts.size for one in readings} == {len(packed)}


def test_a_zip_in_a_zip_and_in_gzip_is_read(tmp_path: Path, har: bytes) -> None:
    path = tmp_path / "nested"
    path.write_bytes(gzip.compress(zip_of(inner_zip=zip_of(a_har=har))))
    files = iter_inputs([path])
    assert [file.name for file in files] == [f"{path}!inner.zip!a.har"]
    assert count(files) == 3


def test_an_archive_of_thousands_is_looked_through_and_bounded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, har: bytes
) -> None:
    path = tmp_path / "many.zip"
    path.write_bytes(zip_of(**{f"n{number}_txt": b"words" for number in range(5000)}, a_har=har))
    assert count(iter_inputs([path])) == 3
    monkeypatch.setattr(zip_archive, "MAX_MEMBERS", 5000)
    with pytest.raises(InputError, match="5,001 members"):
        iter_inputs([path])


def test_two_members_of_one_name_are_both_read(tmp_path: Path, har: bytes) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.har", har)
        archive.writestr("a.har", har)
    assert count(iter_inputs([path])) == 6


def test_an_encrypted_archive_is_refused(tmp_path: Path, har: bytes) -> None:
    packed = bytearray(zip_of(a_har=har))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    path = tmp_path / "locked.zip"
    path.write_bytes(packed)
    with pytest.raises(InputError, match="encrypted"):
        iter_inputs([path])


def test_too_many_wrappings_are_refused(tmp_path: Path, har: bytes) -> None:
    data = har
    for _ in range(4):
        data = gzip.compress(data)
    path = tmp_path / "deep.gz"
    path.write_bytes(data)
    with pytest.raises(InputError, match="wrapped more than 3 times"):
        iter_inputs([path])


def test_a_folder_is_searched_in_sorted_order(tmp_path: Path, har: bytes) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.har", "a.json", "b/1.bin", "z.har.gz"):
        (tmp_path / name).write_bytes(gzip.compress(har) if name.endswith("gz") else har)
    (tmp_path / "notes.txt").write_text("not a capture")
    (tmp_path / "empty").touch()
    files = iter_inputs([tmp_path])
    assert [file.name for file in files] == [
        str(tmp_path / name) for name in ("a.json", "z.har.gz", "b/1.bin", "b/2.har")
    ]
    assert count(files) == 12


def test_a_folder_s_file_named_like_a_capture_is_not_passed_over(tmp_path: Path, har: bytes) -> None:
    (tmp_path / "a.har").write_bytes(har)
    (tmp_path / "b.HAR").write_bytes(b"")
    (tmp_path / "c.pcap.gz").write_bytes(gzip.compress(b"%PDF-1.7 of a report"))
    items, readings = read_all(iter_inputs([tmp_path]))
    problems = [item for item in items if isinstance(item, Problem)]
    assert [problem.input for problem in problems] == [1, 2]
    assert all(problem.lost for problem in problems)
    assert "empty" in problems[0].reason
    assert "looks like a PDF" in problems[1].reason
    assert readings[1].facts.sha256 is None
    assert readings[1].facts.format is None


def test_standard_input_is_read_without_a_file(har: bytes) -> None:
    for data in (har, gzip.compress(har)):
        [file] = iter_inputs(["-"], stdin=io.BytesIO(data))
        items, [done] = read_all([file])
        assert len(items) == 3
        assert (done.facts.path, done.facts.sha256) == ("-", hashlib.sha256(data).hexdigest())


def test_standard_input_longer_than_its_head_is_read_whole(make_har: Make, make_entry: MakeEntry) -> None:
    data = make_har(*(make_entry({"postData": {"text": "x" * 100_000}}) for _ in range(20)))
    files = iter_inputs(["-"], stdin=io.BytesIO(data))
    assert count(files) == 20


def test_a_zip_on_standard_input_is_read(har: bytes) -> None:
    packed = zip_of(a_har=har, b_har=har)
    files = iter_inputs(["-"], stdin=io.BytesIO(packed))
    assert [file.name for file in files] == ["-!a.har", "-!b.har"]
    items, readings = read_all(files)
    assert len(items) == 6
    assert readings[1].facts.sha256 == hashlib.sha256(packed).hexdigest()


def test_a_named_pipe_is_read(tmp_path: Path, har: bytes) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(har))
    writer.start()
    files = iter_inputs([pipe])
    assert count(files) == 3
    writer.join()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "looks like HTML"),
        (b"<?xml version='1.0'?>", "looks like XML"),
        (b'{"entries": []}', 'no "log" key'),
        (b"[1, 2]", 'no "log" key'),
        (b"just words\n", "looks like text"),
        (b"\x00\x01\x02\xff\xfe", "is of no known format"),
        (b"\x00" * 100, "only zero bytes"),
        (b"SQLite format 3\x00", "SQLite"),
        (bz2.compress(b"x"), "bzip2"),
        (gzip.compress(b"", mtime=0), "holds nothing"),
        (gzip.compress(b"words", mtime=0), "looks like text"),
        (b"x^2 + y^2 = z^2", "looks like text"),
        (zlib.compress(bytes(range(64))), "is of no known format"),
        (b"\x1f\x8b\x08 not gzip", "damaged"),
        (b"PK\x03\x04 not zip", "zip archive"),
        (zip_of(a_txt=b"words"), "without a capture"),
    ],
)
def test_a_file_that_is_no_capture_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        iter_inputs([path])
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        iter_inputs([tmp_path / "missing.har"])
    with pytest.raises(InputError, match="holds no capture"):
        iter_inputs([tmp_path])
    with pytest.raises(InputError, match="no input"):
        iter_inputs([])


def test_one_bad_input_among_good_ones_is_a_problem(tmp_path: Path, har: bytes) -> None:
    good = tmp_path / "good.har"
    good.write_bytes(har)
    files = iter_inputs([tmp_path / "missing.har", good])
    items, _ = read_all(files)
    assert [type(item) for item in items] == [Problem, Exchange, Exchange, Exchange]
    assert [item.input for item in items if isinstance(item, Exchange | Problem)] == [0, 1, 1, 1]


def test_several_bad_inputs_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of 2 inputs"):
        iter_inputs([tmp_path / "a", tmp_path / "b"])


@pytest.mark.parametrize(
    "pack", [gzip.compress, zlib.compress, lzma.compress, zstandard.ZstdCompressor().compress]
)
@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_wrapping_cut_short_gives_what_came_before(
    tmp_path: Path, make_har: Make, make_entry: MakeEntry, pack: Callable[[bytes], bytes], share: float
) -> None:
    noise = [os.urandom(6_000).hex() for _ in range(60)]
    data = make_har(*(make_entry({"postData": {"text": text}}) for text in noise))
    packed = pack(data)
    path = tmp_path / "cut"
    path.write_bytes(packed[: int(len(packed) * share)])
    items, _ = read_all(iter_inputs([path]))
    exchanges = [item for item in items if isinstance(item, Exchange)]
    assert [item.index for item in exchanges] == list(range(len(exchanges)))
    assert 0 < len(exchanges) < 60 or share == 0.999
    [problem] = [item for item in items if isinstance(item, Problem)]
    assert problem.lost
    assert "ends early" in problem.reason


CASES = Path(__file__).parents[2] / "cases"


@pytest.mark.parametrize(
    "case", ["pcap-arkime-http-no-length", "mitm-dumpfile-7-websocket", "har-mitmproxy-chrome"]
)
@pytest.mark.parametrize("wrapping", ["gzip", "xz"])
def test_what_a_cut_wrapping_gives_is_read_as_if_nothing_had_been_around_it(
    tmp_path: Path, case: str, wrapping: str
) -> None:
    [path] = [path for path in (CASES / case).iterdir() if path.suffix in (".pcap", ".mitm", ".har")]
    packed = WRAPPINGS[wrapping](path.read_bytes())[:-40]
    data = unwrap.unwrap(io.BytesIO(packed), wrapping).read()
    (tmp_path / "packed").write_bytes(packed)
    (tmp_path / "plain").write_bytes(data)
    expected = count(iter_inputs([tmp_path / "plain"]))
    items, _ = read_all(iter_inputs([tmp_path / "packed"]))
    assert sum(isinstance(item, Exchange) for item in items) == expected > 0
    assert any(isinstance(item, Problem) and item.lost and "ends early" in item.reason for item in items)


@pytest.mark.parametrize(
    ("pack", "behind", "lost"), [(gzip.compress, 8, 0), (zlib.compress, 4, 0), (lzma.compress, 40, 4096)]
)
def test_a_wrapping_whose_check_fails_gives_what_was_in_it(
    pack: Callable[[bytes], bytes], behind: int, lost: int
) -> None:
    data = os.urandom(6_000).hex().encode()
    packed = bytearray(pack(data))
    packed[-behind] ^= 0x55
    wrapping = unwrap.name_wrapping(bytes(packed))
    assert wrapping is not None
    stream = unwrap.unwrap(io.BytesIO(packed), wrapping)
    read = stream.read()
    assert data.startswith(read)
    assert len(read) >= len(data) - lost
    with pytest.raises(InputError, match=f"is damaged: {len(read):,} bytes in it were read"):
        stream.read()


def test_a_damaged_zip_member_gives_what_came_before(
    tmp_path: Path, make_har: Make, make_entry: MakeEntry
) -> None:
    noise = [os.urandom(6_000).hex() for _ in range(60)]
    packed = bytearray(zip_of(a_har=make_har(*(make_entry({"postData": {"text": text}}) for text in noise))))
    packed[-60_000:-59_000] = b"\xff" * 1000
    path = tmp_path / "a.zip"
    path.write_bytes(packed)
    items, _ = read_all(iter_inputs([path]))
    assert any(isinstance(item, Exchange) for item in items)
    assert any(isinstance(item, Problem) and item.lost for item in items)


@pytest.mark.parametrize(
    "pack", [gzip.compress, zlib.compress, lzma.compress, zstandard.ZstdCompressor().compress]
)
def test_a_bomb_ends_at_its_bound(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, har: bytes, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(unwrap, "RATIO_FREE_BYTES", 1_000_000)
    path = tmp_path / "bomb"
    path.write_bytes(pack(har[:-2] + b" " * 50_000_000 + b"}}"))
    items, _ = read_all(iter_inputs([path]))
    assert [type(item) for item in items] == [Exchange] * 3 + [Problem]
    assert isinstance(items[-1], Problem)
    assert "more than is unwrapped" in items[-1].reason


def test_the_total_that_is_unwrapped_is_bounded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make_har: Make, make_entry: MakeEntry
) -> None:
    monkeypatch.setattr(unwrap, "MAX_UNWRAPPED_BYTES", 2_000_000)
    data = make_har(*(make_entry({"postData": {"text": os.urandom(50_000).hex()}}) for _ in range(60)))
    path = tmp_path / "long.gz"
    path.write_bytes(gzip.compress(data))
    items, _ = read_all(iter_inputs([path]))
    assert 5 < sum(isinstance(item, Exchange) for item in items) < 60
    assert isinstance(items[-1], Problem)
    assert "more than is unwrapped" in items[-1].reason


def test_endless_problems_are_counted_not_listed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make_har: Make
) -> None:
    monkeypatch.setattr(reading, "MAX_PROBLEMS", 10)
    path = tmp_path / "junk.har"
    path.write_bytes(make_har(*range(25)))
    items, _ = read_all(iter_inputs([path]))
    assert len(items) == 11
    assert isinstance(items[-1], Problem)
    assert "15 problems more" in items[-1].reason


def test_a_capture_without_exchanges_says_so(tmp_path: Path, make_har: Make) -> None:
    path = tmp_path / "nothing.har"
    path.write_bytes(make_har())
    items, [done] = read_all(iter_inputs([path]))
    [problem] = items
    assert isinstance(problem, Problem)
    assert not problem.lost
    assert done.facts.first is None


def test_the_first_and_last_time_are_those_of_the_exchanges(
    tmp_path: Path, make_har: Make, make_entry: MakeEntry
) -> None:
    times = ["2024-05-02T00:00:00Z", "2024-05-01T00:00:00Z", "2024-05-03T00:00:00Z"]
    path = tmp_path / "t.har"
    path.write_bytes(make_har(*(make_entry(startedDateTime=time) for time in times)))
    _, [done] = read_all(iter_inputs([path]))
    assert done.facts.first is not None
    assert done.facts.last is not None
    assert (done.facts.first.day, done.facts.last.day) == (1, 3)


def test_no_two_readers_share_a_name() -> None:
    assert len({reader.name for reader in READERS}) == len(READERS)
