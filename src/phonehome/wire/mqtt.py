"""MQTT connections (3.1.1 and 5.0, OASIS standards): packets out of the two directions of a stream.

The fixed header tells a packet's size, so one with a hole or nonsense inside does not lose those behind it. Behind a
gap that hides where packets begin, the next byte is taken for a beginning if a whole packet can be read from it;
otherwise all is skipped until the next gap.
"""

from dataclasses import dataclass

from phonehome.model.errors import DecodeError
from phonehome.wire.mqtt_packet import TOPIC_ALIAS, Content, Field, PacketType, parse_content, read_type
from phonehome.wire.side import Side

MAX_PACKET_BYTES = 16 * 1024 * 1024
"""Bytes kept of one packet; the standard allows 256 MiB."""
MAX_UNSURE_BYTES = 64 * 1024
"""Size of a packet behind a gap that is waited for, to see whether it is one."""
MAX_ALIASES = 1024
"""Topic aliases kept of one side (MQTT 5.0, 3.3.2.3.4); a server offers some dozens."""

_MAX_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttPacket:
    """One control packet.

    Attributes:
        start: Offset of its first byte in its direction's stream.
        end: Offset behind its last.
        kind: Its type.
        fields: Name and value in the packet's order, the body left out; numbers in decimal.
        body: The payload of a PUBLISH; of a malformed packet all that could not be read as fields.
        body_start: Offset of the body in the stream, where the packet has no hole before it.
        missing: Bytes of the packet that the recording does not hold, or that are beyond `MAX_PACKET_BYTES`.
        note: What is wrong with it, in words that hold nothing of it.
    """

    start: int
    end: int
    kind: PacketType
    fields: tuple[Field, ...] = ()
    body: bytes = b""
    body_start: int = 0
    missing: int = 0
    note: str | None = None


class _Half:
    """One direction: bytes from the current packet's first one on, holes left out."""

    __slots__ = ("aliases", "buffer", "hole", "lost", "offset", "skipped", "unsure")

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.offset = 0
        self.hole = 0
        self.skipped = 0
        self.unsure = False
        self.lost = False
        self.aliases: dict[bytes, bytes] = {}

    def measure(self) -> tuple[int, int] | None:
        """Give the sizes of the current packet's fixed header and of the whole packet; None if too little is there.

        Raises:
            DecodeError: No packet begins here.
        """
        head = self.buffer[: 1 + _MAX_LENGTH_BYTES]
        if head and read_type(head[0]) is None:
            raise DecodeError("no MQTT packet begins here")
        length = 0
        for at, byte in enumerate(head[1:], 1):
            length |= (byte & 0x7F) << 7 * (at - 1)
            if byte < 0x80:
                return at + 1, at + 1 + length
        if len(head) > _MAX_LENGTH_BYTES:
            raise DecodeError("an MQTT packet whose length takes more than four bytes")
        return None

    def drop(self, size: int) -> None:
        del self.buffer[:size]
        self.offset += size

    def skip_all(self) -> None:
        self.skipped += len(self.buffer)
        self.offset += self.hole
        self.hole = 0
        self.drop(len(self.buffer))


class MqttConnection:
    """Both directions of one connection.

    Attributes:
        version: The protocol level that the client or the server told: 3, 4 (3.1.1) or 5; None before.
    """

    __slots__ = ("_halves", "version")

    def __init__(self) -> None:
        self.version: int | None = None
        self._halves = (_Half(), _Half())

    @property
    def skipped(self) -> list[int]:
        """Bytes per side that were no packet, or could not be told to be one."""
        return [half.skipped for half in self._halves]

    def feed(self, side: Side, data: bytes) -> list[MqttPacket]:
        """Take bytes of one direction; gives the packets that are complete by them."""
        half = self._halves[side]
        half.buffer += data
        return self._read(half)

    def gap(self, side: Side, size: int) -> list[MqttPacket]:
        """Say that `size` bytes of one direction are missing; gives the packet that they complete, if any."""
        half = self._halves[side]
        sizes = None if half.lost or half.unsure else half.measure()
        if sizes is None:
            half.skip_all()
            half.offset += size
            half.unsure, half.lost = True, False
            return []
        rest = sizes[1] - half.hole - len(half.buffer)
        half.hole += min(rest, size)
        packets = self._read(half)
        if size > rest:
            half.offset += size - rest
            half.unsure = True
        return packets

    def finish(self, side: Side | None = None) -> list[MqttPacket]:
        """Say that no more comes, from one side or both; gives what is there of packets cut at the end."""
        packets = []
        for half in self._halves if side is None else (self._halves[side],):
            sizes = None if half.lost or half.unsure else half.measure()
            if sizes is not None:
                half.hole += sizes[1] - half.hole - len(half.buffer)
                packets += self._read(half)
            half.skip_all()
        return packets

    def unfinished(self, side: Side) -> list[int]:
        """Where the packet begins that is not complete yet, if there is one."""
        half = self._halves[side]
        return [half.offset] if half.buffer else []

    def _read(self, half: _Half) -> list[MqttPacket]:
        packets: list[MqttPacket] = []
        while half.buffer and not half.lost:
            try:
                sizes = half.measure()
            except DecodeError:
                half.lost = True
                break
            if sizes is not None and half.unsure and sizes[1] > MAX_UNSURE_BYTES:
                half.lost = True
                break
            if sizes is None or not self._is_whole(half, sizes[1]):
                break
            packet = self._take(half, *sizes)
            if half.unsure and packet.note is not None:
                half.lost = True
                break
            half.unsure = False
            packets.append(packet)
            half.drop(sizes[1] - half.hole)
            half.offset += half.hole
            half.hole = 0
        if half.lost:
            half.skip_all()
        return packets

    def _is_whole(self, half: _Half, size: int) -> bool:
        beyond = min(len(half.buffer), size - half.hole) - MAX_PACKET_BYTES
        if beyond > 0:
            del half.buffer[MAX_PACKET_BYTES : MAX_PACKET_BYTES + beyond]
            half.hole += beyond
        return len(half.buffer) >= size - half.hole

    def _take(self, half: _Half, head: int, size: int) -> MqttPacket:
        data = bytes(half.buffer[head : size - half.hole])
        kind = PacketType(half.buffer[0] >> 4)
        content, note = Content([]), None
        try:
            parse_content(kind, half.buffer[0] & 15, data, self.version, content)
        except DecodeError as fault:
            note = f"a malformed {kind.name} packet: {fault}"
            content.body_at = max(content.body_at, 0)
        if half.hole:
            note = f"{half.hole} bytes of the {kind.name} packet are missing"
        if content.version is not None and (self.version is None or kind is PacketType.CONNECT):
            self.version = content.version
        if kind is PacketType.PUBLISH and note is None:
            _follow_alias(half.aliases, content.fields)
        return MqttPacket(
            start=half.offset,
            end=half.offset + size,
            kind=kind,
            fields=tuple(content.fields),
            body=data[content.body_at :] if content.body_at >= 0 else b"",
            body_start=half.offset + head + max(content.body_at, 0),
            missing=half.hole,
            note=note,
        )


def _follow_alias(aliases: dict[bytes, bytes], fields: list[Field]) -> None:
    """Keep a topic under its alias, or add the topic that a bare alias stands for (MQTT 5.0, 3.3.2.3.4)."""
    named = dict(fields)
    alias, topic = named.get(TOPIC_ALIAS), named.get("topic")
    if alias is None:
        return
    if topic and (alias in aliases or len(aliases) < MAX_ALIASES):
        aliases[alias] = topic
    elif not topic and alias in aliases:
        fields.append(("aliased_topic", aliases[alias]))
