"""Exchanges written out as they were read, unmasked and unjudged: as ndjson, or as a HAR.

Both stream. Text is UTF-8 where the bytes are; a byte that is not is written in ndjson as `\\xNN` (and then
cannot be told from a backslash that was there: take `body` or the recording for bytes), in a HAR as a lone
surrogate escape, which our own reader turns back into the byte.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import TextIO

from phonehome import __version__
from phonehome.model.exchange import Direction, Exchange, Header, Message, Piece

_EPOCH = "1970-01-01T00:00:00.000000+00:00"
_TEXT_OPCODE = 1
_BINARY_OPCODE = 2


def write_ndjson(exchanges: Iterable[Exchange], out: TextIO, bodies: bool) -> None:
    """Write one line of JSON for each exchange, as the contract of `phonehome exchanges` says.

    Args:
        exchanges: What was read, in order.
        out: Where to write to.
        bodies: Whether to write bodies, in Base64; without, `body` is null.
    """
    for exchange in exchanges:
        json.dump(_line(exchange, bodies), out, ensure_ascii=False)
        out.write("\n")


def write_har(exchanges: Iterable[Exchange], out: TextIO) -> None:
    """Write a HAR 1.2, which our reader reads back to the same exchanges.

    What HAR has no field for (raw streams, DNS, the codings still on a body) stands in members
    `_phonehome`, which other programs pass over.
    """
    creator = json.dumps({"name": "phonehome", "version": __version__})
    out.write(f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": [')
    separator = "\n"
    for exchange in exchanges:
        out.write(separator)
        json.dump(_entry(exchange), out)
        separator = ",\n"
    out.write("\n]}}\n")


def _line(exchange: Exchange, bodies: bool) -> dict[str, object]:
    return {
        "index": exchange.index,
        "time": _time(exchange.time),
        "protocol": exchange.protocol.value,
        "method": exchange.method,
        "url": _readable(exchange.url) if exchange.url is not None else None,
        "host": exchange.host,
        "address": exchange.address,
        "port": exchange.port,
        "app": exchange.app,
        "packets": list(exchange.packets),
        "status": exchange.status,
        "transport": exchange.transport.value if exchange.transport is not None else None,
        "request": _message_line(exchange.request, bodies),
        "response": _message_line(exchange.response, bodies),
        "messages": [_piece_line(piece, bodies) for piece in exchange.pieces],
    }


def _message_line(message: Message | None, bodies: bool) -> dict[str, object] | None:
    if message is None:
        return None
    return {
        "headers": [[_readable(name), _readable(value)] for name, value in message.headers],
        "size": message.size,
        "sha256": hashlib.sha256(message.body).hexdigest(),
        "codings": list(message.codings),
        "truncated": message.truncated,
        "body": _base64(message.body) if bodies else None,
    }


def _piece_line(piece: Piece, bodies: bool) -> dict[str, object]:
    return {
        "direction": piece.direction.value,
        "time": _time(piece.time),
        "text": piece.text,
        "size": len(piece.data),
        "sha256": hashlib.sha256(piece.data).hexdigest(),
        "body": _base64(piece.data) if bodies else None,
    }


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
    own = {"size": message.size, "codings": list(message.codings), "truncated": message.truncated}
    body_size = min(len(message.body), message.size)
    return {"headersSize": message.size - body_size, "bodySize": body_size, "_phonehome": own}


def _headers(headers: tuple[Header, ...]) -> list[dict[str, str]]:
    return [{"name": _exact(name), "value": _exact(value)} for name, value in headers]


def _header(message: Message, wanted: bytes) -> str:
    return next((_exact(value) for name, value in message.headers if name.lower() == wanted), "")


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": _base64(body), "encoding": "base64"}


def _websocket_message(piece: Piece) -> dict[str, object]:
    """Write a message as Chrome does; text that is not UTF-8 keeps its bytes as lone surrogates."""
    return {
        "type": "send" if piece.direction is Direction.UP else "receive",
        "time": piece.time.timestamp() if piece.time is not None else None,
        "opcode": _TEXT_OPCODE if piece.text else _BINARY_OPCODE,
        "data": _exact(piece.data) if piece.text else _base64(piece.data),
    }


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time is not None else None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _readable(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _exact(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
