"""MIME multipart bodies (RFC 2046 section 5.1, RFC 7578), with the boundary taken from their first line."""

import re

from phonehome.decoders.base import Leaf
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_HEADERS = 1 << 14
"""Bytes of the longest header of a part."""
_OPENING = re.compile(rb"(?:\r?\n)?--([0-9A-Za-z'()+_,\-./:=? ]{1,200}?)[ \t]*\r?\n")
_BLANK = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(rb"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,100}:[^\r\n]*")
_NAME = re.compile(rb"[;\s]name=(?:\"([^\"\r\n]*)\"|([^;\s]+))", re.IGNORECASE)
_FILENAME = re.compile(rb"[;\s]filename=(?:\"([^\"\r\n]*)\"|([^;\s]+))", re.IGNORECASE)


def _parameter(pattern: re.Pattern[bytes], data: bytes, start: int, end: int) -> tuple[bytes, int] | None:
    match = pattern.search(data, start, end)
    if match is None:
        return None
    group = 1 if match[1] is not None else 2
    return match[group], match.start(group)


class Multipart:
    """Parts between boundaries; a missing end is tolerated, transfer encodings are left to other decoders."""

    name = "multipart"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give the bodies and the file names; the step is `multipart:NAME`, or a number without a name.

        Raises:
            DecodeError: No boundary in the first line, or no part with a header.
            LimitExceeded: More than `limit` parts.
        """
        opening = _OPENING.match(data)
        if opening is None or not _HEADER.match(data, opening.end()):
            raise DecodeError(f"expected multipart; {len(data)} bytes begin with no boundary and header")
        delimiter = b"\n--" + opening[1]
        leaves: list[Leaf] = []
        start, index = opening.end(), 0
        while start < len(data):
            found = data.find(delimiter, start)
            end = len(data) if found < 0 else found
            leaves += self._part(data, start, end - (data[end - 1 : end] == b"\r" and found >= 0), index)
            if len(leaves) > limit:
                raise LimitExceeded(f"more than {limit} parts in multipart")
            index += 1
            after = end + len(delimiter)
            if found < 0 or data.startswith(b"--", after):
                break
            line_end = data.find(b"\n", after)
            start = len(data) if line_end < 0 else line_end + 1
        return leaves

    def _part(self, data: bytes, start: int, end: int, index: int) -> list[Leaf]:
        blank = _BLANK.search(data, start, min(end, start + MAX_HEADERS))
        headers_end, body = (blank.start(), blank.end()) if blank else (start, start)
        name = _parameter(_NAME, data, start, headers_end)
        step = f"multipart:{name[0].decode('utf-8', 'backslashreplace') if name else index}"
        leaves = [Leaf(step, data[body:end], body, end)] if end > body else []
        filename = _parameter(_FILENAME, data, start, headers_end)
        if filename and filename[0]:
            leaves.append(Leaf(f"{step}:filename", filename[0], filename[1], filename[1] + len(filename[0])))
        return leaves
