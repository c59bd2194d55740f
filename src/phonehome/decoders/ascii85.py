"""Ascii85, as PostScript and PDF write it: `z` stands for four zero bytes, `<~` and `~>` may enclose it."""

import re

from phonehome.decoders.base85 import HEAD, MIN_RUN, check_plausible, digit_table, join_groups
from phonehome.decoders.plausible import is_word
from phonehome.model.errors import DecodeError

MAX_ZEROS = 1 << 16
"""Times that `z` may stand for five characters."""
_DIGITS = digit_table(bytes(range(0x21, 0x76)))
_COMMON = b'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,-_:/=&?"{}'
_SPACE = b" \t\r\n"
_ORDINARY = re.compile(rb'://|":')


class Ascii85:
    """Ascii85 between its marks, or a bare run, also in lines of equal length."""

    name = "ascii85"
    pattern = re.compile(rb"<~[!-uz\s]{0,1000000}+~>|(?:[!-uz]{60,80}\r?\n)+[!-uz]*|[!-uz]{8,}")

    def decode(self, span: bytes) -> bytes:
        """Decode one run.

        Raises:
            DecodeError: Not in groups of this alphabet, a misplaced `z`, or an ordinary token of a text.
        """
        marked = span.startswith(b"<~") and span.endswith(b"~>") and len(span) >= 4
        run = (span[2:-2] if marked else span).translate(None, _SPACE)
        if not marked and (len(run) < MIN_RUN or is_word(run) or _ORDINARY.search(run, 0, HEAD)):
            raise DecodeError(f"expected Ascii85; a run of {len(run)} characters is too short or ordinary")
        out = join_groups(self._without_z(run).translate(_DIGITS))
        if not out:
            raise DecodeError("expected Ascii85; there is nothing between the marks")
        if not marked:
            check_plausible(run, _COMMON, out)
        return out

    def _without_z(self, run: bytes) -> bytes:
        if b"z" not in run:
            return run
        pieces = run.split(b"z")
        if len(pieces) > MAX_ZEROS or any(len(piece) % 5 for piece in pieces[:-1]):
            raise DecodeError("expected Ascii85; a z stands within a group")
        return b"!!!!!".join(pieces)
