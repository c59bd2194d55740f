"""zlib (RFC 1950): two bytes of header, a deflate stream and a checksum; what HTTP calls `deflate`."""

import zlib

from phonehome.decoders.base import Inflated
from phonehome.decoders.streams import inflate_members
from phonehome.model.errors import DecodeError

_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""Window of 32 KiB at the four levels, without a dictionary; each is a multiple of 31 (section 2.2)."""
MIN_DAMAGED_OUTPUT = 64
"""Bytes that a damaged stream must give before it counts: two bytes of signature also occur by accident."""


class Zlib:
    """zlib stream with the usual 32 KiB window."""

    name = "zlib"
    signatures = _HEADERS

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: No zlib header, or nothing after it that could be read.
        """
        if data[:2] not in _HEADERS:
            raise DecodeError(f"expected a zlib header at the start of {len(data)} bytes")
        try:
            return inflate_members(zlib.decompressobj, data, limit, errors=(), again=b"")
        except zlib.error:
            found = inflate_members(zlib.decompressobj, data, limit, errors=(zlib.error,), again=b"")
        if len(found.data) < min(MIN_DAMAGED_OUTPUT, limit):
            raise DecodeError(f"expected a zlib stream; {len(data)} bytes are damaged near their start")
        return found
