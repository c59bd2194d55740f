"""Finds the next record behind damage.

Damage to a length loses the place of everything behind it. What helps is that records repeat themselves: a pcapng
block says its length at both ends, and a pcap record is followed by others whose fields are as small and as
close in time. The search looks at every byte, in steps that double, so that it costs as much as is skipped.
"""

import numpy as np
from numpy.typing import NDArray

from phonehome.wire.capture.base import MAX_PACKET_BYTES
from phonehome.wire.columns import Column, gather, integers

_FIRST_STEP = 1 << 9
_DAY = 86_400
_IN_A_ROW = 3
"""How many pcap records must follow one another, for a record has no mark of its own."""

MAX_CANDIDATES = 1 << 16
"""How many places of one step are tried as the beginning of records."""


def next_block(buffer: bytes, at: int, order: str, kinds: tuple[int, ...], longest: int) -> int | None:
    """Find the first pcapng block at or behind a place, of one of these kinds and whole in the buffer."""
    layout = np.dtype([("kind", f"{order}u4"), ("size", f"{order}u4")])
    word = np.dtype([("size", f"{order}u4")])
    step = _FIRST_STEP
    while at + 12 <= len(buffer):
        places = np.arange(at, min(at + step, len(buffer) - 11), dtype=np.int64)
        rows = gather(buffer, places, layout)
        size = integers(rows, "size")
        fits = (size >= 12) & (size % 4 == 0) & (size <= longest) & (places + size <= len(buffer))
        fits &= np.isin(rows["kind"], np.array(kinds, np.uint32))
        places, size = places[fits], size[fits]
        again = integers(gather(buffer, places + size - 4, word), "size")
        found = places[again == size]
        if len(found):
            return int(found[0])
        at += step
        step *= 2
    return None


def next_record(
    buffer: bytes, at: int, layout: np.dtype[np.void], header: int, units: int, near: int | None, ended: bool
) -> int | None:
    """Find the first pcap record at or behind a place that others follow.

    Args:
        buffer: Where to look.
        at: From where on.
        layout: A record header's fields: seconds, fraction, captured, original.
        header: How long a record header is.
        units: How many fractions a second has.
        near: The time around which records are to be expected, in seconds; None where nothing tells.
        ended: Whether the buffer ends where the file does, and a record may.
    """
    step = _FIRST_STEP
    while at + header <= len(buffer):
        places = np.arange(at, min(at + step, len(buffer) - header + 1), dtype=np.int64)
        places = places[_plausible(buffer, places, layout, units, near)][:MAX_CANDIDATES]
        follows = places
        for _ in range(_IN_A_ROW - 1):
            follows = follows + header + integers(gather(buffer, follows, layout), "captured")
            kept = follows <= len(buffer) - header
            kept[kept] = _plausible(buffer, follows[kept], layout, units, near)
            if ended:
                last = follows == len(buffer)
                if last.any():
                    return int(places[last][0])
            places, follows = places[kept], follows[kept]
        if len(places):
            return int(places[0])
        at += step
        step *= 2
    return None


def _plausible(
    buffer: bytes, places: Column, layout: np.dtype[np.void], units: int, near: int | None
) -> NDArray[np.bool_]:
    rows = gather(buffer, places, layout)
    captured, original = integers(rows, "captured"), integers(rows, "original")
    fits = (captured > 0) & (captured <= original) & (original <= MAX_PACKET_BYTES)
    fits &= integers(rows, "fraction") < units
    if near is not None:
        fits &= np.abs(integers(rows, "seconds") - near) < _DAY
    return fits
