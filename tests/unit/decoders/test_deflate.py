import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.deflate import MIN_OUTPUT, Deflate
from phonehome.model.errors import DecodeError

LIMIT = 1 << 20


def deflate(text: bytes, level: int = 6, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, strategy)
    return stream.compress(text) + stream.flush()


@pytest.mark.parametrize(
    "packed", [deflate(b"49015420", 0), deflate(b"49015420", 9, zlib.Z_FIXED), deflate(b"49015420")]
)
def test_stored_and_compressed_blocks_are_read(packed: bytes) -> None:
    found = Deflate().inflate(packed + b"\r\n", LIMIT)
    assert (found.data, found.consumed, found.complete) == (b"49015420", len(packed), True)


def test_a_dynamic_block_is_read() -> None:
    text = b"".join(b"%d," % n for n in range(500))
    assert Deflate().inflate(deflate(text, 9), LIMIT).data == text


def test_every_truncation_is_refused() -> None:
    packed = deflate(b"490154203237518" * 9)
    for end in range(len(packed)):
        with pytest.raises(DecodeError):
            Deflate().inflate(packed[:end], LIMIT)


@pytest.mark.parametrize(
    "data", [b"\x07" + bytes(20), bytes(20), b"\x00\x01\x00\xfe\xfe????", deflate(b"abcdefgh") + bytes(9)]
)
def test_what_is_not_deflate_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Deflate().inflate(data, LIMIT)


def test_random_bytes_seldom_pass() -> None:
    source = random.Random(7)
    passed = 0
    for _ in range(5000):
        try:
            Deflate().inflate(source.randbytes(source.randrange(8, 200)), LIMIT)
        except DecodeError:
            continue
        passed += 1
    assert passed <= 5


def test_a_bomb_stops_at_the_limit() -> None:
    found = Deflate().inflate(deflate(bytes(30_000_000)), 5000)
    assert (len(found.data), found.complete) == (5000, False)


@given(st.binary(min_size=MIN_OUTPUT, max_size=300))
def test_what_was_compressed_comes_back(text: bytes) -> None:
    assert Deflate().inflate(deflate(text), LIMIT).data == text
