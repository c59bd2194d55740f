import sys
from array import array

import pytest
from compiled_parts import compiled_parts
from hypothesis import given
from hypothesis import strategies as st

from phonehome.wire import places as plain

with compiled_parts():
    from phonehome.wire.native import places as compiled

offsets = st.integers(-3, 60) | st.sampled_from((-(2**63), 2**63 - 1))
lists = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 2**62)), max_size=12)


def columns(pairs: list[tuple[int, int]]) -> tuple["array[int]", "array[int]"]:
    """Where things begin, in order (some at one place, as empty ones do), and what belongs to each."""
    return array("q", sorted(begin for begin, _ in pairs)), array("q", [value for _, value in pairs])


@given(lists, offsets, offsets)
def test_numbers_are_found_as_the_plain_one_finds_them(
    pairs: list[tuple[int, int]], start: int, end: int
) -> None:
    begins, values = columns(pairs)
    assert compiled.numbers_in(begins, values, start, end) == plain.numbers_in(begins, values, start, end)
    assert compiled.value_at(begins, values, start) == plain.value_at(begins, values, start)


@given(lists.filter(bool), offsets, offsets)
def test_stretches_are_found_as_the_plain_one_finds_them(
    pairs: list[tuple[int, int]], start: int, end: int
) -> None:
    begins, values = columns(pairs)
    records = array("q", sorted(values))
    assert compiled.stretch_of(begins, records, start, end) == plain.stretch_of(begins, records, start, end)


def test_lists_of_unlike_length_raise() -> None:
    long, short = array("q", range(9)), array("q", [0, 1])
    with pytest.raises(IndexError):
        compiled.numbers_in(long, short, 0, 9)
    with pytest.raises(IndexError):
        compiled.value_at(long, short, 8)
    with pytest.raises(IndexError):
        compiled.stretch_of(long, short, 8, 9)
    with pytest.raises(IndexError):
        compiled.stretch_of(array("q"), array("q"), 0, 1)


@pytest.mark.parametrize("kind", ["i", "d", "Q", "b"])
def test_other_numbers_than_those_of_eight_bytes_raise(kind: str) -> None:
    right, wrong = array("q", [0, 1]), array(kind, [0, 1])
    for pair in ((right, wrong), (wrong, right)):
        with pytest.raises(TypeError):
            compiled.numbers_in(*pair, 0, 1)
        with pytest.raises(TypeError):
            compiled.stretch_of(*pair, 0, 1)
        with pytest.raises(TypeError):
            compiled.value_at(*pair, 0)


def test_an_offset_beyond_the_numbers_of_the_machine_raises() -> None:
    with pytest.raises(OverflowError):
        compiled.value_at(array("q", [0]), array("q", [1]), sys.maxsize + 1)
