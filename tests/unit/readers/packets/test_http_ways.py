"""Which way something went, and to whom: pushes, connections into the phone, WebSocket inside HTTP/2."""

import zlib

import pytest
from pcap_writer import CLIENT, SERVER, Conversation, Packet, pcap
from read_packets import WHOLE, Took, stream, take

from phonehome.detect.graph import Graph
from phonehome.detect.parts import Root, add_exchange
from phonehome.model.exchange import Direction, Exchange, Protocol

WINDOWS = (64, 1_000, WHOLE)
SETTINGS = b"\0\0\0\x04\0\0\0\0\0"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS
HANDSET = "192.168.7.20"


def http2(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


def literal(name: bytes, value: bytes) -> bytes:
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def reading(packets: list[Packet], window_bytes: int = WHOLE) -> Took:
    return take(pcap(packets), window_bytes=window_bytes, handset=HANDSET)


def sent(data: bytes, *, into: tuple[int, bytes] = (SERVER, b"")) -> Took:
    one = Conversation()
    return reading([*one.open(), *one.send(CLIENT, data), *one.send(*into), *one.close()])


def ways(exchange: Exchange, value: bytes) -> set[Direction]:
    """The directions of the parts that hold a value."""
    graph, roots = Graph(), list[Root]()
    list(add_exchange(graph, roots, 0, exchange))
    return {root.direction for root in roots if value in graph.data[root.node]}


@pytest.mark.parametrize("window", WINDOWS)
def test_a_pushed_request_came_down(window: int) -> None:
    promise = b"\0\0\0\2" + b"\x82\x87\x41\x09b.example" + literal(b":path", b"/?imei=490154203237518")
    down = SETTINGS + http2(5, 4, 1, promise) + http2(1, 5, 1, b"\x88") + http2(1, 5, 2, b"\x88")
    up = PREFACE + http2(1, 5, 1, b"\x82\x84\x87\x41\x09a.example")
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, up), *one.send(SERVER, down), *one.close()]
    took = reading(packets, window)
    pushed = next(exchange for exchange in took.exchanges if exchange.url and b"imei" in exchange.url)
    assert pushed.inbound
    assert pushed.request is None
    assert pushed.bytes_up == 0
    assert ways(pushed, b"490154203237518") == {Direction.DOWN}
    assert took.bytes_up == len(up)


@pytest.mark.parametrize("window", WINDOWS)
def test_who_asks_the_phone_is_the_peer(window: int) -> None:
    one = Conversation(ends=(("198.51.100.9", 40_000), (HANDSET, 8080)))
    ask = b"GET /?imei=490154203237518 HTTP/1.1\r\nHost: annas-phone\r\n\r\n"
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nimei\r\n0\r\n\r\n"
    packets = [*one.open(), *one.send(CLIENT, ask), *one.send(SERVER, reply), *one.close()]
    took = reading(packets, window)
    [exchange] = took.exchanges
    assert (exchange.host, exchange.address) == ("198.51.100.9", "198.51.100.9")
    assert exchange.inbound
    assert ways(exchange, b"490154203237518") == {Direction.DOWN}
    assert ways(exchange, b"annas-phone") == {Direction.DOWN}
    assert took.bytes_up == len(reply)


def test_of_an_answer_that_goes_up_what_is_missing_is_lost() -> None:
    one = Conversation(ends=(("198.51.100.9", 40_000), (HANDSET, 8080)))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"
    packets = [*one.open(), *one.send(CLIENT, b"GET / HTTP/1.1\r\n\r\n"), *one.send(SERVER, head)]
    one.lose(SERVER, 1_000)
    took = reading([*packets, *one.send(SERVER, b"x" * 1_000), *one.close()])
    assert (took.bytes_up, took.lost) == (len(head) + 2_000, 1_000)


def masked(data: bytes, first: int = 0x81) -> bytes:
    key = b"\x01\x02\x03\x04"
    return bytes([first, 0x80 | len(data)]) + key + bytes(a ^ key[at % 4] for at, a in enumerate(data))


def chat(*frames: bytes, extensions: bytes = b"") -> tuple[bytes, bytes]:
    ask = b"\x87\x41\x09a.example" + literal(b":method", b"CONNECT") + literal(b":path", b"/chat")
    up = PREFACE + http2(1, 4, 1, ask + literal(b":protocol", b"websocket"))
    for place, frame in enumerate(frames):
        up += http2(0, place == len(frames) - 1, 1, frame)
    reply = b"\x88" + (literal(b"sec-websocket-extensions", extensions) if extensions else b"")
    return up, SETTINGS + http2(1, 4, 1, reply) + http2(0, 1, 1, b"\x81\x02hi")


@pytest.mark.parametrize("window", WINDOWS)
def test_websocket_inside_http_2_gives_its_messages(window: int) -> None:
    whole = masked(b"imei=1")
    up, down = chat(whole[:5], whole[5:] + masked(b"", 0x89) + masked(b"more", 0x82))
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, up), *one.send(SERVER, down), *one.close()]
    took = reading(packets, window)
    [exchange] = took.exchanges
    assert (exchange.protocol, exchange.method, exchange.status) == (Protocol.WEBSOCKET, "CONNECT", 200)
    assert (exchange.url, exchange.host) == (b"https://a.example/chat", "a.example")
    assert [(piece.direction, piece.data, piece.text) for piece in exchange.pieces] == [
        (Direction.UP, b"imei=1", True),
        (Direction.UP, b"more", False),
        (Direction.DOWN, b"hi", True),
    ]
    assert took.bytes_up == len(up)


def test_and_decompresses_them() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    texts = [b"imei=490154203237518" * 9, b"imei=490154203237518"]
    frames = [masked((packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4], 0xC1) for text in texts]
    up, down = chat(*frames, extensions=b"permessage-deflate")
    took = sent(up, into=(SERVER, down))
    assert [piece.data for piece in took.exchanges[0].pieces[:2]] == texts
    assert took.bytes_up == len(up)


def test_what_is_no_frame_is_given_as_it_stands() -> None:
    up, down = chat(masked(b"imei=1") + b"\xff\xff no frame at all")
    took = sent(up, into=(SERVER, down))
    assert stream(took.exchanges[0], Direction.UP) == b"imei=1" + b"\xff\xff no frame at all"
    assert (took.bytes_up, took.lost) == (len(up), 0)


def upgraded(*frames: bytes) -> tuple[int, Took]:
    ask = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    taken = b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n"
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, ask), *one.send(SERVER, taken)]
    for frame in frames:
        packets += one.send(CLIENT, frame)
    return len(ask), reading([*packets, *one.close()])


def test_frames_without_a_meaning_yet_are_read_all_the_same() -> None:
    frames = [masked(b"a"), masked(b"imei=1", 0x83), masked(b"imei=2", 0x8B), masked(b"b")]
    head, took = upgraded(*frames)
    assert [piece.data for piece in took.exchanges[0].pieces] == [b"a", b"imei=1", b"imei=2", b"b"]
    assert (took.bytes_up, took.lost) == (head + sum(map(len, frames)), 0)


def test_what_is_no_frame_between_frames_is_given_too() -> None:
    frames = [masked(b"a"), b"\xf7 imei=1", *[masked(b"b")] * 4]
    head, took = upgraded(*frames)
    assert [piece.data for piece in took.exchanges[0].pieces] == [b"a", b"\xf7 imei=1", *[b"b"] * 4]
    assert (took.bytes_up, took.lost) == (head + sum(map(len, frames)), 0)


@pytest.mark.parametrize("window", WINDOWS)
def test_what_has_no_meaning_to_http_2_is_given_as_it_stands(window: int) -> None:
    post = http2(1, 0x0C, 1, b"\x04\x83\x84\x87\x41\x09a.example" + b"PAD1")
    up = PREFACE + http2(0x42, 0, 0, b"imei=1") + post + http2(0, 9, 1, b"\x07hello" + b"imei=2\0")
    up += http2(7, 0, 0, bytes(8) + b"imei=3") + http2(0x99, 0, 7, b"")
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, up), *one.send(SERVER, SETTINGS + http2(1, 5, 1, b"\x88"))]
    took = reading([*packets, *one.close()], window)
    assert took.exchanges[0].request is not None or took.exchanges[1].request is not None
    raw = [exchange for exchange in took.exchanges if exchange.protocol is Protocol.RAW]
    said = b" ".join(stream(exchange, Direction.UP) for exchange in raw)
    assert all(value in said for value in (b"imei=1", b"imei=2", b"imei=3", b"PAD1"))
    assert {exchange.host for exchange in raw} == {"a.example"}
    assert (took.bytes_up, took.lost) == (len(up), 0)


def test_empty_padding_is_no_stretch() -> None:
    up = PREFACE + http2(1, 4, 1, b"\x83\x84\x87\x41\x09a.example") + http2(0, 9, 1, b"\x03hello\0\0\0")
    took = sent(up, into=(SERVER, SETTINGS + http2(1, 5, 1, b"\x88")))
    assert len(took.exchanges) == 1
    assert took.bytes_up == len(up)


def test_what_goes_up_beside_the_requests_counts_for_their_host() -> None:
    up = PREFACE + http2(1, 5, 1, b"\x82\x84\x87\x41\x0aa.example.")
    took = sent(up, into=(SERVER, SETTINGS + http2(1, 5, 1, b"\x88")))
    assert [exchange.host for exchange in took.exchanges] == ["a.example"]
    assert [(account.host, account.read) for account in took.accounts] == [("a.example", len(PREFACE))]


def test_pings_of_a_websocket_count_for_its_host() -> None:
    _, took = upgraded(masked(b"", 0x89))
    assert [(account.host, account.read) for account in took.accounts] == [("a.example", 6)]
