import struct
import sys
from array import array

import pytest
from compiled_parts import compiled_parts
from hypothesis import given
from hypothesis import strategies as st

from phonehome.wire.capture.pcapng import walk_packets as plain

with compiled_parts():
    from phonehome.wire.native.pcapng import walk_packets as compiled

PACKET = 6
sizes = st.sampled_from((32, 32, 36, 64, 31, 34, 12, 0, 1000, 0x7FFFFFFC, 0xFFFFFFFC, 0xFFFFFFFF))


@st.composite
def buffers(draw: st.DrawFn) -> tuple[bytes, int, bool]:
    """Blocks that need not be packets or as long as they say, cut somewhere; where the first begins; the order."""
    big = draw(st.booleans())
    blocks = [draw(st.binary(max_size=9))]
    for size in draw(st.lists(sizes, max_size=12)):
        kind = draw(st.sampled_from((PACKET,) * 8 + (1, 3, 0x0600_0000)))
        blocks.append(struct.pack(">II" if big else "<II", kind, size) + bytes(max(0, min(size, 64) - 8)))
    whole = b"".join(blocks)
    at = len(blocks[0])
    return whole[: draw(st.just(len(whole)) | st.integers(at, len(whole)))], at, big


@given(buffers(), st.integers(0, 14), st.lists(st.integers(0, 99), max_size=3))
def test_packets_begin_where_the_plain_walk_finds_them(
    given_buffer: tuple[bytes, int, bool], most: int, before: list[int]
) -> None:
    buffer, at, big = given_buffer
    found, expected = array("q", before), array("q", before)
    assert compiled(buffer, at, big, most, found) == plain(buffer, at, big, most, expected)
    assert found == expected


@pytest.mark.parametrize("count", [0, 1, 100, 20_000])
def test_the_list_grows_with_the_packets(count: int) -> None:
    buffer = (struct.pack("<II", PACKET, 32) + bytes(24)) * count
    starts = array("q")
    assert compiled(buffer, 0, False, count + 1, starts) == len(buffer)
    assert starts.tolist() == [32 * number for number in range(count)]


def test_nothing_is_found_behind_the_buffer() -> None:
    starts = array("q")
    assert compiled(bytes(100), 100, False, 9, starts) == 100
    assert not starts
    for at in (101, 2**40, sys.maxsize):
        with pytest.raises(IndexError):
            compiled(bytes(100), at, False, 9, starts)
        with pytest.raises(IndexError):
            plain(bytes(100), at, False, 9, starts)


@pytest.mark.parametrize("at", [-1, -32, -(2**63)])
def test_a_place_before_the_buffer_raises(at: int) -> None:
    with pytest.raises(IndexError):
        compiled(bytes(100), at, False, 9, array("q"))


def test_other_numbers_than_those_of_eight_bytes_raise() -> None:
    with pytest.raises(TypeError):
        compiled(bytes(100), 0, False, 9, array("i"))
