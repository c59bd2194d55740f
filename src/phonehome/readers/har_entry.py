"""One entry of a HAR, as an exchange.

HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), and what its writers add: Chrome's
`_webSocketMessages` and `_error`, and the `_phonehome` members of our own export, which say what HAR has
no field for.
"""

import base64
import binascii
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote_from_bytes

from phonehome.model.errors import DecodeError
from phonehome.model.exchange import Direction, Exchange, Header, Message, Piece, Protocol, Transport
from phonehome.readers import times
from phonehome.readers.endpoints import (
    Endpoint,
    clean_host,
    head_size,
    header_value,
    parse_address,
    parse_endpoint,
    parse_protocol,
    split_authority,
    to_bytes,
    transport_of,
)
from phonehome.readers.har_body import (
    count_missing_request,
    count_missing_response,
    read_body,
    read_request_body,
    stored_codings,
)
from phonehome.readers.har_fields import Fields, Note, name_type
from phonehome.readers.har_gaps import AT_LEAST, find_messages_gap, find_request_gap

_LOCAL_SCHEMES = ("data:", "blob:", "file:", "about:", "chrome:", "chrome-extension:", "moz-extension:")
_PROTOCOLS = {protocol.value: protocol for protocol in Protocol}
_TRANSPORTS = {transport.value: transport for transport in Transport}
_TEXT_OPCODE = 1
_ERROR_OPCODE = -1
_MAX_ERROR_TEXT = 200
_MAX_STATUS = 999
_MAX_PORT = 65535
_FIRST_FINAL = 200
_BODILESS = frozenset({204, 205, *range(300, 400)})
"""Statuses whose body HTTP forbids, or that recorders count and drop: redirects, and 304."""


class NotTrafficError(DecodeError):
    """An entry about something that never went over a network."""


def read_entry(value: object, *, number: int, index: int) -> tuple[Exchange, list[Note]]:
    """Turn one decoded entry into an exchange, with notes on what was odd about it.

    Raises:
        DecodeError: There is no request in it, or none that went over a network.
    """
    if not isinstance(value, dict):
        raise DecodeError(f"the entry is {name_type(value)}, not an object")
    entry = Fields(value, "")
    own = entry.object("_phonehome")
    url = _read_url(entry, own)
    endpoint = parse_endpoint(url)
    request = _read_request(entry.object("request"), url)
    response, status = _read_response(entry, own, entry.object("request").text("method") or "")
    if gap := find_messages_gap(entry, url, status):
        entry.note(gap, lost=True)
        missing, size = request.missing + AT_LEAST, request.size + AT_LEAST
        request = replace(request, missing=missing, size=size, truncated=True)
    host, port = _read_host(own, endpoint, request)
    protocol = _read_protocol(entry, own)
    exchange = Exchange(
        input=number,
        index=index,
        time=_read_time(entry, own),
        protocol=protocol,
        method=entry.object("request").text("method") or None,
        url=to_bytes(_with_query(url, entry.object("request"))) or None,
        host=host,
        address=parse_address(entry.text("serverIPAddress") or ""),
        port=port,
        transport=_read_transport(own, endpoint, protocol),
        app=own.text("app"),
        packets=_read_packets(own),
        status=status,
        request=None if own.members.get("has_request") is False else request,
        response=response,
        pieces=_read_pieces(entry),
    )
    return exchange, entry.notes


def _read_url(entry: Fields, own: Fields) -> str:
    request = entry.members.get("request")
    if own.members.get("has_url") is False and isinstance(request, dict):
        return ""
    if not isinstance(request, dict):
        raise DecodeError(f"the entry's request is {name_type(request)}, not an object")
    url = request.get("url")
    if not isinstance(url, str) or not url:
        raise DecodeError(f"the request's url is {name_type(url) if url != '' else 'empty'}, not text")
    if url[:20].lower().startswith(_LOCAL_SCHEMES):
        raise NotTrafficError("the entry is no network traffic: its URL points inside the browser")
    return url


def _with_query(url: str, request: Fields) -> str:
    """Put a query that stands only in `queryString` back into the URL."""
    if not url or "?" in url or not request.has("queryString"):
        return url
    pairs = request.pairs("queryString")
    if not pairs:
        return url
    query = "&".join(
        f"{quote_from_bytes(name, safe='')}={quote_from_bytes(value, safe='')}" for name, value in pairs
    )
    before, mark, fragment = url.partition("#")
    request.note("request.url has no query: it was rebuilt from queryString", lost=False)
    return f"{before}?{query}{mark}{fragment}"


def _read_request(request: Fields, url: str) -> Message:
    headers = _with_cookies(request, request.pairs("headers"), b"Cookie")
    recorded = request.count("bodySize")
    post = request.object("postData")
    body = read_body(post) if request.has("_phonehome") else read_request_body(post, recorded)
    line = len((request.text("method") or "").encode("utf-8", "replace")) + len(url) + len("  HTTP/1.1")
    missing = 0
    if not request.has("_phonehome"):  # or our own export says what is missing
        missing = count_missing_request(post, recorded, headers, body)
    if missing:
        request.note(f"{missing:,} bytes of the request body are not in the recording", lost=True)
    elif not request.has("_phonehome") and (gap := find_request_gap(request, post, headers, body)):
        request.note(gap, lost=True)
        missing = AT_LEAST
    return _make_message(request, headers, body, line, missing)


def _read_response(entry: Fields, own: Fields, method: str) -> tuple[Message | None, int | None]:
    response = entry.object("response")
    if (error := response.text("_error")) or (error := entry.text("_error")):
        entry.note(f"the recorder noted an error: {error[:_MAX_ERROR_TEXT]!a}", lost=False)
    status = _within(response.count("status"), _MAX_STATUS) or None
    # Recorders write status 0 for an answer that never came.
    if not own.members.get("has_response", status is not None):
        return None, None
    headers = _with_cookies(response, response.pairs("headers"), b"Set-Cookie")
    content = response.object("content")
    body = read_body(content)
    missing = 0
    if status is not None and not response.has("_phonehome") and not _is_bodiless(entry, method, status):
        missing = count_missing_response(content, response.count("bodySize"), headers, body)
    if missing:
        # What came down is no leak: it costs what the server may have known, not what left.
        response.note(f"{missing:,} bytes of the response body are not in the recording", lost=False)
    return _make_message(response, headers, body, len("HTTP/1.1 200 "), missing), status


def _is_bodiless(entry: Fields, method: str, status: int) -> bool:
    """Tell whether the size of an answer's body means nothing: it had none, or came out of a cache."""
    cached = entry.members.get("_fromCache") is not None or entry.object("cache").has("beforeRequest")
    return cached or method in ("HEAD", "CONNECT") or status in _BODILESS or status < _FIRST_FINAL


def _make_message(
    holder: Fields, headers: tuple[Header, ...], body: bytes, line: int, missing: int
) -> Message:
    own = holder.object("_phonehome")
    listed = own.members.get("codings")
    if isinstance(listed, list):
        codings = tuple(name for name in listed if isinstance(name, str))
    else:
        codings = stored_codings(body, headers)
    size = own.count("size")
    if size is None:
        size = _head_bytes(holder, headers, line) + max(_body_bytes(holder, body), missing)
    missing = missing or own.count("missing") or 0
    truncated = own.members.get("truncated") is True or missing > 0
    return Message(
        headers=headers,
        body=body,
        codings=codings,
        size=size,
        truncated=truncated,
        missing=min(missing, size),
    )


def _head_bytes(holder: Fields, headers: tuple[Header, ...], line: int) -> int:
    recorded = holder.count("headersSize")
    return recorded if recorded else head_size(line, headers)


def _body_bytes(holder: Fields, body: bytes) -> int:
    # A recorder that writes 0 beside a body did not know.
    return holder.count("bodySize") or len(body)


def _with_cookies(holder: Fields, headers: tuple[Header, ...], name: bytes) -> tuple[Header, ...]:
    """Add the cookies that only the list of cookies holds: some recorders leave their headers out."""
    if header_value(headers, name.lower()) is not None or not holder.has("cookies"):
        return headers
    cookies = [key + b"=" + value for key, value in holder.pairs("cookies")]
    if not cookies:
        return headers
    holder.note(
        f"{holder.path}headers lack {name.decode()}: it was rebuilt from the list of cookies", lost=False
    )
    if name == b"Cookie":
        return (*headers, (name, b"; ".join(cookies)))
    return (*headers, *((name, cookie) for cookie in cookies))


def _read_host(own: Fields, endpoint: Endpoint | None, request: Message) -> tuple[str | None, int | None]:
    if "host" in own.members:
        return own.text("host"), _within(own.count("port"), _MAX_PORT)
    if endpoint is not None and endpoint.host:
        return endpoint.host, endpoint.port
    named = header_value(request.headers, b":authority") or header_value(request.headers, b"host")
    if named is None:
        return None, None
    host, port = split_authority(named.decode("utf-8", "surrogateescape"))
    return clean_host(host) if host else None, port or (endpoint.port if endpoint else None)


def _read_protocol(entry: Fields, own: Fields) -> Protocol:
    if (named := _PROTOCOLS.get(own.text("protocol") or "")) is not None:
        return named
    if entry.has("_webSocketMessages"):
        return Protocol.WEBSOCKET
    asked = parse_protocol(entry.object("request").text("httpVersion") or "")
    if asked is not Protocol.HTTP:
        return asked
    return parse_protocol(entry.object("response").text("httpVersion") or "")


def _read_transport(own: Fields, endpoint: Endpoint | None, protocol: Protocol) -> Transport | None:
    if "transport" in own.members:
        return _TRANSPORTS.get(own.text("transport") or "")
    return transport_of(endpoint.scheme, protocol) if endpoint is not None else None


def _read_time(entry: Fields, own: Fields) -> datetime | None:
    if own.members.get("time", "") is None:
        return None
    text = entry.text("startedDateTime")
    time = times.parse_time(text) if text is not None else None
    if time is None:
        entry.note("startedDateTime is missing, or no ISO 8601 time", lost=False)
    elif text is not None and not times.has_offset(text):
        entry.note("startedDateTime has no offset from UTC; it was taken for UTC", lost=False)
    return time


def _read_packets(own: Fields) -> tuple[int, ...]:
    listed = own.members.get("packets")
    if not isinstance(listed, list):
        return ()
    return tuple(item for item in listed if isinstance(item, int) and item > 0)


def _read_pieces(entry: Fields) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for message in entry.objects("_webSocketMessages"):
        opcode = message.number("opcode")
        text = message.text("data") or ""
        if opcode == _ERROR_OPCODE:
            message.note(f"the recorder noted a WebSocket error: {text[:_MAX_ERROR_TEXT]!a}", lost=False)
            continue
        is_text = opcode == _TEXT_OPCODE
        direction = Direction.UP if message.text("type") in ("send", "request") else Direction.DOWN
        data = to_bytes(text) if is_text else _binary_data(message, text)
        time = times.from_epoch(message.number("time"))
        pieces.append(Piece(direction=direction, data=data, time=time, text=is_text))
    return tuple(pieces)


def _binary_data(message: Fields, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        message.note("a binary WebSocket message is no Base64; it was read as it stands", lost=False)
        return to_bytes(text)


def _within(number: int | None, highest: int) -> int | None:
    return number if number is not None and number <= highest else None
