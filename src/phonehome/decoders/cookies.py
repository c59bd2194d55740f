"""Cookies (RFC 6265), as they stand in a Cookie or Set-Cookie header."""

import re

from phonehome.decoders.base import Leaf
from phonehome.decoders.pairs import MIN_NAME, check_count, name_text
from phonehome.model.errors import DecodeError

_TOKEN = rb"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,512}+"
_COOKIE = rb"(?:" + _TOKEN + rb"=[^;\x00-\x1f\x7f]*+|(?i:secure|httponly|partitioned))"
_ROW = re.compile(_COOKIE + rb"(?:;[ \t]*+" + _COOKIE + rb")*+;?[ \t]*+")
_PAIRS = re.compile(rb"(" + _TOKEN + rb")=([^;]*+)(?:;[ \t]*+|$)")


class Cookies:
    """A Cookie or Set-Cookie header (RFC 6265): values as they stand, without the quotes around them."""

    name = "cookies"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give the values and the longer names; nothing is decoded, as no standard says how.

        Raises:
            DecodeError: Not a row of cookies.
            LimitExceeded: More than `limit` parts.
        """
        if not _ROW.fullmatch(data):
            raise DecodeError(f"expected cookies; {len(data)} bytes are not a row of them")
        leaves: list[Leaf] = []
        for match in _PAIRS.finditer(data):
            name, value = match[1], match[2]
            start, step = match.start(2), f"cookie:{name_text(name)}"
            if len(value) >= 2 and value[:1] == value[-1:] == b'"':
                value, start = value[1:-1], start + 1
            if value:
                leaves.append(Leaf(step, value, start, start + len(value)))
            if len(name) >= MIN_NAME:
                leaves.append(Leaf(step, name, match.start(1), match.end(1)))
            if len(leaves) > limit:
                break
        return check_count(leaves, limit)
