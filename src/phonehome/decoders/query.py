"""The query of a URL (RFC 3986 section 3.4): a form that is not so strict about itself."""

import re

from phonehome.decoders.base import Leaf
from phonehome.decoders.pairs import add_pair, check_count
from phonehome.model.errors import DecodeError

_QUERY = re.compile(rb"[^\x00-\x20\x7f#]++")
_PAIRS = re.compile(rb"([^&;=]*+)=?([^&;]*+)(?:[&;]|$)")


class Query:
    """The query of a URL: as a form, but with `;` between pairs too, and with bare names."""

    name = "query"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give the values, and the longer names, decoded with `+` as a space.

        Raises:
            DecodeError: White space or control characters, or not one pair.
            LimitExceeded: More than `limit` parts.
        """
        if not _QUERY.fullmatch(data) or b"=" not in data:
            raise DecodeError(f"expected the query of a URL; {len(data)} bytes are not a row of pairs")
        leaves: list[Leaf] = []
        for match in _PAIRS.finditer(data):
            if match[1]:
                add_pair(leaves, "query", match[1], match[2], match.start(1), match.start(2))
            if len(leaves) > limit:
                break
        return check_count(leaves, limit)
