"""Archives as contents: their members are the next layer, and what could not be unpacked is said."""

from phonehome.decoders.base import Leaf
from phonehome.decoders.tar import MAGIC, MAGIC_AT, Tar
from phonehome.decoders.zip_archive import MAX_ARCHIVE, Zip
from phonehome.detect.graph import Graph
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_ARCHIVED = 100_000
"""Files and names of one tar archive that are looked at one by one; the whole is searched all the same."""

_ZIP_MAGIC = b"PK\x03\x04"
_ZIP, _TAR = Zip(), Tar()


def unfold_archive(graph: Graph, node: int, data: bytes) -> bool:
    """Unpack a zip or tar archive; false if the content is neither."""
    if data.startswith(_ZIP_MAGIC):
        return _unfold_zip(graph, node, data)
    return data.startswith(MAGIC, MAGIC_AT) and _unfold_tar(graph, node, data)


def _unfold_zip(graph: Graph, node: int, data: bytes) -> bool:
    budget = graph.budgets[graph.owner[node]]
    room = budget.room(MAX_ARCHIVE)
    if not room:
        return False
    try:
        unpacked = _ZIP.unpack(data, room)
    except DecodeError:
        return False
    graph.charge(node, unpacked.inflated)
    for reason in unpacked.reasons:
        graph.note(node, f"zip: {reason}")
    if 2 * unpacked.closed > len(data):
        graph.unknown.append(node)  # encrypted members are ciphertext like any other
    _add(graph, node, "zip", unpacked.leaves)
    return True


def _unfold_tar(graph: Graph, node: int, data: bytes) -> bool:
    try:
        leaves = _TAR.split(data, MAX_ARCHIVED)
    except DecodeError:
        return False
    except LimitExceeded as limit:
        graph.note(node, f"tar: {limit}")
        return False
    _add(graph, node, "tar", leaves)
    return True


def _add(graph: Graph, node: int, layer: str, leaves: list[Leaf]) -> None:
    for leaf in leaves:
        graph.add(node, layer, leaf.step, leaf.start, leaf.end, leaf.data)
