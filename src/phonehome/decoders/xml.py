"""XML, and HTML as far as its tags can be scanned: text, attributes and CDATA, references decoded.

A scanner of its own rather than a parser: no entity of a document type is ever expanded, fragments and
unclosed tags pass, and every value keeps its place. Each step goes forward, so time is linear in the input.
"""

import re

from phonehome.decoders.base import Leaf
from phonehome.decoders.html_entities import unescape
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_DEPTH = 128
"""Elements within one another."""
MAX_NAME = 256
"""Characters of the longest name of an element."""
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:[A-Za-z_][\w:.\-]*[\s/>]|[?!][A-Za-z\-\[])")
_TAG = re.compile(rb"<(/?)([A-Za-z_][\w:.\-]{0,255})((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
# Names begin only where a run of their characters does: else each long run would be scanned again and again.
_ATTRIBUTE = re.compile(rb"(?<![^\s=<>\"'/])([^\s=<>\"'/]++)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TEXT_SPACE = b" \t\r\n"
_VOID = frozenset(b"area base br col embed hr img input link meta source track wbr".split())
_OPTIONAL_END = frozenset(b"p li td th tr dt dd option".split())
_RAW_TEXT = frozenset((b"script", b"style"))
# What is no element: how it begins and ends.
_ASIDES = ((b"<!--", b"-->"), (b"<?", b"?>"))
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"


class _Scanner:
    """One pass over a document; collects the parts."""

    def __init__(self, data: bytes, limit: int) -> None:
        self.data = data
        self.limit = limit
        self.leaves: list[Leaf] = []
        self.path: list[tuple[bytes, str]] = []
        self.tags = 0

    def _add(self, step: str, start: int, end: int, *, references: bool = True) -> None:
        raw = self.data[start:end]
        text = raw.strip(_TEXT_SPACE)
        if text:
            start += len(raw) - len(raw.lstrip(_TEXT_SPACE))
            self.leaves.append(Leaf(step, unescape(text) if references else text, start, start + len(text)))
            if len(self.leaves) > self.limit:
                raise LimitExceeded(f"more than {self.limit} parts in XML")

    @property
    def _step(self) -> str:
        return self.path[-1][1] if self.path else "/"

    def scan(self) -> list[Leaf]:
        """Give the parts of the whole document."""
        pos = 0
        while pos < len(self.data):
            opening = self.data.find(b"<", pos)
            if opening < 0:
                self._add(self._step, pos, len(self.data))
                break
            if opening > pos:
                self._add(self._step, pos, opening)
            pos = self._markup(opening)
        return self.leaves

    def _markup(self, pos: int) -> int:
        """Read what begins at the `<` at `pos`; gives the position after it."""
        data = self.data
        if data.startswith(_CDATA, pos):
            end = self._find(_CDATA_END, pos)
            self._add(self._step, pos + len(_CDATA), end, references=False)
            return end + len(_CDATA_END)
        for begin, finish in _ASIDES:
            if data.startswith(begin, pos):
                return self._find(finish, pos) + len(finish)
        if data.startswith(b"<!", pos):
            close = self._find(b">", pos)
            subset = data.find(b"[", pos, close)
            return close + 1 if subset < 0 else self._find(b">", self._find(b"]", subset)) + 1
        match = _TAG.match(data, pos)
        if match is not None:
            return self._tag(match)
        name = pos + 1 + data.startswith(b"/", pos + 1)
        if not data[name : name + 1].isalpha():
            return name
        if data.find(b">", name) >= 0:
            raise DecodeError("expected XML; a tag has no end")
        return len(data)

    def _find(self, mark: bytes, pos: int) -> int:
        """Find what ends a construct; at the end of a document that is cut short, that is its end."""
        found = self.data.find(mark, pos)
        return len(self.data) if found < 0 else found

    def _tag(self, match: re.Match[bytes]) -> int:
        self.tags += 1
        name, inside = match[2], match[3]
        if match[1]:
            self._close(name)
            return match.end()
        lower = name.lower()
        if self.path and lower in _OPTIONAL_END and self.path[-1][0] == name:
            self.path.pop()
        step = f"{self.path[-1][1] if self.path else ''}/{name.decode('ascii', 'backslashreplace')}"
        for attribute in _ATTRIBUTE.finditer(self.data, match.start(3), match.end(3)):
            group = attribute.lastindex or 2
            key = attribute[1][:MAX_NAME].decode("utf-8", "backslashreplace")
            self._add(f"{step}/@{key}", *attribute.span(group))
        if inside.endswith(b"/") or lower in _VOID:
            return match.end()
        if lower in _RAW_TEXT:
            end = self._find(b"</", match.end())
            self._add(step, match.end(), end, references=False)
            return end
        if len(self.path) >= MAX_DEPTH:
            raise LimitExceeded(f"XML is nested deeper than {MAX_DEPTH} elements")
        self.path.append((name, step))
        return match.end()

    def _close(self, name: bytes) -> None:
        """Close the nearest element of this name; a closing tag without one is ignored, as browsers do."""
        for index in range(len(self.path) - 1, -1, -1):
            if self.path[index][0] == name:
                del self.path[index:]
                return


class Xml:
    """XML documents and fragments, property lists in XML, HTML pages."""

    name = "xml"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give texts (`/a/b`) and attributes (`/a/b/@c`); siblings of one name share a step.

        Raises:
            DecodeError: It does not begin with markup, or a tag has no end.
            LimitExceeded: More than `limit` parts, or elements nested too deeply.
        """
        if not _START.match(data):
            raise DecodeError(f"expected XML; {len(data)} bytes begin with no markup")
        scanner = _Scanner(data, limit)
        leaves = scanner.scan()
        if not scanner.tags:
            raise DecodeError(f"expected XML; {len(data)} bytes hold no tag")
        return leaves
