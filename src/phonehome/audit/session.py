"""One session as the audit of its captures sees it: what was going on at each exchange."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from phonehome.judge.timeline import state_at, step_at
from phonehome.model.case import Service
from phonehome.model.exchange import Exchange
from phonehome.model.session import ConsentState, Session


@dataclass(frozen=True, slots=True)
class Moment:
    """What was going on when an exchange began.

    Attributes:
        step: The step that it follows; None before the first, and where the recording has no time.
        consent: The state for each service that its host serves; None where it is not known.
    """

    step: str | None = None
    consent: dict[str, ConsentState | None] = field(default_factory=dict)


NOWHERE = Moment()
"""Of a bare recording."""


class SessionView:
    """Places exchanges on the timeline of a session."""

    def __init__(self, session: Session, services: tuple[Service, ...]) -> None:
        self.session = session
        self._services = services
        self._served: dict[str | None, tuple[str, ...]] = {None: ()}

    def moment(self, exchange: Exchange) -> Moment:
        """Say what was going on when an exchange began; recordings' clocks are set right first."""
        served = self._serve(exchange.host)
        if exchange.time is None:
            return Moment(None, dict.fromkeys(served))
        at = exchange.time - timedelta(seconds=self.session.clock_offset_s)
        step = step_at(self.session.steps, at)
        consent = {service: state_at(self.session.consent, service, at) for service in served}
        return Moment(step.id if step is not None else None, consent)

    def _serve(self, host: str | None) -> tuple[str, ...]:
        if host not in self._served:
            name = (host or "").rstrip(".").lower()
            self._served[host] = tuple(one.id for one in self._services if one.is_served_by(name))
        return self._served[host]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a case recordings belong: the case's folder, and their session."""

    root: Path
    view: SessionView
