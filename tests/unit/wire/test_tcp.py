"""Segments in, a stream and its gaps out, whatever the network and the recorder did to them."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segment_columns import ISN, Part, batch, part

from phonehome.wire import tcp
from phonehome.wire.tcp import FIN, MAX_JUMP, RST, SYN, Stream

Given = list[bytes | int]
TEXT = bytes(range(65, 91))


def read(*windows: Sequence[Part], begin: int | None = ISN, flush: bool = True) -> Given:
    """What a stream gives for the segments of each window, and at its end."""
    stream = Stream()
    if begin is not None:
        stream.begin(begin)
    given: Given = []
    first = 1
    for parts in windows:
        given += stream.receive(batch(parts, first=first), 0, len(parts))
        given += stream.end_window()
        first += len(parts)
    return given + (stream.flush() if flush else [])


def joined(given: Given) -> bytes:
    """The stream, its gaps as zero bytes."""
    return b"".join(item if isinstance(item, bytes) else bytes(item) for item in given)


def test_segments_in_order_are_joined_at_once() -> None:
    assert read([part(0, b"GET "), part(4, b"/ HT"), part(8, b"TP")]) == [b"GET / HTTP"]


def test_segments_in_a_wrong_order_are_put_right() -> None:
    assert joined(read([part(4, b"/ HT"), part(8, b"TP"), part(0, b"GET ")])) == b"GET / HTTP"


def test_a_segment_that_comes_in_the_next_window_is_waited_for() -> None:
    assert read([part(0, b"ab"), part(4, b"ef")], [part(2, b"cd")], flush=False) == [b"ab", b"cdef"]


def test_a_segment_that_never_comes_is_a_gap_once_it_was_waited_for() -> None:
    windows = [[part(0, b"ab"), part(4, b"ef")], [part(6, b"gh")]]
    assert read(*windows, flush=False) == [b"ab", 2, b"efgh"]


def test_a_segment_that_never_comes_is_a_gap_at_the_end() -> None:
    assert read([part(0, b"ab"), part(4, b"ef"), part(9, b"j")]) == [b"ab", 2, b"ef", 3, b"j"]


def test_a_segment_that_comes_after_it_was_given_up_changes_nothing() -> None:
    windows = [[part(0, b"ab"), part(4, b"ef")], [part(6, b"gh")], [part(2, b"cd"), part(8, b"ij")]]
    assert read(*windows) == [b"ab", 2, b"efgh", b"ij"]


def test_what_is_only_an_ending_gives_nothing() -> None:
    assert read([Part(at=ISN, flags=FIN)], [Part(at=ISN, flags=FIN)]) == []


def test_segments_sent_again_among_many_change_nothing() -> None:
    parts = [part(at, bytes([at])) for at in range(200)]
    again = [part(at, b"?") for at in (20, 21, 60)]
    [stream] = read([*parts[:70], *again, *parts[70:150], part(0, b"!"), *parts[150:]])
    assert stream == bytes(range(200))


def test_the_first_of_two_copies_counts() -> None:
    assert joined(read([part(0, b"abcd"), part(0, b"WXYZ"), part(4, b"ef")])) == b"abcdef"


def test_an_overlap_gives_only_what_is_new() -> None:
    assert joined(read([part(0, b"abcd"), part(2, b"YZef"), part(1, b"X")])) == b"abcdef"


def test_a_segment_that_holds_another_in_it_fills_the_rest() -> None:
    assert joined(read([part(2, b"cd"), part(0, b"ABCDEF"), part(6, b"gh")])) == b"ABCDEFgh"


@pytest.mark.parametrize("probe", [b"", b"\0", b"d"])
def test_a_keep_alive_probe_changes_nothing(probe: bytes) -> None:
    assert joined(read([part(0, b"abcd"), part(3, probe), part(3, probe), part(4, b"ef")])) == b"abcdef"


@pytest.mark.parametrize("isn", [2**32 - 1, 2**32 - 2, 2**32 - 13, 2**31 - 4, 0])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 2, 0)])
def test_sequence_numbers_wrap(isn: int, order: tuple[int, ...]) -> None:
    pieces = (TEXT[:10], TEXT[10:20], TEXT[20:])
    parts = [Part(data=pieces[place], at=(isn + 10 * place) % 2**32) for place in order]
    assert joined(read(parts, begin=isn)) == TEXT


def test_data_in_the_syn_is_the_beginning() -> None:
    opening = Part(data=b"GET ", at=ISN - 1, flags=SYN)
    assert read([opening, part(4, b"/")]) == [b"GET /"]
    assert read([opening, part(4, b"/")], begin=None) == [b"GET /"]


def test_a_repeated_syn_does_not_move_the_beginning() -> None:
    stream = Stream()
    stream.begin(ISN)
    stream.begin(ISN + 700)
    assert stream.receive(batch([part(0, b"abc")]), 0, 1) == [b"abc"]


def test_a_stream_whose_beginning_is_missing_begins_at_its_first_segment() -> None:
    assert read([part(5000, b"abc"), part(5003, b"def")], begin=None) == [b"abcdef"]


def test_a_stream_whose_beginning_is_missing_begins_at_the_lowest_of_segments_out_of_order() -> None:
    parts = [part(5003, b"def"), part(5000, b"abc"), part(5006, b"ghi")]
    assert read(parts, begin=None) == [b"abcdefghi"]


def test_a_stream_whose_beginning_is_missing_does_not_begin_with_a_reset_or_a_probe() -> None:
    reset = Part(at=77, flags=RST)
    probe = part(4999, b"\0")
    assert read([reset, probe, part(5000, b"abc")], begin=None) == [b"abc"]
    assert read([reset], [probe], [part(5000, b"abc")], begin=None) == [b"abc"]


def test_a_segment_lost_behind_the_handshake_is_a_gap() -> None:
    assert read([part(6, b"abc")]) == [6, b"abc"]


def test_what_the_snap_length_cut_is_a_gap() -> None:
    parts = [part(0, b"ab", cut=8), part(10, b"cd", cut=8), part(20, b"ef")]
    assert read(parts) == [b"ab", 8, b"cd", 8, b"ef"]


def test_a_packet_of_which_nothing_was_kept_is_a_gap() -> None:
    assert read([part(0, b"", cut=8), part(8, b"", cut=2), part(10, b"ab")]) == [10, b"ab"]


def test_a_whole_copy_behind_a_cut_one_comes_too_late() -> None:
    assert read([part(0, b"ab", cut=4), part(0, b"abcdef"), part(6, b"gh")]) == [b"ab", 4, b"gh"]


def test_an_ending_adds_nothing() -> None:
    parts = [part(0, b"abc"), Part(at=ISN + 3, flags=FIN), Part(at=ISN + 4, flags=RST)]
    assert read(parts) == [b"abc"]


def test_one_segment_far_off_is_left_out_and_counted() -> None:
    for far in (MAX_JUMP + 100, -MAX_JUMP - 100, 1 << 31):
        stream = Stream()
        stream.begin(ISN)
        parts = [part(0, b"abc"), part(far, b"xyz"), part(3, b"def")]
        assert stream.receive(batch(parts), 0, 3) == [b"abcdef"]
        assert stream.left_out == 3


def test_two_segments_far_off_are_where_the_stream_goes_on() -> None:
    far = MAX_JUMP + 100
    parts = [part(0, b"abc"), part(far, b"uvw"), part(far + 3, b"xyz"), part(far + 6, b"!")]
    assert read(parts) == [b"abc", far - 3, b"uvwxyz!"]
    stream = Stream()
    stream.receive(batch(parts), 0, 4)
    assert stream.left_out == 0


def test_another_stream_under_the_same_ports_without_its_opening_is_read_on() -> None:
    far = -MAX_JUMP - 100
    parts = [part(0, b"abc"), part(5, b"f"), part(far, b"uvw"), part(far + 3, b"xyz")]
    assert read(parts) == [b"abc", 2, b"f", 1, b"uvwxyz"]


def test_of_a_stream_too_much_of_which_waits_the_gap_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MAX_PENDING_BYTES", 10)
    parts = [part(0, b"ab"), part(4, bytes(6)), part(10, bytes(6))]
    assert read(parts, flush=False) == [b"ab", 2, bytes(12)]


def test_of_a_stream_of_which_too_many_segments_wait_the_gap_is_given_up() -> None:
    parts = [part(0, b"ab")]
    parts += [part(2 * at, b"x") for at in reversed(range(2, 2 + tcp.MAX_PENDING_SEGMENTS + 1))]
    stream = Stream()
    stream.begin(ISN)
    given = stream.receive(batch(parts), 0, len(parts))
    assert given[:3] == [b"ab", 2, b"x"]
    assert stream.is_waiting


def test_places_tell_the_packet_of_every_byte() -> None:
    stream = Stream()
    stream.begin(ISN)
    parts = [part(0, b"ab"), part(4, b"ef"), part(2, b"cd"), part(8, b"ij")]
    stream.receive(batch(parts), 0, 4)
    stream.flush()
    places = stream.places
    assert [places.first(offset) for offset in (0, 1, 2, 3, 4, 5, 8, 9)] == [1, 1, 3, 3, 2, 2, 4, 4]
    assert places.packets(1, 5) == (1, 3, 2)
    assert places.time(8) == 4 * 10**9
    assert places.end == 10


@st.composite
def torn(draw: st.DrawFn) -> tuple[bytes, list[list[Part]], int]:
    """A stream, and segments of it in windows: any pieces, any order within reach, some more than once."""
    data = draw(st.binary(min_size=1, max_size=200))
    isn = draw(st.sampled_from([0, ISN, 2**32 - 1, 2**32 - 100, 2**31 - 50]))
    cuts = sorted(draw(st.sets(st.integers(1, len(data)), max_size=12)) | {len(data)})
    spans = list(zip([0, *cuts[:-1]], cuts, strict=True))
    more = draw(
        st.lists(st.tuples(st.integers(0, len(data)), st.integers(0, len(data))).map(sorted), max_size=6)
    )
    spans += [(low, high) for low, high in more]
    spans = draw(st.permutations(spans))
    parts = [Part(data=data[low:high], at=(isn + low) % 2**32) for low, high in spans]
    windows = draw(st.integers(1, 4))
    size = -(-len(parts) // windows)
    return data, [parts[at : at + size] for at in range(0, len(parts), size)], isn


@given(torn())
def test_any_order_and_split_and_repetition_within_a_window_gives_the_stream(
    case: tuple[bytes, list[list[Part]], int],
) -> None:
    data, windows, isn = case
    assert joined(read([one for window in windows for one in window], begin=isn)) == data


@given(torn())
def test_over_windows_the_bytes_are_right_and_adds_up_with_the_gaps(
    case: tuple[bytes, list[list[Part]], int],
) -> None:
    data, windows, isn = case
    given = read(*windows, begin=isn)
    assert len(joined(given)) == len(data)
    assert all(item in (got, 0) for item, got in zip(joined(given), data, strict=True))
    if len(windows) <= 2:  # the wait for a missing segment goes over one whole window
        assert joined(given) == data


@given(
    st.lists(
        st.builds(
            Part,
            data=st.binary(max_size=8),
            at=st.one_of(st.integers(0, 2**32 - 1), st.integers(ISN, ISN + 40)),
            cut=st.sampled_from([0, 0, 1, 100]),
            flags=st.integers(0, 511),
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 30),
    st.booleans(),
)
def test_whatever_comes_what_is_given_is_what_the_places_count(
    parts: list[Part], size: int, begun: bool
) -> None:
    stream = Stream()
    if begun:
        stream.begin(ISN)
    given: Given = []
    for at in range(0, len(parts), size):
        window = parts[at : at + size]
        given += stream.receive(batch(window, first=at + 1), 0, len(window))
        given += stream.end_window()
    given += stream.flush()
    assert all(given)
    assert sum(item if isinstance(item, int) else len(item) for item in given) == stream.places.end
    assert not stream.is_waiting
    recorded = sum(len(one.data) for one in parts)
    assert sum(len(item) for item in given if isinstance(item, bytes)) <= recorded


@given(
    st.lists(st.binary(min_size=1, max_size=8), max_size=5),
    st.lists(st.tuples(st.booleans(), st.integers(0, 2**32 - 1) | st.integers(ISN, ISN + 90)), max_size=6),
    st.booleans(),
)
def test_whatever_is_said_to_have_been_sent_the_gap_behind_it_is_bounded(
    pieces: list[bytes], words: list[tuple[bool, int]], begun: bool
) -> None:
    stream = Stream()
    if begun:
        stream.begin(ISN)
    parts = [part(sum(map(len, pieces[:at])), piece) for at, piece in enumerate(pieces)]
    given = stream.receive(batch(parts), 0, len(parts)) if parts else []
    for is_end, number in words:
        (stream.note_end if is_end else stream.note_sent)(number)
    given += stream.finish()
    assert all(given)
    assert sum(item if isinstance(item, int) else len(item) for item in given) == stream.places.end
    assert sum(item for item in given if isinstance(item, int)) <= MAX_JUMP
    near = [number - ISN for _, number in words if ISN < number <= ISN + 90]
    if begun and len(near) == len(words):
        assert max([0, *near]) - 1 <= stream.places.end <= max([sum(map(len, pieces)), *near])


@pytest.mark.parametrize(("sent", "missing"), [(4, 0), (5, 0), (6, 2), (3, 0)])
def test_an_acknowledged_ending_is_no_byte(sent: int, missing: int) -> None:
    """One number more than was recorded may be an ending that was not."""
    stream = Stream()
    stream.begin(ISN)
    stream.receive(batch([part(0, b"abcd")]), 0, 1)
    stream.note_sent(ISN + sent)
    assert stream.finish() == ([missing] if missing else [])


@pytest.mark.parametrize("number", [6, 7])
def test_an_ending_tells_exactly_how_much_was_sent(number: int) -> None:
    stream = Stream()
    stream.begin(ISN)
    stream.receive(batch([part(0, b"abcd")]), 0, 1)
    stream.note_end(ISN + 6)
    stream.note_sent(ISN + number)
    assert stream.finish() == [2]


def test_copies_that_differ_are_counted_over_the_segments_that_they_cover() -> None:
    stream = Stream()
    stream.begin(ISN)
    parts = [*(part(at, b"abcd") for at in range(0, 40, 4)), part(6, b"cdabCDab"), part(9, b"bcdab")]
    assert joined(list(stream.receive(batch(parts), 0, len(parts)))) == b"abcd" * 10
    assert (stream.differing, stream.left_out) == (4, 0)


def test_what_lies_before_the_beginning_is_left_out_and_counted() -> None:
    stream = Stream()
    stream.begin(ISN)
    parts = [part(0, b"abcd"), part(-6, b"xyzxyzab"), part(-1, b"?")]
    assert joined(list(stream.receive(batch(parts), 0, len(parts)))) == b"abcd"
    assert stream.left_out == 6
