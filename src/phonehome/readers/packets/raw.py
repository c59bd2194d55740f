"""Protocols that nobody parses: stretches of the stream, so that they are searched all the same."""

from phonehome.model.exchange import Piece, Protocol
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.link import Counts, Link, to_time
from phonehome.wire.names import Name
from phonehome.wire.places import StreamPlaces
from phonehome.wire.side import Side

MAX_STRETCH = 4 << 20
"""Bytes of one stretch, both directions; a value that lies across the border of two is not seen."""

_BOTH = (Side.CLIENT, Side.SERVER)


class RawHandler:
    """Gathers what both directions carry.

    Args:
        link: The connection.
        places: Places of client and server.
        protocol: The protocol's name, where it is known although nobody parses it.
    """

    def __init__(
        self, link: Link, places: tuple[StreamPlaces, StreamPlaces], protocol: Protocol = Protocol.RAW
    ) -> None:
        self._link = link
        self._places = places
        self._protocol = protocol
        self._offsets = [0, 0]
        self._pieces: list[tuple[Side, int, int, bytes]] = []  # side, start, first packet, bytes
        self._size = 0
        self._stretch = 0
        self._numbers: dict[int, int] = {}
        self._counts = Counts()

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        start = self._offsets[side]
        for at in range(0, len(data), MAX_STRETCH):
            part = data[at : at + MAX_STRETCH]
            if self._size + len(part) > MAX_STRETCH:
                self._give()
            self._pieces.append((side, start + at, self._places[side].first(start + at), part))
            self._size += len(part)
        self._offsets[side] = start + len(data)

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        self._offsets[side] += size
        if side is self._link.up:
            self._counts.lost += size

    def pump(self) -> None:
        """Nothing waits."""

    def finish(self) -> None:
        """Give what is left."""
        self._give()

    def begun(self) -> list[Begun]:
        """Give the stretch at hand."""
        for side in _BOTH:
            self._places[side].forget(
                min((start for of, start, _, _ in self._pieces if of is side), default=self._offsets[side])
            )
        if not self._pieces:
            return []
        return [Begun(min(piece[2] for piece in self._pieces), self._numbers, self._stretch)]

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        return self._counts

    def _give(self) -> None:
        if not self._pieces:
            return
        pieces = sorted(self._pieces, key=lambda piece: piece[2])
        put_pieces(self._link, self._places, self._protocol, pieces, self._numbers, self._stretch)
        self._pieces, self._size = [], 0
        self._stretch += 1


def raw_protocol(name: Name) -> Protocol:
    """Give the protocol that a stretch counts under."""
    try:
        return Protocol(name.value)
    except ValueError:
        return Protocol.RAW


def put_pieces(
    link: Link,
    places: tuple[StreamPlaces, StreamPlaces],
    protocol: Protocol,
    pieces: list[tuple[Side, int, int, bytes]],
    numbers: dict[int, int],
    key: int,
    host: str | None = None,
) -> None:
    """Hand over a stretch; its pieces are (side, start, first packet, bytes), in order; `host` may be known better."""
    packets: set[int] = set()
    for side, start, _, data in pieces:
        packets.update(places[side].packets(start, start + len(data)))
    side, start, first, _ = pieces[0]
    shown = f"[{link.address}]" if ":" in link.address else link.address
    fields: dict[str, object] = {
        "time": to_time(places[side].time(start)),
        "protocol": protocol,
        "url": f"tcp://{shown}:{link.port}".encode(),
        "host": host or link.host,
        "packets": tuple(sorted(packets)),
        "pieces": tuple(
            Piece(direction=link.direction(of), data=data, time=to_time(places[of].time(begin)))
            for of, begin, _, data in pieces
        ),
    }
    link.put(first, numbers, key, fields)


def put_stretch(
    link: Link,
    places: tuple[StreamPlaces, StreamPlaces],
    side: Side,
    start: int,
    data: bytes,
    host: str | None = None,
) -> None:
    """Hand over bytes that a parser found to be none of its protocol; see `put_pieces`."""
    first = places[side].first(start)
    put_pieces(link, places, Protocol.RAW, [(side, start, first, data)], {}, 0, host)
