"""What is known of a connection besides its bytes, and where it puts what it reads."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from phonehome.model.exchange import Direction, Transport
from phonehome.readers.packets.addresses import NameBook, write_address
from phonehome.readers.packets.drafts import Begun, Draft, Outbox
from phonehome.readers.packets.handset import HandsetFinder
from phonehome.wire.conversations import Endpoint
from phonehome.wire.places import StreamPlaces
from phonehome.wire.side import Side

MAX_PACKETS = 1_000
"""Packet numbers that an exchange carries; of a longer one the first of these."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_time(nanoseconds: int) -> datetime | None:
    """Turn a packet's time into a date; None where it has none, or an impossible one."""
    try:
        return _EPOCH + timedelta(0, 0, nanoseconds // 1000) if nanoseconds else None
    except OverflowError:
        return None


class Link:
    """One connection: its ends, and the way that leads up.

    Attributes:
        address: The peer's address, that is, the one which is not the handset's.
        port: The peer's port.
        up: The side that the handset is on.
        app: The app that the packets belong to, where the recording names it.
        transport: What protects the bytes that the handler sees.
        sni: The server name that TLS asked for.
        names: Names of addresses.
        out: Takes the exchanges.
    """

    __slots__ = ("_asked", "address", "app", "names", "out", "port", "sni", "transport", "up")

    def __init__(
        self, *, address: str, port: int, up: Side, app: str | None, names: NameBook, out: Outbox
    ) -> None:
        self.address = address
        self.port = port
        self.up = up
        self.app = app
        self.transport = Transport.CLEARTEXT
        self.sni: str | None = None
        self.names = names
        self.out = out
        self._asked: list[str] = []  # shared with the layers inside

    @property
    def host(self) -> str:
        """The best name for the peer: the one TLS asked for, one that DNS gave, or its address."""
        return self.sni or self.names.name(self.address) or self.address

    @property
    def asked(self) -> str | None:
        """The host that the first request on the connection was for; None where there was none yet."""
        return self._asked[0] if self._asked else None

    @property
    def reached(self) -> str:
        """The best name for the peer, when all of the connection was read."""
        return self.sni or self.asked or self.host

    def note_asked(self, host: str | None) -> None:
        """Say which host a request was for."""
        if host and not self._asked:
            self._asked.append(host)

    def direction(self, side: Side) -> Direction:
        """Which way a side sends."""
        return Direction.UP if side is self.up else Direction.DOWN

    def inside(self, transport: Transport, sni: str | None) -> "Link":
        """The same connection, seen through a layer."""
        inner = Link(
            address=self.address, port=self.port, up=self.up, app=self.app, names=self.names, out=self.out
        )
        inner._asked = self._asked
        inner.transport = transport
        inner.sni = sni or self.sni
        return inner

    def note(self, note: str | None) -> None:
        """Say what a parser found odd about a message: kinds of it, with `; ` between them."""
        if note is not None:
            self.out.notes.update(note.split("; "))

    def put(self, first: int, numbers: dict[int, int], key: int, fields: dict[str, object]) -> None:
        """Hand over an exchange; what every exchange of the connection has in common is added."""
        fields["address"] = self.address
        fields["port"] = self.port
        fields["app"] = self.app
        fields["transport"] = self.transport
        if len(fields["packets"]) > MAX_PACKETS:  # type: ignore[arg-type]
            fields["packets"] = fields["packets"][:MAX_PACKETS]  # type: ignore[index]
        self.out.put(Draft(first, numbers, key, fields))


def make_link(
    client: Endpoint,
    server: Endpoint,
    finder: HandsetFinder,
    *,
    app: str | None,
    names: NameBook,
    out: Outbox,
) -> Link:
    """Make the link of a conversation: up is from the client, unless the server is the handset."""
    inward = finder.is_handset(server.high, server.low) and not finder.is_handset(client.high, client.low)
    peer = client if inward else server
    return Link(
        address=write_address(peer.high, peer.low),
        port=peer.port,
        up=Side.SERVER if inward else Side.CLIENT,
        app=app,
        names=names,
        out=out,
    )


class Counts:
    """Bytes sent up that are in no exchange.

    Attributes:
        read: Framing that was understood.
        closed: Payload that stayed encrypted.
        lost: What the recording misses, or what was beyond a bound.
    """

    __slots__ = ("closed", "lost", "read")

    def __init__(self) -> None:
        self.read = 0
        self.closed = 0
        self.lost = 0

    def __iadd__(self, other: "Counts") -> "Counts":
        self.read += other.read
        self.closed += other.closed
        self.lost += other.lost
        return self


class Handler(Protocol):
    """Reads the two directions of one protocol."""

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""

    def pump(self) -> None:
        """Go on with what had to wait for the other direction; called when a window's bytes were fed."""

    def finish(self) -> None:
        """Give what is left; nothing follows."""

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete, and forget the places that nothing needs any more."""

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges, so far."""


def both(*places: StreamPlaces) -> tuple[StreamPlaces, ...]:
    """The places of client and server, to be indexed by side."""
    return places
