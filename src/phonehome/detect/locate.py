"""From hits to candidates: where in the exchange it stands, through which layers, and which reading is the best.

The same bytes can be read in several ways: the value stands in the raw JSON and in the leaf parsed from it; a
token can be decoded by two alphabets. For each value and part one reading per occurrence is kept: the one of the
fullest form, then with the fewest text codings, then with the most containers (they give the path).
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from phonehome.decoders import COMPRESSIONS, CONTAINERS
from phonehome.detect.forms import Half
from phonehome.detect.graph import MAX_PLACES, Edge, Graph
from phonehome.detect.lexicon import CONTEXT
from phonehome.detect.parts import Root
from phonehome.detect.search import Hit
from phonehome.model.subject import DataType, KnownValue

CONTEXT_BITS = 10.0
"""Surprise that a key naming the type adds: far fewer than one place in a thousand stands under such a key."""

MAX_COMPARED = 256
"""Readings of one value in one part that are compared with each other."""

MAX_PAIR_DISTANCE = 256
"""Bytes between the halves of a pair in one text."""

Spans = list[tuple[int, int]]

_BEFORE = 40
# A container gives the path, and compressed bytes may hold a value by chance of the compression only.
_TRANSPARENT = (
    {container.name for container in CONTAINERS}
    | {compression.name for compression in COMPRESSIONS}
    | {"url", ""}
)
_FOLDED = {"base16": "hex", "base64": "base64", "base64url": "base64url"}
_HEX_DIGITS = b"0123456789ABCDEFabcdef"
_WRAPPED_LINE = 40
_NEXT_OBJECT = re.compile(rb"\}\s*,?\s*\{")  # the halves stand in two rows of a list
_NEXT_LINE = re.compile(rb"\r?\n[A-Za-z0-9+/_-]")
_LAST_LINE = re.compile(rb"[A-Za-z0-9+/_-]\r?\n\Z")
_LAST_STEP = re.compile(r"(?:\.[^.\[\]]*|\[[^\[\]]*\])\Z")
_KEY_END = rb"[\w.\-\[\]]{0,24}[\"']?\s{0,2}[:=]\s{0,2}[\"'\[]?\Z"
_BEFORE_VALUE = {
    data_type: re.compile(b"(?:" + words.pattern + b")" + _KEY_END, re.IGNORECASE)
    for data_type, words in CONTEXT.items()
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of one hit: the way down to it, and what it is called.

    `start` and `end` are the span in the last node of the way.
    """

    root: int
    edges: tuple[Edge, ...]
    node: int
    hit: Hit
    start: int
    end: int
    form: str
    bits: float

    @property
    def codings(self) -> int:
        """Text codings on the way: a reading without them is simpler."""
        return sum(edge.layer not in _TRANSPARENT for edge in self.edges)

    @property
    def rank(self) -> tuple[float, int, int, int, float, int]:
        """Best first: the fuller form, the simpler reading, the one with more path; then the plainer name."""
        return (
            -self.hit.bits,
            self.codings,
            -len(self.edges),
            self.start - self.end,
            -self.bits,
            len(self.form),
        )


def iter_candidates(
    graph: Graph, roots: list[Root], values: list[KnownValue], hits: Iterable[tuple[int, Hit]], digests: int
) -> Iterator[Candidate]:
    """The readings of all hits that count where they stand: context, pairs, digests in their spelling.

    `hits` are (node, hit); `digests` is how many digests were searched for, which all had a chance.
    """
    halves: dict[tuple[int, int], list[Candidate]] = {}
    for node, hit in hits:
        value = values[hit.entry.value]
        for count, (root, edges) in enumerate(graph.iter_paths(node)):
            if count == MAX_PLACES:
                graph.budgets[root].note(f"one content stands in more than {MAX_PLACES} places")
                break
            candidate = Candidate(root, edges, node, hit, hit.start, hit.end, hit.form.name, hit.bits)
            if _is_text_of_digits(graph, candidate) or _goes_on(graph, candidate):
                continue
            if hit.recipe is not None:
                yield _spelled(graph, candidate, digests)
                continue
            named = _is_named(graph, roots[root], candidate, value.type)
            if named:
                candidate = replace(candidate, bits=candidate.bits + CONTEXT_BITS)
            elif hit.form.needs_context:
                continue
            if hit.form.half is not None:
                halves.setdefault((root, hit.entry.value), []).append(candidate)
            else:
                yield candidate
    for group in halves.values():
        yield from _paired(graph, group)


def _is_text_of_digits(graph: Graph, candidate: Candidate) -> bool:
    """Packed decimal in the midst of what base 16 gave: digits in a longer number, judged as the text they are."""
    last = candidate.edges[-1].layer if candidate.edges else ""
    if last != "base16" or not candidate.form.endswith("/bcd"):
        return False
    node = graph.data[candidate.node]
    lead = node[:1] < b"\x10" and not candidate.form.startswith("imsi")  # that is the NAI of an IMSI
    filled = lead or node[-1:] >= b"\xf0" or node[-1] & 0xF == 0xF
    equipment = candidate.form.startswith(("imei", "imsi", "meid", "iccid"))
    return candidate.end - candidate.start < len(node) or not (filled and equipment)


def _goes_on(graph: Graph, candidate: Candidate) -> bool:
    """A hit at the border of a span that is part of something longer: digits that go on, a wrapped line.

    Of digests shortened ones are sent, so they may.
    """
    last = candidate.edges[-1] if candidate.edges else None
    if last is None or last.start < 0 or candidate.hit.recipe is not None:
        return False
    at_start, at_end = candidate.start == 0, candidate.end == len(graph.data[candidate.node])
    text = graph.data[last.parent]
    before, after = text[max(last.start - 3, 0) : last.start], text[last.end : last.end + 3]
    if last.layer == "base16":
        follows = at_end and after[:1] != b"" and after[:1] in _HEX_DIGITS
        return follows or (
            at_start and before != b"" and before[-1:] in _HEX_DIGITS and not before[-2:-1].isalnum()
        )
    if last.layer.startswith("base64") and last.end - last.start >= _WRAPPED_LINE:
        return (at_end and _NEXT_LINE.match(after) is not None) or (
            at_start and _LAST_LINE.search(before) is not None
        )
    return False


def _is_named(graph: Graph, root: Root, candidate: Candidate, data_type: DataType) -> bool:
    words = CONTEXT.get(data_type)
    if words is None:
        return False
    steps = " ".join(edge.step for edge in candidate.edges if edge.step)
    if words.search(steps.encode("utf-8", "replace")):
        return True
    before = graph.data[candidate.node][max(candidate.start - _BEFORE, 0) : candidate.start]
    return _BEFORE_VALUE[data_type].search(before) is not None


def _spelled(graph: Graph, candidate: Candidate, digests: int) -> Candidate:
    """Name a digest by how it is written; its last coding is its spelling, not a layer."""
    hit = candidate.hit
    size = hit.end - hit.start
    complete = size >= hit.digest_size
    name = f"{candidate.form}/{hit.recipe}"
    bits = max(8.0 * size - math.log2(max(digests, 1)), 0.0)
    last = candidate.edges[-1] if candidate.edges else None
    middle = str(hit.recipe).endswith("middle-16")
    if (
        last is None
        or last.layer not in _FOLDED
        or hit.start != 0
        or len(graph.data[hit_node(candidate)]) > size
    ):
        cut = "" if complete or middle else f"-first-{size}"
        return replace(candidate, form=f"{name}/raw{cut}", bits=bits)
    parent = last.parent
    written = graph.data[parent][last.start : last.end]
    spelling = _FOLDED[last.layer]
    if spelling == "hex":
        spelling = "upper-hex" if written.upper() == written and written.lower() != written else "lower-hex"
    cut = "" if complete or middle else f"-{len(written)}"
    return replace(
        candidate,
        edges=candidate.edges[:-1],
        node=parent,
        start=last.start,
        end=last.end,
        form=f"{name}/{spelling}{cut}",
        bits=bits,
    )


def hit_node(candidate: Candidate) -> int:
    """The node in which the hit was made."""
    return candidate.node


def _paired(graph: Graph, group: list[Candidate]) -> Iterator[Candidate]:
    """Halves that stand with their other half, once for each pair."""
    firsts = [one for one in group if one.hit.form.half in (Half.LATITUDE, Half.GIVEN)]
    seconds = [one for one in group if one.hit.form.half in (Half.LONGITUDE, Half.FAMILY)]
    for first in firsts[:MAX_COMPARED]:
        partners = [
            second
            for second in seconds[:MAX_COMPARED]
            if first.hit.form.kind == second.hit.form.kind and _belong(graph, first, second)
        ]
        if partners:
            best = max(partners, key=lambda second: second.bits)
            weaker = min(first, best, key=lambda one: one.bits)
            yield replace(first, form=weaker.form, bits=first.bits + best.bits)


def _belong(graph: Graph, first: Candidate, second: Candidate) -> bool:
    """Whether two halves stand in one text close by, or in two fields of one object."""
    place = first.hit.form.half is Half.LATITUDE
    if first.edges == second.edges:
        distance = max(first.start - second.end, second.start - first.end)
        between = graph.data[first.node][min(first.end, second.end) : max(first.start, second.start)]
        return 0 <= distance <= MAX_PAIR_DISTANCE and place and _NEXT_OBJECT.search(between) is None
    if not place and any(one.end - one.start != len(graph.data[one.node].strip()) for one in (first, second)):
        return False
    return _object_of(first) == _object_of(second) is not None


def _object_of(candidate: Candidate) -> tuple[tuple[Edge, ...], str, str] | None:
    """The object whose field a candidate stands in: the way to its container, and the path up to the field."""
    for place in range(len(candidate.edges) - 1, -1, -1):
        edge = candidate.edges[place]
        if edge.step:
            return candidate.edges[:place], edge.layer, _parent_step(edge.step)
    return None


def _parent_step(step: str) -> str:
    """`$.a[0]` for `$.a[0].lat`, `1` for `1.2`; nothing for a flat container's `query:lat`."""
    kind, colon, _ = step.partition(":")
    if colon and kind.isalpha():
        return kind
    return _LAST_STEP.sub("", step)


def choose(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The best reading of each occurrence; all candidates are of one value in one part."""
    kept: list[Candidate] = []
    taken: dict[tuple[Edge, ...], Spans] = {}
    for candidate in sorted(candidates, key=lambda one: one.rank):
        spans = taken.setdefault(candidate.edges, [])
        at = bisect_left(spans, (candidate.start, candidate.end))
        if any(_overlap(*span, candidate.start, candidate.end) for span in spans[max(at - 1, 0) : at + 1]):
            continue
        others = (other for other in kept[:MAX_COMPARED] if other.edges != candidate.edges)
        if not any(_same_occurrence(candidate, other) for other in others):
            kept.append(candidate)
            spans.insert(at, (candidate.start, candidate.end))
    return kept


def _overlap(start: int, end: int, other_start: int, other_end: int) -> bool:
    return start < other_end and other_start < end


def _same_occurrence(one: Candidate, other: Candidate) -> bool:
    """Whether two readings are of the same bytes: follow both ways down to where they part."""
    common = 0
    for a, b in zip(one.edges, other.edges, strict=False):
        if a != b:
            break
        common += 1
    a_span = _span(one, common)
    b_span = _span(other, common)
    if a_span is not None and b_span is not None:
        return _overlap(*a_span, *b_span)
    if common < len(one.edges) and common < len(other.edges):
        a, b = one.edges[common], other.edges[common]
        return a.layer != b.layer or a.step == b.step
    return True


def _span(candidate: Candidate, common: int) -> tuple[int, int] | None:
    if common == len(candidate.edges):
        return candidate.start, candidate.end
    edge = candidate.edges[common]
    return (edge.start, edge.end) if edge.start >= 0 else None
