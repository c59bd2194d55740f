"""What was sent up and looks like ciphertext: the bytes that coverage calls unreadable.

Bodies, messages and streams are payloads, so whatever makes up most of one counts. A query is mostly tokens, ids and
digests, which look just as random and say nothing of anybody that a handset would not say anyway; so of a query
only what nothing else explains counts: a content longer than any digest, or several fields that are each whole
blocks of a cipher, as an app makes them that encrypts its parameters one by one.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from phonehome.detect.entropy import MIN_OPAQUE, is_opaque, is_short_opaque
from phonehome.detect.graph import Edge, Graph
from phonehome.detect.parts import Root
from phonehome.model.exchange import Direction
from phonehome.model.finding import Part

BLOCK = 16
"""Bytes of a block of AES. Short fields of a query under a stream cipher are not told from ids."""

MIN_FIELDS = 2
"""Fields of a query that look encrypted, each of whole blocks, before they count; one alone may be a UUID or an MD5."""

MAX_SPELLING = 3
"""Characters of a query for a byte, where each is escaped; a field of more holds other things, too, that were read."""

MAX_TOKEN = 1_024
"""Bytes of what a query calls a token or a signature that are believed to be one."""

_BODIES = frozenset({Part.REQUEST_BODY, Part.RESPONSE_BODY, Part.MESSAGE, Part.STREAM})
_OTHER_CODINGS = ("base16", "base32", "base58", "base85", "z85", "ascii85")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_PAIR = re.compile(rb"([^&;=]*+)=?([^&;]*+)")
_TOKEN_WORDS = frozenset(
    {
        *(
            "access",
            "apikey",
            "assertion",
            "auth",
            "authorization",
            "challenge",
            "checksum",
            "code",
            "cookie",
        ),
        *("credential", "csrf", "digest", "etag", "hash", "hmac", "iv", "jwt", "key"),
        *("mac", "nonce", "oauth", "sess", "session", "sha", "sid", "sig", "sign"),
        *("signature", "state", "ticket", "tok", "token", "verifier", "xsrf"),
    }
)


@dataclass(slots=True)
class _Pieces:
    """Contents of one part that are too short to tell alone, by their places in it."""

    all: dict[tuple[int, int], bytes] = field(default_factory=dict)
    short: dict[bytes, int] = field(default_factory=dict)


def opaque_up(graph: Graph, roots: Sequence[Root]) -> dict[int, int]:
    """For each exchange, the bytes of its bodies, messages and queries sent up that look like ciphertext.

    A part counts where one such content makes up most of it, or where several small ones do: fields that an app
    encrypted one by one, each too short to tell. Of what is shorter in all, a body counts that is nothing else: a
    number of eleven digits fits into one block of a cipher.
    """
    whole: dict[int, set[tuple[int, int]]] = defaultdict(set)
    pieces: dict[int, _Pieces] = defaultdict(_Pieces)
    for node in graph.unknown:
        data = graph.data[node]
        for root_number, edges in graph.iter_paths(node):
            root = roots[root_number]
            if root.direction is not Direction.UP or not _is_payload(graph, root, edges, data):
                continue
            outermost = next((edge for edge in edges if edge.start >= 0), None)
            start, end = (outermost.start, outermost.end) if outermost is not None else (0, len(data))
            if root.part is Part.REQUEST_URL and len(data) * MAX_SPELLING < end - start:
                continue
            if len(data) < MIN_OPAQUE:
                piece = pieces[root_number]
                piece.all[start, end] = data
                if _is_plain_or_base64(graph, edges):
                    piece.short[data] = max(piece.short.get(data, 0), end - start)
            elif 2 * (end - start) >= _size(graph, root) and is_opaque(data):
                whole[root_number].add((start, end))
    lost: dict[int, int] = defaultdict(int)
    for root_number, spans in whole.items():
        lost[roots[root_number].exchange] += sum(end - start for start, end in spans)
    for root_number, piece in pieces.items():
        root = roots[root_number]
        if root.part is Part.REQUEST_URL and len(piece.short) < MIN_FIELDS:
            continue
        lost[root.exchange] += _together(piece, _size(graph, root))
    return lost


def _together(piece: _Pieces, size: int) -> int:
    """The bytes of a part that are small contents, if together they look like ciphertext and make up most of it."""
    covered = sum(end - start for start, end in piece.all)
    if 2 * covered >= size and is_opaque(b"".join(dict.fromkeys(piece.all.values()))):
        return covered
    covered = sum(piece.short.values())
    return covered if 2 * covered >= size and is_short_opaque(b"".join(piece.short)) else 0


def _is_payload(graph: Graph, root: Root, edges: Sequence[Edge], data: bytes) -> bool:
    """Say whether a content stands where payloads stand: in a body, or in a query and not as a token or a digest."""
    if root.part in _BODIES:
        return True
    if root.part is not Part.REQUEST_URL or not edges or any(edge.layer == "jwt" for edge in edges):
        return False
    kind, _, name = edges[0].step.partition(":")
    if kind != "query" or (len(data) <= MAX_TOKEN and _is_token_name(name)):
        return False
    # The longest digest in use has 64 bytes; what is shorter must be whole blocks, and no number in hexadecimal.
    return len(data) > MIN_OPAQUE or (
        len(data) < MIN_OPAQUE and len(data) % BLOCK == 0 and _is_plain_or_base64(graph, edges)
    )


def _is_token_name(name: str) -> bool:
    return any(word.lower() in _TOKEN_WORDS for word in _WORD.findall(name))


def _size(graph: Graph, root: Root) -> int:
    """The bytes that a content is held against: of a query, its values, but for tokens."""
    data = graph.data[root.node]
    if root.part is not Part.REQUEST_URL:
        return len(data)
    query = data.partition(b"#")[0].partition(b"?")[2]
    return sum(
        len(value)
        for name, value in _PAIR.findall(query)
        if len(value) > 2 * MAX_TOKEN or not _is_token_name(name.decode("ascii", "replace"))
    )


def _is_plain_or_base64(graph: Graph, edges: Sequence[Edge]) -> bool:
    """Say whether short bytes stand as they are, or in Base64 that is no word; other codings hold numbers and ids."""
    if any(edge.layer.startswith(_OTHER_CODINGS) for edge in edges):
        return False
    coded = next((edge for edge in reversed(edges) if edge.layer.startswith("base64")), None)
    if coded is None or coded.start < 0:
        return True
    return not graph.data[coded.parent][coded.start : coded.end].isalpha()
