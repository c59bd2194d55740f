"""Peeling all layers of all parts, breadth first.

A layer is the set of contents that the one before gave. Each is looked at once: is it text or binary, is it a known
container, is it compressed? A container's parts and a compression's output are the next layer. What is plain text
goes, together with all other plain texts of the layer, through one search for encoded spans.

Only what can be something is tried: signatures first, then strict parsers, and the compressions that have no
signature last, on whole contents. All bounds count work, not seconds, so a result repeats.
"""

import binascii
import re
import string

import numpy as np
from numpy.typing import NDArray

from phonehome.decoders import COMPRESSIONS, CONTAINERS, TEXT_CODINGS
from phonehome.decoders.base import Compression, Container, Inflated, Leaf, TextCoding
from phonehome.decoders.base16 import Base16Separated
from phonehome.decoders.utf16 import Utf16BeRun, Utf16BeWhole, Utf16LeRun, Utf16LeWhole
from phonehome.detect.archives import unfold_archive
from phonehome.detect.entropy import MIN_PIECE
from phonehome.detect.graph import Graph
from phonehome.detect.tokens import Token, find_tokens
from phonehome.model.errors import DecodeError, LimitExceeded

MIN_UNFOLDED = 6
"""Bytes below which nothing can hold a form under a layer."""

MAX_INFLATED = 32 << 20
"""Bytes that one compressed span may give."""

MAX_LEAVES = 200_000
"""Parts of one container that are looked at one by one; the whole is searched all the same."""

MAX_TOKENISED = 32 << 20
"""Bytes of one text that are searched for encoded spans."""

MAX_EMBEDDED = 256
"""Places tried inside one binary of no known format that may begin a compressed stream."""

MIN_BINARY = 12
"""Bytes below which a binary has no room for a format around a form; its own bytes are searched all the same."""

MIN_UNSIGNED = 20
"""Bytes below which a compression without signature gains nothing, so that nobody uses one."""

MIN_GLUED = 12
"""Characters of Base64 that is looked for behind others of its own alphabet."""

MIN_QUOTED = 2
"""Escapes of quoted-printable before a text is taken for it."""

MIN_RECORD = MIN_UNSIGNED
MIN_NESTED_RECORDS = 40
MAX_RECORDS_SIZE = 16 << 10
MAX_SHORT_RECORDS_SIZE = 1 << 10
MAX_RECORDS_TRIED = 1_000
"""Binaries in which records behind a length of one to four bytes are looked for, and how many are tried."""

_LENGTHS = ((2, "big"), (4, "big"), (2, "little"), (4, "little"), (1, "big"))
_PRINTABLE = string.printable.encode()[:-2]  # without vertical tab and form feed
_PLUS_IS_SPACE = frozenset({"query", "form", "percent"})
_SPACE = b" \t\r\n"
_CONTROL = bytes(set(range(32)) - set(_SPACE)) + b"\x7f"
_BASE85_ALPHABETS = (
    ("base85", (string.digits + string.ascii_letters + "!#$%&()*+-;<=>?@^_`{|}~").encode()),
    ("z85", (string.digits + string.ascii_letters + ".-:+=^!/*?&<>()[]{}@%$#").encode()),
    ("ascii85", bytes(range(33, 118)) + b"z~"),
)
_PLAIN = (string.ascii_letters + string.digits + "+/-_=").encode()
_WRAPPED = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}+\r?\n")
_SEPARATED = re.compile(rb"(?:[0-9A-Fa-f]{2}[-: ,.]|\\x[0-9A-Fa-f]{2}|0[xX][0-9A-Fa-f]{2}[,;: ]{0,2}){4}")
_DASHED = re.compile(
    rb"(?<![0-9A-Za-z-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z-])"
)
_QUOTED = re.compile(rb"=[0-9A-F]{2}|=\r?\n")
_ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")
_ESCAPE = re.compile(rb"\\[\"\\/bfnrtux0]")
_UTF16_HINT = re.compile(rb"(?:[\t\r\n\x20-\x7e]\x00){5}")
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_URL = re.compile(rb"[a-z][a-z0-9+.-]*://[^/?#]*")
_SEGMENT = re.compile(rb"[^/]+")
_PAIRS = re.compile(rb"[^\s=&]{1,128}=")
_SIGNED: tuple[tuple[Compression, tuple[bytes, ...]], ...] = tuple(
    (compression, compression.signatures) for compression in COMPRESSIONS if compression.signatures
)
_SIGNED_BY_BYTE = tuple(
    tuple((compression, marks) for compression, marks in _SIGNED if any(mark[0] == first for mark in marks))
    for first in range(256)
)
_MARKS_BY_BYTE = tuple(
    tuple(mark for _, marks in signed for mark in marks if mark[0] == first)
    for first, signed in enumerate(_SIGNED_BY_BYTE)
)
_UNSIGNED: tuple[Compression, ...] = tuple(
    compression for compression in COMPRESSIONS if not compression.signatures
)
# Two bytes of zlib stand in any binary by accident; its header check and its end decide.
_HUFFMAN = frozenset({"deflate", "br"})
_EMBEDDED = re.compile(b"|".join(re.escape(mark) for _, marks in _SIGNED for mark in marks if len(mark) >= 2))
_MEDIA = (
    b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"RIFF", b"wOFF", b"wOF2", b"%PDF", b"OggS", b"ID3", b"fLaC",
    b"\x1aE\xdf\xa3", b"\x00\x01\x00\x00", b"\x00asm", b"dex\n",
)  # fmt: skip
_CONTAINER: dict[str, Container] = {container.name: container for container in CONTAINERS}
_TEXT: dict[str, TextCoding] = {}
for _coding in TEXT_CODINGS:
    _TEXT.setdefault(_coding.name, _coding)


def _beginnings(first: int) -> tuple[str, ...]:
    """The binary containers that a first byte allows, in the order of trial."""
    names = []
    if first == 0x62:
        names.append("bplist")
    if first <= 1:
        names.append("grpc")
    if first >= 8 and first & 7 in (0, 1, 2, 3, 5):
        names.append("protobuf")
    if 0x80 <= first <= 0x9F or 0xDC <= first <= 0xDF:
        names.append("msgpack")
    if 0x80 <= first <= 0xDB:
        names.append("cbor")
    return tuple(names)


_BEGINNINGS = tuple(_beginnings(first) for first in range(256))
_WHOLE_TEXT = tuple(
    (mark, pattern, _TEXT[name])
    for name, mark, pattern in (
        ("percent", b"%", _PERCENT),
        ("html-entities", b"&", _ENTITY),
        ("json-escape", b"\\", _ESCAPE),
    )
    if name in _TEXT
)
_SEPARATED_PAIRS = Base16Separated()
_UTF16_RUNS: tuple[TextCoding, ...] = (Utf16LeRun(), Utf16BeRun())
_UTF16_WHOLE: tuple[tuple[re.Pattern[bytes], TextCoding], ...] = (
    # Four characters whose upper halves are those of scripts in use, or a byte order mark.
    (
        re.compile(rb"\xff\xfe|(?:[\x00-\xff][\x00-\x06\x0e\x1e\x20\x30\x4e-\x9f\xac-\xd7\xff]){4}"),
        Utf16LeWhole(),
    ),
    (
        re.compile(rb"\xfe\xff|(?:[\x00-\x06\x0e\x1e\x20\x30\x4e-\x9f\xac-\xd7\xff][\x00-\xff]){4}"),
        Utf16BeWhole(),
    ),
)


def unfold_layer(graph: Graph, nodes: list[int]) -> list[int]:
    """Open every node of one layer, adding what they hold to `graph`; gives the nodes that are binary."""
    texts: list[int] = []
    binaries: list[int] = []
    for node in nodes:
        data = graph.data[node]
        if len(data) < MIN_UNFOLDED or node in graph.closed:
            continue
        if data.isalnum():
            pass  # one token or word: no container, no escape
        elif is_text(data):
            if _unfold_text(graph, node, data):
                continue
        else:
            binaries.append(node)
            if _unfold_binary(graph, node, data):
                continue
        texts.append(node)
    if texts:
        _unfold_tokens(graph, texts)
    return binaries


def is_text(data: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters."""
    rest = data.translate(None, _PRINTABLE)
    if not rest:
        return True
    if rest.translate(None, _CONTROL) != rest:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unfold_text(graph: Graph, node: int, data: bytes) -> bool:
    """Open a text; true if a container holds all of it."""
    if data[:4] == b"http" and _URL.match(data) and b" " not in data:
        split_url(graph, node, data, "url")
        return True
    for name in _likely_containers(data):
        if _split(graph, node, data, name) and (name != "form" or b"&" in data):
            return True
    for mark, trigger, coding in _WHOLE_TEXT:
        if mark in data and trigger.search(data):
            _decode_whole(graph, node, data, coding)
    if b"+" in data and b" " not in data and graph.edges[node][0].layer in _PLUS_IS_SPACE:
        graph.add(node, "percent", "", 0, len(data), data.replace(b"+", b" "))
    if b"=" in data and _is_quoted(data):
        _unquote(graph, node, data)
    if b"\n" in data and _WRAPPED.search(data):
        _decode_spans(graph, node, data, _TEXT["base64"])
        _decode_spans(graph, node, data, _TEXT["base64url"])
    if data.count(b"-", 0, MAX_TOKENISED) >= 4:
        _unfold_dashed(graph, node, data)
    if len(data) >= 17 and _SEPARATED.search(data):
        _decode_spans(graph, node, data, _SEPARATED_PAIRS)
    if not data.strip(_SPACE).translate(None, _PLAIN):
        return False
    _unfold_base85(graph, node, data)
    if data[0] == 10 and b"\n" in data:
        # A protobuf message with one string of 32 to 126 bytes is printable to its last byte.
        return _split(graph, node, data, "protobuf")
    return False


def _likely_containers(data: bytes) -> tuple[str, ...]:
    first = data[:1]
    if first in b" \t\r\n\xef":
        first = data.lstrip(b" \t\r\n\xef\xbb\xbf")[:1]
    if first in (b"{", b"["):
        return ("json", "ndjson") if b"\n" in data or b"\x1e" in data else ("json",)
    if first == b"<":
        return ("xml",) if data[:2] != b"<~" else ()
    if data[:2] == b"--":
        return ("multipart",)
    if data[:3] == b"eyJ" and data.count(b".") in (1, 2, 4):
        return ("jwt",)
    if b"=" in first + data[1:] and _PAIRS.match(data) and b" " not in data.partition(b"=")[0]:
        return ("form",)
    return ()


def split_url(graph: Graph, node: int, url: bytes, layer: str) -> None:
    """Add the parts of a URL (RFC 3986): authority, path segments, query, fragment."""
    authority = _URL.match(url)
    at = 0
    if authority is not None:
        at = authority.end()
        start = url.index(b":") + 3
        graph.add(node, layer, "host", start, at, url[start:at])
    path_end = next((i for i in (url.find(b"?", at), url.find(b"#", at)) if i >= 0), len(url))
    for number, match in enumerate(_SEGMENT.finditer(url, at, path_end), 1):
        if number > MAX_LEAVES:
            graph.note(node, f"more than {MAX_LEAVES} segments in a path")
            break
        graph.add(node, layer, f"url:{number}", *match.span(), match.group())
    query_end = url.find(b"#", at)
    query_end = len(url) if query_end < 0 else query_end
    if url[path_end : path_end + 1] == b"?":
        _add_query(graph, node, url, path_end + 1, query_end)
    if query_end < len(url):
        graph.add(node, layer, "fragment", query_end + 1, len(url), url[query_end + 1 :])


def _add_query(graph: Graph, node: int, url: bytes, start: int, end: int) -> None:
    query = url[start:end]
    try:
        leaves = _CONTAINER["query"].split(query, MAX_LEAVES)
    except (DecodeError, LimitExceeded):
        if query:
            graph.add(node, "", "query", start, end, query)
        return
    for leaf in leaves:
        if leaf.data:
            graph.add(node, "query", leaf.step, start + leaf.start, start + leaf.end, leaf.data)


def _unfold_base85(graph: Graph, node: int, data: bytes) -> None:
    if b"<~" in data:
        _decode_spans(graph, node, data, _TEXT["ascii85"])
    body = data.strip(_SPACE)
    if body[:1] in (b'"', b"'") and body[-1:] == body[:1]:
        body = body[1:-1]
    if len(body) < 8 or b" " in body:
        return
    for name, alphabet in _BASE85_ALPHABETS:
        if not body.translate(None, alphabet + b"\r\n"):
            _decode_whole(graph, node, data, _TEXT[name], body)


def _unfold_binary(graph: Graph, node: int, data: bytes) -> bool:
    """Open a binary; true if a format holds all of it."""
    if len(data) < MIN_BINARY:
        return False
    for compression, marks in _SIGNED_BY_BYTE[data[0]]:
        if data.startswith(marks) and _inflate(graph, node, data, compression, 0):
            return True
    if data.startswith(_MEDIA):
        return False
    if data[:2] == b"--" and _split(graph, node, data, "multipart"):
        return True
    if unfold_archive(graph, node, data):
        return True
    opened = False
    for name in _BEGINNINGS[data[0]]:
        opened |= _split(graph, node, data, name)
    for order, coding in _UTF16_WHOLE:
        if order.match(data):
            opened |= _decode_whole(graph, node, data, coding)
    if not opened and _UTF16_HINT.search(data):
        _unfold_utf16_runs(graph, node, data)
    if len(data) < MIN_UNSIGNED:
        if not opened and len(data) >= MIN_PIECE:
            graph.unknown.append(node)
        return opened
    for compression in _UNSIGNED:
        opened |= _inflate(graph, node, data, compression, 0)
    if opened:
        return True
    _unfold_records(graph, node, data)
    if not _unfold_embedded(graph, node, data) and len(data) >= MIN_PIECE:
        graph.unknown.append(node)
    return False


def _unfold_embedded(graph: Graph, node: int, data: bytes) -> bool:
    """Open compressed streams inside a binary of no known format; true if they make up most of it."""
    covered = 0
    at = 1
    for _ in range(MAX_EMBEDDED):
        match = _EMBEDDED.search(data, at)
        if match is None:
            return 2 * covered > len(data)
        at = match.start() + 1
        for compression, marks in _SIGNED_BY_BYTE[data[match.start()]]:
            if match.group().startswith(marks):
                end = _inflate_embedded(graph, node, data, compression, match.start())
                covered += end - match.start()
                at = max(at, end)
    graph.note(
        node, f"more than {MAX_EMBEDDED} places in one binary that may begin a compressed stream", lost=False
    )
    return 2 * covered > len(data)


def _inflate_embedded(graph: Graph, node: int, data: bytes, compression: Compression, start: int) -> int:
    """Open one stream; gives where it ends, or its start if there is none."""
    budget = graph.budgets[graph.owner[node]]
    room = budget.room(MAX_INFLATED)
    if not room:
        return start
    try:
        inflated = compression.inflate(data[start:], room)
    except (DecodeError, LimitExceeded):
        return start
    graph.charge(node, len(inflated.data))
    if len(inflated.data) < MIN_UNFOLDED or not (inflated.complete or is_text(inflated.data)):
        return start
    end = start + inflated.consumed
    graph.add(node, compression.name, "", start, end, inflated.data)
    return end


def _inflate(graph: Graph, node: int, data: bytes, compression: Compression, start: int) -> bool:
    budget = graph.budgets[graph.owner[node]]
    room = budget.room(MAX_INFLATED)
    if not room:
        return False
    try:
        inflated = compression.inflate(data[start:] if start else data, room)
    except (DecodeError, LimitExceeded):
        return False
    graph.charge(node, len(inflated.data))
    if not inflated.data or inflated.data == data:
        return False
    if not compression.signatures and not _is_sound(compression, inflated, len(data)):
        return False
    end = start + inflated.consumed
    graph.add(node, compression.name, "", start, end, inflated.data)
    if len(inflated.data) >= MAX_INFLATED:
        graph.note(
            node,
            f"{compression.name} that gives more than {MAX_INFLATED >> 20} MiB: the rest was not searched",
        )
    if end < len(data) and start == 0:
        graph.add(node, "", "", end, len(data), data[end:])
    return True


def _is_sound(compression: Compression, inflated: Inflated, size: int) -> bool:
    """Without a signature, only all of the input, and an output that was worth compressing, is believed.

    Huffman codes end where they say, which random bytes hardly do; blocks of LZ4 and Snappy are believed
    only where they gained something, since what they copy literally is searched as it stands.
    """
    if not inflated.complete or inflated.consumed < size:
        return False
    if compression.name in _HUFFMAN and 4 * len(inflated.data) >= 3 * size:
        return True
    return len(inflated.data) > size or is_text(inflated.data)


def _unfold_records(graph: Graph, node: int, data: bytes) -> None:
    """Try the compressions without signature on what stands behind a length, in a binary of no known format."""
    size = len(data)
    if not MIN_RECORD < size <= MAX_RECORDS_SIZE:
        return
    if graph.depth[node] and (size < MIN_NESTED_RECORDS or 0 not in data):
        return  # a length of two bytes and more has a zero in a binary of this size
    tried = 0
    for width, order in _LENGTHS:
        if width == 1 and size > MAX_SHORT_RECORDS_SIZE:
            continue
        lengths = _field(data, width, order)
        ends = np.arange(len(lengths), dtype=np.int64) + width + lengths
        for start in np.flatnonzero((lengths >= MIN_RECORD) & (ends <= size)).tolist():
            tried += 1
            if tried > MAX_RECORDS_TRIED:
                graph.note(
                    node,
                    f"more than {MAX_RECORDS_TRIED} places in one binary that may be the length of a record",
                    lost=False,
                )
                return
            begin, end = start + width, int(ends[start])
            if _inflate_record(graph, node, data[begin:end], begin):
                break


def _field(data: bytes, width: int, order: str) -> NDArray[np.int64]:
    """The unsigned integer of `width` bytes at every offset."""
    octets = np.frombuffer(data, dtype=np.uint8).astype(np.int64)
    count = len(octets) - width + 1
    value = np.zeros(count, dtype=np.int64)
    for place in range(width):
        shift = 8 * (width - 1 - place if order == "big" else place)
        value += octets[place : place + count] << shift
    return value


def _inflate_record(graph: Graph, node: int, record: bytes, begin: int) -> bool:
    for compression in _UNSIGNED:
        try:
            inflated = compression.inflate(record, MAX_INFLATED)
        except (DecodeError, LimitExceeded):
            continue
        if _is_sound(compression, inflated, len(record)):
            graph.add(node, compression.name, "", begin, begin + len(record), inflated.data)
            return True
    return False


def _split(graph: Graph, node: int, data: bytes, name: str) -> bool:
    container = _CONTAINER.get(name)
    if container is None:
        return False
    try:
        leaves = container.split(data, MAX_LEAVES)
    except DecodeError:
        return False
    except LimitExceeded as limit:
        graph.note(node, f"{name}: {limit}")
        return False
    add_leaves(graph, node, name, leaves)
    return True


def add_leaves(graph: Graph, node: int, layer: str, leaves: list[Leaf]) -> None:
    """Add the parts of a container."""
    for leaf in leaves:
        if leaf.data:
            graph.add(node, layer, leaf.step, leaf.start, leaf.end, leaf.data)


def _decode_whole(
    graph: Graph, node: int, data: bytes, coding: TextCoding, body: bytes | None = None
) -> bool:
    """Decode all of a content, or the `body` of it that stands between quotes and spaces."""
    start = 0 if body is None else data.index(body)
    span = data if body is None else body
    try:
        decoded = coding.decode(span)
    except (DecodeError, LimitExceeded):
        return False
    if not decoded or decoded == data:
        return False
    graph.add(node, coding.name, "", start, start + len(span), decoded)
    return True


def _unfold_dashed(graph: Graph, node: int, data: bytes) -> None:
    """Sixteen bytes in the shape of a UUID: some SDKs write an MD5 so."""
    for match in _DASHED.finditer(data, 0, MAX_TOKENISED):
        start, end = match.span()
        graph.add(node, "base16", "", start, end, bytes.fromhex(match.group().replace(b"-", b"").decode()))


def _is_quoted(data: bytes) -> bool:
    escapes = len(_QUOTED.findall(data, 0, MAX_TOKENISED))
    every = escapes and (escapes == data.count(b"=", 0, MAX_TOKENISED) or b"QUOTED-PRINTABLE" in data)
    return bool(every) or escapes >= MIN_QUOTED


def _begins_well(decoded: bytes) -> bool:
    """Whether a decoded span is what somebody would have encoded: a text, or a signed format."""
    if decoded[:8].isascii() and is_text(decoded):
        return True
    return any(len(mark) > 2 and decoded.startswith(mark) for mark in _MARKS_BY_BYTE[decoded[0]])


def _unglue(graph: Graph, node: int, token: Token, span: bytes) -> None:
    """Base64 with one to three characters glued before it (`v1…`): another of the four ways to cut it in fours."""
    for skipped in (1, 2, 3):
        try:
            decoded = _TEXT[token.coding].decode(span[skipped : skipped + (len(span) - skipped) // 4 * 4])
        except (DecodeError, LimitExceeded):
            continue
        if decoded and _begins_well(decoded):
            graph.add(node, token.coding, "", token.start + skipped, token.end, decoded)
            return


def _unquote(graph: Graph, node: int, data: bytes) -> None:
    """Quoted-printable by the lenient rule of RFC 2045, 6.7: what is no escape stays, as inside a vCard."""
    decoded = binascii.a2b_qp(data[:MAX_TOKENISED])
    if decoded and decoded != data:
        graph.add(node, "quoted-printable", "", 0, len(data), decoded)


def _unfold_utf16_runs(graph: Graph, node: int, data: bytes) -> None:
    """Runs of ASCII with zeros between, each by the order that the zeros around it speak for.

    A run with a zero at both ends may be of either order: an odd number of zeros behind it are the end of a run of
    big endian with its terminator, or of the next field.
    """
    for match in _UTF16_RUNS[0].pattern.finditer(data, 0, MAX_TOKENISED):
        start, end = match.span()
        if (end - start) & 1 and data[start] == 0:
            behind = data[end : end + 4]
            zeros = len(behind) - len(behind.lstrip(b"\0"))
            start, end = (start, end - 1) if zeros & 1 else (start + 1, end)
        for coding in _UTF16_RUNS:
            try:
                decoded = coding.decode(data[start:end])
            except (DecodeError, LimitExceeded):
                continue
            if (end - start) & 1 == 0:
                graph.add(node, coding.name, "", start, end, decoded)
                break
            # A letter at both ends: one of them belongs to what stands beside it, and either may.
            cut = (start + 1, end) if coding.name == "utf-16-be" else (start, end - 1)
            graph.add(node, coding.name, "", *cut, decoded)


def _decode_spans(graph: Graph, node: int, data: bytes, coding: TextCoding) -> None:
    for match in coding.pattern.finditer(data, 0, MAX_TOKENISED):
        start, end = match.span()
        try:
            decoded = coding.decode(data[start:end])
        except (DecodeError, LimitExceeded):
            continue
        if decoded:
            graph.add(node, coding.name, "", start, end, decoded)


def _unfold_tokens(graph: Graph, nodes: list[int]) -> None:
    for node in nodes:
        if len(graph.data[node]) > MAX_TOKENISED:
            graph.note(
                node,
                f"more than {MAX_TOKENISED >> 20} MiB of one content: encoded spans were looked for only before that",
            )
    contents = [graph.data[node][:MAX_TOKENISED] for node in nodes]
    for token in find_tokens(contents):
        span = contents[token.text][token.start : token.end]
        try:
            decoded = _TEXT[token.coding].decode(span)
        except (DecodeError, LimitExceeded, KeyError):
            continue
        if decoded:
            graph.add(nodes[token.text], token.coding, "", token.start, token.end, decoded)
            if token.coding.startswith("base64") and len(span) >= MIN_GLUED and not _begins_well(decoded):
                _unglue(graph, nodes[token.text], token, span)
