"""Exchanges out of HTTP messages: URL, host, sizes, and which way is up."""

from functools import lru_cache

from phonehome.model.exchange import Direction, Message, Piece, Protocol, Transport, build_message
from phonehome.readers.endpoints import clean_host, read_codings
from phonehome.readers.packets.link import Link, to_time
from phonehome.wire.http_message import HttpMessage
from phonehome.wire.places import StreamPlaces
from phonehome.wire.side import Side

_VERSIONS = {
    "0.9": Protocol.HTTP_0_9,
    "1.0": Protocol.HTTP_1_0,
    "1.1": Protocol.HTTP_1_1,
    "2": Protocol.HTTP_2,
}
_DEFAULT_PORTS = {b"http": b"80", b"https": b"443"}
_EMPTY = Message()


def http_fields(
    link: Link,
    places: tuple[StreamPlaces, StreamPlaces],
    request: HttpMessage | None,
    response: HttpMessage | None,
) -> tuple[int, dict[str, object]]:
    """Give the number of the first packet, and an exchange's fields; one of the messages is there."""
    packets: tuple[int, ...] = ()
    client, server = places
    if request is not None:
        packets = client.packets(request.start, request.end)
        began = client.time(request.start)
    if response is not None:
        answered = server.packets(response.start, response.end)
        if request is None:
            began = server.time(response.start)
        packets = tuple(sorted({*packets, *answered}))
    for message in (request, response):
        if message is not None and message.note is not None:
            link.note(message.note)
    shown = request or response
    assert shown is not None  # one of them is there
    fields: dict[str, object] = {
        "time": to_time(began),
        "protocol": _VERSIONS.get(shown.version, Protocol.HTTP_1_1),
        "method": request.method if request is not None else None,
        "status": response.status if response is not None else None,
        "packets": packets,
    }
    from_client = link.up is Side.CLIENT
    if request is not None:
        fields["url"], host = _locate(link, request)
        fields["host"] = host
        if from_client:
            link.note_asked(host)
    else:
        fields["url"], fields["host"] = None, link.host
    if from_client:
        fields["request"] = make_message(request) if request is not None else None
        fields["response"] = make_message(response) if response is not None else None
    else:
        fields["pieces"] = _turned(request, response)
        fields["inbound"] = request is not None
        fields["host"] = link.host  # the Host field names the handset
    return packets[0] if packets else 0, fields


def make_message(message: HttpMessage) -> Message:
    """Turn a parser's message into the model's; its size counts what is missing too, not what was only announced."""
    headers, body, lost = message.headers, message.body, message.lost
    return build_message(
        headers,
        body,
        read_codings(headers, message.known) if body else (),
        message.size + lost,
        message.truncated,
        lost + message.dropped,  # what was only announced may never have been sent
    )


def take_pushed(fields: dict[str, object], request: HttpMessage) -> None:
    """Turn an exchange whose request the server made up and sent: it came down."""
    fields["request"] = None
    fields["inbound"] = True
    fields["pieces"] = (Piece(direction=Direction.DOWN, data=write_head(request) + request.body),)


def write_head(message: HttpMessage) -> bytes:
    """Write a message's start line and fields as text."""
    if message.method is not None:
        line = message.method.encode() + b" " + (message.target or b"")
    else:
        line = b"%d" % (message.status or 0)
    return b"\r\n".join([line, *(name + b": " + value for name, value in message.headers), b"", b""])


def _turned(request: HttpMessage | None, response: HttpMessage | None) -> tuple[Piece, ...]:
    """A server on the handset: what it answers goes up, so the exchange is given as pieces."""
    pieces = []
    if request is not None:
        pieces.append(Piece(direction=Direction.DOWN, data=write_head(request) + request.body))
    if response is not None:
        data = write_head(response) + response.body
        size = response.size - response.dropped
        pieces.append(Piece(direction=Direction.UP, data=data, size=size))
    return tuple(pieces)


def _locate(link: Link, request: HttpMessage) -> tuple[bytes | None, str]:
    target = request.target or b""
    authority = request.authority or _host_header(request)
    scheme = request.scheme or (b"http" if link.transport is Transport.CLEARTEXT else b"https")
    if request.method == "CONNECT" and request.protocol is None:
        return target or None, _host(target) or link.host
    if not target.startswith(b"/") and b"://" in target[:16]:
        return target, _host(target.split(b"/", 3)[2]) or link.host
    if authority:
        return scheme + b"://" + authority + target, _host(authority) or link.host
    host = link.host
    shown = f"[{host}]" if ":" in host else host
    url = scheme + b"://" + shown.encode()
    if b"%d" % link.port != _DEFAULT_PORTS.get(scheme):
        url += b":%d" % link.port
    return url + target, host


def _host_header(request: HttpMessage) -> bytes | None:
    place = request.known.host
    return request.headers[place][1] if place is not None else None


@lru_cache(maxsize=4096)
def _host(authority: bytes) -> str | None:
    """Give the host of `user@host:port`."""
    host = authority.rpartition(b"@")[2]
    host = host[: host.find(b"]") + 1] if host.startswith(b"[") else host.partition(b":")[0]
    return clean_host(host.decode("utf-8", "backslashreplace"))
