import lz4.block
import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.lz4 import Lz4, Lz4Block
from phonehome.model.errors import DecodeError

LIMIT = 1 << 20
TEXT = b"490154203237518 and again 490154203237518"


def test_frames_are_joined_and_what_follows_is_left() -> None:
    packed = lz4.frame.compress(b"4901542") + lz4.frame.compress(b"03237518", content_checksum=True)
    found = Lz4().inflate(packed + b"tail", LIMIT)
    assert (found.data, found.consumed, found.complete) == (b"490154203237518", len(packed), True)


@pytest.mark.parametrize("store_size", [False, True])
def test_a_bare_block_is_read_with_and_without_its_size(store_size: bool) -> None:
    packed = lz4.block.compress(TEXT, store_size=store_size)
    found = Lz4Block().inflate(packed, LIMIT)
    assert (found.data, found.consumed, found.complete) == (TEXT, len(packed), True)


@pytest.mark.parametrize("limit", [1, 10, 39, 40])
def test_a_block_is_cut_at_the_limit(limit: int) -> None:
    for store_size in (False, True):
        found = Lz4Block().inflate(lz4.block.compress(TEXT, store_size=store_size), limit)
        assert (found.data, found.complete) == (TEXT[:limit], False)


def test_bombs_stop_at_the_limit() -> None:
    text = bytes(30_000_000)
    for reader, packed in ((Lz4(), lz4.frame.compress(text)), (Lz4Block(), lz4.block.compress(text))):
        found = reader.inflate(packed, 5000)
        assert (len(found.data), found.complete) == (5000, False)


def test_a_frame_cut_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    text = bytes(range(256)) * 2
    packed = lz4.frame.compress(text)
    for end in range(len(packed)):
        try:
            found = Lz4().inflate(packed[:end], LIMIT)
        except DecodeError:
            continue
        assert text.startswith(found.data)
        assert not found.complete


def test_a_block_with_its_size_cut_at_any_byte_is_never_complete_text() -> None:
    packed = lz4.block.compress(TEXT)
    for end in range(len(packed)):
        try:
            found = Lz4Block().inflate(packed[:end], LIMIT)
        except DecodeError:
            continue
        assert found.data != TEXT


@pytest.mark.parametrize("data", [b"", b"\x04\x22\x4d\x18", b"\x04\x22\x4d\x18" + b"\xff" * 20, b"text"])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Lz4().inflate(data, LIMIT)


@pytest.mark.parametrize(
    "data", [b"", bytes(20), b"\xff" * 20, b"some plain text", b"\x10a\x05\x00" + b"x" * 8]
)
def test_what_is_no_block_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Lz4Block().inflate(data, LIMIT)


@given(st.binary(min_size=8, max_size=300) | st.text("ab", min_size=8).map(str.encode), st.integers(1, 400))
def test_what_was_compressed_comes_back_up_to_the_limit(text: bytes, limit: int) -> None:
    assert Lz4().inflate(lz4.frame.compress(text), limit).data == text[:limit]
    assert Lz4Block().inflate(lz4.block.compress(text), limit).data == text[:limit]
