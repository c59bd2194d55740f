"""Raw deflate (RFC 1951): no header, no checksum; so only a stream that ends cleanly counts.

Of random bytes of this length about one in two hundred holds some end-of-block code early on. The rules on
what may follow and on the least output leave about one in a few thousand.
"""

import zlib

from phonehome.decoders.base import Inflated
from phonehome.model.errors import DecodeError

MIN_OUTPUT = 4
"""Fewer bytes of output are an accident."""
MAX_TRAILER = 8
"""Bytes that may follow the end: a checksum, a length, a line break."""
_RAW = -zlib.MAX_WBITS
_STORED, _INVALID = 0, 3


def _is_stored_block(data: bytes) -> bool:
    """Tell whether the length and its complement (section 3.2.4) agree."""
    return len(data) >= 5 and data[1] ^ data[3] == 0xFF and data[2] ^ data[4] == 0xFF


class Deflate:
    """Raw deflate stream, whole or cut by the limit; one that is cut short by its sender is refused."""

    name = "deflate"
    signatures: tuple[bytes, ...] = ()

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: Not deflate, without a clean end, or followed by more than a short trailer.
        """
        if len(data) < MIN_OUTPUT:
            raise DecodeError(f"expected deflate; {len(data)} bytes are too few")
        kind = data[0] >> 1 & 3
        if kind == _INVALID or (kind == _STORED and not _is_stored_block(data)):
            raise DecodeError("expected deflate; the first block has no valid header")
        stream = zlib.decompressobj(_RAW)
        try:
            out = stream.decompress(data, max(limit, 1))
        except zlib.error:
            raise DecodeError(f"expected deflate; {len(data)} bytes are damaged") from None
        if not stream.eof:
            if len(out) < limit:
                raise DecodeError(f"expected deflate; {len(data)} bytes hold no end of the stream")
            return Inflated(out[:limit], len(data) - len(stream.unconsumed_tail), False)
        trailer = len(stream.unused_data)
        if len(out) < MIN_OUTPUT or trailer > MAX_TRAILER:
            raise DecodeError(f"expected deflate; it would give {len(out)} bytes and leave {trailer}")
        return Inflated(out[:limit], len(data) - trailer, len(out) <= limit)
