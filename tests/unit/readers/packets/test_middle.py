"""Connections that were open before the recording: what is read of their middle."""

import pytest
from h2_streams import Pair
from pcap_writer import CLIENT, SERVER, Conversation, pcap
from read_packets import WHOLE, stream, take

from phonehome.model.exchange import Direction, Protocol

IMEI = b"490154203237518"
WINDOWS = (200, WHOLE)


def masked(data: bytes, key: bytes, first: int = 0x81) -> bytes:
    cipher = bytes(byte ^ key[place % 4] for place, byte in enumerate(data))
    return bytes([first, 0x80 | len(data)]) + key + cipher


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("first", [0x81, 0x82], ids=["text", "binary"])
def test_masked_messages_are_read_without_their_handshake(window: int, first: int) -> None:
    one = Conversation()
    packets = []
    said = [b'{"n":%d,"imei":"%s"}' % (number, IMEI) for number in range(4)]
    sent = b"".join(masked(data, bytes([17 + place, 34, 201, 68]), first) for place, data in enumerate(said))
    packets += one.send(CLIENT, sent) + one.send(SERVER, b"\x81\x03ack")
    [exchange] = take(pcap(packets), window_bytes=window, handset="192.168.7.20").exchanges
    assert exchange.protocol is Protocol.WEBSOCKET
    assert [piece.data for piece in exchange.pieces if piece.direction is Direction.UP] == said
    assert stream(exchange, Direction.DOWN) == b"ack"
    assert exchange.packets == (1, 2)
    assert exchange.host == "198.51.100.1"


@pytest.mark.parametrize("window", WINDOWS)
def test_coded_header_fields_are_read_without_the_beginning_of_http_2(window: int) -> None:
    pair = Pair()
    one, packets = Conversation(ends=(("192.168.7.20", 40_000), ("198.51.100.1", 443))), []
    pair.client_bytes = pair.server_bytes = b""
    for number in range(6):
        identity = pair.client.get_next_available_stream_id()
        fields = [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "a.example"),
            (":path", f"/{number}"),
        ]
        more = [("x-id", IMEI.decode())] if number == 5 else []
        pair.client.send_headers(identity, fields + more)
        pair.client.send_data(identity, b"{}", end_stream=True)
        pair.move()
        pair.server.send_headers(identity, [(":status", "204")], end_stream=True)
        pair.move()
        if number:
            packets += one.send(CLIENT, pair.client_bytes) + one.send(SERVER, pair.server_bytes)
        pair.client_bytes = pair.server_bytes = b""
    exchanges = take(pcap(packets), window_bytes=window, handset="192.168.7.20").exchanges
    assert {exchange.protocol for exchange in exchanges} == {Protocol.HTTP_2}
    requests = [exchange.request for exchange in exchanges]
    assert [request.body for request in requests if request is not None] == [b"{}"] * 5
    assert requests[-1] is not None
    assert (b"x-id", IMEI) in requests[-1].headers


@pytest.mark.parametrize("window", [2_500, WHOLE])
def test_the_rest_of_a_body_is_a_stretch_of_its_own(window: int) -> None:
    one = Conversation(mss=500)
    rest = b"A" * 1_400 + b" imei=" + IMEI + b" "
    request = b"POST /r HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nm=ab"
    packets = one.send(CLIENT, rest) + one.send(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    packets += one.send(CLIENT, request) + one.send(SERVER, b"HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n")
    took = take(pcap(packets), window_bytes=window, handset="192.168.7.20")
    [raw] = [exchange for exchange in took.exchanges if exchange.protocol is Protocol.RAW]
    assert stream(raw, Direction.UP) == rest
    [read] = [exchange for exchange in took.exchanges if exchange.method]
    assert (read.method, read.url, read.status) == ("POST", b"http://a.example/r", 201)
    assert took.bytes_up == len(rest + request)
