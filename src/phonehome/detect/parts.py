"""Taking an exchange apart: URL, headers, bodies, messages, as the roots from which peeling begins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from phonehome.decoders import COMPRESSIONS, CONTAINERS
from phonehome.decoders.base import Compression
from phonehome.detect.graph import Graph
from phonehome.detect.labels import add_joined_labels
from phonehome.detect.unfold import MAX_INFLATED, MAX_LEAVES, split_url
from phonehome.model.errors import DecodeError, LimitExceeded
from phonehome.model.exchange import Direction, Exchange, Message, Protocol
from phonehome.model.finding import Part
from phonehome.model.problem import Problem

MAX_HEADERS = 2_000
"""Headers of one message that are looked at one by one."""

_COOKIES = next(container for container in CONTAINERS if container.name == "cookies")
_BY_NAME = {compression.name: compression for compression in COMPRESSIONS}
_CODINGS: dict[str, tuple[str, ...]] = {
    "gzip": ("gzip",),
    "x-gzip": ("gzip",),
    # RFC 9110, 8.4.1.2: "deflate" is the zlib format, and some senders leave the wrapper out.
    "deflate": ("zlib", "deflate"),
    "br": ("br",),
    "zstd": ("zstd",),
}
_WEB_ENCODED = re.compile(rb"[ -~]*\Z")


@dataclass(frozen=True, slots=True)
class Root:
    """A part of an exchange from which peeling begins; `step` opens its path (`message:3`)."""

    exchange: int
    part: Part
    direction: Direction
    step: str
    node: int


def add_exchange(graph: Graph, roots: list[Root], place: int, exchange: Exchange) -> Iterator[Problem]:
    """Add every part of an exchange to the graph; gives what is wrong with its content codings."""
    if exchange.url and not exchange.inbound:
        _add_url(graph, roots, place, exchange.url, exchange.protocol)
    for message, up in ((exchange.request, True), (exchange.response, False)):
        if message is None:
            continue
        direction = Direction.UP if up else Direction.DOWN
        if message.headers:
            part = Part.REQUEST_HEADERS if up else Part.RESPONSE_HEADERS
            _add_headers(graph, roots, place, message, part, direction)
        if message.body:
            part = Part.REQUEST_BODY if up else Part.RESPONSE_BODY
            yield from _add_body(graph, roots, place, exchange, message, part, direction)
    if exchange.protocol is Protocol.RAW and (exchange.url or b"").startswith(b"tcp:"):
        _add_stream(graph, roots, place, exchange)
        return
    for number, piece in enumerate(exchange.pieces):
        if piece.data:
            part = Part.STREAM if exchange.protocol is Protocol.RAW else Part.MESSAGE
            _add_root(graph, roots, place, part, piece.direction, piece.data, f"message:{number}")


def _add_stream(graph: Graph, roots: list[Root], place: int, exchange: Exchange) -> None:
    """The pieces of a TCP stream are cut anywhere: each direction is one text."""
    for direction in Direction:
        data = b"".join(piece.data for piece in exchange.pieces if piece.direction is direction)
        if data:
            _add_root(graph, roots, place, Part.STREAM, direction, data, f"stream:{direction.value}")


def _add_root(
    graph: Graph,
    roots: list[Root],
    place: int,
    part: Part,
    direction: Direction,
    data: bytes,
    step: str = "",
) -> int:
    graph.add_root(data)
    node = graph.index[data]
    roots.append(Root(place, part, direction, step, node))
    return node


def _add_url(graph: Graph, roots: list[Root], place: int, url: bytes, protocol: Protocol) -> None:
    node = _add_root(graph, roots, place, Part.REQUEST_URL, Direction.UP, url)
    if node not in graph.closed:
        graph.closed.add(node)
        split_url(graph, node, url, "")
        if protocol is Protocol.DNS:
            add_joined_labels(graph, node, url)


def _add_headers(
    graph: Graph, roots: list[Root], place: int, message: Message, part: Part, direction: Direction
) -> None:
    block = b"".join([b"%b: %b\r\n" % header for header in message.headers])
    node = _add_root(graph, roots, place, part, direction, block)
    if node in graph.closed:
        return
    graph.closed.add(node)
    if len(message.headers) > MAX_HEADERS:
        graph.budgets[-1].note(
            f"more than {MAX_HEADERS:,} headers: encoded values were looked for only in these"
        )
    at = 0
    for name, value in message.headers[:MAX_HEADERS]:
        start = at + len(name) + 2
        end = start + len(value)
        lower = name.lower()
        if lower == b"cookie" or lower == b"set-cookie":
            _add_cookies(graph, node, value, start)
        elif value:
            if lower == b"authorization" and b" " in value:
                credentials = start + value.index(b" ") + 1
                graph.add(node, "", "header:Authorization", credentials, end, value[credentials - start :])
            graph.add(node, "", f"header:{name.decode('utf-8', 'replace')}", start, end, value)
        at = end + 2


def _add_cookies(graph: Graph, node: int, value: bytes, start: int) -> None:
    try:
        leaves = _COOKIES.split(value, MAX_LEAVES)
    except (DecodeError, LimitExceeded):
        graph.add(node, "", "header:Cookie", start, start + len(value), value)
        return
    for leaf in leaves:
        if leaf.data:
            graph.add(node, "", leaf.step, start + leaf.start, start + leaf.end, leaf.data)


def _add_body(
    graph: Graph,
    roots: list[Root],
    place: int,
    exchange: Exchange,
    message: Message,
    part: Part,
    direction: Direction,
) -> Iterator[Problem]:
    node = _add_root(graph, roots, place, part, direction, message.body)
    data = message.body
    for coding in reversed(message.codings):
        if coding in ("", "identity"):
            continue
        known = [_BY_NAME[name] for name in _CODINGS.get(coding.lower(), ())]
        opened = _inflate(known, data)
        where = f"exchange {exchange.index} {part.value}"
        if opened is None:
            expected = f"Content-Encoding {_safe(coding)}"
            why = "is not in it" if known else "which is unknown here"
            reason = (
                f"declared {expected}, but the body {why}: searched as it is"
                if known
                else (f"declared {expected}, {why}: searched as it is")
            )
            yield Problem(where=where, reason=reason, input=exchange.input, index=exchange.index)
            return
        compression, inflated, complete = opened
        graph.closed.add(node)
        graph.add(node, compression, "", 0, len(data), inflated)
        if not complete:
            reason = (
                f"{compression} body ends early or is larger than {MAX_INFLATED >> 20} MiB: searched to there"
            )
            yield Problem(where=where, reason=reason, input=exchange.input, index=exchange.index)
        if inflated not in graph.index:
            return
        node, data = graph.index[inflated], inflated


def _inflate(known: list[Compression], data: bytes) -> tuple[str, bytes, bool] | None:
    for compression in known:
        try:
            inflated = compression.inflate(data, MAX_INFLATED)
        except (DecodeError, LimitExceeded):
            continue
        if inflated.data:
            return compression.name, inflated.data, inflated.complete
    return None


def _safe(coding: str) -> str:
    return coding if _WEB_ENCODED.match(coding.encode()) and len(coding) < 40 else "of strange spelling"
