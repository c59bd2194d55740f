"""Writes captures for tests: Ethernet, IP and TCP around given streams, with what networks do to them.

Nothing here is the program's: a test that wrote with the code under test would agree with its mistakes.

    talk = Conversation()
    packets = [*talk.open(), *talk.send(CLIENT, b"GET / HTTP/1.1\r\n\r\n"), *talk.close()]
    path.write_bytes(pcap(packets))
"""

import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

CLIENT, SERVER = 0, 1
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHERNET, RAW_IP = 1, 101
BEGIN_NS = 1_772_000_000 * 10**9  # 2026-02-25
STEP_NS = 1_000_000
TLS_SECRETS = 0x544C534B
PCAPDROID_MAGIC, PCAPDROID_ENTERPRISE = 0x01072021, 62_652

_MASK = 0xFFFFFFFF
_MACS = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))
_OPTION_COMMENT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A frame as it was on the wire; `original` is its length there where the capture holds less."""

    time_ns: int
    frame: bytes
    original: int | None = None
    comment: str | None = None


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One TCP connection; each call gives the packets for what one side does next.

    Attributes:
        ends: Address and port of the client and of the server; IPv6 where there is a colon.
        sequence: Next sequence number of each side: set it high to see it wrap.
        mss: Payload bytes in a segment at most.
    """

    ends: tuple[tuple[str, int], tuple[str, int]] = (("192.168.7.20", 40_000), ("198.51.100.1", 80))
    sequence: list[int] = field(default_factory=lambda: [1_000, 5_000])
    mss: int = 1_400
    time_ns: int = BEGIN_NS

    def open(self) -> list[Packet]:
        """The three packets of the handshake."""
        return [self._next(CLIENT, SYN), self._next(SERVER, SYN | ACK), self._next(CLIENT, ACK)]

    def send(self, side: int, data: bytes) -> list[Packet]:
        """Segments of the data, without acknowledgements of their own."""
        pieces = [data[at : at + self.mss] for at in range(0, len(data), self.mss)]
        return [self._next(side, ACK | PSH, piece) for piece in pieces]

    def lose(self, side: int, size: int) -> None:
        """Bytes that were sent and that the recording does not hold."""
        self.sequence[side] = (self.sequence[side] + size) & _MASK

    def again(self, side: int, data: bytes, back: int) -> Packet:
        """A segment that begins `back` bytes before what comes next: a retransmission, or an overlap."""
        at = (self.sequence[side] - back) & _MASK
        return self._packet(side, ACK | PSH, at, data)

    def close(self) -> list[Packet]:
        """Both sides end."""
        return [
            self._next(CLIENT, FIN | ACK),
            self._next(SERVER, FIN | ACK),
            self._next(CLIENT, ACK),
        ]

    def reset(self, side: int) -> Packet:
        """One side breaks off."""
        return self._next(side, RST | ACK)

    def _next(self, side: int, flags: int, data: bytes = b"") -> Packet:
        packet = self._packet(side, flags, self.sequence[side], data)
        taken = len(data) + (1 if flags & (SYN | FIN) else 0)
        self.sequence[side] = (self.sequence[side] + taken) & _MASK
        return packet

    def _packet(self, side: int, flags: int, at: int, data: bytes) -> Packet:
        self.time_ns += STEP_NS
        acknowledged = self.sequence[1 - side] if flags & ACK else 0
        segment = tcp_segment(self.ends[side], self.ends[1 - side], at, acknowledged, flags, data)
        return Packet(time_ns=self.time_ns, frame=ethernet(side, segment))


def ethernet(side: int, packet: bytes, *, tags: Sequence[int] = ()) -> bytes:
    """An IP packet in an Ethernet frame, under VLAN tags."""
    kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
    under = b"".join(b"\x81\x00" + struct.pack(">H", tag) for tag in tags)
    return _MACS[1 - side] + _MACS[side] + under + kind + packet


def tcp_segment(
    source: tuple[str, int],
    target: tuple[str, int],
    sequence: int,
    acknowledged: int,
    flags: int,
    data: bytes,
) -> bytes:
    """An IP packet that carries a TCP segment, checksums right."""
    numbers = (source[1], target[1], sequence, acknowledged, 5 << 4, flags, 65_535, 0, 0)
    header = struct.pack(">HHIIBBHHH", *numbers)
    return ip_packet(source[0], target[0], socket.IPPROTO_TCP, header + data, checksum_at=16)


def udp_datagram(source: tuple[str, int], target: tuple[str, int], data: bytes) -> bytes:
    """An IP packet that carries a UDP datagram, checksums right."""
    header = struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0)
    return ip_packet(source[0], target[0], socket.IPPROTO_UDP, header + data, checksum_at=6)


def ip_packet(source: str, target: str, protocol: int, payload: bytes, *, checksum_at: int) -> bytes:
    """IPv4 or IPv6 around a payload whose checksum, at that offset, is still zero."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, target)
    total = _checksum(ends + struct.pack(">II", len(payload), protocol) + payload)
    payload = payload[:checksum_at] + struct.pack(">H", total or 0xFFFF) + payload[checksum_at + 2 :]
    if family == socket.AF_INET6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + ends + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0x4000, 64, protocol, 0) + ends
    return header[:10] + struct.pack(">H", _checksum(header)) + header[12:] + payload


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def shuffled(packets: Sequence[Packet], seed: int, *, reach: int = 4) -> list[Packet]:
    """The packets, each at most `reach` places early or late; times stay with places."""
    rng = Random(seed)
    order = sorted(range(len(packets)), key=lambda place: place + rng.uniform(0, reach))
    return [replace(packets[old], time_ns=packets[new].time_ns) for new, old in enumerate(order)]


def repeated(packets: Sequence[Packet], seed: int, *, share: float = 0.2) -> list[Packet]:
    """The packets, some of them twice in a row."""
    rng = Random(seed)
    return [copy for packet in packets for copy in [packet] * (2 if rng.random() < share else 1)]


def cut(packets: Iterable[Packet], snap_length: int) -> list[Packet]:
    """The packets as a recorder with that snap length keeps them."""
    return [
        replace(packet, frame=packet.frame[:snap_length], original=packet.original or len(packet.frame))
        for packet in packets
    ]


def with_app(packet: Packet, uid: int, name: str) -> Packet:
    """The packet with PCAPdroid's trailer: magic number, UID, name in 20 bytes, checksum of the frame."""
    label = name.encode()[:19].ljust(20, b"\0")
    trailer = struct.pack(">Ii", PCAPDROID_MAGIC, uid) + label + b"\0\0\0\0"
    return replace(packet, frame=packet.frame + b"\0" * (-len(packet.frame) % 4) + trailer)


def pcap(
    packets: Iterable[Packet], *, link: int = ETHERNET, order: str = "<", nanoseconds: bool = False
) -> bytes:
    """A pcap file; `order` is `<` or `>`."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    unit = 1 if nanoseconds else 1_000
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    for packet in packets:
        seconds, rest = divmod(packet.time_ns, 10**9)
        length = len(packet.frame)
        sizes = (length, length if packet.original is None else packet.original)
        out += [struct.pack(order + "IIII", seconds, rest // unit, *sizes), packet.frame]
    return b"".join(out)


def pcapng(
    packets: Iterable[Packet],
    *,
    link: int = ETHERNET,
    order: str = "<",
    secrets: bytes | None = None,
    resolution: int = 9,
    apps: Sequence[tuple[int, str, str]] = (),
) -> bytes:
    """A pcapng file of one section and one interface.

    Args:
        secrets: A TLS key log, for a decryption secrets block.
        resolution: Decimal digits of a second in which times are counted.
        apps: UID, package and name of apps, as PCAPdroid's custom blocks say them.
    """
    out = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)]
    options = option(9, bytes([resolution]), order) + option(0, b"", order)
    out.append(block(1, struct.pack(order + "HHI", link, 0, 0) + options, order))
    if secrets is not None:
        out.append(block(10, struct.pack(order + "II", TLS_SECRETS, len(secrets)) + secrets, order))
    out += [block(0xBAD, _app(order, *app), order) for app in apps]
    for packet in packets:
        time = packet.time_ns * 10**resolution // 10**9
        length = len(packet.frame)
        sizes = (length, length if packet.original is None else packet.original)
        head = struct.pack(order + "IIIII", 0, time >> 32, time & _MASK, *sizes)
        comment = b""
        if packet.comment is not None:
            comment = option(_OPTION_COMMENT, packet.comment.encode(), order) + option(0, b"", order)
        out.append(block(6, head + _padded(packet.frame) + comment, order))
    return b"".join(out)


def _app(order: str, uid: int, package: str, name: str) -> bytes:
    texts = package.encode(), name.encode()
    numbers = (PCAPDROID_ENTERPRISE, 1, 1, 0, uid, len(texts[0]), len(texts[1]))
    return struct.pack(order + "IHBBIBB", *numbers) + b"".join(texts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block."""
    body = _padded(body)
    total = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + total + body + total


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """A pcapng option."""
    return struct.pack(order + "HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
