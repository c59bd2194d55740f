"""How often a session gave data of a type the chance to be sent.

"Not seen" means little without it: a contact that was never added cannot leave. A step exposes what the session says
that it does, or else what its protocol says; a protocol may expose some types once a session, whatever its steps:
identifiers that a handset holds from the start.
"""

from dataclasses import dataclass, field

from phonehome.model.protocol import TestProtocol
from phonehome.model.session import Session, Step
from phonehome.model.subject import DataType

WHOLE_SESSION = "the session itself"


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


def count_exposures(session: Session, protocol: TestProtocol | None) -> dict[DataType, Exposure]:
    """Count a session's exposures by data type; a type without any is left out."""
    exposures: dict[DataType, Exposure] = {}
    for kind in protocol.exposes if protocol is not None else ():
        _count(exposures, kind, WHOLE_SESSION)
    for step in session.steps:
        for kind in dict.fromkeys(types_of(step, protocol)):
            _count(exposures, kind, step.id)
    return exposures


def _count(exposures: dict[DataType, Exposure], kind: DataType, step: str) -> None:
    exposure = exposures.setdefault(kind, Exposure())
    exposure.count += 1
    exposure.steps[step] = None
