"""How often a session gave data of a type the chance to be sent.

"Not seen" means little without it: a contact that was never added cannot leave. A step exposes what the session says
that it does, or else what its protocol says; a protocol may expose some types once a session, whatever its steps:
identifiers that a handset holds from the start.

An exposure counts only if the recording could have shown what followed: a recorder that had stopped, had not begun, or
stood where that does not pass is no witness.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import timedelta

from phonehome.model.positions import is_blind, sees
from phonehome.model.protocol import TestProtocol
from phonehome.model.session import Recorded, Session, Step
from phonehome.model.subject import DataType

WHOLE_SESSION = "the session itself"

MAX_LATE = timedelta(hours=1)
"""How long after the last step a recording may begin and still hold what followed it."""


@dataclass(slots=True)
class Exposure:
    """Exposures of one data type in one session: how many, and the ids of their steps in the order of first use."""

    count: int = 0
    steps: dict[str, None] = field(default_factory=dict)


def types_of(step: Step, protocol: TestProtocol | None) -> tuple[DataType, ...]:
    """Give the data types that a step exposes."""
    if step.exposes is not None:
        return step.exposes
    if protocol is None:
        return ()
    return next((known.exposes for known in protocol.steps if known.id == step.id), ())


def find_recorded(session: Session, span: Recorded | None) -> tuple[bool, ...]:
    """Say of each step of a session whether the recording could hold what followed it.

    A step holds until the next one. So it is covered by what was recorded from then on, but not by what ended before it
    or began when others had been taken since.

    Args:
        session: With its steps by time.
        span: From when to when it was recorded, by the clock of the timeline; None where nothing tells.
    """
    if span is None or is_blind(session):
        return (False,) * len(session.steps)
    times = [step.at for step in session.steps]
    found = []
    for step in session.steps:
        after = bisect_right(times, step.at)
        over = times[after] if after < len(times) else step.at + MAX_LATE
        found.append(step.at <= span.end and span.begin <= over and sees(session.position, step.id))
    return tuple(found)


def count_exposures(
    session: Session, protocol: TestProtocol | None, span: Recorded | None
) -> dict[DataType, Exposure]:
    """Count a session's exposures by data type; a type without any is left out.

    Args:
        session: The session.
        protocol: The protocol that it followed, if any.
        span: From when to when it was recorded, by the clock of the timeline; None where nothing tells.
    """
    exposures: dict[DataType, Exposure] = {}
    recorded = find_recorded(session, span)
    if span is None or is_blind(session) or (recorded and not any(recorded)):
        return exposures
    for kind in protocol.exposes if protocol is not None else ():
        _count(exposures, kind, WHOLE_SESSION)
    for step, is_recorded in zip(session.steps, recorded, strict=True):
        for kind in dict.fromkeys(types_of(step, protocol)) if is_recorded else ():
            _count(exposures, kind, step.id)
    return exposures


def _count(exposures: dict[DataType, Exposure], kind: DataType, step: str) -> None:
    exposure = exposures.setdefault(kind, Exposure())
    exposure.count += 1
    exposure.steps[step] = None
