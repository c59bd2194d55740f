"""bzip2: streams one after another, each `BZh`, a level and blocks that begin with the digits of pi."""

import bz2

from phonehome.decoders.base import Inflated
from phonehome.decoders.streams import inflate_members
from phonehome.model.errors import DecodeError

_BLOCK = bytes.fromhex("314159265359")
_END = bytes.fromhex("177245385090")


class Bzip2:
    """bzip2: several streams are joined, bytes after the last are left, damage ends the output."""

    name = "bzip2"
    signatures = (b"BZh",)

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, at most `limit` bytes.

        Raises:
            DecodeError: No bzip2 header, or no block that could be read.
        """
        if not data.startswith(b"BZh") or data[3:4] not in b"123456789" or data[4:10] not in (_BLOCK, _END):
            raise DecodeError(f"expected a bzip2 header at the start of {len(data)} bytes")
        return inflate_members(
            bz2.BZ2Decompressor, data, limit, errors=(OSError,), again=b"BZh", rescue=False
        )
