"""Which protocol a stream carries is told by its first bytes, never by its port."""

from dataclasses import dataclass, field

from phonehome.model.exchange import Transport
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.http1 import Http1Handler, Upgrade
from phonehome.readers.packets.http2 import Http2Handler
from phonehome.readers.packets.link import Counts, Handler, Link
from phonehome.readers.packets.raw import RawHandler
from phonehome.wire.places import RecordPlaces, StreamPlaces
from phonehome.wire.side import Side
from phonehome.wire.tls.connection import TlsConnection
from phonehome.wire.tls.facts import TlsFacts
from phonehome.wire.tls.keylog import KeyLog

MAX_LAYERS = 4
"""Layers of TLS, tunnels and upgrades in one connection."""

ENOUGH = 24
"""Bytes of a direction that tell every protocol we know; with fewer it is waited."""

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SIDES = (Side.CLIENT, Side.SERVER)


@dataclass(slots=True)
class Keys:
    """What decrypts: the key log, which may grow while the capture is read."""

    log: KeyLog = field(default_factory=KeyLog)


class UnknownHandler:
    """Holds a stream back until its protocol is known, then hands all of it on.

    Attributes:
        tls: The layer of TLS, if that is what it turned out to be.
    """

    def __init__(
        self, link: Link, places: tuple[StreamPlaces, StreamPlaces], keys: Keys, depth: int = 0
    ) -> None:
        self.tls: TlsHandler | None = None
        self._link = link
        self._places = places
        self._keys = keys
        self._depth = depth
        self._heads = [b"", b""]
        self._held: list[tuple[Side, bytes | int]] = []
        self._handler: Handler | None = None

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        if self._handler is not None:
            self._handler.feed(side, data)
            return
        if len(self._heads[side]) < ENOUGH:
            self._heads[side] += data[:ENOUGH]
        self._held.append((side, data))

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        if self._handler is not None:
            self._handler.gap(side, size)
            return
        self._held.append((side, size))

    def pump(self) -> None:
        """Decide, if enough is there."""
        if self._handler is None and any(len(head) >= ENOUGH for head in self._heads):
            self._decide()
        if self._handler is not None:
            self._handler.pump()

    def finish(self) -> None:
        """Decide with what there is, and give what is left."""
        if self._handler is None:
            self._decide()
        if self._handler is not None:
            self._handler.pump()
            self._handler.finish()

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        return self._handler.begun() if self._handler is not None else []

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        return self._handler.counts() if self._handler is not None else Counts()

    def _decide(self) -> None:
        self._handler = self._choose()
        held, self._held = self._held, []
        for side, item in held:
            if isinstance(item, int):
                self._handler.gap(side, item)
            else:
                self._handler.feed(side, item)

    def _choose(self) -> Handler:
        client, server = self._heads
        if self._depth >= MAX_LAYERS:
            return RawHandler(self._link, self._places)
        if TlsConnection.looks_like(client) or (not client and TlsConnection.looks_like(server)):
            self.tls = TlsHandler(self._link, self._places, self._keys, self._depth)
            return self.tls
        if client.startswith(_PREFACE[:ENOUGH]):
            return Http2Handler(self._link, self._places)
        if _is_request(client) or server.startswith((b"HTTP/1.", b"HTTP/0.", b"ICY ")):
            return Http1Handler(self._link, self._places, self._switch)
        return RawHandler(self._link, self._places)

    def _switch(self, link: Link, places: tuple[StreamPlaces, StreamPlaces], upgrade: Upgrade) -> Handler:
        protocol = (upgrade.answer.header(b"upgrade") or b"").strip().lower()
        if upgrade.answer.status == 101 and protocol == b"websocket":
            pass
        if upgrade.answer.status == 101 and protocol == b"h2c":
            return Http2Handler(link, places, upgrade)
        link.put(upgrade.first, upgrade.numbers, upgrade.request.start, upgrade.fields)
        return UnknownHandler(link, places, self._keys, self._depth + 1)


class TlsHandler:
    """A layer of TLS: what the keys open is read on, the rest is closed.

    Attributes:
        tls: The protocol's state.
    """

    def __init__(self, link: Link, places: tuple[StreamPlaces, StreamPlaces], keys: Keys, depth: int) -> None:
        self.tls = TlsConnection(keys.log)
        self._link = link
        self._keys = keys
        self._depth = depth
        self._places = (RecordPlaces(places[Side.CLIENT]), RecordPlaces(places[Side.SERVER]))
        self._outer = places
        self._inner: UnknownHandler | None = None
        self._handed = 0  # bytes of gaps on the way up that the layer inside accounts for

    @property
    def facts(self) -> TlsFacts:
        """What the handshake told."""
        return self.tls.facts

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        self.tls.feed(side, data)

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        self.tls.gap(side, size)

    def pump(self) -> None:
        """Read on in what was decrypted."""
        for side in _SIDES:
            plain = self.tls.take(side)
            if plain is None:
                continue
            self._places[side].add(plain.marks)
            if self._inner is None:
                link = self._link.inside(Transport.TLS, self.tls.facts.sni)
                self._inner = UnknownHandler(link, self._places, self._keys, self._depth + 1)
            for piece in plain.pieces():
                if isinstance(piece, int):
                    self._inner.gap(side, piece)
                    self._handed += piece if side is self._link.up else 0
                else:
                    self._inner.feed(side, piece)
        if self._inner is not None:
            self._inner.pump()

    def finish(self) -> None:
        """Give what is left."""
        self.tls.finish()
        self.pump()
        if self._inner is not None:
            self._inner.finish()

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        return self._inner.begun() if self._inner is not None else []

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        total = Counts()
        if self._inner is not None:
            total += self._inner.counts()
        total.closed += self.tls.closed[self._link.up]
        total.lost += max(self.tls.lost[self._link.up] - self._handed, 0)
        return total


def _is_request(head: bytes) -> bool:
    """Whether a stream begins like an HTTP/1 request: a method in capitals, a space, a target."""
    method, space, target = head.partition(b" ")
    return bool(
        space
        and 3 <= len(method) <= 20
        and method.replace(b"-", b"").replace(b"_", b"").isalpha()
        and method.isupper()
        and (not target or target[:1] in b"/*" or target[:1].isalnum())
        and (len(method) > 4 or method in _METHODS or b"HTTP" in head)
    )


_METHODS = frozenset({b"GET", b"PUT", b"POST", b"HEAD", b"LOCK", b"MOVE", b"COPY"})
