"""Values cut over the labels of a DNS name.

A label holds 63 octets at most (RFC 1035, 2.3.4), so whoever carries data out in names cuts it, and the dots between
the pieces are no part of it. Neighbouring labels are therefore searched together too: every run of them, since a
counter may stand before the data and a domain behind it.
"""

from collections.abc import Iterator
from itertools import combinations
from urllib.parse import unquote_to_bytes

from phonehome.detect.graph import Graph

LAYER = "dns-labels"
"""The name in chains."""

MAX_LABELS = 12
"""Labels at the left of a name that are joined; the text as a whole is searched all the same."""

MIN_LABELS = 3
"""Labels of a name below which nothing but the domain itself could be joined."""

_SCHEME = b"dns:"
_NOT_DATA = (b"arpa", b"arpa.")


def add_joined_labels(graph: Graph, node: int, url: bytes) -> None:
    """Add every run of neighbouring labels of a `dns:` URI, without its dots, to the graph.

    Reverse look-ups (`.arpa`) are left out: their labels are the digits of an address. So is the last label.
    """
    end = url.find(b"?")
    labels = list(_iter_labels(url, len(_SCHEME), len(url) if end < 0 else end))
    if len(labels) < MIN_LABELS or labels[-1][2].lower() in _NOT_DATA:
        return
    if len(labels) - 1 > MAX_LABELS:
        graph.note(node, f"more than {MAX_LABELS} labels in a name: the first of them were joined")
    for first, last in combinations(range(min(len(labels) - 1, MAX_LABELS)), 2):
        joined = b"".join([data for _, _, data in labels[first : last + 1]])
        graph.add(node, LAYER, "", labels[first][0], labels[last][1], joined)


def _iter_labels(url: bytes, at: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """Give each label that is not empty: where it begins and ends in the URI, and its bytes, unescaped."""
    for raw in url[at:end].split(b"."):
        if raw:
            yield at, at + len(raw), unquote_to_bytes(raw)
        at += len(raw) + 1
