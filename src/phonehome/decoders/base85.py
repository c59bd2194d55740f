"""Base85: four bytes as five characters, in the alphabet of RFC 1924 (as Git and Python write it) and in Z85.

Both alphabets hold nearly every printable character, so nearly every token of a text decodes. A run counts
when it gives text, or when it is long enough and holds characters that seldom occur in words and URLs.
"""

import re
import struct

from phonehome.decoders.plausible import is_text, is_word
from phonehome.model.errors import DecodeError

MIN_RUN = 8
"""Characters of the shortest candidate: six bytes."""
MIN_BINARY_RUN = 10
"""Characters of the shortest run that may give something other than text: eight bytes."""
HEAD = 64
"""Characters in which a run shows that it is rather a URL."""
NO_DIGIT = 255
_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RFC1924 = _LETTERS + b"!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def digit_table(alphabet: bytes) -> bytes:
    """Make a translation table from characters to digits, with `NO_DIGIT` for all others."""
    return bytes(alphabet.index(byte) if byte in alphabet else NO_DIGIT for byte in range(256))


def join_groups(digits: bytes) -> bytes:
    """Turn digits into bytes, five into four; a last group of two to four gives one byte fewer.

    Raises:
        DecodeError: A character of another alphabet, one character left over, or a group beyond 2^32.
    """
    missing = -len(digits) % 5
    if missing == 4 or NO_DIGIT in digits:
        raise DecodeError(f"expected Base85; {len(digits)} characters are not groups of its alphabet")
    digits += b"\x54" * missing
    groups = [
        (((a * 85 + b) * 85 + c) * 85 + d) * 85 + e
        for a, b, c, d, e in zip(
            digits[::5], digits[1::5], digits[2::5], digits[3::5], digits[4::5], strict=True
        )
    ]
    try:
        out = struct.pack(f">{len(groups)}I", *groups)
    except struct.error:
        raise DecodeError("expected Base85; a group is beyond 32 bits") from None
    return out[:-missing] if missing else out


def check_plausible(run: bytes, common: bytes, out: bytes) -> None:
    """Refuse what an ordinary token gives; `common` are the characters that words and URLs hold.

    Raises:
        DecodeError: No text, and the run is short or looks ordinary.
    """
    if not is_text(out) and (len(run) < MIN_BINARY_RUN or not run.translate(None, common)):
        raise DecodeError("expected Base85; the run looks like an ordinary token")


class _Base85:
    name: str
    pattern: re.Pattern[bytes]
    _digits: bytes
    _common: bytes

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: Not in groups of this alphabet, or an ordinary token of a text.
        """
        if len(span) < MIN_RUN or is_word(span) or b"://" in span[:HEAD]:
            raise DecodeError(f"expected Base85; a run of {len(span)} characters is too short or ordinary")
        out = join_groups(span.translate(self._digits))
        check_plausible(span, self._common, out)
        return out


class Base85(_Base85):
    """Base85 in the alphabet of RFC 1924; the last group may be short."""

    name = "base85"
    pattern = re.compile(rb"[0-9A-Za-z!#$%&()*+\-;<=>?@^_`{|}~]{8,}")
    _digits = digit_table(_RFC1924)
    _common = _LETTERS + b"-_=&;"


class Z85(_Base85):
    """Z85 (ZeroMQ RFC 32); a short last group is tolerated."""

    name = "z85"
    pattern = re.compile(rb"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{8,}")
    _digits = digit_table(_Z85)
    _common = _LETTERS + b".-:/=&?"
