"""One TCP connection as Ethernet frames: bytes that two sides exchanged become segments of RFC 9293 over IPv4.

The tap sees streams, not packets; so the handshake, the acknowledgements and the ends are written as any
unhurried pair of hosts would have sent them, each segment with right checksums.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

MSS = 1460
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

_WINDOW = 65_535
_TTL = 64
_TCP = 6
_DO_NOT_FRAGMENT = 0x4000
_MASK = 0xFFFFFFFF
_ETHERTYPE_IPV4 = 0x0800
_OPTIONS = struct.pack("!BBH", 2, 4, MSS)


class Side(IntEnum):
    """The ends of a connection."""

    HANDSET = 0
    CLOUD = 1

    @property
    def other(self) -> "Side":
        """The other end."""
        return Side(1 - self)


_MACS = (bytes.fromhex("02005e100001"), bytes.fromhex("02005e100002"))
"""Locally administered addresses: of the handset, and of the gateway."""


@dataclass(slots=True, kw_only=True)
class TcpFrames:
    """The frames of one connection, in the order in which they are asked for.

    Attributes:
        ends: Address (IPv4) and port of the handset, then of the cloud.
        sequence: Next sequence numbers of both.
    """

    ends: tuple[tuple[str, int], tuple[str, int]]
    sequence: list[int] = field(default_factory=lambda: [1_000, 1_000])
    _identification: int = 0

    def open(self) -> Iterator[bytes]:
        """Give the handshake."""
        yield self._segment(Side.HANDSET, SYN, options=_OPTIONS)
        yield self._segment(Side.CLOUD, SYN | ACK, options=_OPTIONS)
        yield self._segment(Side.HANDSET, ACK)

    def send(self, side: Side, data: bytes) -> Iterator[bytes]:
        """Give the segments of data that one side sent, and the other's acknowledgement."""
        for at in range(0, len(data), MSS):
            last = at + MSS >= len(data)
            yield self._segment(side, ACK | (PSH if last else 0), data[at : at + MSS])
        yield self._segment(side.other, ACK)

    def end(self, side: Side) -> Iterator[bytes]:
        """Give the end of what one side sends, and the other's acknowledgement."""
        yield self._segment(side, FIN | ACK)
        yield self._segment(side.other, ACK)

    def reset(self, side: Side) -> Iterator[bytes]:
        """Give the frame by which one side breaks off."""
        yield self._segment(side, RST | ACK)

    def _segment(self, side: Side, flags: int, data: bytes = b"", options: bytes = b"") -> bytes:
        (source, source_port), (target, target_port) = self.ends[side], self.ends[side.other]
        acknowledged = self.sequence[side.other] if flags & ACK else 0
        header = struct.pack(
            "!HHIIBBHHH",
            source_port,
            target_port,
            self.sequence[side],
            acknowledged,
            (20 + len(options)) // 4 << 4,
            flags,
            _WINDOW,
            0,
            0,
        )
        addresses = socket.inet_aton(source) + socket.inet_aton(target)
        segment = header + options + data
        check = _checksum(addresses + struct.pack("!BBH", 0, _TCP, len(segment)) + segment)
        segment = segment[:16] + struct.pack("!H", check) + segment[18:]
        self.sequence[side] = (self.sequence[side] + len(data) + bool(flags & (SYN | FIN))) & _MASK
        return self._frame(side, addresses, segment)

    def _frame(self, side: Side, addresses: bytes, segment: bytes) -> bytes:
        self._identification = (self._identification + 1) & 0xFFFF
        begin = struct.pack(
            "!BBHHHBB", 0x45, 0, 20 + len(segment), self._identification, _DO_NOT_FRAGMENT, _TTL, _TCP
        )
        check = _checksum(begin + b"\0\0" + addresses)
        ethernet = _MACS[side.other] + _MACS[side] + struct.pack("!H", _ETHERTYPE_IPV4)
        return ethernet + begin + struct.pack("!H", check) + addresses + segment


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
