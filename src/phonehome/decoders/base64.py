"""Base64 (RFC 4648 sections 4 and 5): both alphabets, padded or not, on one line or wrapped.

Every word of a text is a candidate, so what cannot sensibly be Base64 is refused before it is decoded: words
in lower, upper or title case without a digit, and runs of hexadecimal or decimal digits. The Base64 of six
random bytes looks like such a word once in some five hundred times, that of ASCII digits never.
"""

import binascii
import re

from phonehome.model.errors import DecodeError

MIN_RUN = 8
"""Characters of the shortest candidate: six bytes."""
SHORT_RUN = 24
"""Up to here a run must look unlike a word, and its unused last bits must be zero."""
_LOWER_HEX = b"0123456789abcdef-_"
_UPPER_HEX = b"0123456789ABCDEF-_"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
# Mail wraps at 76 (RFC 2045), PEM at 64; after a line of another length nothing is joined.
_PATTERN = r"(?:[{0}]{{60,76}}\r?\n)+[{0}]*={{0,2}}|[{0}]{{8,}}={{0,2}}"
# Unused bits of the last character, by the length of the run modulo 4: section 3.5 wants them zero.
_CLEAN_ENDS = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048")}


def _is_word(run: bytes) -> bool:
    letters = run.translate(None, b"-_/+")
    return letters.isalpha() and (letters.islower() or letters.isupper() or letters.istitle())


def _decode(run: bytes) -> bytes:
    """Decode a run in the standard alphabet, without line breaks or padding."""
    odd = len(run) & 3
    if odd == 1:
        if len(run) <= SHORT_RUN:
            raise DecodeError(f"expected Base64; a run of {len(run)} characters has none of its lengths")
        run, odd = run[:-1], 0
    try:
        return binascii.a2b_base64(run + b"=="[: -odd & 3] if odd else run, strict_mode=True)
    except binascii.Error:
        raise DecodeError(f"expected Base64; {len(run)} characters are of another alphabet") from None


class _Base64:
    """What both alphabets share."""

    name: str
    pattern: re.Pattern[bytes]

    def _body(self, span: bytes) -> bytes:
        body = span.translate(None, b"\r\n") if b"\n" in span else span
        run = body.rstrip(b"=")
        if len(run) < MIN_RUN:
            raise DecodeError(f"expected Base64; a run of {len(run)} characters is too short")
        if not run.strip(_LOWER_HEX) or not run.strip(_UPPER_HEX):
            raise DecodeError("expected Base64; the run is hexadecimal")
        if len(run) <= SHORT_RUN:
            if _is_word(run):
                raise DecodeError("expected Base64; the run is a word")
            clean = _CLEAN_ENDS.get(len(run) & 3)
            if clean is not None and len(run) == len(body) and run[-1] not in clean:
                raise DecodeError("expected Base64; its last bits are not zero")
        return run


class Base64(_Base64):
    """Base64 in the standard alphabet, or in letters and digits alone."""

    name = "base64"
    pattern = re.compile(_PATTERN.format("A-Za-z0-9+/").encode())

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: Too short, of an impossible length, or a word or a number.
        """
        return _decode(self._body(span))


class Base64Url(_Base64):
    """Base64 in the alphabet for URLs, where the run holds one of its own characters."""

    name = "base64url"
    pattern = re.compile(_PATTERN.format("A-Za-z0-9_\\-").encode())

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: As for `Base64`, or the run is in letters and digits alone.
        """
        if b"-" not in span and b"_" not in span:
            raise DecodeError("expected Base64 for URLs; the run holds none of its own characters")
        return _decode(self._body(span).translate(_TO_STANDARD))
