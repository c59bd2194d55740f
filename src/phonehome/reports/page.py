"""What the HTML page shows beyond the summary: the drawing, and the findings that it has room for.

A page must stay usable with any number of findings, so it holds at most `FINDINGS_HELD`, of every flow some,
and shows `FINDINGS_INLINE` of them where no script runs and on paper. The JSON document has all of them.
"""

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from phonehome.documents.audit import FindingDoc, FlowDoc, LayerDoc
from phonehome.reports import words
from phonehome.reports.summary import Summary, flow_countries, pick_findings, recipient

FINDINGS_HELD = 2_000
FINDINGS_INLINE = 100
ROWS_HELD = 2_000
NODES_NAMED = 12
"""Nodes in a column of the drawing; the rest is drawn as one, or labels would run into one another."""

SPAN_CHARS = 600
CONTEXT_CHARS = 240
"""Characters of a layer before and after its span; more is not read, and thousands of findings add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of the drawing; `key` is unique, `label` is what stands beside it."""

    key: str
    label: str
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One band between two nodes."""

    source: str
    target: str
    value: float
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Data types, who got them, and countries, as a Sankey diagram."""

    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """One layer of the evidence, shortened to what a person reads."""

    layer: LayerDoc
    before: str
    span: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One finding with its flow and its layers; `anchor` is its place in the page."""

    anchor: str
    finding: FindingDoc
    flow: FlowDoc | None
    flow_number: int
    layers: tuple[Excerpt, ...]


def _columns(flow: FlowDoc) -> tuple[str, str, str]:
    return words.data_type(flow.data_type), recipient(flow), flow_countries(flow)


def _weight(flow: FlowDoc) -> float:
    """Give the width of a flow's band: logarithmic, or one busy flow would hide the rest."""
    return 1 + math.log10(max(flow.count, 1))


def draw(flows: list[FlowDoc]) -> Drawing:
    """Lay out the flows as nodes and bands; bands of one severity between the same nodes are one."""
    labels: list[dict[str, str]] = []
    for column in range(3):
        ranked = [name for name, _ in Counter(_columns(flow)[column] for flow in flows).most_common()]
        room = NODES_NAMED if len(ranked) <= NODES_NAMED else NODES_NAMED - 1
        others = f"{len(ranked) - room:,} others"
        labels.append({name: name if i < room else others for i, name in enumerate(ranked)})
    nodes: dict[str, Node] = {}
    totals: dict[tuple[str, str, str], float] = {}
    for flow in flows:
        names = [labels[column][name] for column, name in enumerate(_columns(flow))]
        keys = [f"{column}:{name}" for column, name in enumerate(names)]
        for column, (key, name) in enumerate(zip(keys, names, strict=True)):
            nodes.setdefault(key, Node(key=key, label=name, column=column))
        for source, target in pairwise(keys):
            band = (source, target, flow.severity)
            totals[band] = totals.get(band, 0.0) + _weight(flow)
    bands = [Band(source=a, target=b, value=round(v, 3), severity=s) for (a, b, s), v in totals.items()]
    return Drawing(nodes=tuple(nodes.values()), bands=tuple(bands))


def _shorten(layer: LayerDoc) -> Excerpt:
    before, span, after = layer.before, layer.span, layer.after
    if len(before) > CONTEXT_CHARS:
        before = "…" + before[-CONTEXT_CHARS:]
    if len(after) > CONTEXT_CHARS:
        after = after[:CONTEXT_CHARS] + "…"
    if len(span) > SPAN_CHARS:
        span = span[: SPAN_CHARS // 2] + "…" + span[-SPAN_CHARS // 2 :]
    return Excerpt(layer=layer, before=before, span=span, after=after)


def evidence(summary: Summary) -> list[Evidence]:
    """Give the findings that the page holds, by flow, each with its layers."""
    flow_of = {name: (i, flow) for i, flow in enumerate(summary.flows) for name in flow.findings}
    held = pick_findings(summary.flows, summary.doc.findings, FINDINGS_HELD)
    rows = []
    for number, finding in enumerate(held):
        flow_number, flow = flow_of.get(finding.id, (-1, None))
        layers = tuple(_shorten(layer) for layer in finding.layers)
        rows.append(
            Evidence(
                anchor=f"finding-{number}", finding=finding, flow=flow, flow_number=flow_number, layers=layers
            )
        )
    return rows


def inline_anchors(rows: list[Evidence]) -> set[str]:
    """Choose the findings that stand in the page itself: the first ones of every flow."""
    seen: Counter[int] = Counter()
    ranked = []
    for row in rows:
        ranked.append((seen[row.flow_number], row.anchor))
        seen[row.flow_number] += 1
    ranked.sort(key=lambda pair: pair[0])
    return {anchor for _, anchor in ranked[:FINDINGS_INLINE]}


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLink:
    """Where the findings of a flow stand in the page: the anchor of the first, None where none is held."""

    index: int
    first: str | None
    held: int


def flow_links(summary: Summary, rows: list[Evidence]) -> dict[str, FlowLink]:
    """Give for every flow, by its id, its number and the way to its findings."""
    anchors: dict[int, list[str]] = {}
    for row in rows:
        anchors.setdefault(row.flow_number, []).append(row.anchor)
    links = {}
    for index, flow in enumerate(summary.flows):
        held = anchors.get(index, [])
        links[flow.id] = FlowLink(index=index, first=held[0] if held else None, held=len(held))
    return links
