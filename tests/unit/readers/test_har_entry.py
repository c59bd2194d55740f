"""What HAR writers do, field by field."""

import base64
import gzip
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from phonehome.model.exchange import Direction, Exchange, Protocol, Transport
from phonehome.model.problem import Problem
from phonehome.readers.base import Item

Read = Callable[[bytes], list[Item]]
Make = Callable[..., bytes]
MakeEntry = Callable[..., dict[str, object]]


@pytest.fixture
def read_one(read_har: Read, make_har: Make) -> Callable[[object], tuple[Exchange, list[Problem]]]:
    def read(entry: object) -> tuple[Exchange, list[Problem]]:
        items = read_har(make_har(entry))
        [exchange] = [item for item in items if isinstance(item, Exchange)]
        return exchange, [item for item in items if isinstance(item, Problem)]

    return read


ReadOne = Callable[[object], tuple[Exchange, list[Problem]]]


@pytest.mark.parametrize(
    ("version", "protocol"),
    [
        ("HTTP/1.1", Protocol.HTTP_1_1),
        ("HTTP/1.0", Protocol.HTTP_1_0),
        ("http/2.0", Protocol.HTTP_2),
        ("h2", Protocol.HTTP_2),
        ("HTTP/2", Protocol.HTTP_2),
        ("h3", Protocol.HTTP_3),
        ("h3-29", Protocol.HTTP_3),
        ("HTTP/3", Protocol.HTTP_3),
        ("http/2+quic/46", Protocol.HTTP_3),
        ("", Protocol.HTTP),
        ("unknown", Protocol.HTTP),
    ],
)
def test_the_protocol_is_told_however_it_is_spelled(
    read_one: ReadOne, make_entry: MakeEntry, version: str, protocol: Protocol
) -> None:
    exchange, problems = read_one(make_entry({"httpVersion": version}))
    assert exchange.protocol is protocol
    assert exchange.transport is (Transport.QUIC if protocol is Protocol.HTTP_3 else Transport.TLS)
    assert not problems


def test_an_empty_version_is_taken_from_the_response(read_one: ReadOne, make_entry: MakeEntry) -> None:
    exchange, _ = read_one(make_entry({"httpVersion": ""}, {"httpVersion": "h2"}))
    assert exchange.protocol is Protocol.HTTP_2


@pytest.mark.parametrize(
    ("url", "host", "port", "transport"),
    [
        ("https://Example.ORG/x", "example.org", 443, Transport.TLS),
        ("http://example.org:8080?x=1", "example.org", 8080, Transport.CLEARTEXT),
        ("wss://user:pw@example.org/", "example.org", 443, Transport.TLS),
        ("http://[2001:db8::1]:81/", "2001:db8::1", 81, Transport.CLEARTEXT),
        ("https://example.org:99999/", "example.org", None, Transport.TLS),
        ("ftp://example.org/", "example.org", None, None),
        ("/only/a/path", None, None, None),
    ],
)
def test_host_port_and_transport_come_from_the_url(
    read_one: ReadOne, make_entry: MakeEntry, url: str, host: str, port: int, transport: Transport
) -> None:
    exchange, _ = read_one(make_entry({"url": url}))
    assert (exchange.host, exchange.port, exchange.transport) == (host, port, transport)
    assert exchange.url == url.encode()


def test_a_url_without_host_is_completed_by_the_host_header(read_one: ReadOne, make_entry: MakeEntry) -> None:
    headers = [{"name": "Host", "value": "Example.org:8443"}]
    exchange, _ = read_one(make_entry({"url": "/path", "headers": headers}))
    assert (exchange.host, exchange.port) == ("example.org", 8443)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-01T10:00:00Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01T10:00:00.5+02:00", datetime(2024, 5, 1, 8, 0, 0, 500000, tzinfo=UTC)),
        ("2024-05-01T10:00:00.123456789-0730", datetime(2024, 5, 1, 17, 30, 0, 123456, tzinfo=UTC)),
        ("2024-05-01t10:00z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01 10:00:60,25 +01", datetime(2024, 5, 1, 9, 0, 59, 250000, tzinfo=UTC)),
    ],
)
def test_times_of_all_kinds_become_utc(
    read_one: ReadOne, make_entry: MakeEntry, text: str, time: datetime
) -> None:
    exchange, problems = read_one(make_entry(startedDateTime=text))
    assert exchange.time == time
    assert exchange.time.tzinfo is UTC
    assert not problems


@pytest.mark.parametrize(
    "text", ["yesterday", "", None, 5, "2024-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00"]
)
def test_a_time_that_is_none_is_a_problem_that_costs_nothing(
    read_one: ReadOne, make_entry: MakeEntry, text: object
) -> None:
    exchange, problems = read_one(make_entry(startedDateTime=text))
    assert exchange.time is None
    assert problems
    assert not any(problem.lost for problem in problems)


def test_a_time_without_offset_is_taken_for_utc_and_said_so(read_one: ReadOne, make_entry: MakeEntry) -> None:
    exchange, [problem] = read_one(make_entry(startedDateTime="2024-05-01T10:00:00"))
    assert exchange.time == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert "offset" in problem.reason


@pytest.mark.parametrize(
    ("recorded", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("fe80::1%wlan0", "fe80::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", None),
        ("example.org", None),
        (None, None),
    ],
)
def test_the_peer_s_address_is_checked(
    read_one: ReadOne, make_entry: MakeEntry, recorded: str, address: str
) -> None:
    exchange, problems = read_one(make_entry(serverIPAddress=recorded))
    assert exchange.address == address
    assert not problems


class TestBodies:
    def test_base64_is_decoded_on_both_sides(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        packed = base64.b64encode(b"\x00\xffbinary").decode()
        entry = make_entry(
            {"postData": {"mimeType": "application/octet-stream", "text": packed, "encoding": "base64"}},
            {"content": {"text": packed, "encoding": "base64"}},
        )
        exchange, problems = read_one(entry)
        assert exchange.request is not None
        assert exchange.response is not None
        assert exchange.request.body == exchange.response.body == b"\x00\xffbinary"
        assert not problems

    def test_broken_base64_is_read_as_it_stands(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        exchange, [problem] = read_one(
            make_entry({"postData": {"text": "not/base64!", "encoding": "base64"}})
        )
        assert exchange.request is not None
        assert exchange.request.body == b"not/base64!"
        assert not problem.lost

    def test_form_params_without_text_are_rebuilt(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        params = [{"name": "imei", "value": "490154203237518"}, {"name": "a b", "value": "c&d"}]
        post = {"mimeType": "application/x-www-form-urlencoded", "params": params}
        exchange, [problem] = read_one(make_entry({"postData": post}))
        assert exchange.request is not None
        assert exchange.request.body == b"imei=490154203237518&a+b=c%26d"
        assert "rebuilt" in problem.reason
        assert not problem.lost

    def test_the_name_of_a_file_stays_in_a_form_that_is_not_multipart(
        self, read_one: ReadOne, make_entry: MakeEntry
    ) -> None:
        params = [{"name": "f", "fileName": "a b.txt", "value": "x"}, {"name": "g", "fileName": "c.txt"}]
        post = {"mimeType": "application/x-www-form-urlencoded", "params": params}
        exchange, _ = read_one(make_entry({"postData": post}))
        assert exchange.request is not None
        assert exchange.request.body == b"f=x&f=a+b.txt&g=&g=c.txt"

    def test_multipart_params_without_text_are_rebuilt(
        self, read_one: ReadOne, make_entry: MakeEntry
    ) -> None:
        params = [
            {"name": "id", "value": "7"},
            {"name": "file", "fileName": "a.txt", "contentType": "text/plain", "value": "hello"},
        ]
        post = {"mimeType": "multipart/form-data; boundary=XyZ", "params": params}
        exchange, _ = read_one(make_entry({"postData": post}))
        assert exchange.request is not None
        assert exchange.request.body == (
            b'--XyZ\r\nContent-Disposition: form-data; name="id"\r\n\r\n7\r\n'
            b'--XyZ\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
            b"Content-Type: text/plain\r\n\r\nhello\r\n--XyZ--\r\n"
        )

    def test_text_wins_over_params(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        post = {"mimeType": "x", "text": "a=1", "params": [{"name": "b", "value": "2"}]}
        exchange, _ = read_one(make_entry({"postData": post}))
        assert exchange.request is not None
        assert exchange.request.body == b"a=1"

    def test_bytes_written_as_latin_1_are_bytes_again(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        data = gzip.compress(b"imei=490154203237518", mtime=0)
        entry = make_entry({"postData": {"text": data.decode("latin-1")}, "bodySize": len(data)})
        exchange, _ = read_one(entry)
        assert exchange.request is not None
        assert exchange.request.body == data

    @pytest.mark.parametrize(
        "data",
        [
            gzip.compress(b"imei=490154203237518", mtime=0),
            bytes.fromhex("088ed3e1c7f2ba6f") + b"\x12\x05hello",
            b"\x08\xb1\xf0\x01",
        ],
    )
    @pytest.mark.parametrize("size", [-1, 0, None])
    def test_binary_written_as_latin_1_is_bytes_again_where_no_size_is_known(
        self, read_one: ReadOne, make_entry: MakeEntry, data: bytes, size: int | None
    ) -> None:
        entry = make_entry({"postData": {"text": data.decode("latin-1")}, "bodySize": size})
        exchange, problems = read_one(entry)
        assert exchange.request is not None
        assert exchange.request.body == data
        assert [problem.lost for problem in problems] == [False]
        assert "binary" in problems[0].reason

    @pytest.mark.parametrize("text", ["José\x01Müller", "Łódź\x01 \x85", "50 £", "a\x01b"])
    def test_text_stays_utf_8_where_no_size_is_known(
        self, read_one: ReadOne, make_entry: MakeEntry, text: str
    ) -> None:
        exchange, problems = read_one(make_entry({"postData": {"text": text}, "bodySize": -1}))
        assert exchange.request is not None
        assert exchange.request.body == text.encode()
        assert problems == []

    def test_accented_text_stays_utf_8(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        exchange, _ = read_one(make_entry({"postData": {"text": "José"}, "bodySize": 4}))
        assert exchange.request is not None
        assert exchange.request.body == "José".encode()

    def test_bytes_that_the_recorder_replaced_are_lost(
        self, read_one: ReadOne, make_entry: MakeEntry
    ) -> None:
        _, [problem] = read_one(make_entry({"postData": {"text": "\ufffd\ufffdabc"}}))
        assert problem.lost

    def test_a_decoded_body_has_no_codings(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        headers = [{"name": "Content-Encoding", "value": "gzip"}]
        exchange, _ = read_one(make_entry(None, {"headers": headers, "content": {"text": "plain"}}))
        assert exchange.response is not None
        assert exchange.response.codings == ()

    def test_a_body_that_is_still_coded_says_so(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        headers = [{"name": "content-encoding", "value": "gzip"}]
        text = base64.b64encode(gzip.compress(b"x")).decode()
        exchange, _ = read_one(
            make_entry(None, {"headers": headers, "content": {"text": text, "encoding": "base64"}})
        )
        assert exchange.response is not None
        assert exchange.response.codings == ("gzip",)


class TestSizes:
    def test_recorded_sizes_add_up(self, read_one: ReadOne, make_entry: MakeEntry) -> None:
        exchange, _ = read_one(make_entry({"headersSize": 300, "bodySize": 20}))
        assert exchange.bytes_up == 320

    @pytest.mark.parametrize("unknown", [-1, None, "many", float("nan"), 1e300, True])
    def test_unknown_sizes_are_recomputed(
        self, read_one: ReadOne, make_entry: MakeEntry, unknown: object
    ) -> None:
        headers = [{"name": "Host", "value": "example.org"}]
        request = {
            "headersSize": unknown,
            "bodySize": unknown,
            "headers": headers,
            "postData": {"text": "body"},
        }
        exchange, _ = read_one(make_entry(request))
        line = b"GET https://example.org/a HTTP/1.1\r\n"
        assert exchange.bytes_up == len(line + b"Host: example.org\r\n\r\n" + b"body")


def test_cookies_that_only_their_list_holds_become_a_header(read_one: ReadOne, make_entry: MakeEntry) -> None:
    cookies = [{"name": "sid", "value": "1"}, {"name": "id", "value": "2"}]
    exchange, problems = read_one(make_entry({"cookies": cookies}, {"cookies": cookies[:1]}))
    assert exchange.request is not None
    assert exchange.response is not None
    assert exchange.request.headers == ((b"Cookie", b"sid=1; id=2"),)
    assert exchange.response.headers == ((b"Set-Cookie", b"sid=1"),)
    assert [problem.lost for problem in problems] == [False, False]


def test_a_cookie_header_is_not_doubled(read_one: ReadOne, make_entry: MakeEntry) -> None:
    headers = [{"name": "cookie", "value": "sid=1"}]
    exchange, _ = read_one(make_entry({"cookies": [{"name": "sid", "value": "1"}], "headers": headers}))
    assert exchange.request is not None
    assert exchange.request.headers == ((b"cookie", b"sid=1"),)


def test_a_query_that_only_its_list_holds_is_put_back(read_one: ReadOne, make_entry: MakeEntry) -> None:
    query = [{"name": "e mail", "value": "a@b"}]
    exchange, _ = read_one(make_entry({"url": "https://example.org/a#top", "queryString": query}))
    assert exchange.url == b"https://example.org/a?e%20mail=a%40b#top"


def test_chrome_s_websocket_messages_become_pieces(read_one: ReadOne, make_entry: MakeEntry) -> None:
    messages = [
        {"type": "send", "time": 1714557600.25, "opcode": 1, "data": "hé"},
        {"type": "receive", "time": 1714557601, "opcode": 2, "data": base64.b64encode(b"\x00\x01").decode()},
        {"type": "receive", "opcode": 2, "data": "no base64"},
        {"type": "error", "opcode": -1, "data": "closed"},
    ]
    exchange, problems = read_one(make_entry({"url": "wss://example.org/"}, _webSocketMessages=messages))
    assert exchange.protocol is Protocol.WEBSOCKET
    first, second, third = exchange.pieces
    assert (first.direction, first.data, first.text) == (Direction.UP, "hé".encode(), True)
    assert first.time == datetime(2024, 5, 1, 10, 0, 0, 250000, tzinfo=UTC)
    assert (second.direction, second.data, second.text) == (Direction.DOWN, b"\x00\x01", False)
    assert third.data == b"no base64"
    assert len(problems) == 2
    assert not any(problem.lost for problem in problems)


def test_an_answer_that_never_came_is_none_and_its_error_told(
    read_one: ReadOne, make_entry: MakeEntry
) -> None:
    exchange, [problem] = read_one(make_entry(None, {"status": 0, "_error": "net::ERR_\x1b[31mFAILED"}))
    assert exchange.status is None
    assert exchange.response is None
    assert "ERR_" in problem.reason
    assert "\x1b" not in problem.reason
    assert not problem.lost


def test_a_missing_response_leaves_the_request(read_har: Read, make_har: Make, make_entry: MakeEntry) -> None:
    entry = make_entry()
    del entry["response"]
    [exchange] = read_har(make_har(entry))
    assert isinstance(exchange, Exchange)
    assert exchange.response is None


@pytest.mark.parametrize(
    "entry",
    [
        5,
        "text",
        None,
        [],
        True,
        {},
        {"request": 5},
        {"request": {}},
        {"request": {"url": 7}},
        {"request": {"url": ""}},
    ],
)
def test_an_entry_without_a_request_is_a_problem_and_counted(
    read_har: Read, make_har: Make, make_entry: MakeEntry, entry: object
) -> None:
    problem, exchange = read_har(make_har(entry, make_entry()))
    assert isinstance(problem, Problem)
    assert problem.lost
    assert problem.index == 0
    assert isinstance(exchange, Exchange)
    assert exchange.index == 1


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("headers", 5),
        ("headers", [5]),
        ("headers", [{"name": 1, "value": [2]}]),
        ("postData", "text"),
        ("cookies", {}),
        ("method", 4),
        ("queryString", "a=b"),
        ("httpVersion", []),
    ],
)
def test_a_field_of_the_wrong_type_costs_no_more_than_itself(
    read_one: ReadOne, make_entry: MakeEntry, part: str, value: object
) -> None:
    exchange, problems = read_one(make_entry({part: value}))
    assert exchange.host == "example.org"
    assert problems


def test_a_json_body_stored_as_json_is_still_looked_at(read_one: ReadOne, make_entry: MakeEntry) -> None:
    exchange, [problem] = read_one(make_entry({"postData": {"text": {"imei": "490154203237518"}}}))
    assert exchange.request is not None
    assert exchange.request.body == b'{"imei": "490154203237518"}'
    assert not problem.lost


@pytest.mark.parametrize(
    "url", ["data:text/plain,x", "blob:https://example.org/1", "chrome-extension://abc/x.js"]
)
def test_what_never_left_the_browser_is_no_exchange(
    read_har: Read, make_har: Make, make_entry: MakeEntry, url: str
) -> None:
    [problem] = read_har(make_har(make_entry({"url": url})))
    assert isinstance(problem, Problem)
    assert not problem.lost
    assert problem.index == 0


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (
            {
                "postData": {
                    "mimeType": "multipart/form-data; boundary=x",
                    "params": [{"name": "f", "fileName": "a.vcf"}],
                }
            },
            200,
        ),
        ({"method": "POST"}, 200),
        ({"method": "PUT", "httpVersion": "h2", "headers": [{"name": ":path", "value": "/"}]}, 200),
        (
            {
                "method": "POST",
                "postData": {"mimeType": "text/plain", "text": ""},
                "headers": [{"name": "Host", "value": "a"}],
            },
            200,
        ),
        ({"url": "wss://api.example.com/ws"}, 101),
        ({"url": "wss://api.example.com/ws"}, 200),
        ({}, 101),
    ],
)
def test_what_was_sent_and_is_not_there_is_lost_even_if_nobody_says_how_much(
    read_one: ReadOne, make_entry: MakeEntry, request_: dict[str, object], status: int
) -> None:
    exchange, problems = read_one(make_entry({"bodySize": -1, **request_}, {"status": status}))
    assert [problem.lost for problem in problems if "recording" in problem.reason] == [True]
    assert exchange.request is not None
    assert exchange.request.missing == 1
    assert exchange.request.truncated


@pytest.mark.parametrize(
    ("request_", "more"),
    [
        ({"method": "POST", "bodySize": 0}, {}),
        ({"method": "POST", "headers": [{"name": "Content-Length", "value": "0"}]}, {}),
        ({"method": "POST", "httpVersion": "HTTP/1.1", "headers": [{"name": "Host", "value": "a"}]}, {}),
        ({"method": "GET"}, {}),
        ({"url": "wss://api.example.com/ws"}, {"_webSocketMessages": []}),
    ],
)
def test_what_is_known_to_be_empty_is_not_lost(
    read_one: ReadOne, make_entry: MakeEntry, request_: dict[str, object], more: dict[str, object]
) -> None:
    exchange, problems = read_one({**make_entry({"bodySize": -1, **request_}), **more})
    assert [problem.reason for problem in problems if problem.lost] == []
    assert exchange.request is not None
    assert exchange.request.missing == 0
