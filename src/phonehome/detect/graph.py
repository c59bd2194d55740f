"""What has been peeled so far: contents, each kept once, and the steps that lead from one to the next.

The same header, cookie or blob comes back in request after request. A content is therefore a node of a graph, met
and searched once however often it stands in the traffic; every way to it is an edge, and a finding is made for
every path from a part of an exchange down to the node where the value was seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_DEPTH = 16
"""Layers on one path; the deepest nesting met in the wild has six."""

MAX_NODES_PER_PART = 500_000
"""Contents opened inside one part of one exchange."""

MAX_EXPANDED_PER_PART = 256 << 20
"""Bytes that one part may unfold into, all layers added up."""

MAX_REASONS = 8
"""Bounds named for one part."""

MAX_NOTES = 1_000
"""Contents of one batch in which a bound was met, and whose every part is told."""

MAX_PLACES = 10_000
"""Places reported for one hit in one batch."""


class Edge(NamedTuple):
    """A step from a parent to a child: the layer peeled, the path step, and the span in the parent.

    `parent` is a node, or −1 − n for root n. `start` is −1 where the span is not known.
    """

    parent: int
    layer: str
    step: str
    start: int
    end: int


@dataclass(slots=True)
class Budget:
    """What one part has used up."""

    nodes: int = 0
    expanded: int = 0
    inflated: int = 0
    reasons: dict[str, bool] = field(default_factory=dict)

    def note(self, reason: str, *, lost: bool = True) -> None:
        """Say once which bound was met; `lost` is false where only far-fetched readings were left untried."""
        if reason in self.reasons or len(self.reasons) < MAX_REASONS:
            self.reasons[reason] = lost or self.reasons.get(reason, False)

    def room(self, most: int) -> int:
        """How many bytes may still be inflated, at most `most`."""
        return min(most, max(MAX_EXPANDED_PER_PART - self.inflated, 0))


@dataclass(slots=True)
class Graph:
    """The contents of one batch of exchanges.

    Attributes:
        data: What each node holds.
        edges: The ways to each node.
        depth: Layers above each node, on the way on which it was met first.
        owner: The root on that way, whose budget it uses.
        budgets: For each root, what it has used up.
        closed: Nodes taken apart beforehand, which are searched but not opened.
        unknown: Binary nodes of no known format, but the smallest.
        least: Size below which nothing can be found, so that a part is not added.
        clean: Contents known from earlier batches to hold nothing, which are not opened again.
        skipped: Bytes of such contents met.
        notes: The bounds met so far, with the content and whether something was lost.
    """

    data: list[bytes] = field(default_factory=list)
    edges: list[list[Edge]] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)
    index: dict[bytes, int] = field(default_factory=dict)
    budgets: list[Budget] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    least: int = 1
    closed: set[int] = field(default_factory=set)
    fresh: list[int] = field(default_factory=list)
    skipped: int = 0
    notes: list[tuple[int, str, bool]] = field(default_factory=list)
    clean: frozenset[bytes] | set[bytes] = frozenset()

    def add_root(self, data: bytes) -> int:
        """Add a part of an exchange; gives the root's number."""
        root = len(self.budgets)
        budget = Budget()
        self.budgets.append(budget)
        edge = Edge(-1 - root, "", "", 0, len(data))
        node = self.index.get(data)
        if node is None:
            self._make(data, edge, 0, root, budget)
        else:
            self.edges[node].append(edge)
        return root

    def add(self, parent: int, layer: str, step: str, start: int, end: int, data: bytes) -> None:
        """Add what a node contains; a content already known gets one more edge.

        This is the busiest function of the search, hence its plainness.
        """
        if len(data) < self.least:
            return
        if data in self.clean:
            self.skipped += len(data)
            return
        node = self.index.get(data)
        if node is not None:
            if parent != node:
                self.edges[node].append(Edge(parent, layer, step, start, end))
            return
        owner = self.owner[parent]
        budget = self.budgets[owner]
        depth = self.depth[parent] + 1
        if depth > MAX_DEPTH:
            self.note(parent, f"more than {MAX_DEPTH} layers inside one another")
        elif budget.nodes >= MAX_NODES_PER_PART or budget.expanded >= MAX_EXPANDED_PER_PART:
            limit = MAX_EXPANDED_PER_PART >> 20
            self.note(parent, f"more than {MAX_NODES_PER_PART} pieces or {limit} MiB to unfold")
        else:
            self._make(data, Edge(parent, layer, step, start, end), depth, owner, budget)

    def _make(self, data: bytes, edge: Edge, depth: int, owner: int, budget: Budget) -> None:
        node = len(self.data)
        self.index[data] = node
        self.data.append(data)
        self.edges.append([edge])
        self.depth.append(depth)
        self.owner.append(owner)
        self.fresh.append(node)
        budget.nodes += 1
        budget.expanded += len(data)

    def note(self, node: int, reason: str, *, lost: bool = True) -> None:
        """Say which bound was met in a content; every part that holds it is told by `share_notes`."""
        self.budgets[self.owner[node]].note(reason, lost=lost)
        if len(self.notes) < MAX_NOTES:
            self.notes.append((node, reason, lost))

    def charge(self, node: int, size: int) -> None:
        """Count inflated bytes; those that gave a content already known were work all the same."""
        budget = self.budgets[self.owner[node]]
        budget.inflated += size
        if budget.inflated >= MAX_EXPANDED_PER_PART:
            self.note(node, f"compressed data of more than {MAX_EXPANDED_PER_PART >> 20} MiB in all")

    def share_notes(self) -> None:
        """Tell each part what was left out of a content that it shares with the part which met the bound."""
        for node, reason, lost in self.notes:
            for count, (root, _) in enumerate(self.iter_paths(node)):
                if count == MAX_PLACES:
                    break
                self.budgets[root].note(reason, lost=lost)
        self.notes.clear()

    def take_fresh(self) -> list[int]:
        """The nodes added since the last call: the next layer."""
        fresh, self.fresh = self.fresh, []
        return fresh

    def iter_paths(self, node: int) -> Iterator[tuple[int, tuple[Edge, ...]]]:
        """Every way from a root down to `node`: the root's number, and the edges from the outermost in.

        A content that holds itself (a compression quine) makes a circle; no path takes it twice.
        """
        stack: list[tuple[int, tuple[Edge, ...]]] = [(node, ())]
        while stack:
            here, below = stack.pop()
            for edge in reversed(self.edges[here]):
                if edge.parent < 0:
                    yield -1 - edge.parent, below
                elif len(below) < MAX_DEPTH and all(edge is not other for other in below):
                    stack.append((edge.parent, (edge, *below)))
