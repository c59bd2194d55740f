"""Base58 with Bitcoin's alphabet: one big number, without the letters and digits that look alike.

It has no length or check of its own: any run of the alphabet that is no word decodes to something.
"""

import re

from phonehome.decoders.plausible import is_word
from phonehome.model.errors import DecodeError

MIN_RUN = 8
"""Characters of the shortest candidate: six bytes take eight or nine."""
MAX_RUN = 4096
"""Characters of the longest: the cost of one big number grows with the square of its length."""
_ALPHABET = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_NO_DIGIT = 255
_DIGITS = bytes(_ALPHABET.index(byte) if byte in _ALPHABET else _NO_DIGIT for byte in range(256))
_HEX = b"0123456789abcdef"
_CHUNK = 10  # digits that still make a small number


def _to_number(digits: bytes) -> int:
    number = 0
    for start in range(0, len(digits), _CHUNK):
        chunk = digits[start : start + _CHUNK]
        part = 0
        for digit in chunk:
            part = part * 58 + digit
        number = number * 58 ** len(chunk) + part
    return number


class Base58:
    """Base58 runs that stand apart from other letters and digits."""

    name = "base58"
    pattern = re.compile(rb"(?<![0-9A-Za-z])[1-9A-HJ-NP-Za-km-z]{8,}+(?![0-9A-Za-z])")

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: Too short or too long, another alphabet, a word, or hexadecimal.
        """
        if not MIN_RUN <= len(span) <= MAX_RUN:
            raise DecodeError(f"expected Base58; a run of {len(span)} characters is out of its bounds")
        if is_word(span) or not span.strip(_HEX):
            raise DecodeError("expected Base58; the run is a word or hexadecimal")
        digits = span.translate(_DIGITS)
        if _NO_DIGIT in digits:
            raise DecodeError(f"expected Base58; {len(span)} characters are of another alphabet")
        significant = digits.lstrip(b"\0")
        number = _to_number(significant)
        return bytes(len(digits) - len(significant)) + number.to_bytes((number.bit_length() + 7) >> 3, "big")
