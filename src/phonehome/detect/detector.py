"""From exchanges to findings: peel a batch of them, search each layer, and name each place.

Exchanges are taken in batches, so that one search serves thousands of small buffers; results come in the order of
the exchanges. What a batch showed to hold nothing is remembered and not opened again in the next, within a block.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from phonehome.detect.evidence import layers_of, place_of, spans_of
from phonehome.detect.graph import Graph
from phonehome.detect.lexicon import Lexicon
from phonehome.detect.locate import Candidate, choose, iter_candidates
from phonehome.detect.masking import Masker
from phonehome.detect.opaque import opaque_up
from phonehome.detect.parts import Root, add_exchange
from phonehome.detect.search import Hit, Searcher
from phonehome.detect.unfold import unfold_layer
from phonehome.model.exchange import Exchange
from phonehome.model.finding import Finding, Method
from phonehome.model.problem import Problem
from phonehome.model.subject import Subject

BATCH_EXCHANGES = 512
BATCH_BYTES = 4 << 20
BLOCK_BATCHES = 4
"""Batches that profit from what those before them showed to hold nothing; blocks can be searched apart."""
MAX_SEARCHED_AT_ONCE = 64 << 20

MAX_CLEAN = 200_000
MAX_CLEAN_SIZE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One exchange after the search.

    Attributes:
        findings: What was found in it, in the order of its parts.
        decoys: Hits of invented strangers: each is a fault of the method, and reported.
        problems: What could not be opened.
        unreadable_up: Bytes sent up that look like ciphertext of no known format.
        recorded: Bytes of the exchange in the recording, both directions.
    """

    exchange: Exchange
    findings: tuple[Finding, ...]
    decoys: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    unreadable_up: int
    recorded: int


@dataclass(slots=True)
class Tally:
    """What the search has looked at so far."""

    bytes_searched: int = 0
    layers_opened: int = 0


@dataclass(slots=True)
class _Batch:
    exchanges: list[Exchange]
    recorded: list[int]
    graph: Graph
    roots: list[Root] = field(default_factory=list)
    problems: list[list[Problem]] = field(default_factory=list)


class Load(NamedTuple):
    """Exchanges to search together, and the bytes of each in the recording."""

    exchanges: list[Exchange]
    recorded: list[int]


def iter_batches(exchanges: Iterable[Exchange]) -> Iterator[Load]:
    """Cut exchanges into batches, the same ones wherever a block of them begins."""
    load, total = Load([], []), 0
    for exchange in exchanges:
        size = _recorded(exchange)
        if load.exchanges and (total + size > BATCH_BYTES or len(load.exchanges) >= BATCH_EXCHANGES):
            yield load
            load, total = Load([], []), 0
        load.exchanges.append(exchange)
        load.recorded.append(size)
        total += size
    if load.exchanges:
        yield load


class Detector:
    """Finds the known values of one subject in exchanges."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.lexicon = Lexicon(subject)
        self.tally = Tally()
        self._searcher = Searcher(self.lexicon)
        self._clean: set[bytes] = set()
        self._least = min((len(pattern) for pattern, _ in self.lexicon.patterns), default=1)

    def detect(self, exchanges: Iterable[Exchange]) -> Iterator[Finding]:
        """The findings alone, decoys and problems left out."""
        for examined in self.examine(exchanges):
            yield from examined.findings

    def examine(self, exchanges: Iterable[Exchange]) -> Iterator[Examined]:
        """Search every exchange; one result for each, in order."""
        for number, load in enumerate(iter_batches(exchanges)):
            if number % BLOCK_BATCHES == 0:
                self._clean.clear()
            with _without_collection():
                batch = _Batch(*load, graph=Graph(clean=self._clean, least=self._least))
                results = self._examine_batch(batch)
            yield from results

    def make_masker(self, *, reveal: bool) -> Masker:
        """A masker for this subject's values."""
        return Masker(self.lexicon, self._searcher, reveal=reveal)

    def _examine_batch(self, batch: _Batch) -> list[Examined]:
        graph = batch.graph
        for place, exchange in enumerate(batch.exchanges):
            batch.problems.append(list(add_exchange(graph, batch.roots, place, exchange)))
        hits = self._search_all(graph)
        self._remember_clean(graph, hits)
        by_exchange = self._findings(batch, hits)
        self._report_budgets(batch)
        opaque = opaque_up(batch.graph, batch.roots)
        results = []
        for place, exchange in enumerate(batch.exchanges):
            found = by_exchange.get(place, [])
            examined = Examined(
                exchange=exchange,
                findings=tuple(finding for finding, decoy in found if not decoy),
                decoys=tuple(finding for finding, decoy in found if decoy),
                problems=tuple(batch.problems[place]),
                unreadable_up=min(opaque.get(place, 0), exchange.bytes_up),
                recorded=batch.recorded[place],
            )
            results.append(examined)
        return results

    def _search_all(self, graph: Graph) -> list[tuple[int, Hit]]:
        """Peel layer by layer and search each; gives (node, hit)."""
        hits: list[tuple[int, Hit]] = []
        while layer := graph.take_fresh():
            self.tally.layers_opened += len(layer)
            for nodes in _portions(graph, layer):
                buffers = [graph.data[node] for node in nodes]
                found, ended = self._searcher.search(buffers)
                hits.extend((nodes[hit.buffer], hit) for hit in found)
                if ended:
                    reason = "known values stand in it so often that the search ended before its end"
                    graph.note(nodes[-1], reason)
                self.tally.bytes_searched += sum(map(len, buffers))
            binaries = set(unfold_layer(graph, layer))
            digestible = [
                node
                for node in layer
                if node in binaries or (graph.depth[node] and len(graph.data[node]) in _DIGEST_SIZES)
            ]
            for nodes in _portions(graph, digestible):
                digests = self._searcher.search_digests([graph.data[node] for node in nodes])
                hits.extend((nodes[hit.buffer], hit) for hit in digests)
        graph.share_notes()
        self.tally.bytes_searched += graph.skipped
        return hits

    def _remember_clean(self, graph: Graph, hits: list[tuple[int, Hit]]) -> None:
        """Remember small contents below which nothing was found, nor ciphertext, nor a bound."""
        marked: set[int] = set()
        stack = [node for node, _ in hits]
        stack.extend(graph.unknown)
        stack.extend(node for node in range(len(graph.data)) if graph.budgets[graph.owner[node]].reasons)
        while stack:
            node = stack.pop()
            if node not in marked:
                marked.add(node)
                stack.extend(edge.parent for edge in graph.edges[node] if edge.parent >= 0)
        if len(self._clean) > MAX_CLEAN:
            self._clean.clear()
        self._clean.update(
            data
            for node, data in enumerate(graph.data)
            if len(data) <= MAX_CLEAN_SIZE and node not in marked and graph.depth[node]
        )

    def _findings(self, batch: _Batch, hits: list[tuple[int, Hit]]) -> dict[int, list[tuple[Finding, bool]]]:
        lexicon = self.lexicon
        grouped: dict[tuple[int, int], list[Candidate]] = {}
        for candidate in iter_candidates(
            batch.graph, batch.roots, lexicon.values, hits, len(lexicon.digests)
        ):
            grouped.setdefault((candidate.root, candidate.hit.entry.value), []).append(candidate)
        found: dict[int, list[tuple[Finding, bool]]] = {}
        for (root_number, value), candidates in sorted(grouped.items()):
            root = batch.roots[root_number]
            merged: dict[tuple[object, ...], Finding] = {}
            for candidate in choose(candidates):
                finding = self._finding(batch, root, candidate)
                key = (finding.path, finding.chain, finding.form)
                earlier = merged.get(key)
                merged[key] = finding if earlier is None else _counted(earlier)
            decoy = value >= lexicon.decoys_from
            found.setdefault(root.exchange, []).extend((finding, decoy) for finding in merged.values())
        return found

    def _finding(self, batch: _Batch, root: Root, candidate: Candidate) -> Finding:
        exchange = batch.exchanges[root.exchange]
        value = self.lexicon.values[candidate.hit.entry.value]
        spans = spans_of(batch.graph, candidate)
        place = place_of(batch.graph, root, candidate, spans, exchange)
        return Finding(
            value_id=value.id,
            data_type=value.type,
            method=Method.DECODED if candidate.hit.recipe is None else Method.DIGEST,
            form=candidate.form,
            chain=place.chain,
            part=root.part,
            path=place.path,
            offset=place.offset,
            length=place.length,
            direction=root.direction,
            transport=exchange.transport,
            exchange=exchange,
            form_bits=round(candidate.bits, 1),
            layers=layers_of(batch.graph, root, candidate, spans),
        )

    def _report_budgets(self, batch: _Batch) -> None:
        for number, budget in enumerate(batch.graph.budgets):
            if not budget.reasons:
                continue
            root = batch.roots[number]
            exchange = batch.exchanges[root.exchange]
            batch.problems[root.exchange].extend(
                Problem(
                    where=f"exchange {exchange.index} {root.part.value}",
                    reason=reason,
                    input=exchange.input,
                    index=exchange.index,
                    lost=lost,
                )
                for reason, lost in budget.reasons.items()
            )


@contextmanager
def _without_collection() -> Iterator[None]:
    """Pause the search for circles of objects: a batch makes a hundred thousand objects and no circle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_DIGEST_SIZES = frozenset({8, 12, 16, 20, 28, 32, 48, 64})


def _portions(graph: Graph, layer: list[int]) -> Iterator[list[int]]:
    """Cut a layer so that what is joined for one search stays bounded."""
    if sum([len(graph.data[node]) for node in layer]) <= MAX_SEARCHED_AT_ONCE:
        if layer:
            yield layer
        return
    portion: list[int] = []
    size = 0
    for node in layer:
        if portion and size + len(graph.data[node]) > MAX_SEARCHED_AT_ONCE:
            yield portion
            portion, size = [], 0
        portion.append(node)
        size += len(graph.data[node])
    if portion:
        yield portion


def _recorded(exchange: Exchange) -> int:
    size = len(exchange.url or b"") + sum(len(piece.data) for piece in exchange.pieces)
    for message in (exchange.request, exchange.response):
        if message is not None:
            size += len(message.body) + sum(len(name) + len(value) + 4 for name, value in message.headers)
    return size


def _counted(finding: Finding) -> Finding:
    fields = {name: getattr(finding, name) for name in Finding.__slots__}
    return Finding(**{**fields, "count": finding.count + 1})
