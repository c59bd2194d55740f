"""Where a short text holds known values, plain or under layers: what a reader of a report could peel out of it.

The masker asks this of everything that it shows, so it looks with the detector's own eyes, but without its rules on
neighbours and context: a value that does not count as a finding is still a value.
"""

import re

from phonehome.decoders.json_text import locate_json
from phonehome.detect.forms.person import ANCHOR
from phonehome.detect.graph import Edge, Graph
from phonehome.detect.lexicon import Lexicon
from phonehome.detect.search import Searcher
from phonehome.detect.unfold import split_url, unfold_layer
from phonehome.model.errors import PhonehomeError
from phonehome.model.subject import DataType

MAX_LAYERS = 8
"""Layers that are peeled off a shown text."""

MAX_REMEMBERED = 4_096
"""Texts whose answer is kept: a URL or a header comes back with every finding."""

ISSUED = {DataType.IMEI: 8, DataType.IMSI: 6, DataType.ICCID: 7}
"""Leading digits of a handset's numbers that name its model, network or issuer, and not the handset."""

MIN_PART = 6
"""Digits of such a number that are hidden where they stand alone: an IMEI's serial number has six."""

GRAM = 12
"""Bytes of a message that are enough to hide it: a window may cut it anywhere, in any case of its letters."""

Span = tuple[int, int, int]

_NUMBER = re.compile(rb"(?<![0-9])[0-9]{6,24}(?![0-9])")
_OCTET = re.compile(rb"%[0-9A-Fa-f]{2}|[\x00-\xff]")
_PIECE = re.compile(rb"[^\s'\"]{8,}")
_SPLITS = re.compile(rb"/|[a-z][a-z0-9+.-]*://")


class HiddenValues:
    """Finds the subject's values in texts that are about to be shown."""

    def __init__(self, lexicon: Lexicon, searcher: Searcher) -> None:
        self._decoys_from = lexicon.decoys_from
        self._searcher = searcher
        self._remembered: dict[bytes, list[Span]] = {}
        self._grams = _grams(lexicon)
        self._parts = _parts(lexicon)

    def spans(self, data: bytes) -> list[Span]:
        """The parts of `data` that hold a value: (start, end, place of the value in the lexicon), sorted."""
        known = self._remembered.get(data)
        if known is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[data] = self._look(data)
        return known

    def _look(self, data: bytes) -> list[Span]:
        graph = Graph()
        graph.add_root(data)
        found: set[Span] = set()
        for depth in range(MAX_LAYERS):
            layer = graph.take_fresh()
            if not layer:
                break
            for node in layer:
                self._search(graph, node, found)
            if depth == 0:
                _cut(graph, layer[0], data)
            unfold_layer(graph, layer)
        return sorted(found, key=lambda span: (span[0], -span[1]))

    def _search(self, graph: Graph, node: int, found: set[Span]) -> None:
        data = graph.data[node]
        hits = self._searcher.search_anywhere(data) + self._pieces(data)
        if b"+" in data:
            # A form's spaces, byte for byte: the piece of a query that a window shows may not be opened as one.
            spaced = data.replace(b"+", b" ")
            hits += self._searcher.search_anywhere(spaced) + self._pieces(spaced)
        hits += self._numbers(data)
        plain = len(hits)
        if node:  # the shown text itself is no digest; what it decodes to may be
            digests = self._searcher.search_digests([graph.data[node]])
            hits += [
                (hit.start, hit.end, hit.entry.value)
                for hit in digests
                if hit.entry.value < self._decoys_from
            ]
        if not hits:
            return
        for _, edges in graph.iter_paths(node):
            for number, (start, end, value) in enumerate(hits):
                if number < plain and _stands_above(graph, node, edges, start, end):
                    continue
                found.add((*_upward(graph, node, edges, start, end), value))

    def _numbers(self, data: bytes) -> list[Span]:
        """Parts of the handset's numbers, which an app may send apart: `tac=…&snr=…`."""
        if not self._parts:
            return []
        parts = ((match, self._parts.get(match.group())) for match in _NUMBER.finditer(data))
        return [(*match.span(), value) for match, value in parts if value is not None]

    def _pieces(self, data: bytes) -> list[Span]:
        """Pieces of long messages."""
        if not self._grams:
            return []
        lower = data.lower()
        pieces = ((at, self._grams.get(lower[at : at + GRAM])) for at in range(len(lower) - GRAM + 1))
        return [(at, at + GRAM, value) for at, value in pieces if value is not None]


def _parts(lexicon: Lexicon) -> dict[bytes, int]:
    """Every part of the handset's numbers that says more than who issued them, with the place of its value."""
    parts: dict[bytes, int] = {}
    for place, value in enumerate(lexicon.values[: lexicon.decoys_from]):
        digits = re.sub("[^0-9]", "", value.value).encode()
        issued = ISSUED.get(value.type, len(digits))
        for end in range(issued + 1, len(digits) + 1):
            for start in range(end - MIN_PART + 1):
                parts.setdefault(digits[start:end], place)
    return parts


def _grams(lexicon: Lexicon) -> dict[bytes, int]:
    """Every piece of every long text, in lower case, with the place of its value."""
    grams: dict[bytes, int] = {}
    for entry in (entry for entries in lexicon.entries for entry in entries):
        if entry.form.anchor and len(entry.form.pattern) == ANCHOR and entry.value < lexicon.decoys_from:
            # Anchors stand eight bytes apart, so these cover the whole text.
            text, at = entry.form.text.lower(), entry.form.at
            for start in range(at, min(at + ANCHOR, len(text) - GRAM + 1)):
                grams.setdefault(text[start : start + GRAM], entry.value)
    return grams


def _cut(graph: Graph, node: int, data: bytes) -> None:
    """Add the pieces of a text that is no whole document: those of a URL, and what stands between quotes."""
    if _SPLITS.match(data):
        split_url(graph, node, data, "url")
    for match in _PIECE.finditer(data):
        start, end = match.span()
        graph.add(node, "", "", start, end, data[start:end])
        step = data.find(b":", start, end) + 1
        if step:  # `query:…` in a path
            graph.add(node, "", "", step, end, data[step:end])


def _stands_above(graph: Graph, node: int, edges: tuple[Edge, ...], start: int, end: int) -> bool:
    """Whether a value stands in the content above as often as here, so that it is found there, in its place."""
    if not edges:
        return False
    value, edge = graph.data[node][start:end], edges[-1]
    above = graph.data[edge.parent]
    if edge.start >= 0:
        above = above[edge.start : edge.end]
    return above != graph.data[node] and above.count(value) >= graph.data[node].count(value)


def _upward(graph: Graph, node: int, edges: tuple[Edge, ...], start: int, end: int) -> tuple[int, int]:
    """Where the span of a node stands in the root."""
    for edge in reversed(edges):
        parent = graph.data[edge.parent]
        first, last = (edge.start, edge.end) if edge.start >= 0 else _locate(parent, edge)
        if parent[first:last] == graph.data[node]:
            start, end = first + start, first + end
        elif edge.layer == "percent":
            octets = [match.start() for match in _OCTET.finditer(parent, first, last)] + [last]
            start, end = octets[min(start, len(octets) - 1)], octets[min(end, len(octets) - 1)]
        else:
            start, end = first, last
        node = edge.parent
    return start, end


def _locate(data: bytes, edge: Edge) -> tuple[int, int]:
    if edge.layer == "json":
        try:
            start, end = locate_json(data, edge.step)
        except PhonehomeError:
            return 0, len(data)
        if start >= 0:
            return start, end
    return 0, len(data)
