"""What one MQTT control packet says (MQTT 3.1.1 and 5.0, OASIS standards, chapters 2 and 3).

Fields come in the order of the packet, numbers in decimal; the payload of a PUBLISH is the body.
"""

from dataclasses import dataclass
from enum import IntEnum

from phonehome.model.errors import DecodeError

Field = tuple[str, bytes]

MAX_FIELDS = 4096
"""Fields kept of one packet; a SUBSCRIBE names some dozens of topics."""

VERSION_5 = 5


class PacketType(IntEnum):
    """The control packet types (2.1.2)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


_FLAGS_2 = frozenset({PacketType.PUBREL, PacketType.SUBSCRIBE, PacketType.UNSUBSCRIBE})
_ACKNOWLEDGEMENTS = frozenset({PacketType.PUBACK, PacketType.PUBREC, PacketType.PUBREL, PacketType.PUBCOMP})

# MQTT 5.0, 2.2.2.2: name, and bytes of a number; 0 a string or binary data, -1 a variable number, -2 two strings.
_TEXT, _VARIABLE, _PAIR = 0, -1, -2
TOPIC_ALIAS = "topic_alias"
_PROPERTIES = {
    1: ("payload_format_indicator", 1),
    2: ("message_expiry_interval", 4),
    3: ("content_type", _TEXT),
    8: ("response_topic", _TEXT),
    9: ("correlation_data", _TEXT),
    11: ("subscription_identifier", _VARIABLE),
    17: ("session_expiry_interval", 4),
    18: ("assigned_client_identifier", _TEXT),
    19: ("server_keep_alive", 2),
    21: ("authentication_method", _TEXT),
    22: ("authentication_data", _TEXT),
    23: ("request_problem_information", 1),
    24: ("will_delay_interval", 4),
    25: ("request_response_information", 1),
    26: ("response_information", _TEXT),
    28: ("server_reference", _TEXT),
    31: ("reason_string", _TEXT),
    33: ("receive_maximum", 2),
    34: ("topic_alias_maximum", 2),
    35: (TOPIC_ALIAS, 2),
    36: ("maximum_qos", 1),
    37: ("retain_available", 1),
    38: ("user_property", _PAIR),
    39: ("maximum_packet_size", 4),
    40: ("wildcard_subscription_available", 1),
    41: ("subscription_identifier_available", 1),
    42: ("shared_subscription_available", 1),
}


@dataclass(slots=True)
class Content:
    """What a packet holds; grows while it is read, so that a malformed one keeps what came before the fault.

    Attributes:
        fields: Name and value in the order of the packet.
        body_at: Where in the packet's content the body begins; −1 if there is none.
        version: The protocol level that the packet itself tells (CONNECT, CONNACK); None otherwise.
    """

    fields: list[Field]
    body_at: int = -1
    version: int | None = None


def read_type(first: int) -> PacketType | None:
    """Read a packet's first byte; None if no packet begins with it."""
    kind, flags = first >> 4, first & 15
    if not kind:
        return None
    packet = PacketType(kind)
    if packet is PacketType.PUBLISH or flags == (2 if packet in _FLAGS_2 else 0):
        return packet
    return None


class _Fields:
    """Takes fields from the front of a packet's content."""

    __slots__ = ("at", "data", "found")

    def __init__(self, data: bytes, content: Content) -> None:
        self.data = data
        self.at = 0
        self.found = content.fields

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise DecodeError(f"a field of {size} bytes, of which {self.left} are there")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def text(self) -> bytes:
        return self.take(self.number(2))

    def variable(self) -> int:
        """A variable byte integer (MQTT 5.0, 1.5.5)."""
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise DecodeError("a variable byte integer of more than four bytes")

    def add(self, name: str, value: bytes | int) -> None:
        if len(self.found) >= MAX_FIELDS:
            raise DecodeError(f"more than {MAX_FIELDS} fields")
        self.found.append((name, str(value).encode() if isinstance(value, int) else value))

    def properties(self, prefix: str = "") -> None:
        """Read a property list (MQTT 5.0, 2.2.2)."""
        end = self.variable() + self.at
        if end > len(self.data):
            raise DecodeError("properties that end outside the packet")
        while self.at < end:
            name, size = _PROPERTIES.get(number := self.variable(), ("", 0))
            if not name:
                raise DecodeError(f"a property of the unknown kind {number}")
            if size == _PAIR:
                key = self.text().decode("utf-8", "replace")
                self.add(f"{prefix}{name}:{key}", self.text())
            elif size == _VARIABLE:
                self.add(prefix + name, self.variable())
            else:
                self.add(prefix + name, self.number(size) if size else self.text())
        if self.at != end:
            raise DecodeError("properties that end within a property")


def parse_content(kind: PacketType, flags: int, data: bytes, version: int | None, content: Content) -> None:
    """Read a packet's content into `content`.

    Args:
        kind: The packet's type.
        flags: The lower half of its first byte.
        data: All behind its fixed header.
        version: The connection's protocol level as far as it is known.
        content: What to fill.

    Raises:
        DecodeError: It is malformed; `content` holds what came before the fault.
    """
    fields = _Fields(data, content)
    five = version is not None and version >= VERSION_5
    match kind:
        case PacketType.CONNECT:
            _read_connect(fields, content)
        case PacketType.CONNACK:
            content.version = VERSION_5 if len(data) > 2 else 4
            fields.add("session_present", fields.number(1) & 1)
            _read_reason(fields)
        case PacketType.PUBLISH:
            _read_publish(fields, flags, version, content)
            return
        case PacketType.SUBSCRIBE | PacketType.UNSUBSCRIBE:
            _read_topics(fields, kind, five=five)
        case PacketType.SUBACK | PacketType.UNSUBACK:
            fields.add("packet_id", fields.number(2))
            if five:
                fields.properties()
            while fields.left:
                fields.add("reason", fields.number(1))
        case _:
            if kind in _ACKNOWLEDGEMENTS:
                fields.add("packet_id", fields.number(2))
            _read_reason(fields)
    if fields.left:
        raise DecodeError(f"{fields.left} bytes behind the last field")


def _read_reason(fields: _Fields) -> None:
    """A reason code and properties, both left out where they say nothing (MQTT 5.0, 3.4.2)."""
    if fields.left:
        fields.add("reason", fields.number(1))
    if fields.left:
        fields.properties()


def _read_connect(fields: _Fields, content: Content) -> None:
    """MQTT 5.0, 3.1; in 3.1.1 without properties."""
    fields.add("protocol", fields.text())
    content.version = fields.number(1)
    fields.add("version", content.version)
    flags = fields.number(1)
    fields.add("clean_start", flags >> 1 & 1)
    fields.add("keep_alive", fields.number(2))
    five = content.version >= VERSION_5
    if five:
        fields.properties()
    fields.add("client_id", fields.text())
    if flags & 0x04:
        if five:
            fields.properties("will_")
        fields.add("will_topic", fields.text())
        fields.add("will_payload", fields.text())
    if flags & 0x80:
        fields.add("user_name", fields.text())
    if flags & 0x40:
        fields.add("password", fields.text())


def _read_publish(fields: _Fields, flags: int, version: int | None, content: Content) -> None:
    qos = flags >> 1 & 3
    topic = fields.text()
    fields.add("topic", topic)
    fields.add("qos", qos)
    if flags & 1:
        fields.add("retain", 1)
    if qos:
        fields.add("packet_id", fields.number(2))
    if version is None:
        _guess_properties(fields, content)
    elif version >= VERSION_5:
        fields.properties()
    content.body_at = fields.at
    if qos == 3:
        raise DecodeError("a PUBLISH of the quality of service 3")
    if b"#" in topic or b"+" in topic or b"\0" in topic:
        raise DecodeError("a topic name with wildcards or NUL")


def _guess_properties(fields: _Fields, content: Content) -> None:
    """Take what reads as a property list for one, where the recording began too late to tell the version."""
    trial = _Fields(fields.data, Content(list(fields.found)))
    trial.at = fields.at
    try:
        trial.properties()
    except DecodeError:
        return
    fields.at = trial.at
    content.fields[:] = trial.found


def _read_topics(fields: _Fields, kind: PacketType, *, five: bool) -> None:
    fields.add("packet_id", fields.number(2))
    if five:
        fields.properties()
    while fields.left:
        fields.add("topic", fields.text())
        if kind is PacketType.SUBSCRIBE:
            fields.add("options", fields.number(1))
