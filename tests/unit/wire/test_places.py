"""A stretch of a stream leads back to the packets that it came in, through records and upgrades."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from phonehome.wire.places import MAX_PLACES, Places, RecordPlaces, ShiftedPlaces


def _integers(numbers: Iterable[int]) -> "array[int]":
    return array("q", numbers)


def _marks(records: Iterable[tuple[int, int]]) -> "array[int]":
    return array("q", chain.from_iterable(records))


def four_packets() -> Places:
    """Packets 3, 5, 4 and 9 with ten bytes each, and five bytes of a gap behind the second."""
    places = Places()
    places.add(_integers([0, 10]), _integers([3, 5]), _integers([300, 500]), 20)
    places.end = 25
    places.add(_integers([25, 35]), _integers([4, 9]), _integers([400, 900]), 45)
    return places


def test_a_stretch_has_the_packets_that_it_touches_in_stream_order() -> None:
    places = four_packets()
    assert places.packets(0, 45) == (3, 5, 4, 9)
    assert places.packets(9, 10) == (3,)
    assert places.packets(9, 11) == (3, 5)
    assert places.packets(10, 20) == (5,)
    assert places.packets(25, 26) == (4,)
    assert places.packets(44, 99) == (9,)


def test_an_offset_has_one_packet_and_its_time() -> None:
    places = four_packets()
    assert [places.first(offset) for offset in (0, 9, 10, 25, 34, 35, 44)] == [3, 3, 5, 4, 4, 9, 9]
    assert [places.time(offset) for offset in (0, 12, 25)] == [300, 500, 400]


def test_an_empty_stretch_has_the_packet_that_it_stands_in() -> None:
    assert four_packets().packets(12, 12) == (5,)


def test_a_gap_has_the_packet_before_it() -> None:
    assert four_packets().packets(21, 24) == (5,)


def test_a_stream_without_packets_has_none() -> None:
    places = Places()
    assert (places.packets(0, 10), places.first(0), places.time(0)) == ((), 0, 0)
    records = RecordPlaces(places)
    assert (records.packets(0, 10), records.first(0), records.time(0)) == ((), 0, 0)


def test_what_is_forgotten_takes_nothing_from_the_rest() -> None:
    places = Places()
    places.add(_integers(range(0, 2000, 10)), _integers(range(1, 201)), _integers(range(201, 401)), 2000)
    places.forget(1500)
    assert places.packets(1500, 1530) == (151, 152, 153)
    assert places.first(1509) == 151
    assert places.time(1990) == 400
    places.forget(10**9)
    assert places.packets(1990, 2000) == (200,)


def test_of_a_stretch_without_end_the_first_and_the_last_packets_are_kept() -> None:
    places = Places()
    for begin in range(0, 3 * MAX_PLACES, 1000):
        numbers = _integers(range(begin + 1, begin + 1001))
        places.add(
            _integers(range(10 * begin, 10 * (begin + 1000), 10)), numbers, numbers, 10 * (begin + 1000)
        )
    last = places.end // 10
    packets = places.packets(0, places.end)
    assert len(packets) <= MAX_PLACES
    assert packets[:1000] == tuple(range(1, 1001))
    assert packets[-1000:] == tuple(range(last - 999, last + 1))
    assert places.packets(places.end - 25, places.end) == (last - 2, last - 1, last)


def test_a_record_without_end_is_bounded_too() -> None:
    places = Places()
    places.add(_integers([0]), _integers([1]), _integers([1]), 10)
    records = RecordPlaces(places)
    for begin in range(0, 3 * MAX_PLACES, 1000):
        records.add(_marks([(16 * at, 20 * at) for at in range(begin, begin + 1000)]))
    assert records.packets(0, 48 * MAX_PLACES) == (1,)


def test_a_stretch_of_plain_text_has_the_packets_of_its_records() -> None:
    records = RecordPlaces(four_packets())
    records.add(_marks([(0, 2), (4, 12)]))
    records.add(_marks([]))
    records.add(_marks([(10, 26), (20, 36)]))
    assert records.packets(0, 4) == (
        3,
        5,
    )  # the first record ends in the second packet, where the next begins
    assert records.packets(0, 1) == (3, 5)
    assert records.packets(4, 10) == (5, 4)
    assert records.packets(20, 25) == (9,)
    assert [records.first(offset) for offset in (0, 5, 10, 22)] == [3, 5, 4, 9]
    assert [records.time(offset) for offset in (0, 5, 10, 22)] == [300, 500, 400, 900]


def test_records_forget_together_with_what_is_under_them() -> None:
    places = Places()
    places.add(_integers(range(0, 2000, 10)), _integers(range(1, 201)), _integers(range(1, 201)), 2000)
    records = RecordPlaces(places)
    records.add(_marks([(5 * at, 10 * at) for at in range(200)]))
    records.forget(500)
    assert records.first(500) == 101
    assert records.packets(995, 1000) == (200,)


def test_what_follows_an_upgrade_counts_from_there() -> None:
    shifted = ShiftedPlaces(four_packets(), 12)
    assert shifted.packets(0, 8) == (5,)
    assert shifted.first(13) == 4
    assert shifted.time(23) == 900
    shifted.forget(5)
    assert shifted.packets(0, 33) == (5, 4, 9)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.data())
def test_packets_are_those_whose_bytes_a_stretch_holds(sizes: list[int], data: st.DataObject) -> None:
    places, offsets, end = Places(), list[int](), 0
    for number, size in enumerate(sizes, 1):
        places.add_one(end, number, number, end + size)
        offsets.append(end)
        end += size
    start = data.draw(st.integers(0, end - 1))
    stop = data.draw(st.integers(start + 1, end))
    expected = sorted({bisect_right(offsets, offset) for offset in range(start, stop)})
    assert places.packets(start, stop) == tuple(expected)
    assert places.first(start) == expected[0]
