"""One request with its response, or one stretch of a stream, as a reader hands it on.

Bytes stay bytes: a body is what the recording holds, with the content codings that are still on it named
beside it, so that a finding's offset points into something another lab can cut out of the same recording.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import cast

Header = tuple[bytes, bytes]


class Protocol(StrEnum):
    """Application protocol, by the names that the audit document counts under."""

    HTTP_0_9 = "http/0.9"
    HTTP_1_0 = "http/1.0"
    HTTP_1_1 = "http/1.1"
    HTTP_2 = "http/2"
    HTTP_3 = "http/3"
    HTTP = "http"  # the recording does not tell which version
    WEBSOCKET = "websocket"
    DNS = "dns"
    DHCP = "dhcp"
    MQTT = "mqtt"
    # Told by their first bytes; their streams are searched as they stand.
    XMPP = "xmpp"
    SIP = "sip"
    RTSP = "rtsp"
    STUN = "stun"
    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    FTP = "ftp"
    SSH = "ssh"
    DTLS = "dtls"
    NTP = "ntp"
    RTP = "rtp"
    RAW = "raw"


class Transport(StrEnum):
    """What protects the bytes on their way; None where the recording does not tell."""

    CLEARTEXT = "cleartext"
    TLS = "tls"
    QUIC = "quic"


class Direction(StrEnum):
    """Up is from the handset; down is to it."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An HTTP request or response: headers in order, trailers after them, and the body as recorded.

    Attributes:
        headers: Name and value in the order and spelling of the recording.
        body: The body as stored in the recording.
        codings: Content codings still on `body`, outermost last as in the Content-Encoding header. A HAR
            stores bodies decoded, so its reader gives none.
        size: Bytes of headers and body on the wire, before decoding; recomputed where unknown.
        truncated: The recording holds only the beginning of the body, or nothing of it.
        missing: Bytes of the body that the recording says were on the wire (they are part of `size`) but
            does not hold.
    """

    headers: tuple[Header, ...] = ()
    body: bytes = b""
    codings: tuple[str, ...] = ()
    size: int = 0
    truncated: bool = False
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One WebSocket message, or one stretch of a raw stream or datagram.

    Attributes:
        direction: Which way it went.
        data: What it holds, decompressed.
        time: When it was sent.
        text: Whether it is a WebSocket text message; False for everything else.
        size: Bytes of it on the wire, with its frames and before decompression; None where they are those of `data`.
    """

    direction: Direction
    data: bytes
    time: datetime | None = None
    text: bool = False
    size: int | None = None

    @property
    def wire_size(self) -> int:
        """Bytes of it on the wire."""
        return len(self.data) if self.size is None else self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its response; or, for a protocol that nobody parses, one stretch of a stream.

    Attributes:
        input: Which input of the audit it came from, counted from 0.
        index: Its place in the input's own order, counted from 0, broken entries included; of a capture that
            continues another it counts on, and so do packets.
        time: When it began, timezone-aware UTC; None if the recording does not tell.
        url: The whole URL as recorded; for DNS a `dns:` URI (RFC 4501), for raw streams `tcp://host:port`
            or `udp://host:port`.
        host: Host name the handset asked for (no port, lower case), or the address where there is no name.
        address: IP address of the peer, without a port.
        app: The app that sent it, where the recording names it.
        packets: Numbers of its packets, from 1, as Wireshark counts.
        inbound: The peer asked: method and URL came down. What came down is in `pieces`, the request among it.
        pieces: WebSocket messages after the upgrade, or the stretches of a raw stream, in order.
    """

    input: int = 0
    index: int
    time: datetime | None = None
    protocol: Protocol
    method: str | None = None
    url: bytes | None = None
    host: str | None = None
    address: str | None = None
    port: int | None = None
    transport: Transport | None = None
    app: str | None = None
    packets: tuple[int, ...] = ()
    status: int | None = None
    request: Message | None = None
    response: Message | None = None
    pieces: tuple[Piece, ...] = ()
    inbound: bool = False

    @property
    def bytes_up(self) -> int:
        """Application bytes that this exchange sent upward, before decoding."""
        sent = self.request.size if self.request is not None else 0
        return sent + sum(piece.wire_size for piece in self.pieces if piece.direction is Direction.UP)


class _OpenMessage:
    """A message that is still being made; see `build_message`."""

    __slots__ = ("body", "codings", "headers", "missing", "size", "truncated")

    def __init__(
        self,
        headers: tuple[Header, ...],
        body: bytes,
        codings: tuple[str, ...],
        size: int,
        truncated: bool,
        missing: int,
    ) -> None:
        self.headers = headers
        self.body = body
        self.codings = codings
        self.size = size
        self.truncated = truncated
        self.missing = missing


class _OpenExchange:
    """An exchange that is still being made; see `build_exchange`."""

    __slots__ = tuple(field.name for field in fields(Exchange))

    def __init__(
        self,
        input: int,  # noqa: A002  the field's name
        index: int,
        *,
        protocol: Protocol,
        time: datetime | None = None,
        method: str | None = None,
        url: bytes | None = None,
        host: str | None = None,
        address: str | None = None,
        port: int | None = None,
        transport: Transport | None = None,
        app: str | None = None,
        packets: tuple[int, ...] = (),
        status: int | None = None,
        request: Message | None = None,
        response: Message | None = None,
        pieces: tuple[Piece, ...] = (),
        inbound: bool = False,
    ) -> None:
        self.input = input
        self.index = index
        self.time = time
        self.protocol = protocol
        self.method = method
        self.url = url
        self.host = host
        self.address = address
        self.port = port
        self.transport = transport
        self.app = app
        self.packets = packets
        self.status = status
        self.request = request
        self.response = response
        self.pieces = pieces
        self.inbound = inbound


def build_message(
    headers: tuple[Header, ...],
    body: bytes,
    codings: tuple[str, ...],
    size: int,
    truncated: bool,
    missing: int,
) -> Message:
    """Make a message in a fifth of the time: a frozen dataclass sets each of its fields by a call.

    It is made open, and then said to be of the frozen class, whose slots are the same.
    """
    message = _OpenMessage(headers, body, codings, size, truncated, missing)
    message.__class__ = Message  # type: ignore[assignment]  # the slots are the same
    return cast("Message", message)


def build_exchange(number: int, index: int, others: dict[str, object]) -> Exchange:
    """Make an exchange of input, index and its other fields in half of the time; see `build_message`."""
    exchange = _OpenExchange(number, index, **others)  # type: ignore[arg-type]
    exchange.__class__ = Exchange  # type: ignore[assignment]  # the slots are the same
    return cast("Exchange", exchange)
