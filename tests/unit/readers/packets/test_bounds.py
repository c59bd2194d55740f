"""What a parser leaves out is said, and counts as lost; what was never sent does not."""

import zlib

import pytest
from pcap_writer import CLIENT, SERVER, Conversation, Packet, pcap
from read_packets import WHOLE, Took, take

from phonehome.model.exchange import Protocol
from phonehome.readers.packets.oddities import MAX_KINDS, explain_notes
from phonehome.readers.packets.share import Counts
from phonehome.wire import websocket
from phonehome.wire.http_message import MAX_HEADERS, TOLERATED

SETTINGS = b"\0\0\0\x04\0\0\0\0\0"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS
MANY = f"1 message: more than {MAX_HEADERS} header fields"


def http2(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


def reading(packets: list[Packet], window_bytes: int = WHOLE) -> Took:
    return take(pcap(packets), window_bytes=window_bytes, handset="192.168.7.20")


def sent_up(data: bytes, *, closes: bool = True) -> Took:
    one = Conversation()
    return reading([*one.open(), *one.send(CLIENT, data), *(one.close() if closes else [])])


def reasons(took: Took) -> list[tuple[str, bool]]:
    return [(problem.reason, problem.lost) for problem in took.problems]


def test_header_fields_beyond_the_bound_are_a_problem_and_lost() -> None:
    field = b"X-Filler: 0123456789\r\n"
    head = b"GET / HTTP/1.1\r\nHost: a.example\r\n" + field * (MAX_HEADERS - 1)
    assert reasons(sent_up(head + b"\r\n")) == []
    took = sent_up(head + field * 3 + b"\r\n")
    assert reasons(took) == [(MANY, True)]
    assert (took.bytes_up, took.lost) == (len(head) + 3 * len(field) + 2, 3 * len(field))


def test_fields_of_folded_lines_beyond_the_bound_are_told_too() -> None:
    head = b"GET / HTTP/1.1\r\nHost: a.example\r\n folded\r\nnothing\r\n" + b"A: b\r\n" * MAX_HEADERS
    took = sent_up(head + b"\r\n")
    assert (MANY, True) in reasons(took)
    assert ("1 message: a header line without a colon", False) in reasons(took)
    assert took.lost == 3 * 6


def test_header_fields_of_http_2_beyond_the_bound_are_a_problem_and_lost() -> None:
    block = b"\x82\x84\x87\x41\x09a.example" + b"\x00\x01a\x01b" * (2 * MAX_HEADERS)
    up = PREFACE + http2(1, 5, 1, block)
    took = sent_up(up)
    [(reason, lost)] = reasons(took)
    assert reason.startswith(MANY)
    assert lost
    assert took.bytes_up == len(up)
    assert 0.4 * len(block) < took.lost < 0.6 * len(block)


def test_trailers_beyond_the_bound_are_a_problem() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    took = sent_up(head + b"A: b\r\n" * (MAX_HEADERS + 5) + b"\r\n")
    assert reasons(took) == [(MANY, True)]
    assert took.lost == 5 * 6


def test_of_many_messages_that_are_odd_one_problem_tells() -> None:
    took = sent_up(b"GET / HTTP/1.1\r\nHost: a.example\r\nodd line\r\n\r\n" * 30)
    assert reasons(took) == [("30 messages: a header line without a colon", False)]


def test_the_kinds_that_are_told_are_bounded_and_those_of_workers_add_up() -> None:
    counts = Counts()
    for _ in range(2):
        other = Counts()
        other.notes.update(f"oddity {number}" for number in range(MAX_KINDS + 9))
        counts.add(other)
    found = list(explain_notes(counts.notes))
    assert found[0] == ("2 messages: oddity 0", True)
    assert found[-1] == ("messages are odd in 9 more ways", True)
    assert len(found) == MAX_KINDS + 1
    assert all("; " not in note for note in TOLERATED)


@pytest.mark.parametrize("closes", [True, False])
def test_what_was_announced_and_not_sent_is_not_lost(closes: bool) -> None:
    up = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000000000\r\n\r\nimei=1"
    took = sent_up(up, closes=closes)
    assert (took.bytes_up, took.lost) == (len(up), 0)
    [exchange] = took.exchanges
    assert exchange.request is not None
    assert exchange.request.truncated
    assert reasons(took) == [("1 message: a body that ends before its announced length", False)]


def test_nor_in_chunks_nor_in_a_head_that_does_not_end() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a.example\r\n"
    for up in (
        head + b"Transfer-Encoding: chunked\r\n\r\nffff\r\nimei=1",
        head + b"Content-Length: 5000\r\n",
    ):
        took = sent_up(up)
        assert (took.bytes_up, took.lost) == (len(up), 0)


def test_nor_in_frames_of_http_2() -> None:
    up = PREFACE + http2(1, 4, 1, b"\x83\x84\x87\x41\x09a.example\x0f\x0d\x0516777")
    up += b"\xff\xff\xff\x00\x01\0\0\0\x01imei=1"
    took = sent_up(up)
    assert (took.bytes_up, took.lost) == (len(up), 0)
    assert took.exchanges[0].request is not None
    assert took.exchanges[0].request.truncated


def test_what_a_gap_proves_is_lost_and_no_more() -> None:
    one = Conversation()
    head = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9000\r\n\r\n"
    packets = [*one.open(), *one.send(CLIENT, head + b"imei")]
    one.lose(CLIENT, 1_000)
    packets += [*one.send(CLIENT, b"more"), *one.close()]
    took = reading(packets)
    assert (took.bytes_up, took.lost) == (len(head) + 1_008, 1_000)


def deflated(text: bytes, *, key: bytes = bytes(4)) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2)
    return b"\xc2" + size + key + data


def chatting(*frames: bytes) -> tuple[int, Took]:
    ask = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    taken = (
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n\r\n"
    )
    one = Conversation()
    packets = [*one.open(), *one.send(CLIENT, ask), *one.send(SERVER, taken)]
    for frame in frames:
        packets += one.send(CLIENT, frame)
    return len(ask), reading([*packets, *one.close()])


def test_compressed_messages_count_as_they_were_sent() -> None:
    frame = deflated(b"imei=1 " * 2_000)
    head, took = chatting(frame, frame)
    [exchange] = took.exchanges
    assert exchange.protocol is Protocol.WEBSOCKET
    assert [len(piece.data) for piece in exchange.pieces] == [14_000, 14_000]
    assert took.bytes_up == exchange.bytes_up == head + 2 * len(frame)
    assert took.lost == 0
    assert took.problems == ()


def test_a_message_that_decompresses_beyond_the_bound_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "MAX_MESSAGE", 1_000)
    frame = deflated(bytes(5_000) + bytes(range(256)) * 3)
    head, took = chatting(frame, deflated(b"next"))
    assert reasons(took) == [("1 message: compressed, and longer than the limit", True)]
    assert [len(piece.data) for piece in took.exchanges[0].pieces] == [1_000, 4]
    assert took.bytes_up == head + len(frame) + len(deflated(b"next"))
    assert 200 < took.lost < len(frame)
    [account] = took.accounts
    assert account.reason == "malformed, or beyond a bound of what is read"
