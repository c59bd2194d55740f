"""The least that a test needs to take datagrams and streams out of a small, orderly capture.

Not the program's own reader, on purpose: what the tests compare with tshark must not go through the code under test.
"""

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CASES = Path(__file__).parent.parent / "cases"

_LINK_HEADERS = {0: 4, 1: 14, 12: 0, 101: 0, 113: 16, 276: 20}
_UDP, _TCP = 17, 6


class Payload(NamedTuple):
    """What one packet carries over UDP or TCP."""

    number: int
    source: tuple[bytes, int]
    target: tuple[bytes, int]
    sequence: int  # of TCP; 0 for UDP
    data: bytes


def iter_frames(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Give number, link type and bytes of each packet of a pcap or pcapng file."""
    content = path.read_bytes()
    if content[:4] == b"\x0a\x0d\x0d\x0a":
        yield from _iter_blocks(content)
        return
    order = "<" if content[0] in {0xD4, 0x4D} else ">"
    (link,) = struct.unpack_from(order + "I", content, 20)
    at, number = 24, 0
    while at + 16 <= len(content):
        (size,) = struct.unpack_from(order + "I", content, at + 8)
        number += 1
        yield number, link & 0xFFFF, content[at + 16 : at + 16 + size]
        at += 16 + size


def _iter_blocks(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    order = "<" if content[8] == 0x4D else ">"
    at, number, links = 0, 0, list[int]()
    while at + 12 <= len(content):
        kind, size = struct.unpack_from(order + "II", content, at)
        if kind == 1:
            links.append(struct.unpack_from(order + "H", content, at + 8)[0])
        elif kind == 6:
            interface, _high, _low, captured = struct.unpack_from(order + "4I", content, at + 8)
            number += 1
            yield number, links[interface], content[at + 28 : at + 28 + captured]
        at += size


def iter_payloads(path: Path) -> Iterator[Payload]:
    """Give what each unfragmented UDP or TCP packet carries, in the order of the capture."""
    for number, link, frame in iter_frames(path):
        packet = frame[_LINK_HEADERS[link] :]
        if link == 1 and frame[12:14] not in {b"\x08\x00", b"\x86\xdd"}:
            continue
        payload = _open_packet(number, packet)
        if payload is not None:
            yield payload


def _open_packet(number: int, packet: bytes) -> Payload | None:
    if len(packet) < 40 and packet[:1] != b"\x45":
        return None
    if packet[0] >> 4 == 4:
        size, start, protocol = int.from_bytes(packet[2:4]), (packet[0] & 15) * 4, packet[9]
        source, target = packet[12:16], packet[16:20]
    else:
        size, start, protocol = 40 + int.from_bytes(packet[4:6]), 40, packet[6]
        source, target = packet[8:24], packet[24:40]
    segment = packet[start:size]
    if protocol not in {_UDP, _TCP} or len(segment) < 8:
        return None
    from_port, to_port = struct.unpack_from(">HH", segment)
    head = 8 if protocol == _UDP else (segment[12:13] or b"\xff")[0] // 16 * 4
    sequence = 0 if protocol == _UDP else int.from_bytes(segment[4:8])
    return Payload(number, (source, from_port), (target, to_port), sequence, segment[head:])


def join_streams(path: Path) -> dict[tuple[tuple[bytes, int], tuple[bytes, int]], bytes]:
    """Give each TCP direction's bytes by (source, target), in the order of first packets."""
    streams: dict[tuple[tuple[bytes, int], tuple[bytes, int]], dict[int, bytes]] = {}
    for one in iter_payloads(path):
        segments = streams.setdefault((one.source, one.target), {})
        if one.data and len(one.data) > len(segments.get(one.sequence, b"")):
            segments[one.sequence] = one.data
    return {key: b"".join(parts[at] for at in sorted(parts)) for key, parts in streams.items()}


def write_datagrams(path: Path, datagrams: list[tuple[int, int, bytes]], *, version: int = 4) -> None:
    """Write UDP datagrams (source port, target port, payload) as a pcap of bare IP packets."""
    content = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for source, target, data in datagrams:
        segment = struct.pack(">HHHH", source, target, 8 + len(data), 0) + data
        if version == 4:
            packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, _UDP, 0)
            packet += bytes([192, 0, 2, 1, 192, 0, 2, 2]) + segment
        else:
            ends = (bytes.fromhex("20010db8") + bytes(11) + bytes([end]) for end in (1, 2))
            packet = struct.pack(">IHBB", 6 << 28, len(segment), _UDP, 64) + b"".join(ends) + segment
        content.append(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
    path.write_bytes(b"".join(content))


def run_tshark(path: Path, *arguments: str) -> list[list[str]]:
    """Run `tshark -T fields` and give the fields of each line; values that occur more than once are joined by `|`."""
    fields = [part for name in arguments if not name.startswith("-") for part in ("-e", name)]
    options = [name for name in arguments if name.startswith("-")]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "aggregator=|"]
    command += [part for option in options for part in option.split("=", 1)]
    done = subprocess.run([*command, *fields], capture_output=True, text=True, check=True, timeout=120)
    return [line.split("\t") for line in done.stdout.splitlines()]
