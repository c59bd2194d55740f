"""What the user had said to the services behind a destination, in words: also that nobody wrote it down."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from phonehome.documents.audit import FlowDoc
from phonehome.documents.base import ConsentName
from phonehome.documents.case import ServiceDoc
from phonehome.model.wording import listing

NOT_STATED = "whether the user was asked is not stated"
_SAID: dict[ConsentName, str] = {
    "not_asked": "had not been asked",
    "declined": "had declined",
    "granted": "had agreed",
    "withdrawn": "had withdrawn consent",
}
_LINKS: dict[ConsentName, str] = {
    "not_asked": " about ",
    "declined": " ",
    "granted": " to ",
    "withdrawn": " to ",
}
_MIXED = "the user had said different things to its services"


def say_consent(flows: Iterable[FlowDoc], services: Sequence[ServiceDoc]) -> str:
    """Say in one clause what the user had said when something was sent.

    Services are named only where there are several of them or not all of it is known; a host that serves none of them
    has no consent, of which is said that it is not stated.

    Args:
        flows: What was sent, to one destination.
        services: Those of the case.
    """
    listed = list(flows)
    states = _gather(listed)
    if not states:
        return _say_whole({flow.consent for flow in listed})
    names = {service.id: service.name or service.id for service in services}
    alike = {frozenset(found) for found in states.values()}
    if len(alike) == 1:
        return _say_alike(alike.pop())
    said = [
        f"{words}{_LINKS[state]}{listing([names.get(one, one) for one in told])}"
        for state, words in _SAID.items()
        if (told := [service for service, found in states.items() if state in found])
    ]
    parts = [f"the user{_when(states)} {listing(said)}"]
    if silent := [names.get(service, service) for service, found in states.items() if None in found]:
        parts.append(f"whether the user was asked about {listing(silent)} is not stated")
    return "; ".join(parts)


def _gather(flows: Iterable[FlowDoc]) -> dict[str, dict[ConsentName | None, None]]:
    """Give every state that a service had, in the order in which they are written down."""
    states: dict[str, dict[ConsentName | None, None]] = {}
    for flow in flows:
        for service, found in flow.consents.items():
            if found:
                states.setdefault(service, {}).update(dict.fromkeys(found))
    return states


def _say_alike(found: Collection[ConsentName | None]) -> str:
    """Say what all services had been told alike, without naming them."""
    said = [words for state, words in _SAID.items() if state in found]
    if not said:
        return NOT_STATED
    when = ", at different times," if len(said) > 1 else ""
    rest = "; for some of it that is not stated" if None in found else ""
    return f"the user{when} {listing(said)}{rest}"


def _say_whole(summaries: set[str | None]) -> str:
    """Say what flows had that do not tell by service."""
    known: list[ConsentName | None] = [state for state in _SAID if state in summaries]
    if "mixed" in summaries:
        return _MIXED
    return _say_alike([*known, *([None] if None in summaries else [])])


def _when(states: Mapping[str, Mapping[ConsentName | None, None]]) -> str:
    """Say that one service was told several things, where that is so."""
    several = any(len(found.keys() - {None}) > 1 for found in states.values())
    return ", at different times," if several else ""
