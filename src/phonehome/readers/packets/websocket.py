"""WebSocket on a connection: the handshake with its messages is one exchange."""

from phonehome.model.exchange import Piece, Protocol
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.http1 import Upgrade
from phonehome.readers.packets.link import Counts, Link, to_time
from phonehome.wire.places import StreamPlaces
from phonehome.wire.side import Side
from phonehome.wire.websocket import Opcode, WebSocketMessage, WebSocketParser
from phonehome.wire.websocket_deflate import DeflateParameters

MAX_STRETCH = 4 << 20
"""Bytes of the messages that one exchange holds; a longer conversation goes on in the next exchange."""

_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION})


def read_messages(
    link: Link, side: Side, data: bytes, deflate: DeflateParameters | None
) -> tuple[list[Piece], int]:
    """Read what a stream of HTTP/2 held of one side: its messages, and how many bytes are beyond a bound.

    Which packets a message came in is not known there, nor when. What is no frame is a piece as it stands.
    """
    parser = WebSocketParser(side, deflate)
    pieces, dropped = [], 0
    for message in [*parser.feed(data), *parser.finish()]:
        link.note(message.note)
        dropped += message.dropped
        if message.data or message.opcode in _DATA:
            size = message.size - message.dropped
            way = link.direction(side)
            pieces.append(Piece(direction=way, data=message.data, text=message.text, size=size))
    pieces += (Piece(direction=link.direction(side), data=stretch) for _, stretch in parser.take_skipped())
    return pieces, dropped


class WebSocketHandler:
    """Both directions behind the handshake."""

    def __init__(self, link: Link, places: tuple[StreamPlaces, StreamPlaces], upgrade: Upgrade) -> None:
        self._link = link
        self._places = places
        deflate = DeflateParameters.parse(upgrade.answer.header(b"sec-websocket-extensions"))
        self._parsers = (WebSocketParser(Side.CLIENT, deflate), WebSocketParser(Side.SERVER, deflate))
        self._fields = upgrade.fields
        self._numbers = upgrade.numbers
        self._first = upgrade.first
        self._key = upgrade.request.start
        self._messages: list[tuple[int, tuple[int, ...], Piece]] = []
        self._size = 0
        self._given = 0  # bytes of the way up that are no frames, and were handed over as they stand
        self._fed = [0, 0]
        self._counts = Counts()

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        self._fed[side] += len(data)
        self._take(side, self._parsers[side].feed(data))

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        self._fed[side] += size
        self._take(side, self._parsers[side].gap(size))

    def pump(self) -> None:
        """Nothing waits here."""

    def finish(self) -> None:
        """Give what is left."""
        for side in (Side.CLIENT, Side.SERVER):
            self._take(side, self._parsers[side].finish())
        self._give()
        parser = self._parsers[self._link.up]
        self._counts.lost += parser.skipped - self._given + parser.lost

    def begun(self) -> list[Begun]:
        """Give the exchange, which ends with the connection."""
        for side in (Side.CLIENT, Side.SERVER):
            self._places[side].forget(min(self._parsers[side].unfinished(), default=self._fed[side]))
        return [Begun(self._first, self._numbers, self._key)]

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        return self._counts

    def _take(self, side: Side, messages: list[WebSocketMessage]) -> None:
        places = self._places[side]
        for message in messages:
            packets = places.packets(message.start, message.end)
            shown = message.data or message.opcode in _DATA
            if side is self._link.up:
                self._counts.read += 0 if shown else message.size
                self._counts.lost += message.dropped if shown else 0
            self._link.note(message.note)
            if not shown:
                continue
            piece = Piece(
                direction=self._link.direction(side),
                data=message.data,
                time=to_time(places.time(message.start)),
                text=message.text,
                size=message.size - message.dropped,
            )
            self._messages.append((packets[0] if packets else 0, packets, piece))
            self._size += len(message.data)
            if self._size > MAX_STRETCH:
                self._give()
        for start, data in self._parsers[side].take_skipped():
            packets = places.packets(start, start + len(data))
            piece = Piece(direction=self._link.direction(side), data=data, time=to_time(places.time(start)))
            self._messages.append((packets[0] if packets else 0, packets, piece))
            self._size += len(data)
            if side is self._link.up:
                self._given += len(data)

    def _give(self) -> None:
        """Hand over the exchange; what follows is another, without the handshake."""
        messages = sorted(self._messages, key=lambda one: one[0])
        fields = dict(self._fields)
        before = fields.get("packets", ())
        packets = {number for _, numbers, _ in messages for number in numbers}
        packets.update(before)  # type: ignore[arg-type]
        own = fields.get("pieces", ())
        fields["protocol"] = Protocol.WEBSOCKET
        fields["packets"] = tuple(sorted(packets))
        fields["pieces"] = (*own, *(piece for _, _, piece in messages))  # type: ignore[misc]
        self._link.put(self._first, self._numbers, self._key, fields)
        if messages:
            self._first = messages[-1][0]
        self._messages, self._size = [], 0
        self._numbers, self._key = {}, 0
        kept = ("time", "method", "url", "host")
        self._fields = {name: self._fields[name] for name in kept if name in self._fields} | {"packets": ()}
