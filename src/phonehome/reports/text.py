"""Making captured text fit to be shown: what cannot be seen becomes a visible escape.

Escape sequences steer terminals, bidi controls reorder what a reader sees, and zero-width characters hide
things. Everything that a view writes goes through `visible`; the JSON view writes the same characters as JSON
escapes, so that nothing is lost there.
"""

import re

# Unicode categories Cc, Cf, Cs, Co, Zl, Zp: controls, invisible formatting (bidi among it), surrogates,
# private use (drawn as anything), line and paragraph separators. Spelled out, since a regular expression over
# a class is some twenty times as fast as a category look-up for every character.
HIDDEN_CLASS = (
    "\\x00-\\x1f\\x7f-\\x9f\\xad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u180e"
    "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\uf8ff\\ufeff\\ufff9-\\ufffb"
    "\\U000110bd\\U000110cd\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a"
    "\\U000e0000-\\U000e0fff\\U000f0000-\\U0010ffff"
)
HIDDEN = re.compile(f"[{HIDDEN_CLASS}]")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def visible(text: str) -> str:
    r"""Write every control, bidi and invisible character of `text` as `\xNN`, `\uNNNN` or `\UNNNNNNNN`."""
    return HIDDEN.sub(_escape, text)
