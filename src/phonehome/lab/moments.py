"""Pairing what was noted with what was recorded, by the moment of each: both lists hold the same kind of thing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=10)
"""Between a note and the bytes that follow it. The tap's clock moves only when it is told to, and its steps are minutes
apart; other recorders go by this machine's, on which a TLS connection may have to be opened first."""


def read_moment(text: str) -> datetime | None:
    """Read RFC 3339; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def pair(
    noted: Sequence[datetime | None], found: Sequence[datetime | None], tolerance: timedelta = TOLERANCE
) -> list[tuple[int, int]]:
    """Pair each moment of one list with one of the other that is near it, the earliest first.

    Returns:
        Places in `noted` and in `found`; what has no partner, or no moment, is left out.
    """
    left = sorted((moment, place) for place, moment in enumerate(noted) if moment is not None)
    right = sorted((moment, place) for place, moment in enumerate(found) if moment is not None)
    pairs = []
    first = second = 0
    while first < len(left) and second < len(right):
        (begun, here), (seen, there) = left[first], right[second]
        if abs(seen - begun) <= tolerance:
            pairs.append((here, there))
            first, second = first + 1, second + 1
        elif begun < seen:
            first += 1
        else:
            second += 1
    return pairs
