"""Base32 and base32hex (RFC 4648 sections 6 and 7), in either case, padded or not.

`int` reads base 32 in linear time, as its digits are whole bits; base32hex has just the digits it wants.
"""

import re

from phonehome.decoders.plausible import is_text
from phonehome.model.errors import DecodeError

MIN_RUN = 10
"""Characters of the shortest candidate: six bytes."""
_VALID_REMAINDERS = frozenset((0, 2, 4, 5, 7))
_TO_DIGITS = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz234567" + b"0189",
    b"0123456789ABCDEFGHIJKLMNOP0123456789ABCDEFGHIJKLMNOPQRSTUV" + b"!!!!",
)
_HEX = b"0123456789abcdefABCDEF"
_PATTERN = r"(?<![0-9A-Za-z])(?:[{0}]{{10,}}+|[{1}]{{10,}}+)(?![0-9A-Za-z])={{0,6}}"


def _decode(run: bytes, digits: bytes) -> bytes:
    count = len(run)
    if count < MIN_RUN or count & 7 not in _VALID_REMAINDERS or not run.isalnum():
        raise DecodeError(f"expected Base32; a run of {count} characters has none of its lengths")
    try:
        value = int(digits, 32)
    except ValueError:
        raise DecodeError(f"expected Base32; {count} characters are of another alphabet") from None
    unused = count * 5 & 7
    if value & ((1 << unused) - 1):
        raise DecodeError("expected Base32; its last bits are not zero")
    out = (value >> unused).to_bytes(count * 5 >> 3, "big")
    if run.isalpha() and run.islower() and not is_text(out):
        raise DecodeError("expected Base32; the run is a word")
    return out


class Base32:
    """Base32 in the usual alphabet; a run of lower-case letters counts only when it gives text."""

    name = "base32"
    pattern = re.compile(_PATTERN.format("A-Z2-7", "a-z2-7").encode())

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: An impossible length, last bits that are not zero, or a word.
        """
        run = span.rstrip(b"=")
        return _decode(run, run.translate(_TO_DIGITS))


class Base32Hex:
    """Base32 in the extended hexadecimal alphabet; runs of hexadecimal digits alone are left to Base16."""

    name = "base32hex"
    pattern = re.compile(_PATTERN.format("0-9A-V", "0-9a-v").encode())

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: An impossible length, last bits that are not zero, a word or hexadecimal.
        """
        run = span.rstrip(b"=")
        if not run.strip(_HEX):
            raise DecodeError("expected Base32 with the extended alphabet; the run is hexadecimal")
        return _decode(run, run)
