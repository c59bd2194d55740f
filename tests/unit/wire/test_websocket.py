import os
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.extensions import PerMessageDeflate

from phonehome.wire.side import Side
from phonehome.wire.websocket import Opcode, WebSocketMessage, WebSocketParser
from phonehome.wire.websocket_deflate import DeflateParameters
from phonehome.wire.websocket_frames import unmask

Step = bytes | int


def writer(side: Side, deflate: str | None = None) -> Connection:
    kind = ConnectionType.CLIENT if side == Side.CLIENT else ConnectionType.SERVER
    if deflate is None:
        return Connection(kind)
    extension = PerMessageDeflate()
    if side == Side.CLIENT:
        extension.finalize(deflate)
    else:
        extension.accept(deflate)
    return Connection(kind, [extension])


def conversation(side: Side, deflate: str | None = None) -> bytes:
    connection = writer(side, deflate)
    events = [
        TextMessage(data="hello"),
        TextMessage(data="a first part, ", message_finished=False),
        Ping(payload=b"in between"),
        TextMessage(data="", message_finished=False),
        TextMessage(data="and a second"),
        BytesMessage(data=bytes(range(256)) * 2),
        BytesMessage(data=b""),
        *(TextMessage(data=f'{{"imei": "490154203237518", "n": {number}}}') for number in range(9)),
        BytesMessage(data=b"long" * 20_000),
        CloseConnection(code=1000, reason="bye"),
    ]
    return b"".join(connection.send(event) for event in events)


EXPECTED = [
    (Opcode.TEXT, b"hello"),
    (Opcode.PING, b"in between"),
    (Opcode.TEXT, b"a first part, and a second"),
    (Opcode.BINARY, bytes(range(256)) * 2),
    (Opcode.BINARY, b""),
    *((Opcode.TEXT, b'{"imei": "490154203237518", "n": %d}' % number) for number in range(9)),
    (Opcode.BINARY, b"long" * 20_000),
    (Opcode.CLOSE, b"\x03\xe8bye"),
]

DEFLATES = (
    None,
    "permessage-deflate",
    "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_max_window_bits=9; server_max_window_bits=9",
)


def run(parser: WebSocketParser, steps: list[Step]) -> list[WebSocketMessage]:
    found: list[WebSocketMessage] = []
    for step in steps:
        found += parser.gap(step) if isinstance(step, int) else parser.feed(step)
    return found + parser.finish()


def facts(messages: list[WebSocketMessage]) -> list[dict[str, object]]:
    return [{name: getattr(message, name) for name in WebSocketMessage.__slots__} for message in messages]


def accounted(parser: WebSocketParser, found: list[WebSocketMessage]) -> int:
    return sum(message.size for message in found) + parser.skipped + parser.lost


def total(steps: list[Step]) -> int:
    return sum(step if isinstance(step, int) else len(step) for step in steps)


def parameters(deflate: str | None) -> DeflateParameters | None:
    return DeflateParameters.parse(deflate.encode() if deflate else None)


@pytest.mark.parametrize("deflate", DEFLATES)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("width", [1, 3, 1000, 1 << 20])
def test_what_wsproto_writes_is_read_back(side: Side, deflate: str | None, width: int) -> None:
    stream = conversation(side, deflate)
    parser = WebSocketParser(side, parameters(deflate))
    found = run(parser, [stream[at : at + width] for at in range(0, len(stream), width)])
    assert [(message.opcode, message.data) for message in found] == EXPECTED
    assert not any(message.truncated or message.note for message in found)
    assert accounted(parser, found) == len(stream)
    assert parser.skipped == 0


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(Side),
    st.sampled_from(DEFLATES),
    st.lists(st.tuples(st.integers(0, 700), st.integers(1, 300)), max_size=4),
    st.sampled_from((1, 2, 7, 100)),
    st.binary(max_size=40),
)
def test_messages_are_the_same_whole_and_in_pieces_and_every_byte_counts_once(
    side: Side, deflate: str | None, gaps: list[tuple[int, int]], width: int, junk: bytes
) -> None:
    stream = conversation(side, deflate)[:2500] + junk
    steps: list[Step] = []
    position = 0
    for distance, size in gaps:
        end = min(len(stream), position + distance)
        steps += [stream[position:end], size]
        position = min(len(stream), end + size)
    steps.append(stream[position:])
    pieces: list[Step] = []
    for step in steps:
        pieces += (
            [step] if isinstance(step, int) else [step[at : at + width] for at in range(0, len(step), width)]
        )
    first, second = WebSocketParser(side, parameters(deflate)), WebSocketParser(side, parameters(deflate))
    expected, got = run(first, steps), run(second, pieces)
    assert facts(got) == facts(expected)
    assert accounted(first, expected) == accounted(second, got) == total(steps)


def test_reading_goes_on_behind_a_gap() -> None:
    connection = writer(Side.CLIENT)
    frames = [connection.send(TextMessage(data=f"message {number} of some length")) for number in range(12)]
    stream = b"".join(frames)
    begin, size = len(frames[0]) * 2 + 9, 100
    parser = WebSocketParser(Side.CLIENT)
    found = run(parser, [stream[:begin], size, stream[begin + size :]])
    texts = [message.data for message in found if not message.truncated]
    assert texts[:2] == [b"message 0 of some length", b"message 1 of some length"]
    assert texts[-5:] == [b"message %d of some length" % number for number in range(7, 12)]
    assert [message.missing for message in found if message.truncated] == [21]


def test_a_gap_inside_a_message_keeps_the_rest_of_it() -> None:
    stream = writer(Side.CLIENT).send(BytesMessage(data=bytes(range(200)) * 3))
    parser = WebSocketParser(Side.CLIENT)
    (message,) = run(parser, [stream[:58], 101, stream[159:]])
    assert message.data == (bytes(range(200)) * 3)[:50] + (bytes(range(200)) * 3)[151:]
    assert (message.truncated, message.missing, message.lost) == (True, 101, 101)


def test_compressed_messages_behind_a_gap_are_right_or_said_to_be_closed() -> None:
    connection = writer(Side.SERVER, "permessage-deflate")
    frames = [
        connection.send(TextMessage(data=f"the same words again, number {n}, {os.urandom(30).hex()}"))
        for n in range(9)
    ]
    texts = [WebSocketParser(Side.SERVER, DeflateParameters()).feed(frames[0])[0].data]
    parser = WebSocketParser(Side.SERVER, DeflateParameters())
    found = run(parser, [frames[0], len(frames[1]), b"".join(frames[2:])])
    assert found[0].data == texts[0]
    assert len(found) == 8
    assert all(message.note == "compressed, and what it refers to was not recorded" for message in found[1:])
    assert all(message.truncated for message in found[1:])


def test_a_message_of_several_final_blocks_is_joined() -> None:
    payload = b""
    for text in (b"one, ", b"two"):
        compressor = zlib.compressobj(wbits=-15)
        payload += compressor.compress(text) + compressor.flush()
    payload += b"\x00"
    parser = WebSocketParser(Side.SERVER, DeflateParameters())
    (message,) = parser.feed(bytes([0xC1, len(payload)]) + payload)
    assert (message.data, message.note) == (b"one, two", None)


def test_a_bomb_ends_at_its_bound() -> None:
    compressor = zlib.compressobj(9, wbits=-15)
    payload = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(100)) + compressor.flush(
        zlib.Z_SYNC_FLUSH
    )
    frame = bytes([0xC2, 127]) + len(payload).to_bytes(8, "big") + payload
    parser = WebSocketParser(Side.SERVER, DeflateParameters())
    kept = 0
    for _ in range(4):
        for message in parser.feed(frame):
            assert message.truncated
            kept += len(message.data)
    assert kept < 100 << 20


def test_many_ends_in_one_message_end_at_their_bound() -> None:
    frame = bytes([0xC2, 127]) + (400_000).to_bytes(8, "big") + b"\x03\x00" * 200_000
    (message,) = WebSocketParser(Side.SERVER, DeflateParameters()).feed(frame)
    assert message.note == "compressed in too many parts"


def test_a_stream_from_the_middle_is_found_again() -> None:
    stream = conversation(Side.SERVER)
    parser = WebSocketParser(Side.SERVER)
    found = run(parser, [b"\xff\xff", stream])
    assert [(message.opcode, message.data) for message in found] == EXPECTED
    assert parser.skipped == 2


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 255, 256, 257, 1023])
@pytest.mark.parametrize("phase", [0, 1, 2, 3, 7])
def test_masks_come_off(size: int, phase: int) -> None:
    key, data = b"\x01\x80\xfe\x33", os.urandom(size)
    expected = bytes(byte ^ key[(place + phase) % 4] for place, byte in enumerate(data))
    assert unmask(data, key, phase) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (b"", None),
        (b"x-webkit-deflate-frame", None),
        (b"permessage-deflate", DeflateParameters()),
        (b"foo, Permessage-Deflate; server_no_context_takeover", DeflateParameters(server_takeover=False)),
        (b"permessage-deflate;client_no_context_takeover ;x=1", DeflateParameters(client_takeover=False)),
    ],
)
def test_the_handshake_says_how_messages_are_compressed(
    value: bytes | None, expected: DeflateParameters | None
) -> None:
    assert DeflateParameters.parse(value) == expected


def test_changed_bytes_raise_nothing_and_are_accounted_for() -> None:
    source = random.Random(8)
    streams = [(side, deflate, conversation(side, deflate)[:3000]) for side in Side for deflate in DEFLATES]
    for _ in range(1500):
        side, deflate, stream = source.choice(streams)
        changed = bytearray(stream[: source.randint(1, len(stream))])
        for _ in range(source.randint(0, 6)):
            changed[source.randrange(len(changed))] = source.randrange(256)
        parser = WebSocketParser(side, parameters(deflate))
        assert accounted(parser, run(parser, [bytes(changed)])) == len(changed)


def test_a_stream_cut_at_any_byte_is_accounted_for() -> None:
    for side in Side:
        stream = conversation(side, "permessage-deflate")[:1500]
        for end in range(len(stream)):
            parser = WebSocketParser(side, DeflateParameters())
            assert accounted(parser, run(parser, [stream[:end]])) == end
