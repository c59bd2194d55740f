"""Every byte that went up is in an exchange or in an account: read, closed or lost."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pcap_writer import (
    BEGIN_NS,
    CLIENT,
    SERVER,
    Conversation,
    Packet,
    cut,
    ethernet,
    pcap,
    repeated,
    shuffled,
    udp_datagram,
)
from read_packets import WHOLE, Took, take

PHONE = "192.168.7.20"
SETTINGS = b"\0\0\0\x04\0\0\0\0\0"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS


def http2(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


@st.composite
def http1_streams(draw: st.DrawFn) -> tuple[bytes, bytes]:
    up, down = b"", b""
    for number in range(draw(st.integers(1, 4))):
        body = draw(st.binary(max_size=300))
        framing = draw(st.sampled_from(["length", "chunked", "none"]))
        head = f"POST /{number} HTTP/1.1\r\nHost: a.example\r\n".encode()
        if framing == "length":
            up += head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        elif framing == "chunked" and body:
            up += head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
        else:
            up += head + b"\r\n" * draw(st.integers(1, 3))
        answer = draw(st.binary(max_size=200))
        down += b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer
    return up, down


@st.composite
def http2_streams(draw: st.DrawFn) -> tuple[bytes, bytes]:
    up, down = PREFACE, SETTINGS
    for number in range(draw(st.integers(1, 3))):
        stream = 2 * number + 1
        up += http2(1, 4, stream, b"\x83\x84\x87\x41\x09a.example")
        up += http2(0, 0, stream, draw(st.binary(max_size=200))) + http2(0, 1, stream, b"end")
        up += draw(st.sampled_from([b"", http2(6, 0, 0, bytes(8)), http2(8, 0, 0, b"\0\0\1\0")]))
        down += http2(1, 5, stream, b"\x88")
    return up, down


RAW = st.tuples(st.binary(max_size=600), st.binary(max_size=300)).map(
    lambda both: (b"\x02" + both[0], both[1])
)
STREAMS = st.one_of(http1_streams(), http2_streams(), RAW)


def packets_of(
    streams: Sequence[tuple[bytes, bytes]], *, mss: int, closes: bool, first: int = 0
) -> list[list[Packet]]:
    """The packets of one connection for each pair of streams."""
    found = []
    for number, (up, down) in enumerate(streams, first):
        one = Conversation(ends=((PHONE, 40_000 + number), ("198.51.100.1", 80)), mss=mss)
        packets = [*one.open(), *one.send(CLIENT, up), *one.send(SERVER, down)]
        found.append([*packets, *(one.close() if closes else [])])
    return found


def reading(packets: list[Packet], window_bytes: int = WHOLE) -> Took:
    return take(pcap(packets), window_bytes=window_bytes, handset=PHONE)


@given(st.lists(STREAMS, min_size=1, max_size=3), st.sampled_from([7, 90, 1_400]), st.booleans())
@example([(b"\x02", b"")], 1_400, False)
def test_all_that_was_sent_up_is_accounted_for(
    streams: list[tuple[bytes, bytes]], mss: int, closes: bool
) -> None:
    packets = [one for each in packets_of(streams, mss=mss, closes=closes) for one in each]
    sent = sum(len(up) for up, _ in streams)
    for window in (64, 1_000, WHOLE):
        took = reading(packets, window)
        assert took.bytes_up == sent
        assert took.lost == 0


@given(
    st.lists(STREAMS, min_size=1, max_size=3), st.sampled_from([20, 90]), st.integers(0, 999), st.booleans()
)
def test_also_of_segments_out_of_order_and_sent_twice(
    streams: list[tuple[bytes, bytes]], mss: int, seed: int, closes: bool
) -> None:
    packets: list[Packet] = []
    for each in packets_of(streams, mss=mss, closes=closes):
        packets += [*each[:3], *repeated(shuffled(each[3:], seed), seed)]
    took = reading(packets)
    assert took.bytes_up == sum(len(up) for up, _ in streams)
    assert took.lost == 0


@given(STREAMS, st.sampled_from([20, 90]), st.data())
def test_also_with_segments_missing(streams: tuple[bytes, bytes], mss: int, data: st.DataObject) -> None:
    """The last segment of each direction stays, as nothing tells of what came behind."""
    [packets] = packets_of([streams], mss=mss, closes=True)
    count = -(-len(streams[0]) // mss)
    dropped = data.draw(st.sets(st.integers(3, 3 + count - 2), max_size=5)) if count > 1 else set()
    kept = [packet for place, packet in enumerate(packets) if place not in dropped]
    took = reading(kept)
    assert took.bytes_up == len(streams[0])
    assert (took.lost > 0) == bool(dropped)
    window = data.draw(st.sampled_from([64, 1_000]))
    assert reading(kept, window).bytes_up == len(streams[0])


@given(STREAMS, st.integers(70, 400))
def test_also_of_packets_that_were_cut(streams: tuple[bytes, bytes], snap_length: int) -> None:
    [packets] = packets_of([streams], mss=300, closes=False)
    for window in (64, WHOLE):
        assert reading(cut(packets, snap_length), window).bytes_up == len(streams[0])


@given(
    st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=8), st.sampled_from([53, 443, 9_999])
)
def test_every_byte_of_datagrams_is_accounted_for(payloads: list[bytes], port: int) -> None:
    packets = []
    for number, payload in enumerate(payloads):
        frame = ethernet(CLIENT, udp_datagram((PHONE, 40_000), ("198.51.100.1", port), payload))
        packets.append(Packet(time_ns=BEGIN_NS + number * 1_000_000, frame=frame))
    for window in (64, WHOLE):
        assert reading(packets, window).bytes_up == sum(map(len, payloads))
        short = reading(cut(packets, 60), window)
        assert short.bytes_up == sum(map(len, payloads))


def record(kind: int, payload: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(payload).to_bytes(2) + payload


def test_of_closed_tls_the_payload_of_records_is_closed() -> None:
    hello = record(22, b"\x01\0\0\x2b\3\3" + bytes(41))
    one = Conversation(ends=((PHONE, 40_000), ("198.51.100.1", 443)))
    packets = [*one.open(), *one.send(CLIENT, hello + record(23, bytes(100)) + record(23, bytes(50)))]
    took = reading([*packets, *one.send(SERVER, record(23, bytes(70))), *one.close()])
    [account] = took.accounts
    assert (account.closed, account.read, account.lost) == (150, 0, 0)
    assert account.reason


@pytest.mark.parametrize("window", [64, 1_000, WHOLE])
def test_a_missing_segment_of_closed_tls_is_lost_or_closed(window: int) -> None:
    hello = record(22, b"\x01\0\0\x2b\3\3" + bytes(41))
    one = Conversation(ends=((PHONE, 40_000), ("198.51.100.1", 443)), mss=500)
    packets = [*one.open(), *one.send(CLIENT, hello), *one.send(CLIENT, record(23, bytes(4_000)))]
    del packets[6]
    packets += [*one.send(CLIENT, record(23, bytes(1_000))), *one.close()]
    [account] = reading(packets, window).accounts
    assert 5_000 <= account.closed + account.lost <= 5_010  # of a broken record the head may count
    assert account.lost >= 500
