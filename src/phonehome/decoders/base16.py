"""Base16 (hexadecimal, RFC 4648 section 8): plain runs, and pairs with separators or prefixes."""

import binascii
import re

from phonehome.model.errors import DecodeError

MIN_BYTES = 6
"""Fewer bytes are not looked for."""
_NOT_DIGITS = bytes(byte for byte in range(256) if byte not in b"0123456789abcdefABCDEF")
_PAIR = r"[0-9A-Fa-f]{2}"


class Base16:
    """Runs of hexadecimal digits in either case."""

    name = "base16"
    pattern = re.compile(rb"[0-9A-Fa-f]{12,}")

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: An odd number of digits.
        """
        try:
            return binascii.unhexlify(span)
        except binascii.Error:
            raise DecodeError(f"expected pairs of hexadecimal digits; the run has {len(span)}") from None


class Base16Separated:
    r"""Pairs with one separator throughout (`01:23`, `01-23`, `01 23`), `\x01\x23`, `0x01, 0x23`."""

    name = "base16"
    pattern = re.compile(
        (
            rf"(?<![0-9A-Fa-f]){_PAIR}([:\-.;, ] ?){_PAIR}(?:\1{_PAIR}){{4,}}(?![0-9A-Fa-f])"
            rf"|(?:\\x{_PAIR}){{6,}}"
            rf"|0[xX]{_PAIR}(?:[,;: ]\s?0[xX]{_PAIR}){{5,}}"
        ).encode()
    )

    def decode(self, span: bytes) -> bytes:
        """Decode one row of pairs.

        Raises:
            DecodeError: Fewer pairs than `MIN_BYTES`, or digits without a pair.
        """
        if span[1:2] in b"xX":
            span = span.replace(b"0x", b"").replace(b"0X", b"")
        digits = span.translate(None, _NOT_DIGITS)
        if len(digits) < 2 * MIN_BYTES or len(digits) & 1:
            raise DecodeError(f"expected pairs of hexadecimal digits; the row has {len(digits)} digits")
        return binascii.unhexlify(digits)
