"""Consent in a comparison: what was sent to somebody who had agreed says nothing about one who declined."""

from collections.abc import Iterable, Iterator, Sequence

from phonehome.documents.audit import AuditDocument
from phonehome.documents.base import ConsentName
from phonehome.documents.case import ServiceDoc, SessionDoc
from phonehome.judge.sending import Sent, normal_host
from phonehome.model.wording import listing

_READINESS: dict[str, int] = {"declined": 0, "withdrawn": 0, "not_asked": 1, "granted": 2}
"""How much a state invites sending; `mixed` and unknown states have no place in it."""


def _words(state: str) -> str:
    return state.replace("_", " ")


def serves(service: ServiceDoc, host: str | None) -> bool:
    """Say whether a host belongs to a service: by name, or by a suffix that begins with a dot."""
    name = normal_host(host)
    return name is not None and any(
        name == known or (known.startswith(".") and name.endswith(known))
        for known in map(str.lower, service.hosts)
    )


def states_in(sessions: Iterable[SessionDoc], services: Sequence[ServiceDoc]) -> set[ConsentName]:
    """Give every state that services had in sessions."""
    names = {service.id for service in services}
    return {entry.state for session in sessions for entry in session.consent if entry.service in names}


def doubt_consent(sent: Sent, silent: Sequence[SessionDoc], document: AuditDocument) -> Iterator[str]:
    """Say why consent makes the silence of sessions worthless: nobody had agreed as much as where it was sent."""
    case = document.case
    services = [one for one in case.services if serves(one, sent.target.host)] if case is not None else []
    given = {flow.consent for flow in sent.flows}
    known = [state for state in given if state in _READINESS]
    if not services or not known or len(known) < len(given):
        return  # it was sent to no service, or (also) under a state that nobody wrote down
    wanted = min(known, key=lambda state: _READINESS[state or ""])
    states = states_in(silent, services)
    if not states:
        yield f"nobody wrote down what {listing([service.id for service in services])} had been told"
    elif max(_READINESS[state] for state in states) < _READINESS[wanted or ""]:
        had = listing(sorted(map(_words, states)))
        yield f"consent was {had}, where it had been {_words(wanted or '')} when it was sent"
