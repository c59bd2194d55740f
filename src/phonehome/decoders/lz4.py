"""LZ4: frames (with a signature) and bare blocks (with none).

A bare block is a row of sequences: a token, literals, and a copy from what is already written. The first copy
of random bytes nearly always reaches back before the beginning, which is how they are told from a block.
"""

import lz4.block
import lz4.frame

from phonehome.decoders.base import Inflated
from phonehome.decoders.matches import copy_match
from phonehome.model.errors import DecodeError

MAX_FRAMES = 1024
"""Frames of one input that are read."""
MAX_RATIO = 255
"""No LZ4 block grows by more: a match byte stands for at most 255 bytes."""
MIN_BLOCK = 8
"""Shorter bare blocks are not worth a look."""
_FRAME = b"\x04\x22\x4d\x18"
_MORE = 15  # a nibble of 15 says that length bytes follow
_MIN_MATCH = 4


class Lz4:
    """LZ4 frames: several are joined, bytes after the last are left."""

    name = "lz4"
    signatures = (_FRAME,)

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: No frame, or nothing of it that could be read.
        """
        pieces: list[bytes] = []
        size, rest, complete = 0, data, False
        for _ in range(MAX_FRAMES):
            if not rest.startswith(_FRAME) or size >= limit:
                complete = complete and not rest.startswith(_FRAME)
                break
            frame = lz4.frame.LZ4FrameDecompressor()
            try:
                piece = frame.decompress(rest, max_length=limit - size + 1)
            except RuntimeError:
                complete = False
                break
            pieces.append(piece)
            size += len(piece)
            complete = frame.eof
            rest = frame.unused_data or b"" if complete else b""
            if not complete:
                break
        if not size and not complete:
            raise DecodeError(f"expected an LZ4 frame at the start of {len(data)} bytes")
        return Inflated(b"".join(pieces)[:limit], len(data) - len(rest), complete and size <= limit)


def _read_length(data: bytes, pos: int, nibble: int) -> tuple[int, int]:
    """Read the length that `nibble` begins; gives it and the position after it."""
    length = nibble
    if nibble == _MORE:
        while True:
            more = data[pos]
            length += more
            pos += 1
            if more != 255:
                break
    return length, pos


def _first_match_fits(data: bytes, pos: int) -> bool:
    """Tell whether the first sequence copies only what its literals wrote, or is the last one."""
    try:
        token = data[pos]
        literals, pos = _read_length(data, pos + 1, token >> 4)
        pos += literals
        if pos >= len(data):
            # The last sequence has literals only, and encoders leave its other nibble zero.
            return pos == len(data) and literals > 0 and token & 15 == 0
        return 0 < data[pos] | data[pos + 1] << 8 <= literals
    except IndexError:
        return False


def _expand(data: bytes, pos: int, limit: int) -> bytes:
    """Decode a block by hand, up to `limit` bytes: the library gives all or nothing."""
    out = bytearray()
    try:
        while pos < len(data) and len(out) < limit:
            token = data[pos]
            literals, pos = _read_length(data, pos + 1, token >> 4)
            if pos + literals > len(data):
                raise DecodeError("expected an LZ4 block; literals reach beyond its end")
            out += data[pos : pos + literals]
            pos += literals
            if pos == len(data):
                break
            distance = data[pos] | data[pos + 1] << 8
            length, pos = _read_length(data, pos + 2, token & 15)
            copy_match(out, distance, min(length + _MIN_MATCH, limit))
    except IndexError:
        raise DecodeError("expected an LZ4 block; it ends within a sequence") from None
    return bytes(out)


class Lz4Block:
    """Bare LZ4 block, with or without the four bytes of size that some libraries put before it."""

    name = "lz4-block"
    signatures: tuple[bytes, ...] = ()

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress `data`, which must be one whole block, giving at most `limit` bytes.

        Raises:
            DecodeError: Not a block, or one with anything after it.
        """
        if len(data) < MIN_BLOCK:
            raise DecodeError(f"expected an LZ4 block; {len(data)} bytes are too few")
        size = int.from_bytes(data[:4], "little")
        if 0 < size <= MAX_RATIO * len(data) and _first_match_fits(data, 4):
            try:
                return self._read(data, 4, size, limit)
            except DecodeError:
                pass
        if not _first_match_fits(data, 0):
            raise DecodeError(f"expected an LZ4 block; the first copy of {len(data)} bytes reaches too far")
        return self._read(data, 0, None, limit)

    def _read(self, data: bytes, pos: int, size: int | None, limit: int) -> Inflated:
        room = size or MAX_RATIO * len(data)
        if room <= limit:
            try:
                out = lz4.block.decompress(data[pos:], uncompressed_size=room)
            except lz4.block.LZ4BlockError:
                raise DecodeError(f"expected an LZ4 block; {len(data)} bytes are not") from None
        else:
            out = _expand(data, pos, limit + 1)
        if not out or (size is not None and len(out) != min(size, max(len(out), limit))):
            raise DecodeError("expected an LZ4 block of the size that stands before it")
        return Inflated(out[:limit], len(data), len(out) <= limit)
