"""Writes captures byte by byte, as the formats' documents say: what tests of the wire layer read."""

import struct
from collections.abc import Sequence

MAC_A = bytes.fromhex("020000000001")
MAC_B = bytes.fromhex("020000000002")
ADDRESS_A = bytes([192, 0, 2, 1])
ADDRESS_B = bytes([198, 51, 100, 2])
ADDRESS6_A = bytes.fromhex("20010db8000000000000000000000001")
ADDRESS6_B = bytes.fromhex("20010db8000000000000000000000002")
SECONDS = 1_700_000_000


def tcp(payload: bytes = b"", *, sequence: int = 1, flags: int = 0x18, options: bytes = b"") -> bytes:
    """A TCP segment from port 40000 to port 443."""
    offset = (20 + len(options)) // 4 << 12
    return struct.pack(">HHIIHHHH", 40000, 443, sequence, 7, offset | flags, 1024, 0, 0) + options + payload


def udp(
    payload: bytes = b"", *, source: int = 50000, destination: int = 53, length: int | None = None
) -> bytes:
    """A UDP datagram."""
    size = 8 + len(payload) if length is None else length
    return struct.pack(">HHHH", source, destination, size, 0) + payload


def ipv4(
    payload: bytes,
    *,
    protocol: int = 6,
    length: int | None = None,
    fragment: int = 0,
    identification: int = 1,
    options: bytes = b"",
) -> bytes:
    """An IPv4 packet; `fragment` is the field with flags and offset."""
    header = 20 + len(options)
    size = header + len(payload) if length is None else length
    first = 0x40 | header // 4
    fields = struct.pack(">BBHHHBBH", first, 0, size, identification, fragment, 64, protocol, 0)
    return fields + ADDRESS_A + ADDRESS_B + options + payload


def ipv6(payload: bytes, *, protocol: int = 6, length: int | None = None) -> bytes:
    """An IPv6 packet."""
    size = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28, size, protocol, 64) + ADDRESS6_A + ADDRESS6_B + payload


def ethernet(payload: bytes, *, kind: int = 0x0800, tags: bytes = b"") -> bytes:
    """An Ethernet frame from A to B; `tags` stand before the EtherType."""
    return MAC_B + MAC_A + tags + struct.pack(">H", kind) + payload


def pcap(
    packets: Sequence[bytes],
    *,
    link: int = 1,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    original: Sequence[int] | None = None,
) -> bytes:
    """A pcap file, one packet a second."""
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    out = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for place, packet in enumerate(packets):
        wire = len(packet) if original is None else original[place]
        out.append(struct.pack(f"{order}IIII", SECONDS + place, 5, len(packet), wire) + extra + packet)
    return b"".join(out)


def block(kind: int, body: bytes, *, order: str = "<", again: int | None = None) -> bytes:
    """A pcapng block; `again` is its second length, where that is to be wrong."""
    body += bytes(-len(body) % 4)
    size = len(body) + 12
    last = struct.pack(f"{order}I", size if again is None else again)
    return struct.pack(f"{order}II", kind, size) + body + last


def option(code: int, value: bytes, *, order: str = "<") -> bytes:
    """An option of a block."""
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(*, order: str = "<", major: int = 1) -> bytes:
    """A section header block."""
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, major, 0, -1), order=order)


def interface(*, link: int = 1, options: bytes = b"", snap_length: int = 0, order: str = "<") -> bytes:
    """An interface description block."""
    return block(1, struct.pack(f"{order}HHI", link, 0, snap_length) + options, order=order)


def enhanced(
    packet: bytes,
    *,
    ticks: int = SECONDS * 1_000_000,
    interface: int = 0,
    original: int | None = None,
    options: bytes = b"",
    order: str = "<",
) -> bytes:
    """An enhanced packet block."""
    wire = len(packet) if original is None else original
    fields = struct.pack(f"{order}IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), wire)
    return block(6, fields + packet + bytes(-len(packet) % 4) + options, order=order)


def simple(packet: bytes, *, original: int | None = None, order: str = "<") -> bytes:
    """A simple packet block."""
    wire = len(packet) if original is None else original
    return block(3, struct.pack(f"{order}I", wire) + packet, order=order)


def app_block(uid: int, package: str, name: str, *, order: str = "<") -> bytes:
    """PCAPdroid's custom block that names an app."""
    texts = package.encode(), name.encode()
    fields = struct.pack(f"{order}IHBBIBB", 62652, 1, 1, 0, uid, len(texts[0]), len(texts[1]))
    return block(0x0BAD, fields + b"".join(texts), order=order)


def with_trailer(packet: bytes, uid: int, name: str) -> bytes:
    """An IP packet in PCAPdroid's made-up Ethernet frame, its trailer behind it."""
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
    frame = bytes(12) + struct.pack(">H", kind) + packet
    frame += bytes(-len(frame) % 4)
    return frame + struct.pack(">Ii20s", 0x01072021, uid, name.encode()) + b"\x0f\xc5\x0f\xc5"
