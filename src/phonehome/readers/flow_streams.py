"""TCP, UDP and WebSocket flows of mitmproxy: protocols that nobody parsed, message by message."""

from phonehome.model.errors import DecodeError
from phonehome.model.exchange import Direction, Exchange, Piece, Protocol
from phonehome.readers import times
from phonehome.readers.endpoints import clean_host, is_address
from phonehome.readers.flow_http import (
    connection_transport,
    read_address,
    read_websocket_messages,
    start_time,
)
from phonehome.readers.flow_state import State, as_bytes

_MESSAGE_FIELDS = 3


def read_stream(flow: State, *, number: int, index: int) -> Exchange:
    """Turn a TCP or UDP flow into an exchange with a piece for each message.

    Raises:
        DecodeError: A message has too few fields.
    """
    host, port = _read_peer(flow)
    shown = f"[{host}]" if ":" in host else host
    url = f"{flow.text('type')}://{shown}" + (f":{port}" if port is not None else "")
    return Exchange(
        input=number,
        index=index,
        time=times.from_epoch(start_time(flow)),
        protocol=Protocol.RAW,
        url=url.encode("utf-8", "surrogateescape"),
        host=clean_host(host),
        address=read_address(flow),
        port=port,
        transport=connection_transport(flow),
        pieces=tuple(_read_piece(message) for message in flow.items("messages")),
    )


def read_old_websocket(flow: State, handshake: Exchange | None, *, number: int, index: int) -> Exchange:
    """Turn a WebSocket flow of formats up to 11 into an exchange.

    In those, the request that opened it is a flow of its own, so it is not repeated here.
    """
    host, port = _read_peer(flow)
    return Exchange(
        input=number,
        index=index,
        time=times.from_epoch(start_time(flow)),
        protocol=Protocol.WEBSOCKET,
        url=handshake.url if handshake is not None else None,
        host=handshake.host if handshake is not None else clean_host(host),
        address=read_address(flow),
        port=port,
        transport=handshake.transport if handshake is not None else connection_transport(flow),
        pieces=read_websocket_messages(flow.items("messages")),
    )


def _read_peer(flow: State) -> tuple[str, int | None]:
    """Give the name the handset asked for where TLS tells it, else the server's address."""
    host, port = flow.state("server_conn").address("address", "peername", "ip_address")
    if not host or is_address(host):
        host = flow.state("client_conn").text("sni") or flow.state("server_conn").text("sni") or host
    return host, port


def _read_piece(message: object) -> Piece:
    if not isinstance(message, list) or len(message) < _MESSAGE_FIELDS:
        raise DecodeError("a message has too few fields")
    from_client, content, time = message[:_MESSAGE_FIELDS]
    return Piece(
        direction=Direction.UP if from_client else Direction.DOWN,
        data=as_bytes(content),
        time=times.from_epoch(time if isinstance(time, int | float) else None),
    )
