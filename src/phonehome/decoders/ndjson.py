"""Several JSON documents: one a line (ndjson), or each after a record separator (RFC 7464)."""

import re

from phonehome.decoders.base import Leaf
from phonehome.decoders.json_text import collect_leaves, locate_json, parse_json
from phonehome.model.errors import DecodeError, LimitExceeded

MIN_DOCUMENTS = 2
"""A single document is JSON."""
_SEPARATOR = b"\x1e"
_LINE = re.compile(rb"[^\n]+")
_RECORD = re.compile(rb"[^\x1e]+")
_STEP = re.compile(r"\[(\d{1,9})\](\$.*)", re.DOTALL)


def _documents(data: bytes) -> list[tuple[int, bytes]]:
    """Give the start and text of each document; blank lines are none."""
    pattern = _RECORD if data.startswith(_SEPARATOR) else _LINE
    return [(match.start(), match[0]) for match in pattern.finditer(data) if match[0].strip()]


class Ndjson:
    """At least two JSON documents, one a line, or as a JSON text sequence."""

    name = "ndjson"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give the parts of all documents; the step `[2]$.a` is `$.a` of the third.

        Raises:
            DecodeError: Fewer than two documents, or a line that is none.
            LimitExceeded: More than `limit` parts, or nested too deeply.
        """
        if data[:1] not in (b"{", b"[", _SEPARATOR, b"\n", b"\r", b" "):
            raise DecodeError(f"expected lines of JSON; {len(data)} bytes begin otherwise")
        documents = _documents(data)
        if len(documents) < MIN_DOCUMENTS:
            raise DecodeError(f"expected lines of JSON; there are {len(documents)}")
        leaves: list[Leaf] = []
        for index, (_, text) in enumerate(documents):
            leaves += collect_leaves(parse_json(text), f"[{index}]$", limit)
            if len(leaves) > limit:
                raise LimitExceeded(f"more than {limit} parts in lines of JSON")
        return leaves


def locate_ndjson(data: bytes, step: str, occurrence: int = 0) -> tuple[int, int]:
    """Find where the raw bytes of the part at `step` begin and end, as `locate_json` does.

    Raises:
        DecodeError: No such part.
    """
    match = _STEP.fullmatch(step)
    documents = _documents(data)
    if match is None or int(match[1]) >= len(documents):
        raise DecodeError("expected a step of lines of JSON")
    offset, text = documents[int(match[1])]
    start, end = locate_json(text, match[2], occurrence)
    return offset + start, offset + end
