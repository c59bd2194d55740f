import bz2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.bzip2 import Bzip2
from phonehome.model.errors import DecodeError

LIMIT = 1 << 20


def test_streams_are_joined_and_what_follows_is_left() -> None:
    packed = bz2.compress(b"4901542") + bz2.compress(b"03237518", 1)
    found = Bzip2().inflate(packed + b"tail", LIMIT)
    assert (found.data, found.consumed, found.complete) == (b"490154203237518", len(packed), True)


def test_a_bomb_stops_at_the_limit() -> None:
    found = Bzip2().inflate(bz2.compress(bytes(30_000_000)), 5000)
    assert (len(found.data), found.complete) == (5000, False)


def test_truncation_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    packed = bz2.compress(b"490154203237518" * 9)
    for end in range(len(packed)):
        try:
            found = Bzip2().inflate(packed[:end], LIMIT)
        except DecodeError:
            continue
        assert (b"490154203237518" * 9).startswith(found.data)
        assert not found.complete


@pytest.mark.parametrize("data", [b"", b"BZh", b"BZh0" + bytes(20), b"BZh9" + bytes(20), b"BZhello, world"])
def test_what_is_not_bzip2_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Bzip2().inflate(data, LIMIT)


@given(st.binary(max_size=300))
def test_what_was_compressed_comes_back(text: bytes) -> None:
    assert Bzip2().inflate(bz2.compress(text), LIMIT).data == text
