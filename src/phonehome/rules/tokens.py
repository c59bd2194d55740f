"""The words of a CEL expression.

The language is that of https://github.com/google/cel-spec/blob/master/doc/langdef.md, less what a rule does not need:
bytes, unsigned numbers, messages and maps written out. Each of those is refused by name.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from phonehome.rules.errors import Fault, shown

MAX_TOKENS = 2_000
INT_LIMIT = 1 << 63

_RESERVED = (
    "as break const continue else for function if import let loop package namespace return var void while"
)
RESERVED = frozenset(_RESERVED.split())


class Kind(Enum):
    """What a token is."""

    NAME = auto()
    INT = auto()
    DOUBLE = auto()
    STRING = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word of a rule; `text` is as written, of a string what it says. `at` is its offset."""

    kind: Kind
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\n]*)
    |(?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
    |(?P<int>0x[0-9a-fA-F]+|\d+)
    |(?P<string>[rR]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]])
    """,
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "`": "`", "?": "?"}
_HINTS = {
    "=": "a comparison is written with two equals signs: ==",
    "&": "`and` is written with two signs: &&",
    "|": "`or` is written with two signs: ||",
    "{": "maps and messages cannot be written out in a rule",
    '"': "the text that begins here has no end on its line",
    "'": "the text that begins here has no end on its line",
}
_WORD_HINTS = {"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||", "NOT": "!"}


def read_tokens(text: str) -> list[Token]:
    """Split a rule into its words, with an end mark.

    Raises:
        Fault: A character that no rule holds, a number out of range, too many words.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Fault(at, _HINTS.get(text[at], f"{shown(text[at])} cannot stand in a rule"))
        if match.lastgroup != "space":
            if len(tokens) >= MAX_TOKENS:
                raise Fault(at, f"the rule has more than {MAX_TOKENS} words; split it into several rules")
            tokens.append(_token(match, at, text))
        at = match.end()
    tokens.append(Token(kind=Kind.END, text="", at=len(text)))
    return tokens


def _token(match: re.Match[str], at: int, text: str) -> Token:
    written = match.group()
    follows = text[match.end() : match.end() + 1]
    match match.lastgroup:
        case "int":
            if follows.isalnum() or follows == "_":
                raise Fault(at, "a number ends before letters begin; numbers are written as 12 or 0.5")
            if len(written) > 20 or int(written, 0 if written.startswith("0x") else 10) >= INT_LIMIT:
                raise Fault(at, "the number is larger than CEL's numbers go (2^63 − 1)")
            return Token(kind=Kind.INT, text=written, at=at)
        case "double":
            return Token(kind=Kind.DOUBLE, text=written, at=at)
        case "string":
            return Token(kind=Kind.STRING, text=_unquote(written, at), at=at)
        case "name":
            if written in RESERVED:
                raise Fault(at, f"{written!r} is a word that CEL keeps for itself")
            if written in _WORD_HINTS:
                raise Fault(at, f"{written!r} is written {_WORD_HINTS[written]} in CEL")
            if follows in ('"', "'"):
                raise Fault(at, f"texts with the prefix {shown(written)} cannot stand in a rule")
            return Token(kind=Kind.NAME, text=written, at=at)
        case _:
            return Token(kind=Kind.SIGN, text=written, at=at)


def _unquote(written: str, at: int) -> str:
    if written[0] in "rR":
        return written[2:-1]

    def plain(match: re.Match[str]) -> str:
        code = match.group(1)
        if code in _PLAIN_ESCAPES:
            return _PLAIN_ESCAPES[code]
        if code[0] in "uUx" and len(code) > 1:
            point = int(code[1:], 16)
            if point < 0x110000 and not 0xD800 <= point < 0xE000:
                return chr(point)
        raise Fault(at + match.start() + 1, f"{shown(match.group())} is no escape that CEL knows")

    return _ESCAPE.sub(plain, written[1:-1])
