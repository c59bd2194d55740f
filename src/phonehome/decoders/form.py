"""`application/x-www-form-urlencoded`, as found in bodies and in nested texts."""

import re

from phonehome.decoders.base import Leaf
from phonehome.decoders.pairs import add_pair, check_count
from phonehome.model.errors import DecodeError

_NAME = rb"[A-Za-z0-9_.\-\[\]%$:~*+!()]{1,512}+"
# A body that an app pasted together may hold a raw JSON or XML value with spaces in it; prose may not pass.
_VALUE = rb"(?:[{\[<][^&\x00-\x08\x0b\x0c\x0e-\x1f]*+|[^&\x00-\x20\x7f]*+)"
_PAIR = _NAME + rb"=" + _VALUE
_ROW = re.compile(_PAIR + rb"(?:&+" + _PAIR + rb")*+&*+\s*+")
_PAIRS = re.compile(rb"(?:^|&)(" + _NAME + rb")=([^&]*+)")


class Form:
    """`application/x-www-form-urlencoded`, strict enough that prose and Base64 do not pass."""

    name = "form"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give the values, and the longer names, decoded with `+` as a space.

        Raises:
            DecodeError: Not a row of pairs, or a single one without a value.
            LimitExceeded: More than `limit` parts.
        """
        if not _ROW.fullmatch(data):
            raise DecodeError(f"expected a form; {len(data)} bytes are not a row of pairs")
        leaves: list[Leaf] = []
        row = data.rstrip()
        for match in _PAIRS.finditer(row):
            name, value = match[1], match[2]
            add_pair(leaves, "form", name, value, match.start(1), match.start(2))
            if len(leaves) > limit:
                break
        if row.count(b"&") == 0 and not row.partition(b"=")[2].strip(b"="):
            raise DecodeError("expected a form; a single pair has no value")
        return check_count(leaves, limit)
