"""Whether a match stands by itself, or is a piece of another value.

A telephone number inside a longer number, a name inside a longer name, an address that goes on: these are other
people's data, as close as strangers come. Each check sees the buffer and the span, and nothing else.
"""

import re
from collections.abc import Callable

from phonehome.detect.forms import Boundary

_DIGITS = frozenset(b"0123456789")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_ALNUM = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WORD = _ALNUM | frozenset(b"_") | frozenset(range(0x80, 0x100))
_EMAIL_BEFORE = _ALNUM | frozenset(b"._%+-")
_MAIL_JOINTS = frozenset(b"@+-")
_PAIRS_OF_DIGITS = b"(?:[" + b"".join(b"\\x%x0-\\x%x9" % (high, high) for high in range(10)) + b"]){0,4}"
_PACKED_MORE = re.compile(_PAIRS_OF_DIGITS + rb"[\x0f\x1f\x2f\x3f\x4f\x5f\x6f\x7f\x8f\x9f]")
_SWAPPED_MORE = re.compile(_PAIRS_OF_DIGITS + rb"[\xf0-\xf9]")
_OTHER_COUNTRY = re.compile(rb"(?:\+|(?<![0-9])00)[0-9]{1,3}[ .()/-]{0,2}\Z")

# Places of a decimal number: digits and a point, with no further part of a version or an address before them.
_FRACTION = re.compile(rb"(?<![0-9A-Za-z_.])[+-]?[0-9]{1,18}\.\Z")
_NUMBER_GOES_ON = re.compile(rb"\.[0-9]{1,9}(?![0-9A-Za-z_.])|[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z])")
_LONGEST = 24


def _neighbours(buffer: bytes, start: int, end: int) -> tuple[int, int]:
    before = buffer[start - 1] if start else -1
    after = buffer[end] if end < len(buffer) else -1
    return before, after


def _follows(buffer: bytes, end: int, joints: bytes, kind: frozenset[int]) -> bool:
    """Whether a joint and then a character of `kind` follow: the value goes on."""
    return end + 1 < len(buffer) and buffer[end] in joints and buffer[end + 1] in kind


def _precedes(buffer: bytes, start: int, joints: bytes, kind: frozenset[int]) -> bool:
    return start >= 2 and buffer[start - 1] in joints and buffer[start - 2] in kind


def _none(buffer: bytes, start: int, end: int) -> bool:
    return True


def _digits(buffer: bytes, start: int, end: int) -> bool:
    before, after = _neighbours(buffer, start, end)
    if before in _DIGITS or after in _DIGITS:
        return False
    return before != 0x2E or _FRACTION.search(buffer, max(start - _LONGEST, 0), start) is None


def _hex(buffer: bytes, start: int, end: int) -> bool:
    before, after = _neighbours(buffer, start, end)
    return before not in _HEX and after not in _HEX


def _word(buffer: bytes, start: int, end: int) -> bool:
    before, after = _neighbours(buffer, start, end)
    if before in _WORD and (before < 0x80 or _is_letter(buffer[max(start - 4, 0) : start], last=True)):
        return False
    return after not in _WORD or (after >= 0x80 and not _is_letter(buffer[end : end + 4], last=False))


def _is_letter(octets: bytes, *, last: bool) -> bool:
    """Whether the last (or first) character of some UTF-8 is a letter; in a binary, high bytes mostly are none."""
    for size in range(2, len(octets) + 1):
        try:
            return (octets[-size:] if last else octets[:size]).decode().isalnum()
        except UnicodeDecodeError:
            continue
    return False


def _name(buffer: bytes, start: int, end: int) -> bool:
    if not _word(buffer, start, end):
        return False
    return not (_follows(buffer, end, b"-'", _WORD) or _precedes(buffer, start, b"-'", _WORD))


def _email(buffer: bytes, start: int, end: int) -> bool:
    before, after = _neighbours(buffer, start, end)
    if before in _EMAIL_BEFORE or after in _WORD:
        return False
    return not _follows(buffer, end, b".-", _ALNUM)


def _username(buffer: bytes, start: int, end: int) -> bool:
    before, after = _neighbours(buffer, start, end)
    if before in _EMAIL_BEFORE or after in _WORD or after in _MAIL_JOINTS:
        return False
    return not _follows(buffer, end, b".", _ALNUM)


def _ssid(buffer: bytes, start: int, end: int) -> bool:
    if not _word(buffer, start, end):
        return False
    return not (_follows(buffer, end, b" -.", _ALNUM) or _precedes(buffer, start, b" -.", _ALNUM))


def _package(buffer: bytes, start: int, end: int) -> bool:
    if not _word(buffer, start, end):
        return False
    return not (_follows(buffer, end, b".-", _ALNUM) or _precedes(buffer, start, b".-", _ALNUM))


def _dotted(buffer: bytes, start: int, end: int) -> bool:
    if not _hex(buffer, start, end):
        return False
    return not (_follows(buffer, end, b".:", _HEX) or _precedes(buffer, start, b".:", _HEX))


def _decimal(buffer: bytes, start: int, end: int) -> bool:
    before, after = _neighbours(buffer, start, end)
    if before in _DIGITS or after in _DIGITS or before == 0x2E:
        return False
    return before != 0x2D or _precedes(buffer, start, b"-", _ALNUM)


def _decimal_goes_on(buffer: bytes, start: int, end: int) -> bool:
    """A number that begins here and has more places; how near it is, the search checks."""
    before, after = _neighbours(buffer, start, end)
    if before in _DIGITS or before in (0x2E, 0x2C) or after not in _DIGITS:
        return False
    return before != 0x2D or _precedes(buffer, start, b"-", _ALNUM)


def _imeisv(buffer: bytes, start: int, end: int) -> bool:
    """Fourteen digits alone, or with the two of a software version (3GPP TS 23.003, 6.2.2); never with one."""
    before, _ = _neighbours(buffer, start, end)
    if before in _DIGITS or (
        before == 0x2E and _FRACTION.search(buffer, max(start - _LONGEST, 0), start) is not None
    ):
        return False
    more = next((i for i, byte in enumerate(buffer[end : end + 3]) if byte not in _DIGITS), 3)
    more = min(more, len(buffer) - end)
    return more in (0, 2)


def _national(buffer: bytes, start: int, end: int) -> bool:
    """No longer number, and no country code of another country before it."""
    before, _ = _neighbours(buffer, start, end)
    if before == 0x2B or not _digits(buffer, start, end):
        return False
    if _NUMBER_GOES_ON.match(buffer, end) or (before == 0x2D and not _precedes(buffer, start, b"-", _ALNUM)):
        return False
    return _OTHER_COUNTRY.search(buffer, max(start - 8, 0), start) is None


def _packed(buffer: bytes, start: int, end: int) -> bool:
    """Packed decimal does not go on with digits up to a filler."""
    return not _PACKED_MORE.match(buffer, end)


def _swapped(buffer: bytes, start: int, end: int) -> bool:
    return not _SWAPPED_MORE.match(buffer, end)


CHECKS: dict[Boundary, Callable[[bytes, int, int], bool]] = {
    Boundary.NONE: _none,
    Boundary.DIGITS: _digits,
    Boundary.HEX: _hex,
    Boundary.WORD: _word,
    Boundary.NAME: _name,
    Boundary.EMAIL: _email,
    Boundary.USERNAME: _username,
    Boundary.SSID: _ssid,
    Boundary.PACKAGE: _package,
    Boundary.UUID: _none,  # 128 bits are no accident, whatever stands beside them
    Boundary.PACKED: _packed,
    Boundary.SWAPPED: _swapped,
    Boundary.DOTTED: _dotted,
    Boundary.DECIMAL: _decimal,
    Boundary.IMEISV: _imeisv,
    Boundary.NATIONAL: _national,
    Boundary.NEAR: _decimal_goes_on,
}
