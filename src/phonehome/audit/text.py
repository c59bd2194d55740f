"""Times, hashes and filters as the audit document writes them."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

MAX_RANGES = 50
"""Runs of packets in one display filter."""


def write_time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def hash_parts(*parts: str) -> str:
    """Sixteen hexadecimal digits that name these parts; the same in every run."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def write_filter(packets: Sequence[int]) -> str | None:
    """Write a display filter that shows packets in Wireshark; None where the recording has none.

    Runs are written as ranges (`frame.number in {3, 7..9}`), at most `MAX_RANGES` of them.
    """
    ranges: list[list[int]] = []
    for number in sorted(set(packets)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    if not ranges:
        return None
    shown = ", ".join(str(low) if low == high else f"{low}..{high}" for low, high in ranges[:MAX_RANGES])
    return f"frame.number in {{{shown}}}"
