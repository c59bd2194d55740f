r"""Exchanges written out as they were read, unmasked and unjudged: as ndjson, or as a HAR.

Both stream. Text is UTF-8 where the bytes are; a byte that is not is written in ndjson as `\xNN` (and then
cannot be told from a backslash that was there: take `body` or the recording for bytes), in a HAR as a lone
surrogate escape, which our own reader turns back into the byte.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
from pybase64 import b64encode

from phonehome import __version__
from phonehome.model.exchange import Direction, Exchange, Header, Message, Piece, Protocol, Transport
from phonehome.reports.ndjson import write_exchange

_EPOCH = "1970-01-01T00:00:00Z"
_TEXT_OPCODE = 1
_BINARY_OPCODE = 2


@dataclass(frozen=True, slots=True)
class NdjsonWriter:
    """Writes lines of JSON in UTF-8, one for each exchange, as the contract of `phonehome exchanges` says.

    Attributes:
        bodies: Whether to give bodies, in Base64; without, `body` is null.
    """

    bodies: bool

    def render(self, exchange: Exchange) -> bytes:
        """Write an exchange, all but its index, which comes first."""
        return write_exchange(exchange, bodies=self.bodies)

    def join(self, rendered: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
        """Give the lines of exchanges: their indexes, and what was written of them."""
        for index, data in rendered:
            yield b'{"index":%d,' % index
            yield data


@dataclass(frozen=True, slots=True)
class HarWriter:
    """Writes a HAR 1.2 in UTF-8; our reader reads it back to the same exchanges.

    What HAR has no field for (raw streams, DNS, the codings still on a body) stands in members
    `_phonehome`, which other programs pass over.
    """

    def render(self, exchange: Exchange) -> bytes:
        """Write an exchange's entry."""
        return _dump(_entry(exchange))

    def join(self, rendered: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
        """Give the whole of the file, piece by piece."""
        creator = json.dumps({"name": "phonehome", "version": __version__})
        yield f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": ['.encode()
        separator = b"\n"
        for _, data in rendered:
            yield separator
            yield data
            separator = b",\n"
        yield b"\n]}}\n"


def iter_ndjson(exchanges: Iterable[Exchange], *, bodies: bool) -> Iterator[bytes]:
    """Give the line of JSON of each exchange; see `NdjsonWriter`."""
    writer = NdjsonWriter(bodies)
    for exchange in exchanges:
        yield b"".join(writer.join([(exchange.index, writer.render(exchange))]))


def iter_har(exchanges: Iterable[Exchange]) -> Iterator[bytes]:
    """Give a HAR of exchanges piece by piece; see `HarWriter`."""
    writer = HarWriter()
    return writer.join((exchange.index, writer.render(exchange)) for exchange in exchanges)


def exchanges_schema() -> dict[str, object]:
    """Give the JSON Schema (draft 2020-12) of one line of ndjson."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:phonehome:schema:exchanges/1",
        "title": "phonehome.exchanges/1",
        **_object(
            index=_COUNT,
            time=_maybe("string"),
            protocol={"enum": [protocol.value for protocol in Protocol]},
            method=_maybe("string"),
            url=_maybe("string"),
            host=_maybe("string"),
            address=_maybe("string"),
            port=_maybe("integer"),
            app=_maybe("string"),
            packets={"type": "array", "items": {"type": "integer", "minimum": 1}},
            status=_maybe("integer"),
            transport={"enum": [*(transport.value for transport in Transport), None]},
            request={"anyOf": [_MESSAGE, {"type": "null"}]},
            response={"anyOf": [_MESSAGE, {"type": "null"}]},
            messages={"type": "array", "items": _PIECE},
        ),
    }


class _Base64:
    """Bytes that are written in Base64 at the latest moment, for they are most of what is written.

    No dataclass: the writer would take it apart.
    """

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


def _dump(value: dict[str, object]) -> bytes:
    """Write one object; lone surrogates, which stand for bytes that are no text, are beyond the quick writer."""
    try:
        return orjson.dumps(value, _fragment)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), default=_string).encode()


def _fragment(value: object) -> orjson.Fragment:
    """Nothing in it needs an escape, so the writer need not look."""
    return orjson.Fragment(b'"%b"' % b64encode(_bytes(value)))


def _string(value: object) -> str:
    return b64encode(_bytes(value)).decode()


def _bytes(value: object) -> bytes:
    if not isinstance(value, _Base64):
        raise TypeError(f"no {type(value).__name__} is written")
    return value.data


def _object(**properties: object) -> dict[str, object]:
    """Write the schema of an object that has these members and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _maybe(kind: str) -> dict[str, object]:
    return {"type": [kind, "null"]}


_COUNT: dict[str, object] = {"type": "integer", "minimum": 0}
_DIGEST: dict[str, object] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_BODY: dict[str, object] = {"type": ["string", "null"], "contentEncoding": "base64"}
_PAIR: dict[str, object] = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
_MESSAGE = _object(
    headers={"type": "array", "items": _PAIR},
    size=_COUNT,
    sha256=_DIGEST,
    codings={"type": "array", "items": {"type": "string"}},
    truncated={"type": "boolean"},
    body=_BODY,
)
_PIECE = _object(
    direction={"enum": [direction.value for direction in Direction]},
    time=_maybe("string"),
    text={"type": "boolean"},
    size=_COUNT,
    sha256=_DIGEST,
    body=_BODY,
)


def _entry(exchange: Exchange) -> dict[str, object]:
    entry: dict[str, object] = {
        "startedDateTime": _time(exchange.time) or _EPOCH,
        "time": -1,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": -1, "wait": -1, "receive": -1},
        "_phonehome": _own_members(exchange),
    }
    if exchange.address is not None:
        entry["serverIPAddress"] = exchange.address
    if exchange.pieces:
        entry["_webSocketMessages"] = [_websocket_message(piece) for piece in exchange.pieces]
    return entry


def _own_members(exchange: Exchange) -> dict[str, object]:
    """Say what HAR has no field for."""
    own: dict[str, object] = {
        "protocol": exchange.protocol.value,
        "transport": exchange.transport.value if exchange.transport is not None else None,
        "host": exchange.host,
        "port": exchange.port,
        "app": exchange.app,
        "packets": list(exchange.packets),
        "status": exchange.status,
        "has_url": exchange.url is not None,
        "has_request": exchange.request is not None,
        "has_response": exchange.response is not None,
    }
    if exchange.time is None:
        own["time"] = None
    return own


def _request(exchange: Exchange) -> dict[str, object]:
    message = exchange.request or Message()
    url = exchange.url if exchange.url is not None else b"about:unknown"
    request: dict[str, object] = {
        "method": exchange.method or "",
        "url": _exact(url),
        "httpVersion": exchange.protocol.value.upper(),
        "cookies": [],
        "headers": _headers(message.headers),
        "queryString": [],
        **_sizes(message),
    }
    if message.body:
        request["postData"] = {"mimeType": _header(message, b"content-type"), **_body(message.body)}
    return request


def _response(exchange: Exchange) -> dict[str, object]:
    message = exchange.response or Message()
    kind = _header(message, b"content-type")
    return {
        "status": exchange.status or 0,
        "statusText": "",
        "httpVersion": exchange.protocol.value.upper(),
        "cookies": [],
        "headers": _headers(message.headers),
        "content": {"size": len(message.body), "mimeType": kind, **_body(message.body)},
        "redirectURL": _header(message, b"location"),
        **_sizes(message),
    }


def _sizes(message: Message) -> dict[str, object]:
    own = {
        "size": message.size,
        "codings": list(message.codings),
        "truncated": message.truncated,
        "missing": message.missing,
    }
    body_size = min(len(message.body), message.size)
    return {"headersSize": message.size - body_size, "bodySize": body_size, "_phonehome": own}


def _headers(headers: tuple[Header, ...]) -> list[dict[str, str]]:
    return [{"name": _exact(name), "value": _exact(value)} for name, value in headers]


def _header(message: Message, wanted: bytes) -> str:
    return next((_exact(value) for name, value in message.headers if name.lower() == wanted), "")


def _body(body: bytes) -> dict[str, object]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": _Base64(body), "encoding": "base64"}


def _websocket_message(piece: Piece) -> dict[str, object]:
    """Write a message as Chrome does; text that is not UTF-8 keeps its bytes as lone surrogates."""
    return {
        "type": "send" if piece.direction is Direction.UP else "receive",
        "time": piece.time.timestamp() if piece.time is not None else None,
        "opcode": _TEXT_OPCODE if piece.text else _BINARY_OPCODE,
        "data": _exact(piece.data) if piece.text else _Base64(piece.data),
    }


def _time(time: datetime | None) -> str | None:
    return time.isoformat().replace("+00:00", "Z") if time is not None else None


def _exact(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
