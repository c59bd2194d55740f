"""gzip, and the loop over members that zlib, bzip2 and xz share with it."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.gzip import Gzip
from phonehome.decoders.streams import MAX_MEMBERS, SLICE
from phonehome.model.errors import DecodeError

TEXT = b'{"imei":"490154203237518"}'
LIMIT = 1 << 20


def test_a_member_is_read_whole() -> None:
    packed = gzip.compress(TEXT)
    found = Gzip().inflate(packed, LIMIT)
    assert (found.data, found.consumed, found.complete) == (TEXT, len(packed), True)


def test_members_are_joined_and_what_follows_them_is_left() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    found = Gzip().inflate(packed + b"\0\0trailer", LIMIT)
    assert (found.data, found.consumed, found.complete) == (b"one two", len(packed), True)


def test_many_tiny_members_end_at_the_bound() -> None:
    found = Gzip().inflate(gzip.compress(b"a") * (MAX_MEMBERS + 1), LIMIT)
    assert len(found.data) == MAX_MEMBERS
    assert not found.complete


def test_a_bomb_stops_at_the_limit() -> None:
    packed = gzip.compress(bytes(30_000_000))
    found = Gzip().inflate(packed, 5000)
    assert (len(found.data), found.complete) == (5000, False)


def test_an_empty_member_is_complete() -> None:
    assert Gzip().inflate(gzip.compress(b""), LIMIT).complete


def test_damage_ends_the_output_but_keeps_what_came_before() -> None:
    text = b"".join(b"%d %d;" % (n, n * n) for n in range(2000))
    packed = bytearray(gzip.compress(text))
    middle = len(packed) // 2
    packed[middle : middle + 50] = b"\xff" * 50
    found = Gzip().inflate(bytes(packed), LIMIT)
    assert not found.complete
    assert len(found.data) > len(text) // 4
    assert text.startswith(found.data[: len(text) // 4])


def test_a_wrong_checksum_keeps_the_text_and_says_that_it_is_not_complete() -> None:
    packed = bytearray(gzip.compress(TEXT * 3))
    packed[-6] ^= 0xFF
    found = Gzip().inflate(bytes(packed), LIMIT)
    assert found.data == TEXT * 3
    assert not found.complete


def test_a_file_longer_than_one_slice_is_read_whole() -> None:
    text = bytes(zlib.crc32(b"%d" % n) & 0xFF for n in range(2 * SLICE))
    assert Gzip().inflate(gzip.compress(text), LIMIT).data == text


def test_truncation_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    text = bytes(range(256)) * 4
    packed = gzip.compress(text)
    for end in range(len(packed)):
        try:
            found = Gzip().inflate(packed[:end], LIMIT)
        except DecodeError:
            continue
        assert text.startswith(found.data)
        assert not found.complete


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b", b"\x1f\x8b\x08\xff" + bytes(20), b"\x1f\x8b\x08\x00", TEXT]
)
def test_what_is_not_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Gzip().inflate(data, LIMIT)


@given(st.binary(max_size=300), st.integers(1, 400))
def test_what_was_compressed_comes_back_up_to_the_limit(text: bytes, limit: int) -> None:
    found = Gzip().inflate(gzip.compress(text), limit)
    assert found.data == text[:limit]
    assert found.complete or len(text) >= limit
