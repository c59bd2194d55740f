"""A HAR as a stream: split entry by entry, broken in every way, larger than memory."""

import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.problem import Problem
from phonehome.readers import har_entries, json_stream
from phonehome.readers.base import Item
from phonehome.readers.har import HarReader

Read = Callable[[bytes], list[Item]]
Make = Callable[..., bytes]
MakeEntry = Callable[..., dict[str, object]]


def paths(items: list[Item]) -> list[tuple[int, bytes | None]]:
    return [(item.index, item.url) for item in items if isinstance(item, Exchange)]


def problems(items: list[Item]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


@pytest.fixture
def three(make_entry: MakeEntry) -> list[str]:
    return [json.dumps(make_entry({"url": f"https://example.org/{number}"})) for number in range(3)]


def wrap(*entries: str) -> bytes:
    return ('{"log": {"entries": [' + ",".join(entries) + "]}}").encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"log": {"entries": [%s], "version": "1.2"}}',
        '\n{"a": {"log": 1, "x": "}]\\""}, "log": {"pages": [{"id": "p"}], "entries": [%s]}, "z": [1]}',
        '{"log":{"entries":[%s]}}\n\n',
        '{"log": {"comment": "\\\\", "n": -1.5e3, "t": true, "entries" : [ %s ]} }',
    ],
)
def test_the_entries_are_found_wherever_they_stand(read_har: Read, three: list[str], text: str) -> None:
    items = read_har((text % " , ".join(three)).encode())
    assert paths(items) == [(number, f"https://example.org/{number}".encode()) for number in range(3)]
    assert not problems(items)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_windows_of_any_size_give_the_same(
    monkeypatch: pytest.MonkeyPatch, cases: Path, read_har: Read, size: int
) -> None:
    data = (cases / "har-mitmproxy-websocket" / "mitmproxy-websocket.har").read_bytes()
    whole = read_har(data)
    monkeypatch.setattr(json_stream, "_CHUNK_BYTES", size)
    assert read_har(data) == whole


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_byte_order_marks_are_followed(read_har: Read, make_entry: MakeEntry, encoding: str) -> None:
    text = json.dumps(
        {"log": {"entries": [make_entry({"url": "https://example.org/é"})]}}, ensure_ascii=False
    )
    mark = "" if encoding in ("utf-8-sig", "utf-16", "utf-32") else "\ufeff"
    data = (mark + text).encode(encoding)
    assert HarReader().recognises(data)
    [exchange] = read_har(data)
    assert isinstance(exchange, Exchange)
    assert exchange.url == "https://example.org/é".encode()


def test_bytes_that_are_not_utf_8_come_through(read_har: Read, three: list[str]) -> None:
    data = wrap(three[0]).replace(b"example.org/0", b"example.org/\xff\xe9")
    exchange, problem = read_har(data)
    assert isinstance(exchange, Exchange)
    assert exchange.url == b"https://example.org/\xff\xe9"
    assert isinstance(problem, Problem)
    assert not problem.lost


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ("{]", "no JSON"),
        ('{"request": {"url": tru}}', "no JSON"),
        ('{"request": {"url": "https://example.org/x"', "no JSON"),
        ('{"a": "unbalanced quote}', "no JSON"),
        ('{"request" "url"}', "no JSON"),
        ("}", "no JSON"),
        ('{"a": [[[}', "no JSON"),
        ("nonsense {}", "no JSON"),
    ],
)
def test_reading_goes_on_behind_a_broken_entry(
    read_har: Read, three: list[str], broken: str, what: str
) -> None:
    items = read_har(wrap(three[0], broken, three[1], three[2]))
    read = paths(items)
    assert read[0] == (0, b"https://example.org/0")
    assert read[-1] == (len(read), b"https://example.org/2")
    [problem] = problems(items)
    assert problem.lost
    assert problem.index == 1
    assert what in problem.reason


def test_a_broken_last_entry_says_that_nothing_follows(read_har: Read, three: list[str]) -> None:
    items = read_har(wrap(three[0], "{broken}"))
    assert paths(items) == [(0, b"https://example.org/0")]
    [problem] = problems(items)
    assert "no further entry" in problem.reason


def test_the_search_for_the_next_entry_is_bounded(
    monkeypatch: pytest.MonkeyPatch, read_har: Read, three: list[str]
) -> None:
    monkeypatch.setattr(har_entries, "MAX_RESYNC_TRIES", 5)
    items = read_har(wrap(three[0], "{broken", *['{"a": 1}'] * 10, three[1]))
    assert paths(items) == [(0, b"https://example.org/0")]
    assert len(problems(items)) == 1
    monkeypatch.setattr(har_entries, "MAX_RESYNC_TRIES", 20)
    assert len(paths(read_har(wrap(three[0], "{broken", *['{"a": 1}'] * 10, three[1])))) == 2


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_a_million_deep_is_a_problem_of_its_entry(
    read_har: Read, three: list[str], opening: str
) -> None:
    closing = "]" if opening == "[" else "}"
    deep = opening * 1_000_000 + "1" + closing * 1_000_000
    items = read_har(wrap(three[0], deep, three[1]))
    assert paths(items) == [(0, b"https://example.org/0"), (2, b"https://example.org/1")]
    [problem] = problems(items)
    assert problem.index == 1
    assert "deep" in problem.reason


def test_depth_outside_of_the_entries_costs_nothing(read_har: Read, three: list[str]) -> None:
    deep = b"[" * 1_000_000 + b"]" * 1_000_000
    items = read_har(
        b'{"x": ' + deep + b', "log": {"y": ' + deep + b', "entries": [' + three[0].encode() + b"]}}"
    )
    assert len(paths(items)) == 1
    assert not problems(items)


def test_an_entry_longer_than_the_bound_is_left_out(
    monkeypatch: pytest.MonkeyPatch, read_har: Read, three: list[str]
) -> None:
    monkeypatch.setattr(json_stream, "MAX_VALUE_CHARACTERS", 20_000)
    monkeypatch.setattr(json_stream, "_CHUNK_BYTES", 1000)
    huge = json.dumps({"request": {"url": "https://example.org/huge", "postData": {"text": "x" * 100_000}}})
    items = read_har(wrap(three[0], huge, three[1]))
    assert paths(items) == [(0, b"https://example.org/0"), (2, b"https://example.org/1")]
    [problem] = problems(items)
    assert "longer than" in problem.reason


def test_keys_named_twice_are_said(read_har: Read, three: list[str]) -> None:
    twice = three[0].replace('"request":', '"request": {"url": "https://example.org/hidden"}, "request":', 1)
    items = read_har(wrap(twice))
    assert len(paths(items)) == 1
    [problem] = problems(items)
    assert problem.lost
    assert "twice" in problem.reason


def test_numbers_of_any_length_are_read(read_har: Read, three: list[str]) -> None:
    entry = three[0].replace(
        '"request": {', '"request": {"headersSize": ' + "9" * 5000 + ', "bodySize": 1e999,', 1
    )
    [exchange] = read_har(wrap(entry))
    assert isinstance(exchange, Exchange)
    assert exchange.bytes_up < 100


def test_two_lists_of_entries_are_both_read(read_har: Read, three: list[str]) -> None:
    items = read_har(f'{{"log": {{"entries": [{three[0]}], "entries": [{three[1]}]}}}}'.encode())
    assert [index for index, _ in paths(items)] == [0, 1]


def test_what_stands_behind_the_end_is_said(read_har: Read, three: list[str]) -> None:
    [exchange, problem] = read_har(wrap(three[0]) + b'{"log": {}}')
    assert isinstance(exchange, Exchange)
    assert isinstance(problem, Problem)
    assert problem.lost


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"log": {}}',
        b'{"log": []}',
        b'{"log": {"entries": 5}}',
        b'{"log": {"entries": {}}}',
        b'{"log"',
        b'{"log": {"version": ',
        b'{"a" 5}',
        b"",
        b"[]",
        b"{" * 100,
    ],
)
def test_json_without_entries_is_refused_in_one_sentence(read_har: Read, text: bytes) -> None:
    with pytest.raises(InputError, match=r"^JSON, but no HAR: .") as caught:
        read_har(text)
    assert "\n" not in str(caught.value)


def test_a_har_cut_at_any_byte_gives_a_beginning_and_a_problem(read_har: Read, three: list[str]) -> None:
    data = wrap(*three)
    whole = paths(read_har(data))
    for length in range(len(data)):
        try:
            items = read_har(data[:length])
        except InputError:
            assert b'"entries": [' not in data[:length]
            continue
        assert paths(items) == whole[: len(paths(items))]
        assert len(problems(items)) == 1


class Generated(io.RawIOBase):
    """A HAR of any length, made as it is read."""

    def __init__(self, entry: bytes, count: int) -> None:
        self.given = 0
        self._parts = self._iter_parts(entry, count)

    def _iter_parts(self, entry: bytes, count: int) -> Iterator[bytes]:
        yield b'{"log": {"entries": ['
        for number in range(count):
            yield entry + (b"," if number + 1 < count else b"")
        yield b"]}}"

    def read(self, size: int = -1, /) -> bytes:
        parts = bytearray()
        while size < 0 or len(parts) < size:
            part = next(self._parts, b"")
            if not part:
                break
            parts += part
        self.given += len(parts)
        return bytes(parts)


def test_a_long_har_is_read_in_little_memory(make_entry: MakeEntry) -> None:
    entry = json.dumps(make_entry({"postData": {"text": "x" * 20_000}})).encode()
    stream = Generated(entry, 3000)
    tracemalloc.start()
    try:
        read = sum(1 for _ in HarReader().read(stream, where="big.har", number=0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == 3000
    assert stream.given > 60_000_000
    assert peak < 10_000_000


PROGRAM = """
import resource, sys
from pathlib import Path
from phonehome.readers import iter_inputs, read_input
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
[file] = iter_inputs([sys.argv[1]])
count = sum(1 for _ in read_input(file))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.heavy
def test_a_har_of_300_mb_is_read_in_little_memory(make_entry: MakeEntry, tmp_path: Path) -> None:
    entry = json.dumps(make_entry({"postData": {"text": "x" * 30_000}})).encode()
    path = tmp_path / "big.har"
    with path.open("wb") as file:
        file.write(b'{"log": {"entries": [')
        for _ in range(9_999):
            file.write(entry + b",")
        file.write(entry + b"]}}")
    assert path.stat().st_size > 300_000_000
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], check=True, capture_output=True, text=True, timeout=300
    )
    count, grown = map(int, done.stdout.split())
    assert count == 10_000
    # ru_maxrss is in KiB on Linux, in bytes on macOS.
    assert grown * (1 if sys.platform == "darwin" else 1024) < 60_000_000
