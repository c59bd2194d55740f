import random
from functools import cache

from h2_streams import Pair
from hypothesis import given, settings
from hypothesis import strategies as st

from phonehome.wire.http2 import Http2Connection
from phonehome.wire.http2_stream import Http2Stream
from phonehome.wire.http_message import HttpMessage
from phonehome.wire.side import Side

Step = tuple[Side, bytes | int]  # what a side sent, or the size of a gap in it


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def request(number: int) -> list[tuple[bytes, bytes]]:
    return [
        (b":method", b"POST"),
        (b":authority", b"api.example.org"),
        (b":scheme", b"https"),
        (b":path", b"/item/%d" % number),
        (b"x-number", b"%d" % number),
        (b"content-length", b"60"),
    ]


@cache
def conversation() -> tuple[bytes, bytes]:
    pair = Pair()
    for number in range(1, 16, 2):
        pair.client.send_headers(number, request(number))
        pair.client.send_data(number, b"\x00up" * 10, pad_length=number)
    many = ((b"long-%d" % n, b"\x01" * 700) for n in range(40))
    pair.client.send_headers(21, [*request(21), *many], end_stream=True)
    pair.client.ping(b"abcdefgh")
    pair.move()
    for number in range(1, 16, 2):
        pair.server.send_headers(number, [(b":status", b"200"), (b"x-answer", b"%d" % number)])
        pair.server.send_data(number, b"down" * number)
    pair.server.push_stream(1, 2, [*request(2)[1:4], (b":method", b"GET")])
    pair.server.send_headers(2, [(b":status", b"204")], end_stream=True)
    for number in range(1, 16, 2):
        if number == 5:
            pair.client.reset_stream(5)
            pair.move()
            continue
        pair.client.send_data(number, b"end" * 10, end_stream=True)
        pair.server.send_headers(number, [(b"checksum", b"%d" % number)], end_stream=True)
    pair.move()
    return pair.client_bytes + frame(0xAB, 0, 3, b"unknown"), pair.server_bytes + frame(9, 4, 1, b"\x88")


def fields(message: HttpMessage | None) -> dict[str, object] | None:
    return None if message is None else {name: getattr(message, name) for name in HttpMessage.__slots__}


def facts(stream: Http2Stream) -> tuple[object, ...]:
    return (
        stream.id,
        fields(stream.request),
        fields(stream.response),
        [fields(message) for message in stream.interim],
        stream.pushed,
        stream.note,
    )


def run(connection: Http2Connection, steps: list[Step]) -> list[Http2Stream]:
    found: list[Http2Stream] = []
    for side, step in steps:
        found += connection.gap(side, step) if isinstance(step, int) else connection.feed(side, step)
    return found + connection.finish()


def accounted(connection: Http2Connection, found: list[Http2Stream]) -> list[int]:
    totals = [connection.framing[side] + connection.skipped[side] + connection.lost[side] for side in Side]
    for stream in found:
        if stream.request is not None:
            totals[stream.pushed] += stream.request.size
        totals[Side.SERVER] += sum(m.size for m in (stream.response, *stream.interim) if m is not None)
    return totals


def fed(steps: list[Step]) -> list[int]:
    return [sum(s if isinstance(s, int) else len(s) for of, s in steps if of == side) for side in Side]


def recording(data: bytes, begin: int, gaps: list[tuple[int, int]], side: Side) -> list[Step]:
    """A direction from some offset on, with gaps after some distances; distances and sizes wrap around."""
    steps: list[Step] = []
    position = begin % (len(data) + 1)
    for distance, size in gaps:
        end = min(len(data), position + distance)
        steps += [(side, data[position:end]), (side, size)]
        position = min(len(data), end + size)
    return [*steps, (side, data[position:])]


gaps = st.lists(
    st.tuples(st.integers(0, 300) | st.integers(0, 5000), st.integers(1, 60) | st.integers(1, 3000)),
    max_size=5,
)
begins = st.sampled_from((0, 0, 1, 24)) | st.integers(0, 4000)


@st.composite
def recordings(draw: st.DrawFn) -> list[Step]:
    """Both directions, one behind the other, with gaps, perhaps from the middle."""
    up, down = conversation()
    both = [
        recording(up, draw(begins), draw(gaps), Side.CLIENT),
        recording(down, draw(begins), draw(gaps), Side.SERVER),
    ]
    return both[0] + both[1] if draw(st.booleans()) else both[1] + both[0]


def cut(steps: list[Step], width: int) -> list[Step]:
    result: list[Step] = []
    for side, step in steps:
        if isinstance(step, int):
            result.append((side, step))
        else:
            result += [(side, step[at : at + width]) for at in range(0, len(step), width)]
    return result


def joined(steps: list[Step]) -> list[Step]:
    result: list[Step] = []
    for side, step in steps:
        last = result[-1] if result else None
        if isinstance(step, bytes) and last is not None and last[0] == side and isinstance(last[1], bytes):
            result[-1] = (side, last[1] + step)
        else:
            result.append((side, step))
    return result


@settings(max_examples=150, deadline=None)
@given(recordings(), st.sampled_from((1, 2, 7, 33, 500)))
def test_streams_are_the_same_whole_and_in_pieces_and_every_byte_counts_once(
    steps: list[Step], width: int
) -> None:
    whole, pieces = Http2Connection(), Http2Connection()
    expected, got = run(whole, joined(steps)), run(pieces, cut(steps, width))
    assert [facts(stream) for stream in got] == [facts(stream) for stream in expected]
    assert accounted(whole, expected) == accounted(pieces, got) == fed(steps)


def test_the_order_of_the_sides_does_not_matter() -> None:
    up, down = conversation()
    orders: tuple[list[Step], ...] = (
        [(Side.CLIENT, up), (Side.SERVER, down)],
        [(Side.SERVER, down), (Side.CLIENT, up)],
        cut([(Side.CLIENT, up), (Side.SERVER, down)], 100)[::1],
    )
    results = []
    for steps in orders:
        found = run(Http2Connection(), steps)
        results.append(sorted((facts(stream) for stream in found), key=lambda fact: str(fact[0])))
    assert results[0] == results[1] == results[2]
    assert sorted({stream.id for stream in found}) == [*range(1, 3), *range(3, 16, 2), 21]


def test_a_connection_cut_at_any_byte_is_accounted_for() -> None:
    up, down = conversation()
    up = up[:1500]
    for end in range(len(up)):
        steps: list[Step] = [(Side.CLIENT, up[:end]), (Side.SERVER, down[: end // 2])]
        connection = Http2Connection()
        assert accounted(connection, run(connection, steps)) == fed(steps)


def test_changed_bytes_raise_nothing_and_are_accounted_for() -> None:
    source = random.Random(5)
    up, down = conversation()
    up = up[:3000]
    for _ in range(600):
        changed = [bytearray(up), bytearray(down)]
        for data in changed:
            for _ in range(source.randint(0, 6)):
                data[source.randrange(len(data))] = source.randrange(256)
        steps: list[Step] = [(side, bytes(changed[side])) for side in Side]
        connection = Http2Connection()
        assert accounted(connection, run(connection, steps)) == fed(steps)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 255), st.integers(0, 6), st.binary(max_size=12)),
        max_size=25,
    ),
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 255), st.integers(0, 6), st.binary(max_size=12)),
        max_size=25,
    ),
)
def test_frames_in_any_order_are_accounted_for(
    up: list[tuple[int, int, int, bytes]], down: list[tuple[int, int, int, bytes]]
) -> None:
    steps: list[Step] = [
        (Side.CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"".join(frame(*one) for one in up)),
        (Side.SERVER, frame(4, 0, 0) + b"".join(frame(*one) for one in down)),
    ]
    whole, pieces = Http2Connection(), Http2Connection()
    expected, got = run(whole, steps), run(pieces, cut(steps, 5))
    assert [facts(stream) for stream in got] == [facts(stream) for stream in expected]
    assert accounted(whole, expected) == accounted(pieces, got) == fed(steps)
