"""Consent in a comparison: what was sent to somebody who had agreed says nothing about one who declined."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from phonehome.documents.audit import AuditDocument
from phonehome.documents.base import ConsentName
from phonehome.documents.case import ServiceDoc, SessionDoc
from phonehome.judge.exposure import WHOLE_SESSION
from phonehome.judge.sending import Sent, normal_host
from phonehome.model.wording import listing

_READINESS: dict[str, int] = {"declined": 0, "withdrawn": 0, "not_asked": 1, "granted": 2}
"""How much a state invites sending; `mixed` and unknown states have no place in it."""

_NEVER = datetime.min.replace(tzinfo=UTC)
"""Stands for a moment of which nothing is known."""


def _words(state: str) -> str:
    return state.replace("_", " ")


def serves(service: ServiceDoc, host: str | None) -> bool:
    """Say whether a host belongs to a service: by name, or by a suffix that begins with a dot."""
    name = normal_host(host)
    return name is not None and any(
        name == known or (known.startswith(".") and name.endswith(known))
        for known in map(str.lower, service.hosts)
    )


def doubt_consent(sent: Sent, silent: SessionDoc, document: AuditDocument) -> tuple[int, str]:
    """Weigh what had been agreed to whenever a session gave something a chance, against when it was sent.

    Returns:
        How many of the session's exposures had at least as much consent as one state in which it was sent; and, if
        none had, why that makes its silence worthless.
    """
    data_type = sent.target.data_type
    chances = list(_iter_chances(silent, data_type))
    exposed = sum(one.count for one in silent.exposures if one.data_type == data_type)
    services = serving(document, sent.target.host)
    wanted = {service.id: _sent_under(sent, service.id) for service in services}
    counts = [any(_is_enough(wanted, silent, moment) for moment in moments) for moments in chances]
    if all(counts):
        return exposed, ""
    if any(counts):
        return min(sum(counts), exposed), ""
    return 0, _explain(wanted, silent, [moment for moments in chances for moment in moments])


def serving(document: AuditDocument, host: str | None) -> list[ServiceDoc]:
    """Give the services of a case that a host belongs to."""
    return [one for one in document.case.services if serves(one, host)] if document.case is not None else []


def states_at_chances(session: SessionDoc, data_type: str, service: str) -> list[ConsentName | None]:
    """Give what a service had been told whenever a session gave a data type a chance, in order, without repeats."""
    moments = sorted(moment for moments in _iter_chances(session, data_type) for moment in moments)
    states = [_state_at(session, service, moment) for moment in moments]
    return [state for place, state in enumerate(states) if not place or states[place - 1] != state]


def _iter_chances(session: SessionDoc, data_type: str) -> Iterator[list[datetime]]:
    """Give the moments of each exposure; what the session itself exposes may be sent whatever was agreed to in it."""
    steps = [step for step in session.steps if step.recorded and data_type in step.exposes]
    for step in steps:
        yield [read_moment(step.at)]
    exposed = next((one for one in session.exposures if one.data_type == data_type), None)
    if not steps or (exposed is not None and WHOLE_SESSION in exposed.steps):
        yield _moments_of(session)


def _moments_of(session: SessionDoc) -> list[datetime]:
    """Give the beginning of a session and each moment at which consent changed in it."""
    changes = [read_moment(entry.at) for entry in session.consent]
    begin = read_moment(session.recorded_from) if session.recorded_from is not None else None
    end = read_moment(session.recorded_to) if session.recorded_to is not None else None
    if begin is None or end is None:
        return changes or [_NEVER]
    return [begin, *(change for change in changes if begin < change <= end)]


def _sent_under(sent: Sent, service: str) -> set[ConsentName | None]:
    """Give every state in which it was sent; None among them where nobody wrote it down."""
    states: set[ConsentName | None] = set()
    for flow in sent.flows:
        if service in flow.consents:
            states.update(flow.consents[service])
        else:
            states.add(flow.consent if flow.consent != "mixed" else None)
    return states


def _is_enough(wanted: Mapping[str, set[ConsentName | None]], session: SessionDoc, moment: datetime) -> bool:
    return all(
        any(_invites(_state_at(session, service, moment), state) for state in states)
        for service, states in wanted.items()
    )


def _invites(now: ConsentName | None, was: ConsentName | None) -> bool:
    """Say whether one state invites sending as much as another; what is unknown may have been anything."""
    if was is None:
        return now in (None, "granted")
    return now is not None and _READINESS[now] >= _READINESS[was]


def _explain(
    wanted: Mapping[str, set[ConsentName | None]], session: SessionDoc, moments: Sequence[datetime]
) -> str:
    had = {service: {_state_at(session, service, moment) for moment in moments} for service in wanted}
    lacking = [
        service
        for service in wanted
        if not any(_invites(now, was) for now in had[service] for was in wanted[service])
    ] or list(wanted)
    unknown = [service for service in lacking if had[service] == {None}]
    if unknown:
        return f"nobody wrote down what {listing(unknown)} had been told"
    service = lacking[0]
    known = [state for state in wanted[service] if state is not None]
    states = listing(sorted(_words(state) if state else "unknown" for state in had[service]))
    if not known:
        return f"consent was {states}, and nobody wrote down what {service} had been told when it was sent"
    least = min(known, key=lambda state: _READINESS[state])
    return f"consent was {states}, where it had been {_words(least)} when it was sent"


def _state_at(session: SessionDoc, service: str, moment: datetime) -> ConsentName | None:
    state: ConsentName | None = None
    for entry in session.consent:
        if entry.service == service and read_moment(entry.at) <= moment:
            state = entry.state
    return state


@lru_cache(maxsize=10_000)
def read_moment(text: str) -> datetime:
    """Read a moment as documents write it."""
    return datetime.fromisoformat(text)
