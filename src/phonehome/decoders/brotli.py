"""Brotli (RFC 7932): no signature, no checksum; so a stream must end cleanly, or give a good deal first."""

import brotli

from phonehome.decoders.base import Inflated
from phonehome.model.errors import DecodeError

MIN_OUTPUT = 4
"""Fewer bytes of output are an accident."""
MIN_PARTIAL_OUTPUT = 256
"""Bytes that a stream cut short must give before it counts."""


class Brotli:
    """Brotli stream without anything after it, whole, cut by the limit, or cut short after a good deal."""

    name = "br"
    signatures: tuple[bytes, ...] = ()

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: Not Brotli, or too little of it.
        """
        limit = max(limit, 1)
        stream = brotli.Decompressor()
        try:
            pieces = [stream.process(data, output_buffer_limit=limit)]
            size = len(pieces[0])
            while size < limit and not stream.is_finished() and not stream.can_accept_more_data():
                pieces.append(stream.process(b"", output_buffer_limit=limit - size))
                size += len(pieces[-1])
        except brotli.error:
            raise DecodeError(f"expected brotli; {len(data)} bytes are not") from None
        finished = stream.is_finished()
        if size < MIN_OUTPUT or not (finished or size >= min(limit, MIN_PARTIAL_OUTPUT)):
            raise DecodeError(f"expected brotli; {len(data)} bytes would give only {size}")
        return Inflated(b"".join(pieces)[:limit], len(data), finished and size <= limit)
