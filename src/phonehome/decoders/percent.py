"""Percent-encoding (RFC 3986 section 2.1), anywhere in a text; `+` stays: only forms read it as a space."""

import re

from phonehome.model.errors import DecodeError

_BYTES = {
    f"{high}{low}".encode(): bytes.fromhex(high + low)
    for high in "0123456789abcdefABCDEF"
    for low in "0123456789abcdefABCDEF"
}
# A text goes on over spaces, but not over the quotes and brackets of what it is embedded in.
_IN = rb'[^\x00-\x1f\x7f"<>]'
_IN_BUT_PERCENT = rb'[^\x00-\x1f\x7f"<>%]'


def unquote(text: bytes) -> bytes:
    """Decode every valid escape; invalid ones are left standing."""
    head, *rest = text.split(b"%")
    pieces = [head]
    for item in rest:
        byte = _BYTES.get(item[:2])
        if byte is None:
            pieces += (b"%", item)
        else:
            pieces += (byte, item[2:])
    return b"".join(pieces)


def unquote_plus(text: bytes) -> bytes:
    """Decode as forms do: escapes, and `+` for a space."""
    if b"+" in text:
        text = text.replace(b"+", b" ")
    return unquote(text) if b"%" in text else text


class Percent:
    """Whole texts that hold at least one valid escape."""

    name = "percent"
    pattern = re.compile(rb"(?<!" + _IN + rb")" + _IN_BUT_PERCENT + rb"*+%" + _IN + rb"*+")

    def decode(self, span: bytes) -> bytes:
        """Decode one text.

        Raises:
            DecodeError: No valid escape.
        """
        out = unquote(span)
        if len(out) == len(span):
            raise DecodeError(f"expected percent-encoding; {len(span)} bytes hold no escape")
        return out
