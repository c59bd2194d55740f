"""HTTP and WebSocket flows of mitmproxy, as exchanges."""

from phonehome.model.errors import DecodeError
from phonehome.model.exchange import Direction, Exchange, Header, Message, Piece, Protocol, Transport
from phonehome.readers import times
from phonehome.readers.endpoints import (
    clean_host,
    content_length,
    declared_codings,
    head_size,
    header_value,
    is_address,
    parse_address,
    parse_protocol,
    split_authority,
    transport_of,
)
from phonehome.readers.flow_state import State, as_bytes, as_port
from phonehome.readers.tnetstring import Value

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TEXT_OPCODE = 1
_MAX_STATUS = 999
_MESSAGE_FIELDS = 4


def read_http(flow: State, *, number: int, index: int) -> Exchange:
    """Turn an HTTP flow into an exchange, with the messages of its WebSocket, if it has one.

    Raises:
        DecodeError: It has no request.
    """
    request = flow.state("request")
    if not request.members:
        raise DecodeError("the flow has no request")
    protocol = _read_protocol(request)
    scheme = request.text("scheme").lower()
    host, port = _read_host(flow, request)
    websocket = flow.state("websocket")
    response = flow.state("response")
    status = response.number("status_code", "code")
    return Exchange(
        input=number,
        index=index,
        time=times.from_epoch(request.number("timestamp_start") or start_time(flow)),
        protocol=Protocol.WEBSOCKET if websocket.members else protocol,
        method=request.text("method") or None,
        url=_read_url(request, scheme, host, port),
        host=clean_host(host),
        address=read_address(flow),
        port=port,
        transport=_read_transport(flow, scheme, protocol),
        status=int(status) if status is not None and 0 < status <= _MAX_STATUS else None,
        request=_read_message(request, _request_line(request)),
        response=_read_message(response, len("HTTP/1.1 200 ")) if response.members else None,
        pieces=read_websocket_messages(websocket.items("messages")),
    )


def read_websocket_messages(messages: list[Value]) -> tuple[Piece, ...]:
    """Read `[opcode, from client, content, time, …]`, what was later appended left aside."""
    pieces: list[Piece] = []
    for message in messages:
        if not isinstance(message, list) or len(message) < _MESSAGE_FIELDS:
            raise DecodeError("a WebSocket message has too few fields")
        opcode, from_client, content, time = message[:_MESSAGE_FIELDS]
        pieces.append(
            Piece(
                direction=Direction.UP if from_client else Direction.DOWN,
                data=as_bytes(content),
                time=times.from_epoch(time if isinstance(time, int | float) else None),
                text=opcode == _TEXT_OPCODE,
            )
        )
    return tuple(pieces)


def start_time(flow: State) -> float | None:
    """Give when a flow began, by its connection where nothing else tells."""
    return flow.number("timestamp_created") or flow.state("client_conn").number("timestamp_start")


def read_address(flow: State) -> str | None:
    """Give the address of the server; None where only an upstream proxy's is recorded."""
    server = flow.state("server_conn")
    if isinstance(server.members.get("via"), list) or isinstance(server.members.get("via2"), list):
        return None
    for key in ("peername", "ip_address", "peer_address", "address"):
        host, _ = server.address(key)
        if host and (address := parse_address(host)):
            return address
    return None


def is_unrecorded(message: State) -> bool:
    """Tell whether a message had a body that the proxy streamed on without keeping it."""
    if not message.members or message.has("content") or message.has("body"):
        return False
    headers = message.pairs("headers")
    length = header_value(headers, b"content-length")
    return header_value(headers, b"transfer-encoding") is not None or length not in (None, b"0")


def has_broken_headers(message: State) -> bool:
    """Tell whether headers or trailers are there that are no pairs of names and values."""
    for key in ("headers", "trailers"):
        written = message.members.get(key)
        if written is None:
            continue
        if not isinstance(written, list) or len(message.pairs(key)) < len(written):
            return True
        if any(
            not isinstance(part, bytes | str)
            for pair in written
            if isinstance(pair, list)
            for part in pair[:2]
        ):
            return True
    return False


def _read_protocol(request: State) -> Protocol:
    ancient = request.items("httpversion")
    if ancient:
        return parse_protocol("http/" + ".".join(str(part) for part in ancient[:2]))
    return parse_protocol(request.text("http_version"))


def _read_host(flow: State, request: State) -> tuple[str, int | None]:
    """Give the host that the handset asked for: a transparent proxy knows it from the headers only."""
    host = request.text("host") or flow.state("server_conn").address("address")[0]
    port = as_port(request.members.get("port"))
    if not host or is_address(host):
        named = request.raw("authority") or header_value(request.pairs("headers"), b":authority")
        named = named or header_value(request.pairs("headers"), b"host") or b""
        name, _ = split_authority(named.decode("utf-8", "surrogateescape"))
        host = name or host
    return host, port


def _read_url(request: State, scheme: str, host: str, port: int | None) -> bytes:
    shown = f"[{host}]" if ":" in host else host
    if port is not None and _DEFAULT_PORTS.get(scheme) != port:
        shown += f":{port}"
    authority = shown.encode("utf-8", "surrogateescape")
    path = request.raw("path")
    if request.raw("method") == b"CONNECT" and not path:
        return authority
    if path == b"*":
        path = b""
    return scheme.encode("utf-8", "surrogateescape") + b"://" + authority + path


def _read_transport(flow: State, scheme: str, protocol: Protocol) -> Transport | None:
    if transport := transport_of(scheme, protocol):
        return transport
    return connection_transport(flow)


def connection_transport(flow: State) -> Transport | None:
    """Tell what protected the connection between handset and proxy."""
    client = flow.state("client_conn")
    if client.text("tls_version").upper().startswith("QUIC"):
        return Transport.QUIC
    if client.flag("tls_established", "ssl_established") or client.number("timestamp_tls_setup"):
        return Transport.TLS
    return Transport.CLEARTEXT if client.members else None


def _request_line(request: State) -> int:
    return len(request.raw("method")) + len(request.raw("path")) + len("  HTTP/1.1")


def _read_message(message: State, line: int) -> Message:
    headers: tuple[Header, ...] = message.pairs("headers")
    trailers = message.pairs("trailers")
    body = message.raw("content", "body")
    truncated = is_unrecorded(message)
    missing = content_length(headers) if truncated else 0
    return Message(
        headers=headers + trailers,
        body=body,
        codings=declared_codings(headers) if body else (),
        size=head_size(line, headers + trailers) + len(body) + missing,
        truncated=truncated,
        missing=missing,
    )
