import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.xz import Lzma, Xz
from phonehome.model.errors import DecodeError

LIMIT = 1 << 20


def alone(text: bytes) -> bytes:
    return lzma.compress(text, lzma.FORMAT_ALONE, preset=0)


def test_streams_with_padding_between_them_are_joined_and_what_follows_is_left() -> None:
    packed = lzma.compress(b"4901542") + bytes(8) + lzma.compress(b"03237518")
    found = Xz().inflate(packed + b"tail", LIMIT)
    assert (found.data, found.consumed, found.complete) == (b"490154203237518", len(packed), True)


def test_lzma_alone_is_read() -> None:
    found = Lzma().inflate(alone(b"490154203237518"), LIMIT)
    assert (found.data, found.complete) == (b"490154203237518", True)


def test_bombs_stop_at_the_limit() -> None:
    for reader, packed in (
        (Xz(), lzma.compress(bytes(30_000_000), preset=0)),
        (Lzma(), alone(bytes(30_000_000))),
    ):
        found = reader.inflate(packed, 5000)
        assert (len(found.data), found.complete) == (5000, False)


def test_truncation_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    text = bytes(range(256)) * 2
    for reader, packed in ((Xz(), lzma.compress(text, preset=0)), (Lzma(), alone(text))):
        for end in range(len(packed)):
            try:
                found = reader.inflate(packed[:end], LIMIT)
            except DecodeError:
                continue
            assert text.startswith(found.data)


def test_a_dictionary_beyond_the_memory_limit_is_refused() -> None:
    packed = b"\x5d" + (1 << 31).to_bytes(4, "little") + alone(b"490154203237518")[5:]
    with pytest.raises(DecodeError):
        Lzma().inflate(packed, LIMIT)


@pytest.mark.parametrize("data", [b"", b"\xfd7zXZ\x00", b"\xfd7zXZ\x00" + bytes(30), b"text"])
def test_what_is_not_xz_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Xz().inflate(data, LIMIT)


@pytest.mark.parametrize(
    "data", [b"", b"\x5d\x00\x00", b"\x5d\x00\x00" + bytes(30), b"]\x00\x00\x01\x00 a text goes on"]
)
def test_what_is_not_lzma_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Lzma().inflate(data, LIMIT)


@given(st.binary(max_size=300))
def test_what_was_compressed_comes_back(text: bytes) -> None:
    assert Xz().inflate(lzma.compress(text, preset=0), LIMIT).data == text
    assert Lzma().inflate(alone(text), LIMIT).data == text
