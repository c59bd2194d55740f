"""What a form is: one way in which a value is written, and how it must stand to count.

Surprise is counted against random text of the form's own alphabet: a digit 3.3 bits, a hexadecimal digit 4,
a letter 4.7, a raw byte 8. That is no claim about the world (names are not random letters); it orders forms,
and it is the same for every capture.
"""

import math
import re
from dataclasses import dataclass
from enum import Enum

DIGIT_BITS = math.log2(10)
HEX_BITS = 4.0
LETTER_BITS = math.log2(26)
ALNUM_BITS = math.log2(36)
MIXED_BITS = math.log2(62)
IDEOGRAPH_BITS = 12.0  # some 4,000 characters are in common use
BYTE_BITS = 8.0
MAX_FORM_BITS = 256.0

MIN_PATTERN = 4
"""Bytes below which a form is not searched for: it would stand everywhere."""


class Boundary(Enum):
    """What may not stand beside a form, lest it be part of another value."""

    NONE = "none"
    DIGITS = "digits"
    HEX = "hex"
    WORD = "word"
    NAME = "name"
    EMAIL = "email"
    USERNAME = "username"
    SSID = "ssid"
    PACKAGE = "package"
    UUID = "uuid"
    DOTTED = "dotted"
    DECIMAL = "decimal"
    IMEISV = "imeisv"
    NATIONAL = "national"
    NEAR = "near"
    PACKED = "packed"
    SWAPPED = "swapped"


class Half(Enum):
    """A form that counts only together with its other half in the same part of an exchange."""

    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    GIVEN = "given"
    FAMILY = "family"

    @property
    def other(self) -> "Half":
        """The half that completes this one."""
        return _OTHER[self]


_OTHER = {
    Half.LATITUDE: Half.LONGITUDE,
    Half.LONGITUDE: Half.LATITUDE,
    Half.GIVEN: Half.FAMILY,
    Half.FAMILY: Half.GIVEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way in which one value is written.

    Attributes:
        name: `imei`, `imei/no-check-digit`: the data type, then what differs from its usual writing.
        pattern: The bytes to search for.
        boundary: What may not stand beside them.
        bits: Surprise, as the module says.
        caseless: ASCII letters match in either case.
        needs_context: Counts only where a key or the words before it name the type.
        hashed: Digests are taken of this writing.
        half: Set on forms that count only with their other half; `kind` must agree then.
        anchor: A piece of a longer text; the match is stretched both ways over `text` and must be long.
        text: The whole that an anchor belongs to.
        at: Where in `text` the anchor stands.
    """

    name: str
    pattern: bytes
    boundary: Boundary
    bits: float
    caseless: bool = False
    needs_context: bool = False
    hashed: bool = False
    half: Half | None = None
    kind: str = ""
    anchor: bool = False
    text: bytes = b""
    at: int = 0


_DIGITS_ONLY = re.compile(rb"[0-9]+\Z")
_HEX_ONLY = re.compile(rb"[0-9a-fA-F]+\Z")
_SEPARATORS = b" -_.:/()+@,'\""


def is_counting(digits: str) -> bool:
    """Whether digits are counted up or down, or one over and over: tables and alphabets hold such."""
    up, down = "01234567890123456789", "98765432109876543210"
    return digits in up or digits in down or len(set(digits)) == 1


def surprise(text: str, *, caseless: bool = False) -> float:
    """Bits of surprise of `text` against random text of its own alphabet; separators count nothing."""
    raw = text.encode("utf-8", "surrogatepass").translate(None, _SEPARATORS)
    if not raw:
        return 0.0
    if _DIGITS_ONLY.match(raw):
        bits = DIGIT_BITS * len(raw)
    elif _HEX_ONLY.match(raw) and any(48 <= byte <= 57 for byte in raw):
        bits = HEX_BITS * len(raw)
    else:
        ascii_bits = _ascii_bits(raw, caseless=caseless)
        bits = ascii_bits * sum(byte < 0x80 for byte in raw)
        bits += sum(
            IDEOGRAPH_BITS if ord(char) > 0x2E7F else LETTER_BITS for char in text if ord(char) > 0x7F
        )
    return min(bits, MAX_FORM_BITS)


def _ascii_bits(raw: bytes, *, caseless: bool) -> float:
    has_digit = any(48 <= byte <= 57 for byte in raw)
    has_upper = any(65 <= byte <= 90 for byte in raw[1:])
    has_lower = any(97 <= byte <= 122 for byte in raw)
    if has_digit and has_upper and has_lower and not caseless:
        return MIXED_BITS
    return ALNUM_BITS if has_digit else LETTER_BITS


def raw_bits(pattern: bytes) -> float:
    """Bits of surprise of raw bytes; repeated leading and trailing zeros count nothing."""
    return min(BYTE_BITS * len(pattern.strip(b"\x00")), MAX_FORM_BITS)
