"""How a build writes a value into a request, as data: `base64(H(imei))`, `phone_number`, `'MXPH'`.

An expression is a data type (the value of that type that is in play), a word of the handset's own (`sim_secret`), a
text in single quotes, or a function of one expression. Besides the text that is sent, it gives what an audit must say
of it: which value, in which form, under which layers. The encoders are the lab's own, so that it does not agree with
the detector's mistakes.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType, KnownValue

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|'([^']*)'|([()]))")
MAX_NESTING = 8
MAX_LENGTH = 500
"""Characters of an expression, and of a text with expressions in it."""
OWN_WORDS = (
    "sim_secret",
    "lab_user",
    "lab_password",
    "country",
    "version",
    "network",
    "minute",
)
"""What the handset knows beside the values of its subject: nothing that an audit searches for."""
_AS_WRITTEN: Mapping[DataType, str] = {DataType.LOCATION: "/decimal-6"}
"""How the documentation of detection calls the way in which subjects of the lab write a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as a build writes it.

    Attributes:
        text: What is sent.
        value: The known value in it; None for a constant.
        form: Behind the data type, how the value itself is written: `/sha1/base64-16`; empty as it is.
        chain: Layers around that, from the outermost inwards.
    """

    text: str
    value: KnownValue | None = None
    form: str = ""
    chain: tuple[str, ...] = ()


def _digest(name: str, written: Written, text: str, spelling: str) -> Written:
    if written.chain or written.form:
        raise ConfigError(f"{name} takes the value itself, and it is encoded already")
    return replace(written, text=text, form=f"/{name}/{spelling}")


def _hex_digest(name: str) -> Callable[[Written], Written]:
    def apply(written: Written) -> Written:
        return _digest(name, written, hashlib.new(name, written.text.encode()).hexdigest(), "lower-hex")

    return apply


def _short(written: Written) -> Written:
    """H of the affair of 2014: the first 16 characters of the URL-safe Base64 of the SHA-1."""
    text = base64.urlsafe_b64encode(hashlib.sha1(written.text.encode()).digest()).decode()[:16]
    # Without one of its two letters of its own, it is ordinary Base64 as well, and is called so.
    alphabet = "base64url" if set(text) & set("-_") else "base64"
    return _digest("sha1", written, text, f"{alphabet}-16")


def _layer(name: str, encode: Callable[[bytes], bytes]) -> Callable[[Written], Written]:
    def apply(written: Written) -> Written:
        text = encode(written.text.encode()).decode()
        return replace(written, text=text, chain=(name, *written.chain))

    return apply


FUNCTIONS: Mapping[str, Callable[[Written], Written]] = {
    "H": _short,
    "md5": _hex_digest("md5"),
    "sha1": _hex_digest("sha1"),
    "sha256": _hex_digest("sha256"),
    "base64": _layer("base64", base64.b64encode),
    "hex": _layer("base16", lambda data: data.hex().encode()),
}

DIGESTS = ("md5", "sha1", "sha256")
"""How forms name those of the functions that make a digest."""
Values = Mapping[DataType, KnownValue]
"""The values that are in play, by type."""
Own = Mapping[str, str]
"""What the words of the handset's own stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A parsed expression: functions from the outermost inwards, around a data type, a word or a text."""

    functions: tuple[str, ...]
    source: DataType | str
    is_word: bool = False

    def write(self, values: Values, own: Own) -> Written | None:
        """Write it with the values in play; None if there is none of its type."""
        if isinstance(self.source, DataType):
            value = values.get(self.source)
            if value is None:
                return None
            written = Written(text=value.value, value=value, form=_AS_WRITTEN.get(value.type, ""))
        else:
            written = Written(text=own[self.source] if self.is_word else self.source)
        for name in reversed(self.functions):
            written = FUNCTIONS[name](written)
        return written


def parse_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        ConfigError: It is none, or names a function or a data type that there is not.
    """
    _check_length(text)
    tokens = _split(text)
    functions: list[str] = []
    while len(tokens) > 1 and tokens[1] == ("(", "("):
        name = tokens[0][1]
        if name not in FUNCTIONS:
            raise ConfigError(f"{text!r}: {name!r} is no function; known: {', '.join(FUNCTIONS)}")
        functions.append(name)
        tokens = tokens[2:]
    depth = len(functions)
    if depth > MAX_NESTING or len(tokens) != 1 + depth or any(kind != ")" for kind, _ in tokens[1:]):
        raise ConfigError(f"{text!r} is no expression: write a data type, 'a text', or base64(imei)")
    kind, word = tokens[0]
    if kind == "text":
        return Expression(functions=tuple(functions), source=word)
    if kind == "name" and word in OWN_WORDS:
        return Expression(functions=tuple(functions), source=word, is_word=True)
    if kind != "name" or word not in list(DataType):
        raise ConfigError(
            f"{text!r}: {word!r} is no data type, and none of {', '.join(OWN_WORDS)}; put a constant text in "
            "single quotes"
        )
    return Expression(functions=tuple(functions), source=DataType(word))


def _check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"this is {len(text):,} characters long, and at most {MAX_LENGTH} are read")


def _split(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise ConfigError(f"{text!r} is no expression at its character {at + 1}")
        name, quoted, sign = found.groups()
        tokens.append(("name", name) if name else (sign, sign) if sign else ("text", quoted))
        at = found.end()
    return tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text with expressions in braces: `MX/{H(imei)}/{sim_secret}`."""

    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions in it."""
        return tuple(part for part in self.parts if isinstance(part, Expression))

    def write(self, values: Values, own: Own) -> tuple[Written, ...] | None:
        """Write each part; None if a value of one is not in play."""
        written = []
        for part in self.parts:
            one = Written(text=part) if isinstance(part, str) else part.write(values, own)
            if one is None:
                return None
            written.append(one)
        return tuple(written)


def parse_template(text: str) -> Template:
    """Read a text with expressions in braces.

    Raises:
        ConfigError: One of them is no expression, or a brace stands alone.
    """
    _check_length(text)
    parts: list[str | Expression] = []
    for number, piece in enumerate(re.split(r"\{([^{}]*)\}", text)):
        if number % 2:
            parts.append(parse_expression(piece))
        elif "{" in piece or "}" in piece:
            raise ConfigError(f"{text!r}: a brace stands alone; expressions stand between a pair of them")
        elif piece:
            parts.append(piece)
    return Template(parts=tuple(parts))
