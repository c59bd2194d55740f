"""gzip (RFC 1952): members one after another, each with a header, a deflate stream and a checksum."""

import zlib

from phonehome.decoders.base import Inflated
from phonehome.decoders.streams import inflate_members
from phonehome.model.errors import DecodeError

_SIGNATURE = b"\x1f\x8b\x08"
_RESERVED_FLAGS = 0xE0  # section 2.3.1.2: must be zero
_WINDOW_WITH_HEADER = 16 + zlib.MAX_WBITS


def _member() -> "zlib._Decompress":
    return zlib.decompressobj(_WINDOW_WITH_HEADER)


class Gzip:
    """gzip: several members are joined, bytes after the last are left, damage ends the output."""

    name = "gzip"
    signatures = (_SIGNATURE,)

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: No gzip header, or nothing after it that could be read.
        """
        if not data.startswith(_SIGNATURE) or len(data) < 4 or data[3] & _RESERVED_FLAGS:
            raise DecodeError(f"expected a gzip header at the start of {len(data)} bytes")
        return inflate_members(_member, data, limit, errors=(zlib.error,), again=_SIGNATURE)
