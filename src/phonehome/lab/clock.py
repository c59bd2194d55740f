"""The lab's clock: one file says what time it is, and every process of a lab reads it.

A scenario of 2014 needs the time of 2014, the same in four regions, also in one that was killed and started
again. The file holds an anchor: at `wall` (seconds since 1970, of this machine) it was `scenario`, and since
then scenario time runs at `speed`; at speed 0 it stands until somebody sets it.
"""

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FILE = "clock.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchor:
    wall: float
    scenario: float
    speed: float

    def seconds(self) -> float:
        return self.scenario + self.speed * (time.time() - self.wall)


class LabClock:
    """Reads the time from the clock file of a folder; follows when another process sets it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._stamp: tuple[int, int] | None = None
        self._anchor = _Anchor(wall=0, scenario=0, speed=1)

    def seconds(self) -> float:
        """Give the time in seconds since 1970."""
        status = self._path.stat()
        # A new file is put in the old one's place, so its number tells, even within one tick of its time.
        stamp = (status.st_ino, status.st_mtime_ns)
        if stamp != self._stamp:
            self._anchor = _Anchor(**json.loads(self._path.read_bytes()))
            self._stamp = stamp
        return self._anchor.seconds()

    def now(self) -> datetime:
        """Give the time, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)


def set_clock(folder: Path, moment: datetime | None = None, *, speed: float = 1.0) -> LabClock:
    """Set the clock of a lab's folder, for all its processes; without a moment, to this machine's time."""
    wall = time.time()
    anchor = {"wall": wall, "scenario": wall if moment is None else moment.timestamp(), "speed": speed}
    path = folder / FILE
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps(anchor))
    fresh.replace(path)
    return LabClock(folder)
