"""Something that could not be read: where, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A place that was not looked at, or not to its end; travels in the same stream as the results.

    Attributes:
        where: The place in words a person can find: `traffic.har entry 12`, `… request.body`.
        reason: What was expected, what came, and how much was looked at all the same.
        input: Which input, counted from 0; None if it concerns no single one.
        index: Which exchange of that input; None if none.
        lost: False when everything was still looked at (a repaired or tolerated oddity); `--strict` turns
            only on problems that lost something.
    """

    where: str
    reason: str
    input: int | None = None
    index: int | None = None
    lost: bool = True
