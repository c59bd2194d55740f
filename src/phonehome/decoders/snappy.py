"""Snappy: the framing format (with a signature) and bare blocks (with none).

Both are read after the format descriptions in the Snappy sources (`framing_format.txt` and
`format_description.txt`). Checksums are not verified: damaged text is still text.
"""

import cramjam

from phonehome.decoders.base import Inflated
from phonehome.decoders.matches import copy_match
from phonehome.model.errors import DecodeError

MAX_RATIO = 32
"""No block grows by more: a copy of three bytes stands for at most 64."""
MIN_BLOCK = 8
"""Shorter bare blocks are not worth a look."""
MAX_CHUNKS = 1 << 16
"""Chunks of one framed stream that are read."""
_STREAM = b"\xff\x06\x00\x00sNaPpY"
_COMPRESSED, _UNCOMPRESSED, _FIRST_SKIPPABLE = 0x00, 0x01, 0x80
_CHUNK_ROOM = 1 << 16
_CHECKSUM = 4


def _declared_size(data: bytes) -> tuple[int, int]:
    """Read the size that begins a block: little-endian groups of seven bits, at most five."""
    size = 0
    for index, byte in enumerate(data[:5]):
        size |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return size, index + 1
    raise DecodeError("expected a Snappy block; it begins with no size")


def _expand(data: bytes, pos: int, limit: int) -> bytes:
    """Decode the elements of a block by hand, up to `limit` bytes: the library gives all or nothing."""
    out = bytearray()
    while pos < len(data) and len(out) < limit:
        tag = data[pos]
        kind, length = tag & 3, (tag >> 2) + 1
        width = (max(length - 60, 0), 1, 2, 4)[kind]
        extra = data[pos + 1 : pos + 1 + width]
        pos += 1 + width
        if len(extra) < width:
            raise DecodeError("expected a Snappy block; it ends within an element")
        value = int.from_bytes(extra, "little")
        if kind == 0:
            length = value + 1 if width else length
            if pos + length > len(data):
                raise DecodeError("expected a Snappy block; literals reach beyond its end")
            out += data[pos : pos + length]
            pos += length
        elif kind == 1:
            copy_match(out, (tag >> 5) << 8 | value, (tag >> 2 & 7) + 4)
        else:
            copy_match(out, value, length)
    return bytes(out)


def _is_plausible(data: bytes, pos: int, size: int) -> bool:
    """Tell whether the size can be true and the first element is a literal that fits."""
    if not 0 < size <= MAX_RATIO * len(data) or pos >= len(data) or data[pos] & 3:
        return False
    length = data[pos] >> 2
    if length < 60:
        return pos + 2 + length <= len(data) and length < size
    width = length - 59
    length = int.from_bytes(data[pos + 1 : pos + 1 + width], "little")
    return pos + 2 + width + length <= len(data) and length < size


def read_block(data: bytes, limit: int) -> tuple[bytes, bool]:
    """Decompress one bare block; the second item is False where the limit cut it.

    Raises:
        DecodeError: Not a block.
    """
    size, pos = _declared_size(data)
    if not _is_plausible(data, pos, size):
        raise DecodeError(f"expected a Snappy block; {len(data)} bytes cannot be one")
    if size > limit:
        return _expand(data, pos, limit)[:limit], False
    try:
        return bytes(cramjam.snappy.decompress_raw(data)), True
    except cramjam.DecompressionError:
        raise DecodeError(f"expected a Snappy block; {len(data)} bytes are damaged") from None


class Snappy:
    """Snappy framing format: chunks up to the first that is damaged or cut short."""

    name = "snappy"
    signatures = (_STREAM,)

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: No stream identifier, or no chunk that could be read.
        """
        if not data.startswith(_STREAM):
            raise DecodeError(f"expected a Snappy stream at the start of {len(data)} bytes")
        pieces: list[bytes] = []
        size, pos, complete = 0, 0, False
        for _ in range(MAX_CHUNKS):
            header = data[pos : pos + 4]
            if len(header) < 4 or size > limit:
                complete = not header
                break
            kind, end = header[0], pos + 4 + int.from_bytes(header[1:], "little")
            if end > len(data) or _UNCOMPRESSED < kind < _FIRST_SKIPPABLE:
                break
            body = data[pos + 4 + _CHECKSUM : end]
            try:
                if kind == _COMPRESSED:
                    pieces.append(read_block(body, _CHUNK_ROOM)[0])
                elif kind == _UNCOMPRESSED:
                    pieces.append(body)
            except DecodeError:
                break
            if kind <= _UNCOMPRESSED:
                size += len(pieces[-1])
            pos = end
        if not size and not complete:
            raise DecodeError(f"expected a Snappy stream; no chunk of {len(data)} bytes could be read")
        return Inflated(b"".join(pieces)[:limit], pos, complete and size <= limit)


class SnappyBlock:
    """Bare Snappy block: its size, then literals and copies to exactly that size."""

    name = "snappy-block"
    signatures: tuple[bytes, ...] = ()

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress `data`, which must be one whole block, giving at most `limit` bytes.

        Raises:
            DecodeError: Not a block, or one with anything after it.
        """
        if len(data) < MIN_BLOCK:
            raise DecodeError(f"expected a Snappy block; {len(data)} bytes are too few")
        out, complete = read_block(data, limit)
        return Inflated(out, len(data), complete)
