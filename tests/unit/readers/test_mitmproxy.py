"""mitmproxy flows: tagged netstrings, and what their versions call things."""

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.model.account import Account
from phonehome.model.errors import DecodeError, LimitExceeded
from phonehome.model.exchange import Direction, Exchange, Protocol, Transport
from phonehome.model.problem import Problem
from phonehome.readers import tnetstring
from phonehome.readers.base import Item
from phonehome.readers.flow_passed import PASSED
from phonehome.readers.mitmproxy import NEWEST_VERSION, MitmproxyReader
from phonehome.readers.tnetstring import FramingError, Value, parse_value, read_value

Read = Callable[[bytes], list[Item]]


def dump(value: object) -> bytes:
    """Write a tagged netstring; the tests' own, so that the reader is not held against itself."""
    match value:
        case None:
            data, tag = b"", b"~"
        case bool():
            data, tag = str(value).lower().encode(), b"!"
        case int():
            data, tag = str(value).encode(), b"#"
        case float():
            data, tag = repr(value).encode(), b"^"
        case bytes():
            data, tag = value, b","
        case str():
            data, tag = value.encode(), b";"
        case list() | tuple():
            data, tag = b"".join(map(dump, value)), b"]"
        case dict():
            data, tag = b"".join(dump(key) + dump(item) for key, item in value.items()), b"}"
        case _:
            raise AssertionError(value)
    return b"%d:%b%b" % (len(data), data, tag)


def connections(**client: object) -> dict[str, object]:
    return {
        "client_conn": {"peername": ["192.0.2.9", 4000], "timestamp_start": 1714557600.0} | client,
        "server_conn": {"address": ["example.org", 443], "peername": ["198.51.100.7", 443]},
    }


def http_flow(request: dict[str, object] | None = None, **more: object) -> dict[str, object]:
    asked: dict[str, object] = {
        "method": b"POST",
        "scheme": b"https",
        "host": "example.org",
        "port": 443,
        "path": b"/a?b=c",
        "authority": b"",
        "http_version": b"HTTP/1.1",
        "headers": [[b"Host", b"example.org"]],
        "content": b"body",
        "timestamp_start": 1714557600.5,
    }
    return {"version": 21, "type": "http", "request": asked | (request or {}), **connections(), **more}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.binary(max_size=20)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


class TestTaggedNetstrings:
    @given(VALUES)
    def test_every_value_comes_back(self, value: Value) -> None:
        assert parse_value(dump(value)) == value
        assert read_value(io.BytesIO(dump(value) + b"more")) == value

    @given(st.binary(max_size=200))
    def test_any_bytes_are_a_value_or_a_declared_error(self, data: bytes) -> None:
        with suppress(DecodeError):
            parse_value(data)
        with suppress(DecodeError, LimitExceeded, EOFError):
            read_value(io.BytesIO(data))

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b":",
            b"5:abc,",
            b"3:abc",
            b"3:abc?",
            b"-1:,",
            b"1:x#",
            b"1:x^",
            b"1:x!",
            b"1:x~",
            b"1_0:aaaaaaaaaa,",
            b"9999999999999:x,",
            b"4:1:a}",
            b"4:1:1#0:~}",
            b"3:1:a]",
            b"2:ab,x",
        ],
    )
    def test_malformed_ones_are_refused(self, data: bytes) -> None:
        with pytest.raises(DecodeError):
            parse_value(data)

    def test_depth_is_bounded(self) -> None:
        data = b"0:]"
        for _ in range(10_000):
            data = b"%d:%b]" % (len(data), data)
        with pytest.raises(DecodeError, match="deeper"):
            parse_value(data)

    def test_a_length_that_lies_allocates_nothing(self) -> None:
        with pytest.raises(FramingError):
            read_value(io.BytesIO(b"1000000000:x"))


def test_an_oversized_flow_is_stepped_over(monkeypatch: pytest.MonkeyPatch, read_flows: Read) -> None:
    monkeypatch.setattr(tnetstring, "MAX_VALUE_BYTES", 10_000)
    items = read_flows(dump(http_flow({"content": b"x" * 20_000})) + dump(http_flow()))
    assert isinstance(items[0], Problem)
    assert items[0].index == 0
    assert isinstance(items[1], Exchange)
    assert items[1].index == 1


@pytest.mark.parametrize(
    "broken", [b"8:4:abcd]!}", b"3:abc,", b"3:foo?", dump([1, 2]), dump({}), dump({"a": 1})]
)
def test_reading_goes_on_behind_a_broken_flow(read_flows: Read, broken: bytes) -> None:
    items = read_flows(dump(http_flow()) + broken + dump(http_flow()))
    assert [type(item) for item in items] == [Exchange, Problem, Exchange]
    assert [item.index for item in items if isinstance(item, Exchange | Problem)] == [0, 1, 2]


def test_a_lost_frame_ends_the_file(read_flows: Read) -> None:
    items = read_flows(dump(http_flow()) + b"garbage" + dump(http_flow()))
    assert [type(item) for item in items] == [Exchange, Problem]
    assert isinstance(items[1], Problem)
    assert "nothing behind it" in items[1].reason


@pytest.mark.parametrize("case", ["mitm-websocket", "mitm-dumpfile-7-websocket"])
def test_a_file_cut_anywhere_gives_a_beginning_and_a_problem(
    cases: Path, read_flows: Read, case: str
) -> None:
    [path] = (cases / case).glob("*.mitm")
    data = path.read_bytes()
    whole = read_flows(data)
    for length in [*range(0, len(data), 97), *range(len(data) - 50, len(data))]:
        items = read_flows(data[:length])
        exchanges = [item for item in items if isinstance(item, Exchange)]
        problems = [item for item in items if isinstance(item, Problem)]
        assert exchanges == whole[: len(exchanges)]
        assert len(problems) == (0 if length in (0, *_ends(data)) else 1)


def test_a_small_file_cut_at_every_byte_gives_a_problem(read_flows: Read) -> None:
    data = dump(http_flow())
    for length in range(1, len(data)):
        [problem] = read_flows(data[:length])
        assert isinstance(problem, Problem)
        assert problem.lost


def _ends(data: bytes) -> set[int]:
    """Where the flows of a file end."""
    stream, ends = io.BytesIO(data), set()
    while stream.tell() < len(data):
        read_value(stream)
        ends.add(stream.tell())
    return ends


class TestHttp:
    def test_a_flow_becomes_an_exchange(self, read_flows: Read) -> None:
        response = {
            "status_code": 204,
            "headers": [[b"Content-Encoding", b"br, gzip"]],
            "content": b"\x1f\x8b",
        }
        [exchange] = read_flows(dump(http_flow(response=response)))
        assert isinstance(exchange, Exchange)
        assert exchange.url == b"https://example.org/a?b=c"
        assert (exchange.host, exchange.address, exchange.port) == ("example.org", "198.51.100.7", 443)
        assert (exchange.protocol, exchange.transport) == (Protocol.HTTP_1_1, Transport.TLS)
        assert exchange.response is not None
        assert exchange.response.codings == ("br", "gzip")
        assert exchange.time is not None
        assert exchange.time.isoformat() == "2024-05-01T10:00:00.500000+00:00"
        assert exchange.bytes_up == len(b"POST /a?b=c HTTP/1.1\r\nHost: example.org\r\n\r\nbody")

    @pytest.mark.parametrize(
        ("changes", "host", "url"),
        [
            ({"host": "198.51.100.7"}, "example.org", b"https://example.org/a?b=c"),
            (
                {"host": "198.51.100.7", "authority": b"h2.example:443"},
                "h2.example",
                b"https://h2.example/a?b=c",
            ),
            ({"host": "198.51.100.7", "headers": []}, "198.51.100.7", b"https://198.51.100.7/a?b=c"),
            (
                {"host": "2001:db8::1", "headers": [], "port": 8443},
                "2001:db8::1",
                b"https://[2001:db8::1]:8443/a?b=c",
            ),
            ({"host": "Named.example"}, "named.example", b"https://Named.example/a?b=c"),
            ({"method": b"CONNECT", "path": b""}, "example.org", b"example.org"),
            ({"method": b"OPTIONS", "path": b"*"}, "example.org", b"https://example.org"),
        ],
    )
    def test_the_host_is_the_one_that_was_asked_for(
        self, read_flows: Read, changes: dict[str, object], host: str, url: bytes
    ) -> None:
        [exchange] = read_flows(dump(http_flow(changes)))
        assert isinstance(exchange, Exchange)
        assert (exchange.host, exchange.url) == (host, url)

    def test_an_upstream_proxy_s_address_is_not_the_peer_s(self, read_flows: Read) -> None:
        server = {
            "address": ["example.org", 443],
            "peername": ["192.0.2.3", 8080],
            "via": ["http", ["p", 8080]],
        }
        [exchange] = read_flows(dump(http_flow(server_conn=server)))
        assert isinstance(exchange, Exchange)
        assert exchange.address is None

    @pytest.mark.parametrize("port", [float("inf"), -1, 10**30, 65536, "443", None])
    def test_a_port_that_is_none_is_left_out(self, read_flows: Read, port: object) -> None:
        [exchange] = read_flows(dump(http_flow({"port": port, "timestamp_start": port})))
        assert isinstance(exchange, Exchange)
        assert exchange.port is None

    def test_trailers_follow_the_headers(self, read_flows: Read) -> None:
        [exchange] = read_flows(dump(http_flow({"trailers": [[b"X-T", b"1"]]})))
        assert isinstance(exchange, Exchange)
        assert exchange.request is not None
        assert exchange.request.headers == ((b"Host", b"example.org"), (b"X-T", b"1"))

    def test_a_body_that_was_streamed_past_the_proxy_is_lost(self, read_flows: Read) -> None:
        changes: dict[str, object] = {"content": None, "headers": [[b"Content-Length", b"5"]]}
        exchange, problem = read_flows(dump(http_flow(changes)))
        assert isinstance(exchange, Exchange)
        assert exchange.request is not None
        assert exchange.request.truncated
        assert isinstance(problem, Problem)
        assert problem.lost

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"error": {"msg": "reset \x1b[31m", "timestamp": 1.0}}, "error"),
            ({"backup": {"request": {}}}, "modified"),
            ({"is_replay": "request"}, "replayed"),
            ({"version": NEWEST_VERSION + 1}, "newer"),
        ],
    )
    def test_what_is_odd_is_said_and_costs_nothing(
        self, read_flows: Read, more: dict[str, object], words: str
    ) -> None:
        exchange, problem = read_flows(dump(http_flow() | more))
        assert isinstance(exchange, Exchange)
        assert isinstance(problem, Problem)
        assert words in problem.reason
        assert "\x1b" not in problem.reason
        assert not problem.lost

    def test_a_newer_version_is_said_once(self, read_flows: Read) -> None:
        items = read_flows(dump(http_flow(version=99)) * 3)
        assert [type(item) for item in items] == [Exchange, Problem, Exchange, Exchange]

    def test_quic_is_told_by_the_http_version(self, read_flows: Read) -> None:
        [exchange] = read_flows(dump(http_flow({"http_version": b"HTTP/3"})))
        assert isinstance(exchange, Exchange)
        assert (exchange.protocol, exchange.transport) == (Protocol.HTTP_3, Transport.QUIC)

    def test_websocket_messages_become_pieces(self, read_flows: Read) -> None:
        messages = [[1, True, b"hi", 1714557601.0, False, False], [2, False, b"\x00", 1714557602.0, False]]
        [exchange] = read_flows(dump(http_flow(websocket={"messages": messages, "close_code": 1000})))
        assert isinstance(exchange, Exchange)
        assert exchange.protocol is Protocol.WEBSOCKET
        assert [(piece.direction, piece.data, piece.text) for piece in exchange.pieces] == [
            (Direction.UP, b"hi", True),
            (Direction.DOWN, b"\x00", False),
        ]


class TestOtherFlows:
    @pytest.mark.parametrize("kind", ["tcp", "udp"])
    def test_streams_become_pieces(self, read_flows: Read, kind: str) -> None:
        flow = {"version": 21, "type": kind, **connections()}
        flow["messages"] = [[True, b"up", 1714557601.0], [False, b"down", 1714557602.0]]
        [exchange] = read_flows(dump(flow))
        assert isinstance(exchange, Exchange)
        assert exchange.protocol is Protocol.RAW
        assert exchange.url == f"{kind}://example.org:443".encode()
        assert exchange.transport is Transport.CLEARTEXT
        assert exchange.bytes_up == 2
        assert [piece.data for piece in exchange.pieces] == [b"up", b"down"]

    def test_a_stream_under_tls_is_named_by_its_sni(self, read_flows: Read) -> None:
        flow = {"version": 21, "type": "tcp", "messages": []}
        flow |= connections(tls=True, timestamp_tls_setup=1714557600.2, sni="name.example")
        flow["server_conn"] = {"address": ["198.51.100.7", 443], "peername": ["198.51.100.7", 443]}
        [exchange] = read_flows(dump(flow))
        assert isinstance(exchange, Exchange)
        assert (exchange.host, exchange.address) == ("name.example", "198.51.100.7")
        assert exchange.transport is Transport.TLS

    def test_tls_that_was_passed_through_is_closed_and_no_exchange(self, read_flows: Read) -> None:
        hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"
        flow = {"version": 21, "type": "tcp", **connections(sni="name.example")}
        flow["messages"] = [
            [True, hello, 1714557601.0],
            [False, b"\x16\x03\x03", 1714557602.0],
            [True, b"\x17\x03\x03" + bytes(40), 1714557603.0],
        ]
        [account] = read_flows(dump(flow))
        assert isinstance(account, Account)
        assert (account.host, account.port, account.transport) == ("example.org", 443, Transport.TLS)
        assert (account.closed, account.read, account.reason) == (len(hello) + 43, 0, PASSED)

    def test_dns_has_a_uri_and_its_answer_in_lines(self, read_flows: Read) -> None:
        question = {"name": "imei-1.example.org", "type": 1, "class_": 1}
        answers = [
            {"name": "a.example", "type": 5, "class_": 1, "ttl": 60, "data": b"\x01b\x07example\x00"},
            {"name": "b.example", "type": 1, "class_": 1, "ttl": 60, "data": bytes([192, 0, 2, 1])},
            {"name": "b.example", "type": 28, "class_": 1, "ttl": 5, "data": bytes(15) + b"\x01"},
            {"name": "b.example", "type": 16, "class_": 1, "ttl": 5, "data": b"\x02hi\x05there"},
            {"name": "b.example", "type": 1, "class_": 1, "ttl": 5, "data": b"bad"},
            {"name": "b.example", "type": 999, "class_": 1, "ttl": 5, "data": b"\xab"},
        ]
        flow = {"version": 21, "type": "dns", **connections()}
        flow["request"] = {"questions": [question], "timestamp": 1714557600.0}
        flow["response"] = {"questions": [question], "answers": answers, "timestamp": 1714557600.0}
        [exchange] = read_flows(dump(flow))
        assert isinstance(exchange, Exchange)
        assert exchange.protocol is Protocol.DNS
        assert exchange.method == "QUERY"
        assert exchange.url == b"dns:imei-1.example.org?type=A"
        assert exchange.response is not None
        assert exchange.response.body.decode().splitlines() == [
            "a.example 60 CNAME b.example",
            "b.example 60 A 192.0.2.1",
            "b.example 5 AAAA ::1",
            'b.example 5 TXT "hi" "there"',
            "b.example 5 A 626164",
            "b.example 5 TYPE999 ab",
        ]
        assert exchange.bytes_up == 12 + 2 + len("imei-1.example.org") + 4

    def test_an_unknown_type_is_a_problem(self, read_flows: Read) -> None:
        [problem] = read_flows(dump({"version": 30, "type": "quic", **connections()}))
        assert isinstance(problem, Problem)
        assert "quic" in problem.reason

    def test_a_dns_flow_without_question_is_a_problem(self, read_flows: Read) -> None:
        [problem] = read_flows(dump({"version": 21, "type": "dns", "request": {"questions": []}}))
        assert isinstance(problem, Problem)

    def test_an_old_websocket_flow_belongs_to_its_handshake(self, cases: Path, read_flows: Read) -> None:
        data = (cases / "mitm-dumpfile-7-websocket" / "dumpfile-7-websocket.mitm").read_bytes()
        exchanges = [item for item in read_flows(data) if isinstance(item, Exchange)]
        assert exchanges[1].url == exchanges[0].url == b"http://echo.websocket.org/?encoding=text"
        assert exchanges[1].request is None
        assert [piece.data for piece in exchanges[1].pieces] == [b"Rock it with HTML5 WebSocket"] * 2


@pytest.mark.parametrize(
    "version", [[0, 11], [0, 13], [0, 15], [0, 17], [1, 0], [2, 0], [3, 0], *range(4, 22)]
)
def test_a_flow_of_any_version_gives_the_same(read_flows: Read, version: object) -> None:
    """Fields as each format names them, written down from mitmproxy's migrations."""
    number = tuple(version) if isinstance(version, list) else (9, version)
    flow = http_flow(response={"status_code": 200, "reason": b"OK", "headers": [], "content": b"answer"})
    request, response = flow["request"], flow["response"]
    assert isinstance(request, dict)
    assert isinstance(response, dict)
    server = flow["server_conn"]
    assert isinstance(server, dict)
    if number < (0, 14):
        request["httpversion"] = [1, 1]
        del request["http_version"]
        response["code"] = response.pop("status_code")
        response["msg"] = response.pop("reason")
    if (0, 14) <= number < (0, 16):
        request["body"] = request.pop("content")
        response["body"] = response.pop("content")
    if number < (9, 19):
        server["ip_address" if number >= (0, 18) else "peer_address"] = server.pop("peername")
    if number < (2, 0):
        for key in ("address", "ip_address", "peer_address"):
            if key in server:
                server[key] = {"address": server[key], "use_ipv6": False}
    keyed: object = flow | {"version": version}
    if number < (0, 18):
        keyed = as_python_2(keyed)
    [exchange] = read_flows(dump(keyed))
    newest = http_flow(response={"status_code": 200, "reason": b"OK", "headers": [], "content": b"answer"})
    assert [exchange] == read_flows(dump(newest))


def as_python_2(value: object) -> object:
    """Write text as byte strings, as Python 2 did."""
    match value:
        case str():
            return value.encode()
        case dict():
            return {as_python_2(key): as_python_2(item) for key, item in value.items()}
        case list():
            return [as_python_2(item) for item in value]
        case _:
            return value


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    reader = MitmproxyReader()
    reader.recognises(data)
    list(reader.read(io.BytesIO(data), where="x", number=0))


@given(VALUES, st.sampled_from(["http", "tcp", "udp", "dns", "websocket"]))
def test_flows_whose_fields_hold_anything_are_read_without_an_exception(value: Value, kind: str) -> None:
    for key in (
        "request",
        "response",
        "messages",
        "websocket",
        "client_conn",
        "server_conn",
        "version",
        "metadata",
    ):
        flow: dict[str, object] = (
            http_flow() | {"type": kind, "messages": [[1, True, b"", 1.0]]} | {key: value}
        )
        list(MitmproxyReader().read(io.BytesIO(dump(flow)), where="x", number=0))
    for key in ("host", "port", "path", "headers", "content", "timestamp_start", "httpversion", "questions"):
        flow = http_flow({key: value}) | {"type": kind}
        list(MitmproxyReader().read(io.BytesIO(dump(flow)), where="x", number=0))


@pytest.mark.parametrize("part", ["request", "response"])
@pytest.mark.parametrize("key", ["headers", "trailers"])
@pytest.mark.parametrize(
    "wrong", [7, b"Host: a", {"Host": "a"}, [b"Host"], [[b"Host"]], [[b"Host", 7]], [[None, b"a"]]]
)
def test_headers_of_a_wrong_type_are_a_problem_and_the_rest_is_read(
    read_flows: Read, part: str, key: str, wrong: object
) -> None:
    message = {"status_code": 200, "headers": [], "content": b"body"}
    flow = http_flow({key: wrong}) if part == "request" else http_flow(response=message | {key: wrong})
    exchange, problem = read_flows(dump(flow))
    assert isinstance(exchange, Exchange)
    assert exchange.request is not None
    assert exchange.request.body == b"body"
    assert isinstance(problem, Problem)
    assert problem.lost
    assert f"the {part} has headers that are no pairs" in problem.reason
    assert len(read_flows(dump(http_flow(response=message)))) == 1
