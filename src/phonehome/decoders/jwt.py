"""JSON Web Tokens (RFC 7519), signed, unsecured or encrypted, alone or after `Bearer`."""

import binascii
import re

from phonehome.decoders.base import Leaf
from phonehome.decoders.json_text import parse_json
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_HEADER = 1 << 16
"""Characters of the longest header that is parsed."""
_TOKEN = re.compile(
    rb"(?:(?i:bearer|jwt) )?([A-Za-z0-9_-]{8,}+)\.([A-Za-z0-9_-]*+)"
    rb"(\.[A-Za-z0-9_-]*+)?((?:\.[A-Za-z0-9_-]*+){2})?"
)
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def _decode_part(part: bytes) -> bytes:
    try:
        return binascii.a2b_base64(part.translate(_TO_STANDARD) + b"===")
    except binascii.Error:
        raise DecodeError("expected a token; a part is not Base64 for URLs") from None


class Jwt:
    """Two parts or three, the first a JSON object with `alg`; of five (encrypted) only the first is read."""

    name = "jwt"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give `jwt:header` and `jwt:payload`, with the place of their encoded text.

        Raises:
            DecodeError: Not a token.
            LimitExceeded: More than `limit` parts.
        """
        match = _TOKEN.fullmatch(data)
        if match is None or len(match[1]) > MAX_HEADER:
            raise DecodeError(f"expected a token; {len(data)} bytes are not parts of Base64 for URLs")
        header = _decode_part(match[1])
        if b'"alg"' not in header or header.lstrip()[:1] != b"{":
            raise DecodeError("expected a token; its header names no algorithm")
        parse_json(header)
        leaves = [Leaf("jwt:header", header, *match.span(1))]
        encrypted = match[4] is not None
        if match[2] and not encrypted:
            leaves.append(Leaf("jwt:payload", _decode_part(match[2]), *match.span(2)))
        if len(leaves) > limit:
            raise LimitExceeded(f"more than {limit} parts in a token")
        return leaves
