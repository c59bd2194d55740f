"""What a person needs to check a finding by hand: chain, path, offset, and each layer with the span it reads."""

from dataclasses import dataclass

from phonehome.decoders.json_text import locate_json
from phonehome.decoders.ndjson import locate_ndjson
from phonehome.detect.graph import Edge, Graph
from phonehome.detect.locate import Candidate
from phonehome.detect.parts import Root
from phonehome.model.errors import PhonehomeError
from phonehome.model.exchange import Exchange, Protocol
from phonehome.model.finding import Layer, Part

WINDOW = 96
"""Bytes shown on either side of a span."""

Spans = list[tuple[int, int]]

_UNESCAPING = frozenset({"query", "form"})
_HEADERS = frozenset({Part.REQUEST_HEADERS, Part.RESPONSE_HEADERS})
_PACKED = frozenset({Protocol.HTTP_2, Protocol.HTTP_3})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a candidate stands in its part."""

    chain: tuple[str, ...]
    path: str
    offset: int | None
    length: int


def place_of(graph: Graph, root: Root, candidate: Candidate, spans: Spans, exchange: Exchange) -> Place:
    """The chain and path of a candidate, and the bytes of the part that hold it."""
    chain: list[str] = []
    steps = [root.step] if root.step else []
    for edge in candidate.edges:
        if edge.layer:
            chain.append(edge.layer)
        if edge.layer in _UNESCAPING and _was_escaped(graph, edge):
            chain.append("percent")
        if edge.step:
            steps.append(edge.step)
    offset, length = _offset(graph, root, candidate, spans)
    if root.part in _HEADERS and exchange.protocol in _PACKED:
        offset = None  # HPACK and QPACK: the bytes as stored are not these
    return Place(tuple(chain), " > ".join(steps), offset, length)


def _was_escaped(graph: Graph, edge: Edge) -> bool:
    return edge.start >= 0 and b"%" in graph.data[edge.parent][edge.start : edge.end]


def spans_of(graph: Graph, candidate: Candidate) -> Spans:
    """For each node on the way, the span that the next one reads; for the last, the value itself."""
    spans = []
    for edge in candidate.edges:
        if edge.start >= 0:
            spans.append((edge.start, edge.end))
        else:
            spans.append(_search_span(graph.data[edge.parent], edge))
    spans.append((candidate.start, candidate.end))
    return spans


def _search_span(data: bytes, edge: Edge) -> tuple[int, int]:
    if edge.layer == "json":
        try:
            return locate_json(data, edge.step)
        except PhonehomeError:
            return -1, -1
    if edge.layer == "ndjson":
        try:
            return locate_ndjson(data, edge.step)
        except PhonehomeError:
            return -1, -1
    return -1, -1


def _nodes(root: Root, candidate: Candidate) -> list[int]:
    return [*(edge.parent for edge in candidate.edges), candidate.node] if candidate.edges else [root.node]


def _offset(graph: Graph, root: Root, candidate: Candidate, spans: Spans) -> tuple[int | None, int]:
    """Follow the way down as long as a child is a plain slice of its parent."""
    base = 0
    nodes = _nodes(root, candidate)
    for place, (start, end) in enumerate(spans):
        if start < 0:
            return None, candidate.end - candidate.start
        if place == len(candidate.edges):
            return base + start, end - start
        child = graph.data[nodes[place + 1]]
        if graph.data[nodes[place]][start:end] != child:
            return base + start, end - start
        base += start
    return None, 0


def layers_of(graph: Graph, root: Root, candidate: Candidate, spans: Spans) -> tuple[Layer, ...]:
    """One window for each node on the way, around the span that the next one reads."""
    layers = []
    names = [(root.part.value, root.step), *((edge.layer, edge.step) for edge in candidate.edges)]
    for (name, path), node, (start, end) in zip(names, _nodes(root, candidate), spans, strict=True):
        data = graph.data[node]
        first, last = (start, end) if start >= 0 else (0, 0)
        begin, stop = max(first - WINDOW, 0), min(max(last, first) + WINDOW, len(data))
        stop = min(stop, begin + 8 * WINDOW)
        layers.append(
            Layer(
                name=name,
                path=path,
                data=data[begin:stop],
                start=first - begin,
                end=min(last, stop) - begin,
                size=len(data),
                offset=begin,
            )
        )
    return tuple(layers)
