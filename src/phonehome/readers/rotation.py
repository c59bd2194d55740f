"""Which captures are files of one recording, as `tcpdump -C`, `-G` and `-W`, `dumpcap -b` and `editcap -c` write them.

Two things tell it. Names: files of one folder whose names are alike but for digits (`cap.pcap`, `cap.pcap1`;
`cap_00001_20240101120000.pcapng`), whatever each is compressed with, and that were recorded at the same interface.
And times: each begins where the one before it ended. Names and first packets are looked at before anything is read,
and give the order; when one has been read to its end, it is known whether the next continues it.
"""

import io
import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from phonehome.model.errors import InputError
from phonehome.model.recording import RecordedSpan
from phonehome.readers import times
from phonehome.readers.base import ByteStream
from phonehome.readers.sources import Source
from phonehome.wire.capture import Interface, Window, read_capture

MAX_PAUSE_NS = 60 * 10**9
"""Silence between the last packet of a file and the first of the next; after more, a recording begins anew."""

MAX_OVERLAP_NS = 10**9
"""How much earlier than the end of a file the next may begin: packets are not recorded quite in order."""

_OVERLAP_SHARE = 10
"""Of a short file the overlap may be this part at most: two that were recorded at once are not one."""

_WRAPPING = re.compile(r"\.(gz|zst|xz)\Z", re.IGNORECASE)
_DIGITS = re.compile(r"([0-9]+)")


class Placed(NamedTuple):
    """A file in the order of its recording.

    Attributes:
        place: Its place among those that were given.
        begins: When its first packet was recorded, in nanoseconds since the epoch; 0 for a file by itself.
    """

    place: int
    begins: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedFile:
    """One file of a recording in several.

    Attributes:
        where: The input's name as problems give it.
        number: The input's number.
        begins: When its first packet was recorded, in nanoseconds since the epoch.
        open: Opens it, once.
    """

    where: str
    number: int
    begins: int
    open: Callable[[], AbstractContextManager[ByteStream]]


class Fit(Enum):
    """How a file lies to the one before it."""

    CONTINUES = auto()
    LATER = auto()
    OVERLAPS = auto()


class Span:
    """The time from the first packet of a file to its last; of packets without a time, none."""

    __slots__ = ("_begin", "_end")

    def __init__(self) -> None:
        self._begin = 0
        self._end = 0

    def observe(self, window: Window) -> None:
        """Take in a window of the file."""
        times = window.time[window.time > 0]
        if len(times):
            begin = int(times.min())
            self._begin = min(self._begin, begin) if self._begin else begin
            self._end = max(self._end, int(times.max()))

    def covered(self, number: int) -> RecordedSpan | None:
        """Give it in the words of the audit, for an input; None where no packet has a time."""
        begin, end = (times.from_epoch(moment / 1e9) for moment in (self._begin, self._end))
        if begin is None or end is None:
            return None
        return RecordedSpan(input=number, begin=begin, end=end)

    def compare(self, begins: int) -> Fit:
        """Tell how a file that begins at a time lies to this one."""
        pause = begins - self._end
        if pause > MAX_PAUSE_NS:
            return Fit.LATER
        overlap = min(MAX_OVERLAP_NS, (self._end - self._begin) // _OVERLAP_SHARE)
        return Fit.CONTINUES if -pause <= overlap else Fit.OVERLAPS


def arrange(captures: Sequence[Source | None]) -> list[list[Placed]]:
    """Put together what may be files of one recording.

    Args:
        captures: The inputs in the order in which they were found; None for what is no capture of packets.

    Returns:
        Every input once: those of one recording together, by time, where the first of them was found.
    """
    namesakes: dict[tuple[str, str], dict[str, int]] = {}
    for place, source in enumerate(captures):
        if source is not None and source.file is not None:
            folder, name = os.path.split(os.path.realpath(source.file))
            # One file that was named twice is not its own sequel.
            namesakes.setdefault((folder, _common_name(name)), {}).setdefault(name, place)
    recordings = [
        recording
        for alike in namesakes.values()
        if len(alike) > 1
        for recording in _split(alike, captures)
        if len(recording) > 1
    ]
    together = {one.place for recording in recordings for one in recording}
    alone = [[Placed(place)] for place in range(len(captures)) if place not in together]
    return sorted(recordings + alone, key=lambda recording: min(one.place for one in recording))


def _common_name(name: str) -> str:
    return _DIGITS.sub("", _WRAPPING.sub("", name))


def _natural_order(name: str) -> list[int]:
    return [int(digits) for digits in _DIGITS.findall(_WRAPPING.sub("", name))]


def _split(alike: dict[str, int], captures: Sequence[Source | None]) -> Iterable[list[Placed]]:
    """Order files of one name by time, those of each interface by themselves."""
    recordings: dict[Interface, list[tuple[int, list[int], int]]] = {}
    for name, place in alike.items():
        source = captures[place]
        if source is not None and (peeked := _peek(source)) is not None:
            begins, interface = peeked
            recordings.setdefault(interface, []).append((begins, _natural_order(name), place))
    for files in recordings.values():
        yield [Placed(place, begins) for begins, _, place in sorted(files)]


def _peek(source: Source) -> tuple[int, Interface] | None:
    """Give the time of the first packet and the first interface; None where no packet with a time begins the file."""
    try:
        for item in read_capture(io.BytesIO(source.head())):
            if isinstance(item, Window) and len(item):
                begins = int(item.time[0])
                return (begins, item.interfaces[0]) if begins > 0 else None
    except (InputError, OSError):
        return None
    return None
