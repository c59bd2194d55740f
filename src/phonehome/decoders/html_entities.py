"""Character references of HTML and XML: decimal, hexadecimal and named, each with its semicolon."""

import html
import re

from phonehome.model.errors import DecodeError

_REFERENCE = re.compile(rb"&(?:#[0-9]{1,8}|#[xX][0-9A-Fa-f]{1,8}|[A-Za-z][0-9A-Za-z]{1,31});")
_IN = rb'[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f"<>]'
_IN_BUT_AMPERSAND = rb'[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f"<>&]'


def _replace(match: re.Match[bytes]) -> bytes:
    return html.unescape(match[0].decode()).encode("utf-8", "replace")


def unescape(text: bytes) -> bytes:
    """Decode every reference; unknown ones are left standing."""
    return _REFERENCE.sub(_replace, text) if b"&" in text else text


class HtmlEntities:
    """Whole texts that hold at least one character reference; gives UTF-8."""

    name = "html-entities"
    pattern = re.compile(rb"(?<!" + _IN + rb")" + _IN_BUT_AMPERSAND + rb"*+&" + _IN + rb"*+")

    def decode(self, span: bytes) -> bytes:
        """Decode one text.

        Raises:
            DecodeError: No known reference.
        """
        if b";" in span:
            out = unescape(span)
            if out != span:
                return out
        raise DecodeError(f"expected character references; {len(span)} bytes hold none")
