"""MQTT on a connection: each control packet that carries something is an exchange."""

from phonehome.model.exchange import Direction, Message, Piece, Protocol, Transport
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.link import Counts, Link, to_time
from phonehome.wire.mqtt import MqttConnection, MqttPacket
from phonehome.wire.places import StreamPlaces
from phonehome.wire.side import Side


class MqttHandler:
    """Both directions of MQTT."""

    def __init__(self, link: Link, places: tuple[StreamPlaces, StreamPlaces]) -> None:
        self._link = link
        self._places = places
        self._connection = MqttConnection()
        self._numbers: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._fed = [0, 0]
        self._counts = Counts()
        self._lost = 0

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        self._fed[side] += len(data)
        self._put(side, self._connection.feed(side, data))

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        self._fed[side] += size
        if side is self._link.up:
            self._lost += size
        self._put(side, self._connection.gap(side, size))

    def pump(self) -> None:
        """Nothing waits here."""

    def finish(self) -> None:
        """Give what is left."""
        for side in (Side.CLIENT, Side.SERVER):
            self._put(side, self._connection.finish(side))

    def begun(self) -> list[Begun]:
        """Give the packets that are not complete."""
        begun = []
        for side in (Side.CLIENT, Side.SERVER):
            starts = self._connection.unfinished(side)
            self._places[side].forget(min(starts, default=self._fed[side]))
            begun += [Begun(self._places[side].first(start), self._numbers[side], start) for start in starts]
        return begun

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        total = Counts()
        total += self._counts
        total.lost += self._connection.skipped[self._link.up] + self._lost
        return total

    def _put(self, side: Side, packets: list[MqttPacket]) -> None:
        for packet in packets:
            self._put_packet(side, packet)

    def _put_packet(self, side: Side, packet: MqttPacket) -> None:
        link, places = self._link, self._places[side]
        size = packet.end - packet.start
        headers = tuple((name.encode(), value) for name, value in packet.fields)
        topic = next((value for name, value in packet.fields if name == "topic"), b"")
        scheme = b"mqtt" if link.transport is Transport.CLEARTEXT else b"mqtts"
        host = link.host
        fields: dict[str, object] = {
            "time": to_time(places.time(packet.start)),
            "protocol": Protocol.MQTT,
            "method": packet.kind.name,
            "url": scheme + b"://" + (f"[{host}]" if ":" in host else host).encode() + b"/" + topic,
            "host": host,
            "packets": places.packets(packet.start, packet.end),
        }
        message = Message(
            headers=headers,
            body=packet.body,
            size=size,
            truncated=packet.missing > 0,
            missing=min(packet.missing, size),
        )
        if link.direction(side) is Direction.UP:
            fields["request"] = message
        else:
            fields["response"] = message
        if link.up is Side.SERVER:
            fields.pop("request", None)
            fields.pop("response", None)
            head = b"\n".join(name + b": " + value for name, value in headers)
            fields["pieces"] = (Piece(direction=link.direction(side), data=head + b"\n\n" + packet.body),)
        self._link.put(places.first(packet.start), self._numbers[side], packet.start, fields)
