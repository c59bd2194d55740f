"""The clock of a scenario: steps are minutes apart in it, however quickly the laboratory takes them."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=250)
"""Between two events; it is the same in every run, so that a run can be repeated."""


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


def nanoseconds(moment: datetime) -> int:
    """Give a moment in nanoseconds since the epoch."""
    return ((moment - EPOCH) // timedelta(microseconds=1)) * 1000
