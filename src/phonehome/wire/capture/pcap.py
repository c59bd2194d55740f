"""The classic capture format of libpcap (draft-ietf-opsawg-pcap): a header, then records.

A record is a header of 16 bytes (seconds, fraction, bytes kept, bytes on the wire) and the packet. Kuznetzov's
patched libpcap of 1999 wrote longer record headers, with a magic number of its own. Only the lengths are
walked one by one; all else is read of a window at once.

Refused: no file with a known magic number. A record that cannot be one (longer than any packet) is a fault;
reading goes on at the next place from which several records in a row look like ones.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from phonehome.model.errors import InputError
from phonehome.wire.capture.base import (
    MAX_PACKET_BYTES,
    MAX_WINDOW_PACKETS,
    Apps,
    CaptureItem,
    Carried,
    Fault,
    Interface,
    Window,
)
from phonehome.wire.capture.chunks import Chunks
from phonehome.wire.capture.faults import Faults
from phonehome.wire.capture.resync import next_record
from phonehome.wire.columns import Column, gather, integers

MICROSECONDS = 0xA1B2C3D4
NANOSECONDS = 0xA1B23C4D
MODIFIED = 0xA1B2CD34
"""Kuznetzov's: the record header has eight bytes more (interface, protocol, packet type, padding)."""

FILE_HEADER_BYTES = 24
_UNITS = {MICROSECONDS: 1_000_000, NANOSECONDS: 1_000_000_000, MODIFIED: 1_000_000}
_NANOSECONDS = 1_000_000_000
_OVERLAP = 256 * 1024
_TOO_LONG = f"a record says that its packet is longer than {MAX_PACKET_BYTES:,} bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    """How the records of one file are written."""

    order: str
    header_bytes: int
    interface: Interface

    @property
    def layout(self) -> np.dtype[np.void]:
        word = f"{self.order}u4"
        return np.dtype([("seconds", word), ("fraction", word), ("captured", word), ("original", word)])

    def record_size(self, buffer: bytes, at: int) -> int:
        """Tell how long the record that begins here is, or its header, when that is cut."""
        if len(buffer) - at < self.header_bytes:
            return self.header_bytes
        captured: int = struct.unpack_from(f"{self.order}I", buffer, at + 8)[0]
        return self.header_bytes + captured


def recognises(head: bytes) -> bool:
    """Tell whether this begins like a pcap file."""
    return len(head) >= 4 and _order(head) is not None


def read(chunks: Chunks, carried: Carried) -> Iterator[CaptureItem]:
    """Read the file whose first bytes are in `chunks`.

    Raises:
        InputError: The file ends inside its header.
    """
    form = _parse_header(chunks.buffer)
    faults = Faults()
    near: int | None = None
    at = FILE_HEADER_BYTES
    while True:
        found, at = _walk(chunks.buffer, at, form.header_bytes, form.order == ">", MAX_PACKET_BYTES)
        starts = np.array(found, np.int64)
        yield from _windows(chunks.buffer, starts, form, carried.number, carried.apps)
        carried.number += len(starts)
        if len(starts):
            near = int(gather(chunks.buffer, starts[-1:], form.layout)["seconds"][0])
        size = form.record_size(chunks.buffer, at)
        if size > MAX_PACKET_BYTES + form.header_bytes:
            yield from faults.damage(chunks.base + at, carried.number, _TOO_LONG)
            if faults.hopeless:
                return
            damaged = chunks.base + at
            next_one = _recover(chunks, at + 1, form, near)
            if next_one is None:
                at = len(chunks.buffer)
                yield from faults.nothing_follows(damaged, carried.number, chunks.base + at - damaged)
                break
            at = next_one
            continue
        if chunks.ended:
            break
        chunks.more(at, size)
        at = 0
    if at < len(chunks.buffer):
        reason = f"the file ends inside a packet's record, {len(chunks.buffer) - at:,} bytes into it"
        yield Fault(reason=reason, offset=chunks.base + at, packet=carried.number, ended=True)
    yield from faults.rest(chunks.base + len(chunks.buffer), carried.number)


def _recover(chunks: Chunks, at: int, form: _Format, near: int | None) -> int | None:
    """Find the next record behind damage."""
    while True:
        buffer = chunks.buffer
        units = form.interface.units
        found = next_record(buffer, at, form.layout, form.header_bytes, units, near, chunks.ended)
        if found is not None or chunks.ended:
            return found
        # The records that must follow may lie behind this stretch.
        used = max(at, len(buffer) - _OVERLAP)
        chunks.more(used, 2 * _OVERLAP)
        at = 0


def _order(head: bytes) -> str | None:
    if int.from_bytes(head[:4], "little") in _UNITS:
        return "<"
    return ">" if int.from_bytes(head[:4], "big") in _UNITS else None


def _parse_header(head: bytes) -> _Format:
    order = _order(head)
    if order is None or len(head) < FILE_HEADER_BYTES:
        raise InputError(f"is a pcap file that ends inside its header, after {len(head)} bytes")
    magic, snap_length, link = struct.unpack(f"{order}I12xII", head[:FILE_HEADER_BYTES])
    # draft-ietf-opsawg-pcap, 4: the link type is the lower half; above it, whether packets end in a frame
    # check sequence, and its length in words of 16 bits.
    interface = Interface(
        link=link & 0xFFFF,
        snap_length=snap_length,
        units=_UNITS[magic],
        check_bytes=(link >> 28) * 2 if link & 0x04000000 else 0,
    )
    return _Format(order=order, header_bytes=24 if magic == MODIFIED else 16, interface=interface)


def walk(buffer: bytes, at: int, header: int, big: bool, most: int) -> tuple["array[int]", int]:
    """Find where the whole records of a buffer begin.

    Args:
        buffer: Records, one behind the other.
        at: Where the first begins.
        header: Size of a record's header.
        big: Whether numbers have their high byte first.
        most: How long a packet may be.

    Returns:
        Where each begins, and where the first begins that is not whole or no record.
    """
    starts = array("q")
    append = starts.append
    unpack = struct.Struct(">I" if big else "<I").unpack_from
    last = len(buffer) - header
    # The only loop over packets: nothing but the lengths, for each says where the next one is.
    while at <= last:
        size = unpack(buffer, at + 8)[0]
        if size > most:
            return starts, at
        append(at)
        at += header + size
    if at > len(buffer) and starts:
        at = starts.pop()
    return starts, at


try:
    from phonehome.wire.native.pcap import walk as _walk
except ImportError:
    _walk = walk


def _windows(buffer: bytes, starts: Column, form: _Format, number: int, apps: Apps) -> Iterator[Window]:
    for first in range(0, len(starts), MAX_WINDOW_PACKETS):
        some = starts[first : first + MAX_WINDOW_PACKETS]
        rows = gather(buffer, some, form.layout)
        captured = integers(rows, "captured")
        scale = _NANOSECONDS // form.interface.units
        yield Window(
            buffer=buffer,
            start=some + form.header_bytes,
            captured=captured,
            original=np.maximum(integers(rows, "original"), captured),
            time=integers(rows, "seconds") * _NANOSECONDS + integers(rows, "fraction") * scale,
            interface=np.zeros(len(some), np.int32),
            interfaces=(form.interface,),
            number=np.arange(number + first + 1, number + first + 1 + len(some), dtype=np.int64),
            apps=apps,
        )
