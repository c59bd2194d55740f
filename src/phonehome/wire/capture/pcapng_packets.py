"""The packet blocks of a pcapng file, many at once: where each packet lies, and when it was recorded."""

from dataclasses import dataclass

import numpy as np

from phonehome.wire.capture.base import Apps, Interface, Window
from phonehome.wire.capture.pcapdroid import apps_in_comments
from phonehome.wire.capture.pcapng_blocks import OBSOLETE_PACKET, PACKET, SIMPLE_PACKET
from phonehome.wire.columns import Column, Mask, Words, gather, integers, words

_SECOND = 1_000_000_000
_LAST_SECOND = (1 << 63) // _SECOND - 1
"""Up to where nanoseconds fit 64 bits: in the year 2262."""

_TRAILING_LENGTH = 4
_NO_LIMIT = 1 << 32


@dataclass(slots=True, kw_only=True)
class PacketBlocks:
    """The packets of some blocks, and what was wrong with blocks that should hold one.

    Attributes:
        window: The packets.
        too_short: Numbers of the packets that claim more bytes than their block has; read as far as it goes.
        strangers: Numbers of the packets of an interface that nobody described; left out.
    """

    window: Window
    too_short: Column
    strangers: Column


def read_blocks(
    buffer: bytes, starts: Column, number: Column, order: str, interfaces: tuple[Interface, ...], apps: Apps
) -> PacketBlocks:
    """Read packet blocks.

    Args:
        buffer: Where they lie, whole.
        starts: Where each begins.
        number: The packet's number in the file.
        order: The section's byte order.
        interfaces: Those that the section described.
        apps: The apps that the capture named.
    """
    kind = integers(gather(buffer, starts, np.dtype([("kind", f"{order}u4")])), "kind")
    fields = _enhanced(buffer, starts, order)
    obsolete, simple = kind == OBSOLETE_PACKET, kind == SIMPLE_PACKET
    if obsolete.any():
        # The interface has two bytes here; the two behind count the packets lost.
        short = np.dtype([("interface", f"{order}u2")])
        fields.interface[obsolete] = integers(gather(buffer, starts[obsolete] + 8, short), "interface")
    if simple.any():
        _simple(fields, buffer, starts, simple, order, interfaces)
    too_short = fields.captured > fields.room
    fields.captured = np.minimum(fields.captured, fields.room)
    known = fields.interface < len(interfaces)
    app = None
    if apps.known:
        options = fields.start + (fields.captured + 3) // 4 * 4
        app = apps_in_comments(buffer, options, np.where(simple, options, fields.end), order, apps)
    window = Window(
        buffer=buffer,
        start=fields.start[known],
        captured=fields.captured[known],
        original=np.maximum(fields.original, fields.captured)[known],
        time=_times(fields.ticks[known], fields.interface[known], ~simple[known], interfaces),
        interface=fields.interface[known].astype(np.int32),
        interfaces=interfaces,
        number=number[known],
        apps=apps,
        app=None if app is None else app[known],
    )
    return PacketBlocks(window=window, too_short=number[too_short], strangers=number[~known])


@dataclass(slots=True, kw_only=True)
class _Fields:
    start: Column
    end: Column
    room: Column
    captured: Column
    original: Column
    interface: Column
    ticks: Words


def _enhanced(buffer: bytes, starts: Column, order: str) -> _Fields:
    word = f"{order}u4"
    names = ("kind", "size", "interface", "high", "low", "captured", "original")
    layout = np.dtype([(name, word) for name in names])
    # A simple packet block may be shorter than these fields at the very end: it is read again by itself.
    at = np.minimum(starts, max(len(buffer) - layout.itemsize, 0))
    padded = buffer if len(buffer) >= layout.itemsize else buffer.ljust(layout.itemsize, b"\0")
    rows = gather(padded, at, layout)
    size = integers(gather(buffer, starts, np.dtype([("kind", word), ("size", word)])), "size")
    start = starts + layout.itemsize
    end = starts + size - _TRAILING_LENGTH
    return _Fields(
        start=start,
        end=end,
        room=end - start,
        captured=integers(rows, "captured"),
        original=integers(rows, "original"),
        interface=integers(rows, "interface"),
        ticks=(words(rows, "high") << np.uint64(32)) | words(rows, "low"),
    )


def _simple(
    fields: _Fields,
    buffer: bytes,
    starts: Column,
    which: Mask,
    order: str,
    interfaces: tuple[Interface, ...],
) -> None:
    """Correct the fields of simple packet blocks: first interface, no time, a length given by the others."""
    layout = np.dtype([("kind", f"{order}u4"), ("size", f"{order}u4"), ("original", f"{order}u4")])
    original = integers(gather(buffer, starts[which], layout), "original")
    snap_length = (interfaces[0].snap_length if interfaces else 0) or _NO_LIMIT
    fields.start[which] = starts[which] + layout.itemsize
    fields.room[which] = fields.end[which] - fields.start[which]
    fields.original[which] = original
    fields.captured[which] = np.minimum(np.minimum(original, snap_length), fields.room[which])
    fields.interface[which] = 0
    fields.ticks[which] = 0


def _times(ticks: Words, interface: Column, timed: Mask, interfaces: tuple[Interface, ...]) -> Column:
    """Turn time stamps into nanoseconds; 0 where a block has none."""
    time = np.zeros(len(ticks), np.int64)
    for index in np.flatnonzero(np.bincount(interface, minlength=1)).tolist() if len(ticks) else []:
        rows = slice(None) if len(interfaces) == 1 else interface == index
        time[rows] = _nanoseconds(ticks[rows], interfaces[index])
    return np.where(timed, time, 0)


def _nanoseconds(ticks: Words, interface: Interface) -> Column:
    units = interface.units
    if units >= 1 << 63:
        # Nobody counts so finely: such a time stamp is a moment after the epoch, whatever it says.
        seconds, rest = np.zeros(len(ticks), np.int64), np.zeros(len(ticks), np.int64)
    else:
        whole = ticks // np.uint64(units)
        seconds = np.minimum(whole, np.uint64(1 << 62)).astype(np.int64)
        rest = _fraction(ticks - whole * np.uint64(units), units)
    offset = max(-(1 << 61), min(1 << 61, interface.offset))
    return np.clip(seconds + offset, -_LAST_SECOND, _LAST_SECOND) * _SECOND + rest


def _fraction(ticks: Words, units: int) -> Column:
    """Turn less than a second's ticks into nanoseconds, without leaving 64 bits."""
    if units % _SECOND == 0:
        return (ticks // np.uint64(units // _SECOND)).astype(np.int64)
    excess = max(units.bit_length() - 34, 0)
    scaled = (ticks >> np.uint64(excess)) * np.uint64(_SECOND) // np.uint64(units >> excess)
    return scaled.astype(np.int64)


__all__ = ["PACKET", "PacketBlocks", "read_blocks"]
