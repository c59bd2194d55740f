"""Joins small windows, so that the border of two files is no border to a session.

A session decides some things at a window's end: that a missing segment will not come any more, that a flow was silent
for long. Files may be far smaller than a window; what lies in several of them is then handed on as one.
"""

from collections.abc import Iterator

from phonehome.wire.capture.base import MAX_WINDOW_PACKETS
from phonehome.wire.segments import Segments, join_segments

ENOUGH_BYTES = 8 * 1024**2
"""Half of a window: what is handed on holds this much, and at most one window more."""


MAX_PARTS = 1024
"""Windows that are joined at most, so that a multitude of tiny ones costs no more than others."""


class Gathering:
    """Holds the segments of small windows until there are enough of them."""

    __slots__ = ("_bytes", "_packets", "_parts")

    def __init__(self) -> None:
        self._parts: list[Segments] = []
        self._bytes = 0
        self._packets = 0

    def take(self, segments: Segments) -> Iterator[Segments]:
        """Take a window's; gives what has come together, once that is enough."""
        if not self._parts or self._parts[-1].buffer is not segments.buffer:
            self._bytes += len(segments.buffer)
        self._packets += len(segments) + (len(segments.other) if segments.other is not None else 0)
        self._parts.append(segments)
        is_many = self._packets >= MAX_WINDOW_PACKETS or len(self._parts) >= MAX_PARTS
        if is_many or self._bytes >= ENOUGH_BYTES:
            yield from self.finish()

    def finish(self) -> Iterator[Segments]:
        """Give what has come together."""
        parts, self._parts = self._parts, []
        self._bytes = self._packets = 0
        if parts:
            yield join_segments(parts)
