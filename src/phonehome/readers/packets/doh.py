"""DNS over HTTPS (RFC 8484): the names in a request's body or target are an exchange of their own."""

from phonehome.model.errors import DecodeError
from phonehome.readers.packets.datagrams import dns_fields
from phonehome.readers.packets.link import Link, to_time
from phonehome.wire.dns import DnsMessage, parse_dns, read_doh_target
from phonehome.wire.dns_flow import DnsExchange
from phonehome.wire.http_message import HttpMessage
from phonehome.wire.places import StreamPlaces
from phonehome.wire.side import Side

_TYPE = b"application/dns-message"


def put_dns(
    link: Link,
    places: tuple[StreamPlaces, StreamPlaces],
    request: HttpMessage | None,
    response: HttpMessage | None,
    host: object,
) -> None:
    """Hand over what an HTTP exchange asks of DNS, if it does; its bytes count in the HTTP exchange to `host`."""
    query = answer = None
    if request is not None:
        target = request.target or b""
        if b"dns=" in target:
            query = _parse(read_doh_target(target))
        elif request.body and _is_dns(request):
            query = _parse(request.body)
    if response is not None and response.body and _is_dns(response):
        answer = _parse(response.body)
    if query is None and answer is None:
        return
    exchange = DnsExchange(
        asker=Side.CLIENT,
        query=query,
        answer=answer,
        query_mark=request.start if query is not None and request is not None else None,
        answer_mark=response.start if answer is not None and response is not None else None,
    )
    _, fields = dns_fields(link, exchange, counted=False)
    side, shown = (Side.CLIENT, request) if request is not None else (Side.SERVER, response)
    assert shown is not None  # one of them is there
    fields["host"] = host
    fields["time"] = to_time(places[side].time(shown.start))
    fields["packets"] = places[side].packets(shown.start, shown.end)
    link.put(places[side].first(shown.start), {}, 0, fields)


def _is_dns(message: HttpMessage) -> bool:
    place = message.known.content_type
    return place is not None and _TYPE in message.headers[place][1]


def _parse(data: bytes | None) -> DnsMessage | None:
    try:
        return parse_dns(data) if data else None
    except DecodeError:
        return None
