import struct
import sys

import pytest
from compiled_parts import compiled_parts
from hypothesis import given
from hypothesis import strategies as st

from phonehome.wire.capture.pcap import walk as plain

with compiled_parts():
    from phonehome.wire.native.pcap import walk as compiled

MOST = 4096
HEADERS = (16, 24)

sizes = st.integers(0, 60) | st.sampled_from((MOST, MOST + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))


@st.composite
def buffers(draw: st.DrawFn) -> tuple[bytes, int, int, bool]:
    """Records whose lengths need not be true, cut somewhere; where the first begins; what a header takes; the order."""
    header, big = draw(st.sampled_from(HEADERS)), draw(st.booleans())
    records = [draw(st.binary(max_size=30))]
    at = len(records[0])
    for said in draw(st.lists(sizes, max_size=12)):
        body = draw(st.just(bytes(min(said, 60))) | st.binary(max_size=60))
        head = bytes(8) + struct.pack(">I" if big else "<I", said)
        records.append(head.ljust(header, b"\xaa") + body)
    whole = b"".join(records)
    return whole[: draw(st.integers(0, len(whole)) | st.just(len(whole)))], at, header, big


@given(buffers(), st.sampled_from((0, 40, MOST, 0xFFFFFFFF)))
def test_records_begin_where_the_plain_walk_finds_them(
    given_buffer: tuple[bytes, int, int, bool], most: int
) -> None:
    buffer, at, header, big = given_buffer
    assert compiled(buffer, at, header, big, most) == plain(buffer, at, header, big, most)


@pytest.mark.parametrize("count", [0, 1, 4095, 4096, 4097, 20_000])
def test_the_room_for_places_grows_with_the_records(count: int) -> None:
    buffer = (bytes(8) + struct.pack("<I", 3) + bytes(7)) * count
    starts, at = compiled(buffer, 0, 16, False, MOST)
    assert (starts, at) == plain(buffer, 0, 16, False, MOST)
    assert len(starts) == count


@pytest.mark.parametrize("at", [-1, -16, -100, -(2**63)])
def test_a_place_before_the_buffer_raises(at: int) -> None:
    with pytest.raises(ValueError, match="inside the buffer"):
        compiled(bytes(100), at, 16, False, MOST)


@pytest.mark.parametrize("at", [101, 2**40, sys.maxsize])
def test_nothing_is_found_behind_the_buffer(at: int) -> None:
    assert compiled(bytes(100), at, 16, False, MOST) == plain(bytes(100), at, 16, False, MOST)


@pytest.mark.parametrize("header", [0, 11, -16])
def test_a_header_without_a_length_raises(header: int) -> None:
    with pytest.raises(ValueError, match="16 bytes or more"):
        compiled(bytes(100), 0, header, False, MOST)


def test_what_is_no_bytes_or_no_number_of_the_machine_raises() -> None:
    with pytest.raises(TypeError):
        compiled(bytearray(100), 0, 16, False, MOST)  # type: ignore[arg-type]  # what is tried
    with pytest.raises(OverflowError):
        compiled(bytes(100), 2**70, 16, False, MOST)
