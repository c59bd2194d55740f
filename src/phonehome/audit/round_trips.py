"""Round-trip times to one destination: counted one by one, kept in bounded memory.

All are kept up to a bound. Beyond it every second is let go, and from then on only every second is taken, and so on:
what is kept is spread evenly over the recording, and the same recording always keeps the same. Count, minimum and
maximum stay exact.
"""

from array import array
from collections.abc import Sequence

from phonehome.documents.case import RoundTrips

MAX_KEPT = 2_000
"""Times kept of one destination; quantiles of half as many are within some 3 percentiles of those of all."""


class RoundTripTally:
    """Takes times in microseconds."""

    __slots__ = ("_count", "_kept", "_maximum", "_minimum", "_stride")

    def __init__(self) -> None:
        self._count = 0
        self._stride = 1
        self._kept = array("I")
        self._minimum = self._maximum = 0

    def add(self, microseconds: int) -> None:
        """Count a time."""
        if self._count % self._stride == 0:
            self._kept.append(microseconds)
            if len(self._kept) >= MAX_KEPT:
                self._kept = self._kept[::2]
                self._stride *= 2
        self._minimum = min(self._minimum, microseconds) if self._count else microseconds
        self._maximum = max(self._maximum, microseconds)
        self._count += 1

    def describe(self) -> RoundTrips:
        """Give the document's part, in milliseconds; at least one was counted."""
        times = sorted(self._kept)
        return RoundTrips(
            count=self._count,
            minimum=self._minimum / 1000,
            p10=quantile(times, 0.1),
            median=quantile(times, 0.5),
            p90=quantile(times, 0.9),
            maximum=self._maximum / 1000,
        )


def quantile(ordered: Sequence[int], share: float) -> float:
    """Give a quantile of ordered microseconds in milliseconds, between neighbours in proportion."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return round((ordered[below] + (ordered[above] - ordered[below]) * (place - below)) / 1000, 3)
