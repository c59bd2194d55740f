"""Which sessions to hold against which: alike in everything but one factor, or before and after a day."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from phonehome.documents.case import CaseDoc, SessionDoc

BUILD = "build"
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Two groups of sessions, and in what they differ, for people: `network: 3g → wifi`."""

    by: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def iter_pairings(case: CaseDoc, sessions: Sequence[SessionDoc], moves: Sequence[date]) -> Iterator[Pairing]:
    """Give every pairing of these sessions: by days first, then by each factor.

    Values of a factor are paired in order, each with the next: builds as the handset lists them, others as the sessions
    first show them. Of a day, the sessions may also differ in their build, which time changes.
    """
    for day in sorted(set(moves)):
        yield from _by_day(sessions, day)
    for factor in sorted({name for session in sessions for name in session.conditions}):
        yield from _by_factor(case, sessions, factor)


def starts(session: SessionDoc) -> date | None:
    """Give the day of a session's first exchange, or else of its first step; None if neither has a time."""
    moment = session.first or (session.steps[0].at if session.steps else None)
    return date.fromisoformat(moment[:10]) if moment is not None else None


def ends(session: SessionDoc) -> date | None:
    """Give the day of a session's last exchange, or else of its last step; None if neither has a time."""
    moment = session.last or (session.steps[-1].at if session.steps else None)
    return date.fromisoformat(moment[:10]) if moment is not None else None


def _by_day(sessions: Sequence[SessionDoc], day: date) -> Iterator[Pairing]:
    groups: dict[_Key, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for session in sessions:
        begin, end = starts(session), ends(session)
        if begin is not None and begin >= day:
            groups[_others(session, BUILD)][1].append(session.id)
        elif end is not None and end < day:
            groups[_others(session, BUILD)][0].append(session.id)
    for before, after in groups.values():
        if before and after:
            yield Pairing(
                by=f"before {day.isoformat()} → from then on", before=tuple(before), after=tuple(after)
            )


def _by_factor(case: CaseDoc, sessions: Sequence[SessionDoc], factor: str) -> Iterator[Pairing]:
    groups: dict[_Key, dict[str, list[str]]] = defaultdict(dict)
    for session in sessions:
        if factor in session.conditions:
            values = groups[_others(session, factor)]
            values.setdefault(session.conditions[factor], []).append(session.id)
    for key, values in groups.items():
        order = list(values)
        if factor == BUILD:
            known = next((one.builds for one in case.handsets if one.id == key[0]), [])
            order.sort(key=lambda build: known.index(build) if build in known else len(known))
        for one, other in pairwise(order):
            yield Pairing(
                by=f"{factor}: {one} → {other}", before=tuple(values[one]), after=tuple(values[other])
            )


def _others(session: SessionDoc, factor: str) -> _Key:
    """Handset, position and all conditions but one: what must be the same."""
    rest = (f"{name}={value}" for name, value in sorted(session.conditions.items()) if name != factor)
    return (session.subject, session.position, *rest)
