import sys
from array import array

import pytest
from compiled_parts import compiled_parts
from hypothesis import given
from hypothesis import strategies as st

from phonehome.wire.tcp import join_payloads as plain

with compiled_parts():
    from phonehome.wire.native.tcp import join_payloads as compiled

BUFFER = bytes(range(256))
place = st.integers(0, len(BUFFER))
stretches = st.lists(st.tuples(place, place).map(sorted), min_size=1, max_size=20)


@given(stretches, st.data())
def test_stretches_are_joined_as_the_plain_one_joins_them(
    wanted: list[list[int]], data: st.DataObject
) -> None:
    starts, ends = (array("q", column) for column in zip(*wanted, strict=True))
    begin, end = sorted((data.draw(st.integers(0, len(wanted))), data.draw(st.integers(0, len(wanted)))))
    assert compiled(BUFFER, starts, ends, begin, end) == plain(BUFFER, starts, ends, begin, end)
    assert compiled(BUFFER, starts, ends, end, begin) == plain(BUFFER, starts, ends, begin, begin) == b""


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 257), (256, 257), (257, 257), (-1, 4), (-4, -1), (5, 4), (0, sys.maxsize), (-sys.maxsize - 1, 0)],
)
def test_a_stretch_beyond_the_buffer_raises(start: int, end: int) -> None:
    for before in ([], [0, 4]):
        starts, ends = array("q", [*before[:1], start]), array("q", [*before[1:], end])
        with pytest.raises(IndexError, match="beyond"):
            compiled(BUFFER, starts, ends, 0, len(starts))


@pytest.mark.parametrize(("begin", "end"), [(0, 3), (-1, 2), (2, 3), (-(2**63), 1), (0, sys.maxsize)])
def test_a_place_beyond_the_lists_raises(begin: int, end: int) -> None:
    starts, ends = array("q", [0, 4]), array("q", [4, 8])
    with pytest.raises(IndexError):
        compiled(BUFFER, starts, ends, begin, end)
    with pytest.raises(IndexError):
        compiled(BUFFER, starts, ends[:1], 0, 2)
    with pytest.raises(IndexError):
        compiled(BUFFER, starts[:1], ends, 0, 2)


@pytest.mark.parametrize("kind", ["i", "d", "Q", "b"])
def test_other_numbers_than_those_of_eight_bytes_raise(kind: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        compiled(BUFFER, array(kind, [0]), array("q", [4]), 0, 1)
    with pytest.raises((TypeError, ValueError)):
        compiled(BUFFER, array("q", [0]), array(kind, [4]), 0, 1)
