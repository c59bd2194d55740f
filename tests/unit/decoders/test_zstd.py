import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.zstd import MAX_FRAMES, Zstd
from phonehome.model.errors import DecodeError

LIMIT = 1 << 20
SKIPPABLE = b"\x5a\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"skip"


@pytest.mark.parametrize("checksum", [False, True])
@pytest.mark.parametrize("with_size", [False, True])
def test_frames_are_joined_skippable_ones_left_out_and_the_tail_left(checksum: bool, with_size: bool) -> None:
    packer = zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=with_size)
    packed = SKIPPABLE + packer.compress(b"4901542") + SKIPPABLE + packer.compress(b"03237518")
    found = Zstd().inflate(packed + b"tail", LIMIT)
    assert (found.data, found.consumed, found.complete) == (b"490154203237518", len(packed), True)


def test_a_frame_of_many_blocks_without_a_size_is_read() -> None:
    packer = zstandard.ZstdCompressor().compressobj()
    text = b"".join(b"%d," % n for n in range(100_000))
    packed = packer.compress(text) + packer.flush()
    assert Zstd().inflate(packed, LIMIT).data == text


def test_a_bomb_stops_at_the_limit() -> None:
    found = Zstd().inflate(zstandard.compress(bytes(100_000_000)), 5000)
    assert (len(found.data), found.complete) == (5000, False)


def test_many_frames_end_at_the_bound() -> None:
    found = Zstd().inflate(zstandard.compress(b"a") * (MAX_FRAMES + 1), LIMIT)
    assert len(found.data) == MAX_FRAMES


def test_truncation_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    text = bytes(range(256)) * 3
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(text)
    for end in range(len(packed)):
        try:
            found = Zstd().inflate(packed[:end], LIMIT)
        except DecodeError:
            continue
        assert text.startswith(found.data)
        assert not found.complete


@pytest.mark.parametrize(
    "data", [b"", b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfd" + b"\xff" * 20, SKIPPABLE, b"text"]
)
def test_what_is_not_zstd_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Zstd().inflate(data, LIMIT)


@given(st.binary(max_size=300))
def test_what_was_compressed_comes_back(text: bytes) -> None:
    assert Zstd().inflate(zstandard.compress(text), LIMIT).data == text
