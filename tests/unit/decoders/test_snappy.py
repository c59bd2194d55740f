import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.matches import copy_match
from phonehome.decoders.snappy import Snappy, SnappyBlock
from phonehome.model.errors import DecodeError

LIMIT = 1 << 20
TEXT = b"490154203237518 and again 490154203237518"


def framed(text: bytes) -> bytes:
    return bytes(cramjam.snappy.compress(text))


def block(text: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(text))


def test_a_framed_stream_is_read() -> None:
    found = Snappy().inflate(framed(TEXT), LIMIT)
    assert (found.data, found.consumed, found.complete) == (TEXT, len(framed(TEXT)), True)


def test_stored_and_skippable_chunks_and_a_second_stream_are_read() -> None:
    stored = b"\x01" + (4 + 3).to_bytes(3, "little") + b"crc_abc"
    skipped = b"\xfe" + (2).to_bytes(3, "little") + b"??"
    found = Snappy().inflate(framed(b"12") + skipped + stored + framed(b"34"), LIMIT)
    assert (found.data, found.complete) == (b"12abc34", True)


def test_a_chunk_of_a_reserved_kind_ends_the_output() -> None:
    found = Snappy().inflate(framed(TEXT) + b"\x02\x01\x00\x00a", LIMIT)
    assert (found.data, found.complete) == (TEXT, False)


def test_a_bare_block_is_read() -> None:
    found = SnappyBlock().inflate(block(TEXT), LIMIT)
    assert (found.data, found.consumed, found.complete) == (TEXT, len(block(TEXT)), True)


@pytest.mark.parametrize("limit", [1, 10, 39, 40])
def test_a_block_is_cut_at_the_limit(limit: int) -> None:
    found = SnappyBlock().inflate(block(TEXT), limit)
    assert (found.data, found.complete) == (TEXT[:limit], False)


def test_bombs_stop_at_the_limit() -> None:
    text = bytes(5_000_000)
    for reader, packed in ((Snappy(), framed(text)), (SnappyBlock(), block(text))):
        found = reader.inflate(packed, 5000)
        assert (len(found.data), found.complete) == (5000, False)


def test_truncation_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    for reader, packed in ((Snappy(), framed(TEXT)), (SnappyBlock(), block(TEXT))):
        for end in range(len(packed)):
            try:
                found = reader.inflate(packed[:end], LIMIT)
            except DecodeError:
                continue
            assert TEXT.startswith(found.data)
            assert len(found.data) < len(TEXT)


@pytest.mark.parametrize(
    "data", [b"", bytes(20), b"\xff" * 20, b"\x0f\x01abcdefgh", b"\x0f\xf0", b"a text, and more"]
)
def test_what_is_no_block_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        SnappyBlock().inflate(data, LIMIT)


@pytest.mark.parametrize("data", [b"", b"\xff\x06\x00\x00sNaPpY\x00\xff\xff\xff", b"text"])
def test_what_is_no_stream_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Snappy().inflate(data, LIMIT)


def test_a_copy_from_before_the_beginning_is_refused() -> None:
    for distance in (0, 4):
        with pytest.raises(DecodeError):
            copy_match(bytearray(b"abc"), distance, 2)


def test_a_copy_may_overlap_what_it_writes() -> None:
    out = bytearray(b"xab")
    copy_match(out, 2, 5)
    assert out == b"xabababa"


@given(st.binary(min_size=8, max_size=300) | st.text("ab", min_size=8).map(str.encode), st.integers(1, 400))
def test_what_was_compressed_comes_back_up_to_the_limit(text: bytes, limit: int) -> None:
    assert Snappy().inflate(framed(text), limit).data == text[:limit]
    assert SnappyBlock().inflate(block(text), limit).data == text[:limit]
