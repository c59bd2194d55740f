"""UTF-16 of either byte order: runs of ASCII with zero bytes in any binary, and whole buffers of any script.

One pattern finds the runs of both orders; whether a zero stands first or last tells the order. In a run with
a zero at both ends, or at neither, one byte belongs to what surrounds it, and both orders are possible.
"""

import re

from phonehome.decoders.plausible import is_text
from phonehome.model.errors import DecodeError

MIN_CHARACTERS = 6
"""Characters of the shortest run of ASCII."""
MIN_UNITS = 4
"""Code units of the shortest whole buffer without a byte order mark."""
_ASCII = bytes((*b"\t\r\n", *range(0x20, 0x7F)))
_RUN = re.compile(rb"\x00?(?:[\t\r\n\x20-\x7e]\x00){5,}+[\t\r\n\x20-\x7e]?")
_WHOLE = re.compile(rb"\A.{4,}\Z", re.DOTALL)
_MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
# East Asian characters in use: one in ten of all code units, where one in two is a letter of some script.
_LEGACY = ("gb2312", "shift_jis", "euc_kr", "big5")
_LAST_ALPHABETIC = "\u10ff"


class _Utf16Run:
    name: str
    pattern = _RUN
    _little: bool

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: The run is in the other byte order, too short, or not ASCII.
        """
        zero_first, zero_last = span[:1] == b"\0", span[-1:] == b"\0"
        if len(span) & 1:
            if zero_first and not self._little:
                # Both orders give the same text; little endian is the common one.
                raise DecodeError("expected UTF-16, big endian; the run is read as little endian")
            body = span[1:] if zero_first or not self._little else span[:-1]
        elif zero_last is self._little:
            body = span
        else:
            raise DecodeError("expected UTF-16; the run is in the other byte order")
        text, zeros = (body[::2], body[1::2]) if self._little else (body[1::2], body[::2])
        if len(text) < MIN_CHARACTERS or zeros.strip(b"\0") or text.translate(None, _ASCII):
            raise DecodeError(f"expected UTF-16; a run of {len(span)} bytes is not")
        return text


class Utf16LeRun(_Utf16Run):
    """Little-endian runs of ASCII anywhere in a buffer."""

    name = "utf-16-le"
    _little = True


class Utf16BeRun(_Utf16Run):
    """Big-endian runs of ASCII anywhere in a buffer."""

    name = "utf-16-be"
    _little = False


def _is_plausible(text: str) -> bool:
    """Tell whether the characters are letters, marks and spaces that occur together."""
    if not text.isprintable() and not text.translate({9: " ", 10: " ", 13: " "}).isprintable():
        return False
    letters = [character for character in text if character.isalpha()]
    if len(letters) * 2 < len(text):
        return False
    if max(letters) <= _LAST_ALPHABETIC:
        return len({ord(letter) >> 8 for letter in letters} - {0}) <= 1
    for charset in _LEGACY:
        try:
            text.encode(charset)
        except UnicodeEncodeError:
            continue
        return True
    return False


class _Utf16Whole:
    name: str
    pattern = _WHOLE

    def decode(self, span: bytes) -> bytes:
        """Decode a whole buffer to UTF-8.

        Raises:
            DecodeError: No byte order mark, and not letters of scripts that occur together.
        """
        marked = span.startswith(_MARKS[self.name])
        if len(span) & 1 or (not marked and len(span) < 2 * MIN_UNITS):
            raise DecodeError(f"expected UTF-16; {len(span)} bytes are not whole units")
        body = span[2:] if marked else span
        # A few units decide: most buffers are not UTF-16, and this is tried on all of them.
        head = body[: 2 * MIN_UNITS].decode(self.name, "replace")
        if "\ufffd" in head[:-1] or not (marked or _is_plausible(head.rstrip("\ufffd") or "\0")):
            raise DecodeError(f"expected UTF-16; {len(span)} bytes do not begin as text")
        try:
            text = body.decode(self.name)
        except UnicodeDecodeError:
            raise DecodeError(f"expected UTF-16; {len(span)} bytes hold broken units") from None
        # Plain text read as UTF-16 is Chinese more often than not.
        if not text or (not marked and (text.isascii() or is_text(span) or not _is_plausible(text))):
            raise DecodeError(f"expected UTF-16; {len(span)} bytes are not text")
        return text.encode()


class Utf16LeWhole(_Utf16Whole):
    """Whole little-endian buffers, with a byte order mark or of plausible letters."""

    name = "utf-16-le"


class Utf16BeWhole(_Utf16Whole):
    """Whole big-endian buffers, with a byte order mark or of plausible letters."""

    name = "utf-16-be"
