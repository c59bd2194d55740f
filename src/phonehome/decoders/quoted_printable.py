"""Quoted-printable (RFC 2045 section 6.7). `=49` also stands in forms, so some escape must be needed."""

import binascii
import re

from phonehome.decoders.plausible import is_text
from phonehome.model.errors import DecodeError

SURE_ESCAPES = 4
"""With so many escapes the result need not be UTF-8."""
_NOT_AN_ESCAPE = re.compile(rb"=(?![0-9A-F]{2}|[ \t]*\r?\n|\Z)")
_ESCAPE = re.compile(rb"=([0-9A-F]{2})")
# What no encoder escapes on its own: a letter or digit, unless its neighbour is escaped too.
_NEEDED = re.compile(
    rb"=(?:[0189A-F][0-9A-F]|2[0-9A-F]|3[A-F]|40|5[B-F]|60|7[B-F]|[ \t]*\r?\n)|(?:=[0-9A-F]{2}){2}"
)
_IN = rb"[\t\r\n\x20-\x7e]"
_IN_BUT_EQUALS = rb"[\t\r\n\x20-\x3c\x3e-\x7e]"


class QuotedPrintable:
    """Whole ASCII texts in which every `=` begins an escape or a soft line break."""

    name = "quoted-printable"
    pattern = re.compile(rb"(?<!" + _IN + rb")" + _IN_BUT_EQUALS + rb"*+=" + _IN + rb"*+")

    def decode(self, span: bytes) -> bytes:
        """Decode one text.

        Raises:
            DecodeError: An `=` that begins nothing, no escape that was needed, or bytes that are no text.
        """
        if _NOT_AN_ESCAPE.search(span) or not _NEEDED.search(span):
            raise DecodeError(f"expected quoted-printable; {len(span)} bytes hold other equals signs")
        out = binascii.a2b_qp(span)
        if not is_text(out) and len(_ESCAPE.findall(span)) < SURE_ESCAPES:
            raise DecodeError("expected quoted-printable; it would give no text")
        return out
