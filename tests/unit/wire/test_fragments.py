"""The table of fragments: bounds, ages, overlaps, and any order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.model.errors import DecodeError
from phonehome.wire import fragments
from phonehome.wire.fragments import Fragments, Key

SECOND = 10**9


def key(identification: int) -> Key:
    return b"a" * 16, b"b" * 16, identification, 17


@given(st.binary(min_size=9, max_size=400), st.integers(0, 2**32), st.integers(1, 6))
def test_a_datagram_is_the_same_in_any_order_and_with_repeats(data: bytes, seed: int, units: int) -> None:
    size = units * 8
    pieces = [(at, data[at : at + size], at + size >= len(data)) for at in range(0, len(data), size)]
    chance = random.Random(seed)
    order = pieces + chance.sample(pieces, len(pieces) // 2)
    chance.shuffle(order)
    table = Fragments()
    whole = [
        done
        for at, part, last in order
        if (done := table.add(key(1), at, part, last=last, time=0)) is not None
    ]
    assert whole[0] == data


def test_what_came_first_counts_where_fragments_overlap() -> None:
    table = Fragments()
    assert table.add(key(1), 0, b"a" * 16, last=False, time=0) is None
    assert table.add(key(1), 8, b"b" * 16, last=True, time=0) == b"a" * 16 + b"b" * 8


def test_datagrams_do_not_mix() -> None:
    table = Fragments()
    assert table.add(key(1), 0, b"a" * 8, last=False, time=0) is None
    assert table.add(key(2), 8, b"b" * 8, last=True, time=0) is None
    assert table.add(key(1), 8, b"c" * 8, last=True, time=0) == b"a" * 8 + b"c" * 8


def test_an_identification_may_come_again_after_its_time() -> None:
    table = Fragments()
    assert table.add(key(1), 0, b"old old ", last=False, time=0) is None
    assert table.add(key(1), 8, b"new", last=True, time=61 * SECOND) is None
    assert table.lost == 1
    assert table.add(key(1), 0, b"anew    ", last=False, time=62 * SECOND) == b"anew    new"


def test_the_oldest_gives_way_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MAX_DATAGRAMS", 10)
    table = Fragments()
    for number in range(100):
        table.add(key(number), 0, bytes(8), last=False, time=0)
    assert (len(table), table.lost) == (10, 90)


def test_the_oldest_gives_way_when_they_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MAX_PENDING_BYTES", 1000)
    table = Fragments()
    for number in range(100):
        table.add(key(number), 0, bytes(104), last=False, time=0)
    assert (len(table), table.lost) == (9, 91)


@pytest.mark.parametrize(
    ("offset", "data", "last"), [(0, b"", True), (65_528, bytes(8), True), (0, b"seven..", False)]
)
def test_a_fragment_of_no_datagram_is_refused(offset: int, data: bytes, last: bool) -> None:
    with pytest.raises(DecodeError):
        Fragments().add(key(1), offset, data, last=last, time=0)
