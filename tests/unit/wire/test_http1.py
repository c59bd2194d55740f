import time
from functools import partial

import pytest

from phonehome.wire import http1_parser
from phonehome.wire.body import BodyBuffer
from phonehome.wire.http1 import RequestParser, ResponseParser
from phonehome.wire.http_message import MAX_HEAD, MAX_HEADERS, HttpMessage


def only(messages: list[HttpMessage]) -> HttpMessage:
    assert len(messages) == 1
    return messages[0]


def respond(data: bytes, *methods: str, closed: bool = True) -> list[HttpMessage]:
    parser = ResponseParser()
    for method in methods:
        parser.expect(method)
    return parser.feed(data) + parser.finish(closed=closed)


def test_a_request_keeps_its_spelling_and_its_place() -> None:
    data = b"PUT /a%20b?x=1 HTTP/1.1\r\nHOST:example.org\r\nX-Odd :  a b \t\r\nContent-length: 3\r\n\r\nabc"
    parser = RequestParser()
    message = only(parser.feed(b"\r\n" + data))
    assert (message.method, message.target, message.version) == ("PUT", b"/a%20b?x=1", "1.1")
    assert message.headers == ((b"HOST", b"example.org"), (b"X-Odd", b"a b"), (b"Content-length", b"3"))
    assert (message.start, message.end, message.size, message.body) == (2, 2 + len(data), len(data), b"abc")
    assert parser.skipped == 2
    assert parser.take_skipped() == []


@pytest.mark.parametrize(
    ("line", "method", "target", "version"),
    [
        (b"GET http://example.org/x HTTP/1.1", "GET", b"http://example.org/x", "1.1"),
        (b"OPTIONS * HTTP/1.0", "OPTIONS", b"*", "1.0"),
        (b"GET /with space HTTP/1.1", "GET", b"/with space", "1.1"),
        (b"BREW  /pot   HTTP/1.2 ", "BREW", b"/pot", "1.1"),
    ],
)
def test_request_lines_are_read_leniently(line: bytes, method: str, target: bytes, version: str) -> None:
    message = only(RequestParser().feed(line + b"\r\n\r\n"))
    assert (message.method, message.target, message.version) == (method, target, version)


@pytest.mark.parametrize(
    "rest",
    [b"A" * 33 + b" /x", b"tail imei=1 POST /r", b"tail x=1", b"xyzPOST /r"],
    ids=["a long word", "words before a request", "a target that is none", "a method at the end of a word"],
)
def test_the_rest_of_a_body_is_no_request_line(rest: bytes) -> None:
    parser = RequestParser()
    data = rest + b" HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"
    found = parser.feed(data) + parser.finish()
    assert {(message.method, message.target) for message in found} <= {("POST", b"/r"), ("GET", b"/next")}
    assert found[-1].target == b"/next"
    kept = b"".join(data for _, data in parser.take_skipped())
    assert kept + b"".join(data[message.start : message.end] for message in found) == data


@pytest.mark.parametrize("line", [b"BREW /pot", b"X-Do *", b"Fetch app+x://a/b"])
def test_a_method_that_nobody_knows_is_read(line: bytes) -> None:
    message = only(RequestParser().feed(line + b" HTTP/1.1\r\n\r\n"))
    assert f"{message.method} ".encode() + (message.target or b"") == line


def test_folded_lines_are_joined_and_bare_line_feeds_end_lines() -> None:
    message = only(RequestParser().feed(b"GET / HTTP/1.1\nA: one\n\t two\nFold: x\n\n"))
    assert message.headers == ((b"A", b"one two"), (b"Fold", b"x"))


def test_a_line_without_a_colon_is_kept_and_said() -> None:
    message = only(RequestParser().feed(b"GET / HTTP/1.1\r\nimei 490154203237518\r\n\r\n"))
    assert message.headers == ((b"imei 490154203237518", b""),)
    assert message.note == "a header line without a colon"


def test_chunks_are_joined_and_trailers_follow_the_headers() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
    message = only(RequestParser().feed(head + b'4;a="b"\r\nabcd\r\n0A\r\n0123456789\r\n0\r\nSum: 1\r\n\r\n'))
    assert message.body == b"abcd0123456789"
    assert message.headers == ((b"Transfer-Encoding", b"gzip, Chunked"), (b"Sum", b"1"))
    assert not message.truncated


@pytest.mark.parametrize(
    ("chunks", "note"),
    [
        (b"3\r\nabcX\r\n", "a chunk that does not end where its size says"),
        (b"3\r\nabc\r\n-1\r\n", "a chunk without a size"),
        (b"3\r\nabc\r\n0x1\r\n", "a chunk without a size"),
        (b"3\r\nabc\r\n" + b"1" * 20_000, "a line between chunks that does not end"),
    ],
)
def test_a_wrong_chunk_ends_the_message_and_reading_goes_on(chunks: bytes, note: str) -> None:
    parser = ResponseParser()
    found = parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    found += parser.feed(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert (found[0].body, found[0].note, found[0].truncated) == (b"abc", note, True)
    assert found[1].status == 204
    assert sum(message.size for message in found) + parser.skipped == parser._offset


@pytest.mark.parametrize(
    ("fields", "body", "note"),
    [
        (b"Content-Length: 2\r\nContent-Length: 2\r\n", b"ab", None),
        (b"Content-Length: 2, 2\r\n", b"ab", None),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n", b"ab", "conflicting lengths"),
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"", "both a length and a transfer coding"),
        (b"Content-Length: -1\r\n", b"", "a length that is no number"),
        (b"Content-Length: " + b"9" * 30 + b"\r\n", b"", "a length that is no number"),
    ],
)
def test_lengths_that_disagree_are_said(fields: bytes, body: bytes, note: str | None) -> None:
    data = (
        b"POST / HTTP/1.1\r\n" + fields + b"\r\n" + (body or b"0\r\n\r\n" if b"chunked" in fields else body)
    )
    message = only(RequestParser().feed(data))
    assert (message.body, message.note) == (body, note)


def test_answers_without_a_body_are_those_of_their_kind() -> None:
    found = respond(
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HEAD",
        "GET",
        "GET",
    )
    assert [(m.status, m.body, m.interim, m.truncated) for m in found] == [
        (200, b"", False, False),
        (103, b"", True, False),
        (304, b"", False, False),
        (200, b"ok", False, False),
    ]


@pytest.mark.parametrize("closed", [True, False])
def test_a_body_without_a_length_lasts_until_the_end(closed: bool) -> None:
    message = only(respond(b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 204 is text here\r\n\r\n", "GET", closed=closed))
    assert message.body == b"HTTP/1.1 204 is text here\r\n\r\n"
    assert message.truncated is not closed


def test_version_0_9_is_a_line_and_bytes_until_the_end() -> None:
    requests = RequestParser()
    request = only(requests.feed(b"GET /old\r\n") + requests.finish())
    assert (request.method, request.target, request.version, request.size) == ("GET", b"/old", "0.9", 10)
    responses = ResponseParser(requests.methods)
    response = only(responses.feed(b"<p>no head") + responses.finish())
    assert (response.status, response.version, response.body) == (None, "0.9", b"<p>no head")


def test_a_switch_of_protocols_leaves_the_rest_to_the_caller() -> None:
    requests = RequestParser()
    responses = ResponseParser(requests.methods)
    ask = b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    only(requests.feed(ask + b"\x81\x80fra"))
    assert requests.undecided
    assert requests.feed(b"me") == []
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    assert only(responses.feed(answer + b"\x81\x00")).status == 101
    assert responses.upgraded == (len(answer), b"\x81\x00")
    assert requests.settle(switched=True) == []
    assert requests.upgraded == (len(ask), b"\x81\x80frame")
    assert requests.passed == 7


def test_a_switch_that_the_server_leaves_out_reads_on() -> None:
    parser = RequestParser()
    ask = b"POST /a HTTP/1.1\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok"
    assert only(parser.feed(ask)).body == b"ok"
    assert parser.feed(b"GET /b HTTP/1.1\r\n\r\n") == []
    assert only(parser.settle(switched=False)).target == b"/b"
    assert parser.upgraded is None


def test_what_follows_an_open_switch_decides_it_at_the_end() -> None:
    parser = RequestParser()
    parser.feed(b"GET /a HTTP/1.1\r\nUpgrade: h2c\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
    assert only(parser.finish()).target == b"/b"
    tunnel = RequestParser()
    tunnel.feed(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n\x16\x03\x01")
    assert tunnel.finish() == []
    assert tunnel.upgraded == (36, b"\x16\x03\x01")


def test_a_tunnel_begins_behind_the_answer_to_connect() -> None:
    parser = ResponseParser()
    parser.expect("CONNECT")
    parser.feed(b"HTTP/1.1 200 Connection established\r\n\r\n\x16\x03")
    assert parser.upgraded == (39, b"\x16\x03")


def test_a_gap_inside_a_body_is_counted_and_reading_goes_on() -> None:
    parser = RequestParser()
    head = b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n"
    found = parser.feed(head + b"ab") + parser.gap(5) + parser.feed(b"hijGET /next HTTP/1.1\r\n\r\n")
    assert (found[0].body, found[0].missing, found[0].lost, found[0].truncated) == (b"abhij", 5, 5, True)
    assert found[0].size == len(head) + 5
    assert found[1].target == b"/next"
    assert parser.skipped == 0


def test_a_gap_beyond_a_body_ends_it_and_the_next_start_line_is_found() -> None:
    parser = RequestParser()
    head = b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n"
    found = (
        parser.feed(head + b"ab")
        + parser.gap(500)
        + parser.feed(b"\r\nB: c\r\n\r\ntailPOST /next HTTP/1.1\r\n\r\n")
    )
    assert (found[0].body, found[0].missing, found[0].lost) == (b"ab", 8, 8)
    assert found[1].target == b"/next"
    assert (parser.lost, parser.skipped) == (500, 14)
    assert parser.take_skipped() == [(len(head) + 504, b"B: c\r\n\r\ntail")]


def test_a_gap_inside_a_chunk_keeps_the_chunks_in_step() -> None:
    parser = ResponseParser()
    parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab")
    parser.gap(4)
    message = only(parser.feed(b"gh\r\n2\r\nij\r\n0\r\n\r\n"))
    assert (message.body, message.missing, message.truncated) == (b"abghij", 4, True)


def test_a_gap_inside_a_head_gives_what_is_known() -> None:
    parser = RequestParser()
    parser.feed(b"GET /a?imei=1 HTTP/1.1\r\nHost: example.org\r\nX-Cut: hal")
    message = only(parser.gap(9))
    assert (message.target, message.truncated) == (b"/a?imei=1", True)
    assert message.headers == ((b"Host", b"example.org"), (b"X-Cut", b"hal"))
    parser.feed(b"GET /cut/in/the/li")
    message = only(parser.gap(3))
    assert message.target == b"/cut/in/the/li"


def test_a_body_that_is_not_all_there_says_how_much_is_missing() -> None:
    message = only(respond(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))
    assert (message.body, message.missing, message.truncated, message.lost) == (b"abc", 7, True, 0)


def test_bodies_heads_and_fields_end_at_their_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = RequestParser()
    fields = b"".join(b"A%d: b\r\n" % number for number in range(MAX_HEADERS + 5))
    message = only(parser.feed(b"GET /many HTTP/1.1\r\n" + fields + b"\r\n"))
    assert len(message.headers) == MAX_HEADERS
    assert message.note is not None
    found = parser.feed(b"GET /long HTTP/1.1\r\nA: " + b"b" * (2 * MAX_HEAD))
    found += parser.feed(b"\r\n\r\nGET /next HTTP/1.1\r\n\r\n")
    assert [m.target for m in found] == [b"/long", b"/next"]
    assert found[0].truncated
    monkeypatch.setattr(http1_parser, "MAX_BODY", 8)
    monkeypatch.setattr(http1_parser, "BodyBuffer", partial(BodyBuffer, 8))
    message = only(parser.feed(b"POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n0123456789ab"))
    assert (message.body, message.missing, message.truncated) == (b"01234567", 4, True)
    assert message.size == message.end - message.start


@pytest.mark.parametrize(
    "data",
    [
        b"GET" * 400_000,
        b"\r\n" * 1_000_000,
        b"x\n\n" * 60_000,
        b" HTTP/1.1\r\n" * 50_000,
        b"GET / HTTP/1.1\r\n" * 60_000,
        b"GET /\tHTTP/1.1\n" * 60_000,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 50_000,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0\r\n" + b"a: b\r\n" * 100_000,
    ],
    ids=["no line", "empty lines", "junk", "versions", "lines", "tabs", "chunks", "trailers"],
)
def test_hostile_streams_take_time_in_proportion(data: bytes) -> None:
    def seconds(size: int) -> float:
        begin = time.process_time()
        for make in (RequestParser, ResponseParser):
            parser = make()
            for at in range(0, size, 1000):
                parser.feed(data[at : at + 1000])
            parser.finish()
        return time.process_time() - begin

    quarter = min(seconds(len(data) // 4) for _ in range(2))
    assert seconds(len(data)) < 12 * quarter + 0.2
