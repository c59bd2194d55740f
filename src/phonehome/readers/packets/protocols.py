"""Which protocol a stream carries is told by its first bytes, never by its port."""

from dataclasses import dataclass, field
from functools import partial

from phonehome.model.exchange import Transport
from phonehome.readers.packets.dns_stream import DnsStreamHandler
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.http1 import Http1Handler, Upgrade
from phonehome.readers.packets.http2 import Http2Handler
from phonehome.readers.packets.link import Counts, Handler, Link, to_time
from phonehome.readers.packets.mqtt import MqttHandler
from phonehome.readers.packets.raw import RawHandler, raw_protocol
from phonehome.readers.packets.websocket import WebSocketHandler
from phonehome.wire.http_message import HttpMessage
from phonehome.wire.names import (
    HEAD_BYTES,
    HTTP_2_PREFACE,
    MAX_CLEAR_BYTES,
    Name,
    find_tls,
    may_turn_to_tls,
    name_stream,
)
from phonehome.wire.places import RecordPlaces, ShiftedPlaces, StreamPlaces
from phonehome.wire.side import Side
from phonehome.wire.tls.connection import TlsConnection
from phonehome.wire.tls.facts import TlsFacts
from phonehome.wire.tls.keylog import KeyLog

MAX_LAYERS = 4
"""Layers of TLS, tunnels and upgrades in one connection."""

ENOUGH = 256
"""Bytes of a direction with which it is decided, even for a protocol that nobody knows."""

LEAST = 8
"""Bytes with which a protocol may be told."""

MALFORMED_HANDSHAKE = "of a TLS handshake, and cut or malformed: what the connection carried may stay closed"
"""What is noted of a handshake message that cannot be understood."""

_DNS_PORTS = frozenset({53, 853})
_SIDES = (Side.CLIENT, Side.SERVER)


@dataclass(slots=True)
class Keys:
    """What decrypts: the key log, which may grow while the capture is read."""

    log: KeyLog = field(default_factory=KeyLog)


class UnknownHandler:
    """Holds a stream back until its protocol is known, then hands all of it on."""

    def __init__(
        self, link: Link, places: tuple[StreamPlaces, StreamPlaces], keys: Keys, depth: int = 0
    ) -> None:
        self._link = link
        self._places = places
        self._keys = keys
        self._depth = depth
        self._heads = [b"", b""]
        self._held: list[tuple[Side, bytes | int]] = []
        self._handler: Handler | None = None

    @property
    def tls(self) -> "TlsHandler | None":
        """The outermost layer of TLS."""
        if isinstance(self._handler, TlsHandler):
            return self._handler
        if isinstance(self._handler, TurningHandler) and self._handler.layer is not None:
            return self._handler.layer.tls
        return None

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        if self._handler is not None:
            self._handler.feed(side, data)
            return
        if len(self._heads[side]) < HEAD_BYTES:
            self._heads[side] += data[: HEAD_BYTES - len(self._heads[side])]
        self._held.append((side, data))

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        if self._handler is not None:
            self._handler.gap(side, size)
            return
        self._held.append((side, size))

    def pump(self) -> None:
        """Decide, if enough is there."""
        if self._handler is None and self._can_decide():
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

    def _can_decide(self) -> bool:
        if any(len(head) >= ENOUGH for head in self._heads):
            return True
        client, server = self._heads
        if max(len(client), len(server)) < LEAST or (client and HTTP_2_PREFACE.startswith(client)):
            return False
        return name_stream(client, server, port=self._link.port) is not Name.UNKNOWN

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
        name = name_stream(client, server, port=self._link.port)
        if name is Name.TLS:
            return TlsHandler(self._link, self._places, self._keys, self._depth)
        if name is Name.HTTP_2:
            return Http2Handler(self._link, self._places)
        if name is Name.HTTP_1:
            # No method of ours: handlers in a ring outlive their connection, and their number grows with the recording.
            return Http1Handler(self._link, self._places, partial(_switch, self._keys, self._depth))
        if name is Name.WEBSOCKET:
            return WebSocketHandler(self._link, self._places, self._missed_upgrade())
        if name is Name.MQTT:
            return MqttHandler(self._link, self._places)
        if self._link.port in _DNS_PORTS and (
            DnsStreamHandler.looks_like(client) or DnsStreamHandler.looks_like(server)
        ):
            return DnsStreamHandler(self._link, self._places)
        if may_turn_to_tls(name):
            return TurningHandler(self._link, self._places, self._keys, name, self._depth)
        return RawHandler(self._link, self._places, raw_protocol(name))

    def _missed_upgrade(self) -> Upgrade:
        """What stands for a handshake that was not recorded."""
        link, places = self._link, self._places[Side.CLIENT]
        shown = f"[{link.address}]" if ":" in link.address else link.address
        fields: dict[str, object] = {
            "time": to_time(places.time(0)),
            "url": f"tcp://{shown}:{link.port}".encode(),
            "host": link.host,
        }
        request, answer = (HttpMessage(0, "1.1", None, None, None) for _ in Side)
        return Upgrade(request, answer, places.first(0), fields, {})


def _switch(
    keys: Keys, depth: int, link: Link, places: tuple[StreamPlaces, StreamPlaces], upgrade: Upgrade
) -> Handler:
    """Make the handler of what follows an upgrade inside a layer."""
    protocol = (upgrade.answer.header(b"upgrade") or b"").strip().lower()
    if upgrade.answer.status == 101 and protocol == b"websocket":
        return WebSocketHandler(link, places, upgrade)
    if upgrade.answer.status == 101 and protocol == b"h2c":
        return Http2Handler(link, places, upgrade)
    link.put(upgrade.first, upgrade.numbers, upgrade.request.start, upgrade.fields)
    return UnknownHandler(link, places, keys, depth + 1)


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
                link = self._link.inside(Transport.TLS, self.tls.sni)
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
        if self.tls.malformed:
            self._link.out.notes[MALFORMED_HANDSHAKE] += self.tls.malformed
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


class TurningHandler:
    """A stream in clear that may turn into TLS by a command of its own (STARTTLS)."""

    def __init__(
        self, link: Link, places: tuple[StreamPlaces, StreamPlaces], keys: Keys, name: Name, depth: int
    ) -> None:
        self.layer: UnknownHandler | None = None
        self._link = link
        self._places = places
        self._keys = keys
        self._name = name
        self._depth = depth
        self._raw = RawHandler(link, places, raw_protocol(name))
        self._heads = [b"", b""]
        self._late: list[list[bytes | int]] = [[], []]
        self._turns: list[int | None] = [None, None]

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        if self.layer is not None:
            self.layer.feed(side, data)
        elif self._turns[side] is not None:
            self._late[side].append(data)
        else:
            self._look(side, data)

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        if self.layer is not None:
            self.layer.gap(side, size)
        elif self._turns[side] is not None:
            self._late[side].append(size)
        else:
            self._heads[side] += b"\0" * min(size, MAX_CLEAR_BYTES)
            self._raw.gap(side, size)

    def pump(self) -> None:
        """Go on with TLS, once both directions have turned."""
        if self.layer is None and None not in self._turns:
            begins = (self._turns[Side.CLIENT] or 0, self._turns[Side.SERVER] or 0)
            places = (
                ShiftedPlaces(self._places[Side.CLIENT], begins[Side.CLIENT]),
                ShiftedPlaces(self._places[Side.SERVER], begins[Side.SERVER]),
            )
            self._raw.finish()
            self.layer = UnknownHandler(self._link, places, self._keys, self._depth + 1)
            for side in _SIDES:
                for item in self._late[side]:
                    if isinstance(item, int):
                        self.layer.gap(side, item)
                    else:
                        self.layer.feed(side, item)
                self._late[side].clear()
        if self.layer is not None:
            self.layer.pump()

    def finish(self) -> None:
        """Give what is left."""
        self.pump()
        if self.layer is not None:
            self.layer.finish()
            return
        for side in _SIDES:
            for item in self._late[side]:
                if isinstance(item, int):
                    self._raw.gap(side, item)
                else:
                    self._raw.feed(side, item)
        self._raw.finish()

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        return self.layer.begun() if self.layer is not None else self._raw.begun()

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        total = Counts()
        total += self._raw.counts()
        if self.layer is not None:
            total += self.layer.counts()
        return total

    def _look(self, side: Side, data: bytes) -> None:
        head = self._heads[side]
        if len(head) >= MAX_CLEAR_BYTES:
            self._raw.feed(side, data)
            return
        self._heads[side] = whole = head + data[: MAX_CLEAR_BYTES - len(head)]
        turn = find_tls(self._name, side, whole)
        if turn is None or turn < len(head):
            self._raw.feed(side, data)
            return
        self._turns[side] = turn
        if turn > len(head):
            self._raw.feed(side, data[: turn - len(head)])
        self._late[side].append(data[turn - len(head) :])
