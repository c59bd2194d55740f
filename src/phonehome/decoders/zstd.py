"""Zstandard (RFC 8878): frames and skippable frames, one after another.

The block headers are walked first: they tell where a frame ends, which the library's bounded reader does not.
"""

import zstandard

from phonehome.decoders.base import Inflated
from phonehome.model.errors import DecodeError

MAX_FRAMES = 1024
"""Frames of one input that are read."""
_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes((0x50 + nibble,)) + b"\x2a\x4d\x18" for nibble in range(16))
_MAX_BLOCK = 1 << 17  # section 3.1.1.2.4
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_DICTIONARY_BYTES = (0, 1, 2, 4)
_RLE, _RESERVED = 1, 3


def _frame_end(data: bytes, start: int) -> int | None:
    """Find where the frame at `start` ends; None if the data ends first.

    Raises:
        DecodeError: A block or a header that no encoder writes.
    """
    if len(data) < start + 6:
        return None
    descriptor = data[start + 4]
    if descriptor & 0x08:
        raise DecodeError("expected a zstd frame; its reserved bit is set")
    single_segment = descriptor >> 5 & 1
    content_size = _CONTENT_SIZE_BYTES[descriptor >> 6] or single_segment
    pos = start + 5 + (1 - single_segment) + _DICTIONARY_BYTES[descriptor & 3] + content_size
    while pos + 3 <= len(data):
        header = int.from_bytes(data[pos : pos + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        if kind == _RESERVED or size > _MAX_BLOCK:
            raise DecodeError("expected a zstd frame; a block header is not valid")
        pos += 3 + (1 if kind == _RLE else size)
        if last:
            pos += 4 if descriptor & 4 else 0
            return pos if pos <= len(data) else None
    return None


def _read_frame(frame: bytes, limit: int) -> tuple[bytes, bool]:
    """Decompress one frame; the second item is False where damage ended it."""
    reader = zstandard.ZstdDecompressor().stream_reader(frame)
    pieces: list[bytes] = []
    size = 0
    try:
        while size < limit and (piece := reader.read(min(limit - size, _MAX_BLOCK))):
            pieces.append(piece)
            size += len(piece)
    except zstandard.ZstdError:
        return b"".join(pieces), False
    return b"".join(pieces), True


class Zstd:
    """Zstandard: frames are joined, skippable ones left out, bytes after the last are left."""

    name = "zstd"
    signatures = (_MAGIC, *_SKIPPABLE)

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: No frame, or nothing of it that could be read.
        """
        pieces: list[bytes] = []
        size, pos, complete, frames = 0, 0, False, 0
        for _ in range(MAX_FRAMES):
            magic = data[pos : pos + 4]
            if magic in _SKIPPABLE and len(data) >= pos + 8:
                end = pos + 8 + int.from_bytes(data[pos + 4 : pos + 8], "little")
                complete = end <= len(data)
                pos = min(end, len(data))
            elif magic == _MAGIC and size < limit:
                frame_end = _frame_end(data, pos)
                piece, sound = _read_frame(data[pos:frame_end], limit - size + 1)
                pieces.append(piece)
                size += len(piece)
                frames += 1
                complete = sound and frame_end is not None
                pos = len(data) if frame_end is None else frame_end
            else:
                complete = complete and magic != _MAGIC
                break
            if not complete:
                break
        if not frames or not (size or complete):
            raise DecodeError(f"expected a zstd frame at the start of {len(data)} bytes")
        return Inflated(b"".join(pieces)[:limit], pos, complete and size <= limit)
