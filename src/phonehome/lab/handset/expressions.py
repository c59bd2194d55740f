"""How a build writes a value into a request, as data: `base64(H(imei))`, `phone_number`, `'MXPH'`.

An expression is a data type (the value of that type that is in play), a text in single quotes, or a function of one
expression. Besides the text that is sent, it gives what an audit must say of it: which value, in which form, under
which layers. The encoders are the lab's own, so that it does not agree with the detector's mistakes.
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

Values = Mapping[DataType, KnownValue]
"""The values that are in play, by type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A parsed expression: functions from the outermost inwards, around a data type or a text."""

    functions: tuple[str, ...]
    source: DataType | str

    def write(self, values: Values) -> Written | None:
        """Write it with the values in play; None if there is none of its type."""
        if isinstance(self.source, DataType):
            value = values.get(self.source)
            if value is None:
                return None
            written = Written(text=value.value, value=value)
        else:
            written = Written(text=self.source)
        for name in reversed(self.functions):
            written = FUNCTIONS[name](written)
        return written


def parse_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        ConfigError: It is none, or names a function or a data type that there is not.
    """
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
    if kind != "name" or word not in list(DataType):
        raise ConfigError(f"{text!r}: {word!r} is no data type; put a constant text in single quotes")
    return Expression(functions=tuple(functions), source=DataType(word))


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
