"""xz, and the older lzma-alone format that it replaced."""

import lzma

from phonehome.decoders.base import Inflated
from phonehome.decoders.streams import inflate_members
from phonehome.model.errors import DecodeError

MEMORY_LIMIT = 128 << 20
"""Bytes that a dictionary may take; `xz -9` needs 65 MiB."""
MAX_DECLARED = 1 << 40
"""A lzma-alone header that declares more output than this is an accident."""
_XZ = b"\xfd7zXZ\x00"
_UNKNOWN_SIZE = (1 << 64) - 1


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, MEMORY_LIMIT)


def _alone() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, MEMORY_LIMIT)


class Xz:
    """xz: several streams with padding between them are joined, bytes after the last are left."""

    name = "xz"
    signatures = (_XZ,)

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: No xz header, or no block that could be read.
        """
        if not data.startswith(_XZ):
            raise DecodeError(f"expected an xz header at the start of {len(data)} bytes")
        return inflate_members(
            _xz, data, limit, errors=(lzma.LZMAError,), again=_XZ, padding=b"\0\0\0\0", rescue=False
        )


class Lzma:
    """lzma-alone: the usual properties byte, a dictionary size that encoders write, and a size."""

    name = "lzma"
    signatures = (b"\x5d\x00\x00",)

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: No plausible header, or nothing after it that could be read.
        """
        dictionary = int.from_bytes(data[1:5], "little")
        size = int.from_bytes(data[5:13], "little")
        # Encoders write dictionaries of 2^n or 2^n + 2^(n-1) bytes: one or two leading bits.
        plausible = dictionary.bit_count() in (1, 2) and dictionary >= 1 << 12
        if data[:1] != b"\x5d" or len(data) < 18 or not plausible or MAX_DECLARED < size < _UNKNOWN_SIZE:
            raise DecodeError(f"expected a lzma header at the start of {len(data)} bytes")
        return inflate_members(_alone, data, limit, errors=(lzma.LZMAError,), again=b"", rescue=False)
