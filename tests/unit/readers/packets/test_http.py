"""Requests and answers are joined as they belong together, also where the recording lacks some of them."""

import pytest
from pcap_writer import CLIENT, SERVER, Conversation, Packet, pcap
from read_packets import WHOLE, Took, brief, stream, take

from phonehome.model.exchange import Direction, Protocol, Transport

WINDOWS = (64, 1_000, WHOLE)
SETTINGS = b"\0\0\0\x04\0\0\0\0\0"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS
HELLO = bytes.fromhex("1603010005010000010016030100050100000100")


def get(path: str, *, method: str = "GET", more: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: a.example\r\n{more}\r\n".encode()


def answer(status: int, body: bytes = b"ok") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def http2(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


def reading(packets: list[Packet], window_bytes: int = WHOLE) -> Took:
    return take(pcap(packets), window_bytes=window_bytes, handset="192.168.7.20")


@pytest.mark.parametrize("window", WINDOWS)
def test_pipelined_requests_get_their_answers_in_order(window: int) -> None:
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, get("/a") + get("/b", method="HEAD") + get("/c"))]
    head_only = b"HTTP/1.1 200 X\r\nContent-Length: 999\r\n\r\n"
    packets += one.send(SERVER, answer(201) + head_only + answer(203))
    took = reading(packets, window)
    assert brief(took) == [
        ("GET", "a.example/a", 201),
        ("HEAD", "a.example/b", 200),
        ("GET", "a.example/c", 203),
    ]


@pytest.mark.parametrize("window", WINDOWS)
def test_interim_answers_are_not_the_answer(window: int) -> None:
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, get("/a")), *one.send(SERVER, b"HTTP/1.1 103 Early\r\n\r\n")]
    took = reading([*packets, *one.send(SERVER, answer(200))], window)
    assert brief(took) == [("GET", "a.example/a", 200)]


@pytest.mark.parametrize("window", [1_000, WHOLE])
def test_after_a_lost_answer_the_next_goes_to_the_request_before_it(window: int) -> None:
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, get("/a"))]
    one.lose(SERVER, len(answer(200)))
    packets += [*one.send(CLIENT, get("/b")), *one.send(SERVER, answer(202)), *one.close()]
    assert brief(reading(packets, window)) == [("GET", "a.example/a", None), ("GET", "a.example/b", 202)]


@pytest.mark.parametrize("window", [1_000, WHOLE])
def test_the_answer_to_a_lost_request_is_given_alone(window: int) -> None:
    one = Conversation()
    packets = one.open()
    one.lose(CLIENT, len(get("/a")))
    packets += [*one.send(SERVER, answer(201)), *one.send(CLIENT, get("/b")), *one.send(SERVER, answer(202))]
    took = reading([*packets, *one.close()], window)
    assert brief(took) == [(None, None, 201), ("GET", "a.example/b", 202)]
    assert took.bytes_up == len(get("/a")) + len(get("/b"))
    assert sum(account.lost for account in took.accounts) == len(get("/a"))


def test_a_request_that_nobody_answered_is_given() -> None:
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, get("/a")), *one.close()]
    assert brief(reading(packets)) == [("GET", "a.example/a", None)]


def upgraded(asked: str, status: int = 101, *, pieces: list[tuple[int, bytes]]) -> list[Packet]:
    one = Conversation()
    more = f"Connection: Upgrade\r\nUpgrade: {asked}\r\nHTTP2-Settings: AAAA\r\nSec-WebSocket-Key: aaaa\r\n"
    switch = f"HTTP/1.1 {status} X\r\nConnection: Upgrade\r\nUpgrade: {asked}\r\n\r\n"
    packets = [*one.open(), *one.send(CLIENT, get("/up", more=more)), *one.send(SERVER, switch.encode())]
    for side, data in pieces:
        packets += one.send(side, data)
    return [*packets, *one.close()]


@pytest.mark.parametrize("window", WINDOWS)
def test_an_upgrade_to_websocket_gives_its_messages(window: int) -> None:
    masked = b"\x81\x85\x01\x02\x03\x04" + bytes(a ^ b for a, b in zip(b"hello", b"\1\2\3\4\1", strict=True))
    took = reading(upgraded("websocket", pieces=[(CLIENT, masked), (SERVER, b"\x81\x02hi")]), window)
    [exchange] = took.exchanges
    assert (exchange.method, exchange.status, exchange.protocol) == ("GET", 101, Protocol.WEBSOCKET)
    assert [(piece.direction, piece.data, piece.text) for piece in exchange.pieces] == [
        (Direction.UP, b"hello", True),
        (Direction.DOWN, b"hi", True),
    ]


@pytest.mark.parametrize("window", WINDOWS)
def test_an_upgrade_to_http_2_answers_on_its_first_stream(window: int) -> None:
    ask = http2(1, 5, 3, b"\x82\x84\x86\x41\x09b.example")
    answers = SETTINGS + http2(1, 5, 1, b"\x88") + http2(1, 5, 3, b"\x8d")
    took = reading(upgraded("h2c", pieces=[(CLIENT, PREFACE + ask), (SERVER, answers)]), window)
    assert brief(took) == [("GET", "a.example/up", 200), ("GET", "b.example/", 404)]


@pytest.mark.parametrize("window", WINDOWS)
def test_an_upgrade_that_was_refused_changes_nothing(window: int) -> None:
    pieces = [(CLIENT, get("/next")), (SERVER, answer(200))]
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, get("/up", more="Connection: Upgrade\r\nUpgrade: h2c\r\n"))]
    packets += one.send(SERVER, answer(404))
    for side, data in pieces:
        packets += one.send(side, data)
    assert brief(reading(packets, window)) == [("GET", "a.example/up", 404), ("GET", "a.example/next", 200)]


@pytest.mark.parametrize("window", WINDOWS)
def test_an_upgrade_to_what_nobody_knows_is_read_as_what_it_is(window: int) -> None:
    took = reading(upgraded("imei/1", pieces=[(CLIENT, b"\x01\x02secret" * 9), (SERVER, b"\3yes")]), window)
    assert took.exchanges[0].status == 101
    assert stream(took.exchanges[1], Direction.UP) == b"\x01\x02secret" * 9
    assert stream(took.exchanges[1], Direction.DOWN) == b"\3yes"


@pytest.mark.parametrize("window", WINDOWS)
def test_a_tunnel_is_read_on_in(window: int) -> None:
    one = Conversation(ends=(("192.168.7.20", 40_000), ("198.51.100.1", 3128)))
    connect = b"CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n"
    packets = [*one.open(), *one.send(CLIENT, connect), *one.send(SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
    packets += [*one.send(CLIENT, get("/inside")), *one.send(SERVER, answer(200)), *one.close()]
    took = reading(packets, window)
    assert [(at.method, at.status) for at in took.exchanges] == [("CONNECT", 200), ("GET", 200)]
    assert took.bytes_up == len(connect) + len(get("/inside"))


@pytest.mark.parametrize("window", WINDOWS)
def test_closed_tls_in_a_tunnel_is_accounted_for(window: int) -> None:
    one = Conversation(ends=(("192.168.7.20", 40_000), ("198.51.100.1", 3128)))
    connect = b"CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n"
    packets = [*one.open(), *one.send(CLIENT, connect), *one.send(SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
    records = HELLO + b"\x17\x03\x03\x00\x20" + bytes(32)
    packets += [*one.send(CLIENT, records), *one.send(SERVER, b"\x17\x03\x03\x00\x10" + bytes(16))]
    took = reading([*packets, *one.close()], window)
    assert [(at.method, at.status) for at in took.exchanges] == [("CONNECT", 200)]
    assert sum(account.closed for account in took.accounts) == 32


@pytest.mark.parametrize("window", WINDOWS)
def test_http_2_in_clear_on_port_443_is_read(window: int) -> None:
    """Tools that hook the TLS library write the plain text into captures, ports and all."""
    one = Conversation(ends=(("192.168.7.20", 40_000), ("198.51.100.1", 443)))
    post = http2(1, 4, 1, b"\x83\x84\x87\x41\x09a.example") + http2(0, 1, 1, b"imei=1")
    packets = [*one.open(), *one.send(CLIENT, PREFACE + post)]
    packets += one.send(SERVER, SETTINGS + http2(1, 5, 1, b"\x88"))
    took = reading([*packets, *one.close()], window)
    assert brief(took) == [("POST", "a.example/", 200)]
    [exchange] = took.exchanges
    assert (exchange.transport, exchange.protocol) == (Transport.CLEARTEXT, Protocol.HTTP_2)
    assert exchange.request is not None
    assert exchange.request.body == b"imei=1"
    assert took.bytes_up == len(PREFACE + post)


def test_layers_within_layers_end() -> None:
    connect = b"CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n"
    one = Conversation()
    packets = one.open()
    for _ in range(50):
        packets += [*one.send(CLIENT, connect), *one.send(SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
    took = reading(packets)
    assert took.bytes_up == 50 * len(connect)
    assert 4 <= len(took.exchanges) < 10
