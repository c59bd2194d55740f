"""JSON (RFC 8259): every string, every number as written, and the longer keys.

The standard parser reads it, told to keep duplicate keys and the spelling of numbers. It does not tell where
a value stood; `locate_json` finds that by a scan of its own, and is called only for the few that matter.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache

from phonehome.decoders.base import Leaf
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_DEPTH = 512
"""Levels of nesting; the standard parser gives up at about twice as many."""
MAX_STEP = 1024
"""Characters of the longest step of an object or an array that is descended: every part repeats it."""
MAX_KEY_SHOWN = 256
"""Characters of a key that its step shows."""
MAX_INDEXED = 4
"""Documents whose places are remembered."""
MIN_KEY = 6
"""Keys of this many characters and more are parts too: apps put identifiers there."""
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++', re.DOTALL)


class _Members(tuple[tuple[str, object], ...]):
    """The members of an object, in order, duplicates included."""

    __slots__ = ()


def _as_written(literal: str) -> str:
    return literal


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Members,
    parse_float=_as_written,
    parse_int=_as_written,
    parse_constant=_as_written,
    strict=False,
)


def member_step(parent: str, key: str) -> str:
    """Write the JSONPath of a member: `$.a`, or `$['x-y']` where the key is no identifier."""
    if len(key) > MAX_KEY_SHOWN:
        key = f"{key[:MAX_KEY_SHOWN]}…"
    if _IDENTIFIER.fullmatch(key):
        return f"{parent}.{key}"
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"{parent}['{escaped}']"


def to_bytes(text: str) -> bytes:
    """Write a string of JSON as bytes: raw bytes that were no UTF-8 come back, lone surrogates pass."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def parse_json(data: bytes) -> object:
    """Parse a document whose top level is an object or an array.

    Raises:
        DecodeError: Not JSON, or a bare value.
        LimitExceeded: Nested too deeply for the parser.
    """
    body = data.removeprefix(_BOM).strip(_SPACE)
    if body[:1] + body[-1:] not in (b"{}", b"[]"):
        raise DecodeError(f"expected JSON; {len(data)} bytes begin and end otherwise")
    try:
        return _DECODER.decode(body.decode("utf-8", "surrogateescape"))
    except ValueError:
        raise DecodeError(f"expected JSON; {len(data)} bytes are not") from None
    except RecursionError:
        raise LimitExceeded("JSON is nested deeper than its parser goes") from None


def _children(value: object, step: str) -> Iterator[tuple[str, object, str]]:
    """Give the step, value and key (empty in arrays) of what an object or an array holds."""
    if isinstance(value, _Members):
        for key, member in value:
            yield member_step(step, key), member, key
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{step}[{index}]", item, ""


def collect_leaves(document: object, root: str, limit: int) -> list[Leaf]:
    """Give the parts of a parsed document in its order; `root` is the step of the document itself.

    Raises:
        LimitExceeded: More than `limit` parts, or nested deeper than `MAX_DEPTH`.
    """
    leaves: list[Leaf] = []
    stack = [_children(document, root)]
    while stack:
        for step, value, key in stack[-1]:
            if len(key) >= MIN_KEY:
                leaves.append(Leaf(f"{step}{{key}}", to_bytes(key)))
            if isinstance(value, str):
                if value:
                    leaves.append(Leaf(step, to_bytes(value)))
            elif isinstance(value, (list, _Members)):
                if len(stack) >= MAX_DEPTH or len(step) > MAX_STEP:
                    raise LimitExceeded(f"JSON is nested deeper than {MAX_DEPTH} levels or by longer keys")
                stack.append(_children(value, step))
                break
            if len(leaves) > limit:
                raise LimitExceeded(f"more than {limit} parts in JSON")
        else:
            stack.pop()
    if len(leaves) > limit:
        raise LimitExceeded(f"more than {limit} parts in JSON")
    return leaves


class Json:
    """A JSON document: one object or array; `NaN`, `Infinity` and a byte order mark are tolerated."""

    name = "json"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give strings, numbers and the longer keys; where they stand `locate_json` tells.

        Steps are JSONPath (`$.a[0].b`, `$['x-y']`); that of a key is the step of its value and `{key}`.

        Raises:
            DecodeError: Not JSON.
            LimitExceeded: More than `limit` parts, or nested too deeply.
        """
        return collect_leaves(parse_json(data), "$", limit)


def _unescape(token: bytes) -> str:
    try:
        value = json.loads(token.decode("utf-8", "surrogateescape"), strict=False)
    except ValueError:
        raise DecodeError("expected a string of JSON") from None
    return str(value)


def iter_places(data: bytes, root: str = "$") -> Iterator[tuple[str, int, int]]:
    """Give the step, start and end of every string, number and key, in order; strings without their quotes.

    Raises:
        DecodeError: Not JSON.
    """
    path: list[tuple[str, int]] = []  # the step of each open container, and its next index; −1 in an object
    step, in_object, expects_key = root, False, False
    for match in _TOKEN.finditer(data):
        token, start, end = match[0], match.start(), match.end()
        match token:
            case b"{" | b"[":
                path.append((step, -1 if token == b"{" else 0))
                in_object = expects_key = token == b"{"
                step = "" if in_object else f"{step}[0]"
            case b"}" | b"]":
                if not path:
                    raise DecodeError("expected JSON; a bracket closes nothing")
                path.pop()
                in_object, expects_key = bool(path) and path[-1][1] < 0, False
            case b",":
                if not path:
                    raise DecodeError("expected JSON; a comma stands outside")
                parent, index = path[-1]
                expects_key = in_object
                if not in_object:
                    path[-1] = parent, index + 1
                    step = f"{parent}[{index + 1}]"
            case b":":
                expects_key = False
            case _ if expects_key:
                step = member_step(path[-1][0] if path else root, _unescape(token))
                yield f"{step}{{key}}", start + 1, end - 1
            case _ if token.startswith(b'"'):
                yield step, start + 1, end - 1
            case _:
                yield step, start, end


def locate_json(data: bytes, step: str, occurrence: int = 0, root: str = "$") -> tuple[int, int]:
    """Find where the raw bytes of the part at `step` begin and end in `data`, inside the quotes of a string.

    Args:
        data: The document that `Json.split` read.
        step: The step of one of its parts.
        occurrence: Which one, counted from 0, where duplicate keys give several parts the same step.
        root: The step of the document itself.

    Raises:
        DecodeError: No such part.
    """
    return _index(data, root).find(step, occurrence)


class _Index:
    """The places of one document, read as far as somebody asked."""

    def __init__(self, data: bytes, root: str) -> None:
        self._ahead = iter_places(data, root)
        self._read: dict[str, list[tuple[int, int]]] = {}

    def find(self, step: str, occurrence: int) -> tuple[int, int]:
        while occurrence >= len(self._read.get(step, ())):
            found = next(self._ahead, None)
            if found is None:
                raise DecodeError("expected a part of JSON at the step; there is none")
            place, start, end = found
            self._read.setdefault(place, []).append((start, end))
        return self._read[step][occurrence]


@lru_cache(maxsize=MAX_INDEXED)
def _index(data: bytes, root: str) -> _Index:
    # A document full of known values is asked for thousands of places: each scan goes on where the last ended.
    return _Index(data, root)
