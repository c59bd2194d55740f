import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.zlib_stream import Zlib
from phonehome.model.errors import DecodeError

LIMIT = 1 << 20


@pytest.mark.parametrize("level", [0, 1, 5, 6, 9])
def test_a_stream_of_every_level_is_read_and_what_follows_is_left(level: int) -> None:
    packed = zlib.compress(b"490154203237518", level)
    found = Zlib().inflate(packed + b"tail", LIMIT)
    assert (found.data, found.consumed, found.complete) == (b"490154203237518", len(packed), True)


@pytest.mark.parametrize(
    "data", [b"", b"x", b"x\x9c", b"x\x9d" + bytes(20), b"x\x9c" + b"\xff" * 20, b"text"]
)
def test_what_is_not_zlib_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Zlib().inflate(data, LIMIT)


def test_truncation_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    text = b"".join(b"%d," % n for n in range(300))
    packed = zlib.compress(text)
    longest = 0
    for end in range(len(packed)):
        try:
            found = Zlib().inflate(packed[:end], LIMIT)
        except DecodeError:
            continue
        assert text.startswith(found.data)
        assert not found.complete
        longest = max(longest, len(found.data))
    assert longest == len(text)


def test_a_bomb_stops_at_the_limit() -> None:
    found = Zlib().inflate(zlib.compress(bytes(30_000_000)), 5000)
    assert (len(found.data), found.complete) == (5000, False)


@given(st.binary(max_size=300))
def test_what_was_compressed_comes_back(text: bytes) -> None:
    assert Zlib().inflate(zlib.compress(text), LIMIT).data == text
