r"""Backslash escapes of JSON and JavaScript in a text that is no JSON document: `\u00e9`, `\x41`, `\"`."""

import re

from phonehome.model.errors import DecodeError

_PAIR = rb"\\u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})"
_ESCAPE = re.compile(_PAIR + rb"|\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|\\([\"'\\/bfnrt])")
_SHORT = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_IN = rb"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_IN_BUT_BACKSLASH = rb"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\\]"
_DOCUMENT = re.compile(rb'\s*(?:\{\s*"|\[\s*[\["{0-9-])')


def _replace(match: re.Match[bytes]) -> bytes:
    high, low, unit, byte, short = match.groups()
    if high is not None:
        point = 0x10000 + (int(high, 16) - 0xD800 << 10) + int(low, 16) - 0xDC00
        return chr(point).encode()
    if unit is not None:
        return chr(int(unit, 16)).encode("utf-8", "surrogatepass")
    if byte is not None:
        return chr(int(byte, 16)).encode()
    return _SHORT.get(short, short)


class JsonEscape:
    """Whole texts that hold at least one escape; gives UTF-8 (lone surrogates pass)."""

    name = "json-escape"
    pattern = re.compile(rb"(?<!" + _IN + rb")" + _IN_BUT_BACKSLASH + rb"*+\\" + _IN + rb"*+")

    def decode(self, span: bytes) -> bytes:
        """Decode one text; a backslash that begins no escape is left standing.

        Raises:
            DecodeError: No escape, or a whole JSON document, which the container of that name reads.
        """
        if span.rstrip()[-1:] in (b"}", b"]") and _DOCUMENT.match(span):
            raise DecodeError("expected a fragment with escapes; it looks like a JSON document")
        out, count = _ESCAPE.subn(_replace, span)
        if not count:
            raise DecodeError(f"expected backslash escapes; {len(span)} bytes hold none")
        return out
