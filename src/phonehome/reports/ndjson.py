"""One exchange as a line of JSON, put together from pieces of bytes.

Writing is a good part of what reading a capture takes, and captures repeat themselves: each header, method and name is
written once and remembered (the memory is bounded), so that a line is mostly lookups and one join.
"""

import hashlib
import json
from datetime import datetime
from functools import lru_cache

import orjson
from pybase64 import b64encode

from phonehome.model.exchange import Exchange, Header, Message, Piece

_MAX_REMEMBERED = 4096
_MAX_REMEMBERED_HEADER = 512
_NO_DIGEST = hashlib.sha256().hexdigest().encode()
_NULL = b"null"


def write_exchange(exchange: Exchange, *, bodies: bool) -> bytes:
    r"""Write an exchange as one line, all but the brace and the index that it begins with.

    Args:
        exchange: What to write; bytes that are no UTF-8 stand as `\\xNN`.
        bodies: Whether to give bodies, in Base64; without, `body` is null.
    """
    url, transport = exchange.url, exchange.transport
    pieces = [
        b'"time":',
        _write_time(exchange.time),
        # `_value_` is what `value` gives, without the call.
        _write_kind(exchange.protocol._value_, exchange.method),
        _write_text(url.decode("utf-8", "backslashreplace")) if url is not None else _NULL,
        _write_peer(exchange.host, exchange.address, exchange.port, exchange.app),
        orjson.dumps(exchange.packets),
        _write_outcome(exchange.status, transport._value_ if transport is not None else None),
    ]
    _add_message(pieces, exchange.request, bodies=bodies)
    pieces.append(b',"response":')
    _add_message(pieces, exchange.response, bodies=bodies)
    pieces.append(b',"messages":[')
    for place, piece in enumerate(exchange.pieces):
        if place:
            pieces.append(b",")
        _add_piece(pieces, piece, bodies=bodies)
    pieces.append(b"]}\n")
    return b"".join(pieces)


def _add_message(pieces: list[bytes], message: Message | None, *, bodies: bool) -> None:
    if message is None:
        pieces.append(_NULL)
        return
    if len(_headers) > _MAX_REMEMBERED:
        _headers.clear()
    codings = message.codings
    pieces += (
        b'{"headers":[',
        b",".join(map(_write_header, message.headers)),
        b'],"size":%d,"sha256":"' % message.size,
        _digest(message.body),
        b'","codings":',
        _write_names(codings) if codings else b"[]",
        b',"truncated":true,"body":' if message.truncated else b',"truncated":false,"body":',
    )
    _add_body(pieces, message.body, bodies=bodies)


def _add_piece(pieces: list[bytes], piece: Piece, *, bodies: bool) -> None:
    pieces += (
        b'{"direction":',
        _quote(piece.direction.value),
        b',"time":',
        _write_time(piece.time),
        b',"text":true' if piece.text else b',"text":false',
        b',"size":%d,"sha256":"' % len(piece.data),
        _digest(piece.data),
        b'","body":',
    )
    _add_body(pieces, piece.data, bodies=bodies)


def _add_body(pieces: list[bytes], body: bytes, *, bodies: bool) -> None:
    if bodies:
        pieces += (b'"', b64encode(body), b'"}')
    else:
        pieces.append(b"null}")


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode() if body else _NO_DIGEST


class _Headers(dict[Header, bytes]):
    """Headers seen, as they are written."""

    def __missing__(self, header: Header) -> bytes:
        name, value = header
        written = orjson.dumps(
            (name.decode("utf-8", "backslashreplace"), value.decode("utf-8", "backslashreplace"))
        )
        if len(written) <= _MAX_REMEMBERED_HEADER:
            self[header] = written
        return written


_headers = _Headers()
_write_header = _headers.__getitem__


def _write_text(text: str) -> bytes:
    """Write text as JSON; half of a surrogate pair, which is no text, can only be written with an escape."""
    try:
        return orjson.dumps(text)
    except TypeError:
        return json.dumps(text).encode()


def _quote(text: str | None) -> bytes:
    return _write_text(text) if text is not None else _NULL


@lru_cache(maxsize=256)
def _write_kind(protocol: str, method: str | None) -> bytes:
    return b',"protocol":%b,"method":%b,"url":' % (_quote(protocol), _quote(method))


@lru_cache(maxsize=4096)
def _write_peer(host: str | None, address: str | None, port: int | None, app: str | None) -> bytes:
    return b',"host":%b,"address":%b,"port":%b,"app":%b,"packets":' % (
        _write_text(host.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))
        if host
        else _NULL,
        _quote(address),
        _write_number(port),
        _quote(app),
    )


@lru_cache(maxsize=256)
def _write_outcome(status: int | None, transport: str | None) -> bytes:
    return b',"status":%b,"transport":%b,"request":' % (_write_number(status), _quote(transport))


def _write_number(number: int | None) -> bytes:
    return b"%d" % number if number is not None else _NULL


@lru_cache(maxsize=256)
def _write_names(names: tuple[str, ...]) -> bytes:
    return b"[%b]" % b",".join(map(_write_text, names))


def _write_time(time: datetime | None) -> bytes:
    """Write a time as ISO 8601 has it."""
    return orjson.dumps(time, option=orjson.OPT_UTC_Z) if time is not None else _NULL
