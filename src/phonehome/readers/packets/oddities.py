"""What is odd about a recording as a whole: packets cut short, a clock that was not set, malformed messages."""

from collections import Counter
from collections.abc import Iterator

from phonehome.wire.capture import Window
from phonehome.wire.http_message import TOLERATED
from phonehome.wire.segments import Segments

EARLIEST = 315_532_800 * 10**9
"""1980-01-01 in nanoseconds: a packet of an earlier time was dated by a clock that nobody set."""

MAX_KINDS = 64
"""Kinds of oddities of messages that are told one by one."""


def explain_notes(notes: Counter[str]) -> Iterator[tuple[str, bool]]:
    """Give what parsers noted of messages as reasons of problems, and whether something was not looked at."""
    for place, (note, count) in enumerate(sorted(notes.items())):
        if place == MAX_KINDS:
            yield f"messages are odd in {len(notes) - MAX_KINDS:,} more ways", True
            return
        messages = "1 message" if count == 1 else f"{count:,} messages"
        yield f"{messages}: {note}", note not in TOLERATED


class Oddities:
    """Counts over the windows of a recording."""

    def __init__(self) -> None:
        self._undated = 0
        self._packets = 0
        self._cut_packets = 0
        self._cut_bytes = 0

    def observe(self, window: Window, segments: Segments) -> None:
        """Count a window."""
        self._packets += len(window)
        self._undated += int((window.time < EARLIEST).sum())
        for some in (segments, segments.other):
            if some is not None:
                self._cut_packets += int((some.cut > 0).sum())
                self._cut_bytes += int(some.cut.sum())

    def iter_reasons(self) -> Iterator[tuple[str, bool]]:
        """Give each as a problem's reason, and whether it lost something."""
        if self._cut_packets:
            yield (
                f"{self._cut_packets:,} packets were recorded only in part (by a snap length): "
                f"{self._cut_bytes:,} bytes of what they carried are missing; record without one",
                True,
            )
        if self._undated:
            yield (
                f"{self._undated:,} of {self._packets:,} packets have no time, or one before 1980: the clock of the "
                "recording was not set, so its times tell the order at most",
                False,
            )
