"""The clock of a scenario: steps are minutes apart in it, however quickly the laboratory takes them.

Other recorders stamp what they see with this machine's time. For them the scenario's clock runs as fast as this
machine's and differs from it by a fixed offset, which the session then states.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=250)
"""Between two events; it is the same in every run, so that a run can be repeated."""


class ScenarioClock(Protocol):
    """Tells the scenario's time."""

    @property
    def now(self) -> datetime:
        """The present moment."""

    def move_to(self, moment: datetime) -> None:
        """Let it be a moment, as far as that is for the clock to say."""


class StepClock:
    """Tells the scenario's time: it moves on by a tick with each event, and by whole steps when told to."""

    def __init__(self, begin: datetime) -> None:
        self._now = begin.astimezone(UTC)

    @property
    def now(self) -> datetime:
        """The present moment, without moving on."""
        return self._now

    def tick(self) -> datetime:
        """Give the moment of an event; no two have the same."""
        self._now += TICK
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Move on to a moment; one that has passed is left where it is, since clocks do not run backwards."""
        self._now = max(self._now, moment.astimezone(UTC))


class LiveClock:
    """Runs as fast as this machine's clock, from the moment at which the scenario begins."""

    def __init__(self, begin: datetime) -> None:
        self._wall = time.time()
        self._began = time.monotonic()
        self._begin = begin.astimezone(UTC)

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self._begin + timedelta(seconds=time.monotonic() - self._began)

    @property
    def offset_s(self) -> float:
        """Seconds by which this machine's clock is ahead of the scenario's."""
        return round(self._wall - self._begin.timestamp(), 6)

    def move_to(self, moment: datetime) -> None:
        """Nothing: this clock waits for nobody."""


def nanoseconds(moment: datetime) -> int:
    """Give a moment in nanoseconds since the epoch."""
    return ((moment - EPOCH) // timedelta(microseconds=1)) * 1000
