import sys
from itertools import pairwise
from unittest.mock import patch

import pytest
from compiled_parts import compiled_parts
from hypothesis import given, settings
from hypothesis import strategies as st

from phonehome.wire import http1_parser
from phonehome.wire.http1 import RequestParser, ResponseParser
from phonehome.wire.http1_parser import read_no_head
from phonehome.wire.http_message import HttpMessage

with compiled_parts():
    from phonehome.wire.native.http1 import read_head

HEAD = b"GET / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 3\r\n\r\nabc"

first_lines = st.sampled_from(
    (
        b"GET /a?x=1 HTTP/1.1",
        b"POST http://example.org/ HTTP/1.0",
        b"CONNECT example.org:443 HTTP/1.1",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 101 Switching Protocols",
        b"HTTP/1.1 204",
        b"HTTP/1.1 100 Continue",
        b"get / http/1.1",
        b"GET / HTTP/1.1 ",
        b"\x00\x01",
        b"",
    )
)
lines = st.sampled_from(
    (
        b"Host: example.org",
        b"host:example.org",
        b"HOST: \t two \t ",
        b"Content-Length: 5",
        b"content-LENGTH: 5",
        b"Content-Length: 6",
        b"Content-Length: +5",
        b"Content-Length: 5, 5",
        b"Content-Length: \xb25",
        b"Content-Length: 99999999999999999999999",
        b"Content-Length:",
        b"Transfer-Encoding: Chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"X-Bare: a\rb",
        b"X-Null: \x00",
        b" folded",
        b"\tfolded: more",
        b"No colon",
        b": no name",
        b"Blank : before",
        b"X:",
        b"X-Long-" + b"n" * 60 + b": v",
        b"\xff\xfe: high",
    )
) | st.tuples(st.binary(max_size=8), st.binary(max_size=8)).map(b":".join)
ends = st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n"))
bodies = st.sampled_from((b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"GET / HTTP/1.1\r\n"))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    parts = [draw(first_lines), draw(ends)]
    for line in draw(st.lists(lines, max_size=6)):
        parts += [line, draw(ends)]
    return b"".join([*parts, draw(ends), draw(bodies)])


def fields(message: HttpMessage) -> dict[str, object]:
    return {name: getattr(message, name) for name in HttpMessage.__slots__ if not name.startswith("_")}


def read(kind: type[RequestParser | ResponseParser], pieces: list[bytes]) -> object:
    parser = kind()
    found = [message for piece in pieces for message in parser.feed(piece)] + parser.finish()
    return [fields(message) for message in found], parser.skipped, parser.passed, parser.upgraded


@settings(max_examples=400)
@given(
    st.sampled_from((RequestParser, ResponseParser)),
    st.lists(messages(), min_size=1, max_size=4).map(b"".join),
    st.lists(st.integers(0, 400), max_size=3),
)
def test_messages_are_read_as_the_plain_parser_reads_them(
    kind: type[RequestParser | ResponseParser], stream: bytes, cuts: list[int]
) -> None:
    places = sorted([0, *(min(cut, len(stream)) for cut in cuts), len(stream)])
    pieces = [stream[start:stop] for start, stop in pairwise(places)]
    compiled = read(kind, pieces)
    with patch.object(http1_parser, "_read_ordinary", read_no_head):
        assert compiled == read(kind, pieces)


def test_an_ordinary_head_is_read_by_the_compiled_one() -> None:
    # Or the comparison would hold the plain parser against itself.
    assert read_head(HEAD, 0, len(HEAD), 10) == (
        b"GET / HTTP/1.1",
        ((b"Host", b"example.org"), (b"Content-Length", b"3")),
        len(HEAD) - 3,
        3,
        None,
        False,
    )


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"\r\n", b"\n"),
        HEAD.replace(b"Host: ", b"Host: a\r\n folded"),
        HEAD.replace(b"Host", b"Host "),
        HEAD.replace(b"Host", b""),
        HEAD.replace(b"Host", b"Content-Length: 3\r\nHost"),
        HEAD.replace(b"Host", b"Transfer-Encoding: a\r\nTransfer-Encoding: b\r\nHost"),
        HEAD.replace(b": 3", b": +3"),
        HEAD.replace(b": 3", b": " + b"3" * 19),
    ],
)
def test_an_unusual_head_is_left(head: bytes) -> None:
    assert read_head(head, 0, len(head), 10) is None


def test_a_head_that_is_not_whole_or_has_too_many_fields_is_left() -> None:
    body = len(HEAD) - 3
    assert all(read_head(HEAD[:end], 0, len(HEAD), 10) is None for end in range(body))
    assert all(read_head(HEAD, 0, limit, 10) is None for limit in range(body))
    assert [read_head(HEAD, 0, body, most) is not None for most in (-1, 0, 1, 2)] == [
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("position", [-1, -2, -60, -1000, 60, 1000, sys.maxsize, -sys.maxsize - 1])
@pytest.mark.parametrize("limit", [-1, 0, 60, 1000, sys.maxsize, -sys.maxsize - 1])
def test_a_place_that_is_not_there_raises_or_gives_nothing(position: int, limit: int) -> None:
    try:
        assert read_head(HEAD, position, limit, 10) is None
    except IndexError:
        assert position < 0


def test_what_is_no_bytes_or_no_number_of_the_machine_raises() -> None:
    with pytest.raises(TypeError):
        read_head(memoryview(HEAD), 0, 10, 10)  # type: ignore[arg-type]  # what is tried
    with pytest.raises(OverflowError):
        read_head(HEAD, 2**70, 10, 10)


def test_names_that_share_a_place_in_the_memory_of_names_stay_apart() -> None:
    # The place is made of length, first, middle and last byte, which these have in common.
    names = [b"X-%c-Name-%c-Token" % (65 + number % 26, 97 + number // 26) for number in range(200)]
    for _ in range(2):
        for name in names:
            head = b"GET / HTTP/1.1\r\n" + name + b": v\r\n\r\n"
            read_back = read_head(head, 0, len(head), 10)
            assert read_back is not None
            assert read_back[1] == ((name, b"v"),)
