"""What was going on when something was sent: the last step taken, and what had been agreed to.

A step holds until the next one begins; a state of consent until the next for the same service. Before the first of
them nothing is known, and nothing is assumed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime

from phonehome.documents.base import ConsentSummary
from phonehome.model.session import Consent, ConsentState, Step


def step_at(steps: Sequence[Step], moment: datetime) -> Step | None:
    """Give the step that `moment` follows; `steps` are by time. None before the first."""
    place = bisect_right(steps, moment, key=lambda step: step.at)
    return steps[place - 1] if place else None


def state_at(consent: Sequence[Consent], service: str, moment: datetime) -> ConsentState | None:
    """Give the state of consent to a service at a moment; `consent` is by time. None before its first entry."""
    state = None
    for entry in consent:
        if entry.at > moment:
            break
        if entry.service == service:
            state = entry.state
    return state


def summarise(states: Iterable[ConsentState | None]) -> ConsentSummary | None:
    """Say in one word what several services or moments had: the state of all, `mixed`, or None if none is known."""
    found = set(states)
    if not found or found == {None}:
        return None
    if len(found) > 1:
        return "mixed"
    state = found.pop()
    assert state is not None
    return state.value
