"""HTTP/2 on a connection: each stream is an exchange."""

from phonehome.model.exchange import Piece, Protocol
from phonehome.readers.packets.doh import put_dns
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.http1 import Upgrade
from phonehome.readers.packets.http_exchange import http_fields, take_pushed
from phonehome.readers.packets.link import Counts, Link
from phonehome.readers.packets.raw import put_stretch
from phonehome.readers.packets.websocket import read_messages
from phonehome.wire.http2 import Http2Connection
from phonehome.wire.http2_stream import Http2Stream
from phonehome.wire.http2_table import CROWDED
from phonehome.wire.http_message import HttpMessage
from phonehome.wire.places import StreamPlaces
from phonehome.wire.side import Side
from phonehome.wire.websocket_deflate import DeflateParameters


class Http2Handler:
    """Both directions of HTTP/2.

    Args:
        link: The connection.
        places: Places of client and server.
        upgrade: The HTTP/1 request that asked for it, if one did; its answer comes on stream 1.
    """

    def __init__(
        self, link: Link, places: tuple[StreamPlaces, StreamPlaces], upgrade: Upgrade | None = None
    ) -> None:
        self._link = link
        self._places = places
        self._upgrade = upgrade
        self._connection = Http2Connection(upgrade.request if upgrade is not None else None)
        self._numbers: dict[int, int] = upgrade.numbers if upgrade is not None else {}
        self._fed = [0, 0]
        self._in_messages = 0
        self._given = (
            0  # bytes of the way up that have no meaning to HTTP, and were handed over as they stand
        )
        self._dropped = 0  # bytes of answers that go up and are beyond a bound

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        self._fed[side] += len(data)
        self._put(self._connection.feed(side, data))
        self._give_skipped(at_end=False)

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        self._fed[side] += size
        self._put(self._connection.gap(side, size))

    def pump(self) -> None:
        """Nothing waits here."""

    def finish(self) -> None:
        """Give what is left."""
        self._put(self._connection.finish())
        self._give_skipped(at_end=True)

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        client, server = self._places
        starts = self._connection.unfinished(Side.CLIENT)
        client.forget(min([*starts, self._done(Side.CLIENT)]))
        server.forget(min([*self._connection.unfinished(Side.SERVER), self._done(Side.SERVER)]))
        return [Begun(client.first(start), self._numbers, start) for start in starts]

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        connection, up = self._connection, self._link.up
        total = Counts()
        total.read = connection.framing[up]
        total.lost = (
            connection.skipped[up]
            - self._given
            + max(connection.lost[up] - self._in_messages, 0)
            + self._dropped
        )
        return total

    def _done(self, side: Side) -> int:
        first = self._connection.first_skipped(side)
        return self._fed[side] if first is None else first

    def _give_skipped(self, *, at_end: bool) -> None:
        """Hand over what has no meaning to HTTP, once the host is known."""
        if self._link.asked is None and not at_end:
            return
        for side in (Side.CLIENT, Side.SERVER):
            for start, data in self._connection.take_skipped(side):
                put_stretch(self._link, self._places, side, start, data, self._link.reached)
                if side is self._link.up:
                    self._given += len(data)

    def _put(self, streams: list[Http2Stream]) -> None:
        for stream in streams:
            self._put_stream(stream)

    def _put_stream(self, stream: Http2Stream) -> None:
        request, response = stream.request, stream.response
        places = self._places
        upgrade = self._upgrade
        if upgrade is not None and request is upgrade.request:
            self._put_upgraded(upgrade, stream)
            return
        if stream.pushed:
            places = (places[Side.SERVER], places[Side.SERVER])
        if request is None and response is None:
            return
        pieces = self._open_tunnel(request, response)
        first, fields = http_fields(self._link, places, request, response)
        if self._link.up is Side.CLIENT:
            self._in_messages += request.lost if request is not None and not stream.pushed else 0
        elif response is not None:
            self._dropped += response.dropped
        if stream.note == CROWDED:
            self._link.note(stream.note)
        put_dns(self._link, places, request, response, fields["host"])
        if stream.pushed and request is not None and self._link.up is Side.CLIENT:
            take_pushed(fields, request)
        if pieces:
            fields["protocol"] = Protocol.WEBSOCKET
            fields["pieces"] = (*fields.get("pieces", ()), *pieces)  # type: ignore[misc]
        if request is not None and not stream.pushed:
            self._link.put(first, self._numbers, request.start, fields)
        else:
            self._link.put(first, {}, 0, fields)

    def _open_tunnel(self, request: HttpMessage | None, response: HttpMessage | None) -> list[Piece]:
        """Take the messages out of the bodies, where WebSocket was asked for (RFC 8441)."""
        if request is None or (request.protocol or b"").lower() != b"websocket":
            return []
        extensions = response.header(b"sec-websocket-extensions") if response is not None else None
        deflate = DeflateParameters.parse(extensions)
        found: list[Piece] = []
        for side, message in ((Side.CLIENT, request), (Side.SERVER, response)):
            if message is None or not message.body or (message.status or 200) // 100 != 2:
                continue
            pieces, dropped = read_messages(self._link, side, message.body, deflate)
            message.body = b""
            message.size -= sum(piece.wire_size for piece in pieces)
            message.dropped += dropped
            found += pieces
        return found

    def _put_upgraded(self, upgrade: Upgrade, stream: Http2Stream) -> None:
        """Hand over the exchange whose request was HTTP/1 and whose answer is HTTP/2."""
        fields = dict(upgrade.fields)
        if stream.response is not None:
            _, answered = http_fields(self._link, self._places, None, stream.response)
            fields["response"], fields["status"] = answered["response"], answered["status"]
        self._link.put(upgrade.first, upgrade.numbers, upgrade.request.start, fields)
        self._upgrade = None
