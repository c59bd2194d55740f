"""What follows an upgrade is read where the other side's word of it is not in the recording."""

import pytest
from pcap_writer import CLIENT, SERVER, Conversation, Packet, pcap
from read_packets import WHOLE, Took, stream, take

from phonehome.model.exchange import Direction, Protocol

WINDOWS = (64, 1_000, WHOLE)
ASK = (
    b"GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: aaaa\r\n\r\n"
)
TAKEN = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def masked(text: bytes) -> bytes:
    key = b"\x01\x02\x03\x04"
    return b"\x81" + bytes([0x80 | len(text)]) + key + bytes(a ^ key[at % 4] for at, a in enumerate(text))


def reading(packets: list[Packet], window_bytes: int = WHOLE) -> Took:
    return take(pcap(packets), window_bytes=window_bytes, handset="192.168.7.20")


@pytest.mark.parametrize("window", WINDOWS)
def test_websocket_is_read_where_the_server_was_not_recorded(window: int) -> None:
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, ASK)]
    packets += [*one.send(CLIENT, masked(b"imei=1")), *one.send(CLIENT, masked(b"more")), *one.close()]
    took = reading(packets, window)
    [exchange] = took.exchanges
    assert (exchange.method, exchange.status, exchange.protocol) == ("GET", None, Protocol.WEBSOCKET)
    assert [piece.data for piece in exchange.pieces] == [b"imei=1", b"more"]
    assert took.bytes_up == len(ASK + masked(b"imei=1") + masked(b"more"))


@pytest.mark.parametrize("window", [1_000, WHOLE])
def test_websocket_is_read_where_the_answer_was_lost(window: int) -> None:
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, ASK)]
    one.lose(SERVER, len(TAKEN))
    packets += [*one.send(CLIENT, masked(b"imei=1")), *one.send(SERVER, b"\x81\x02hi"), *one.close()]
    took = reading(packets, window)
    assert took.exchanges[0].protocol is Protocol.WEBSOCKET
    assert stream(took.exchanges[0], Direction.UP) == b"imei=1"
    assert took.bytes_up == len(ASK + masked(b"imei=1"))


@pytest.mark.parametrize("window", [1_000, WHOLE])
def test_websocket_is_read_where_the_request_was_lost(window: int) -> None:
    one = Conversation()
    packets = one.open()
    one.lose(CLIENT, len(ASK))
    packets += [*one.send(SERVER, TAKEN), *one.send(CLIENT, masked(b"imei=1"))]
    packets += [*one.send(SERVER, b"\x81\x02hi"), *one.close()]
    took = reading(packets, window)
    held = b"".join(stream(exchange, Direction.DOWN) for exchange in took.exchanges)
    assert held == b"hi"
    assert took.bytes_up == len(ASK + masked(b"imei=1"))
    assert took.lost == len(ASK)


@pytest.mark.parametrize("window", WINDOWS)
def test_what_no_frames_follow_in_is_given_as_it_stands(window: int) -> None:
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, ASK), *one.send(CLIENT, b"\x02imei=1 as it stands")]
    took = reading([*packets, *one.close()], window)
    assert [exchange.protocol for exchange in took.exchanges] == [Protocol.HTTP_1_1, Protocol.RAW]
    assert stream(took.exchanges[1], Direction.UP) == b"\x02imei=1 as it stands"
    assert took.bytes_up == len(ASK) + 20


def test_much_that_follows_is_read_before_the_end() -> None:
    one = Conversation(mss=60_000)
    frame = b"\x82\xff" + (100_000).to_bytes(8) + bytes(4) + b"x" * 100_000
    packets = [*one.open(), *one.send(CLIENT, ASK)]
    for _ in range(40):
        packets += one.send(CLIENT, frame)
    took = reading(packets, 200_000)
    assert {exchange.protocol for exchange in took.exchanges} == {Protocol.WEBSOCKET}
    assert sum(len(stream(exchange, Direction.UP)) for exchange in took.exchanges) == 4_000_000
    assert took.bytes_up == len(ASK) + 40 * len(frame)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_tunnel_is_read_where_the_proxy_was_not_recorded(window: int) -> None:
    one = Conversation(ends=(("192.168.7.20", 40_000), ("198.51.100.1", 3128)))
    connect = b"CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n"
    records = bytes.fromhex("1603010005010000010016030100050100000100") + b"\x17\x03\x03\0\x20" + bytes(32)
    packets = [*one.open(), *one.send(CLIENT, connect), *one.send(CLIENT, records), *one.close()]
    took = reading(packets, window)
    assert [(at.method, at.status) for at in took.exchanges] == [("CONNECT", None)]
    assert sum(account.closed for account in took.accounts) == 32
