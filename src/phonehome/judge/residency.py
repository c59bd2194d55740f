"""Where data is seen to go, against where somebody says that it lives.

A flow is inside if all sources put its destination into one of the stated countries, outside if all put it into another
one; where sources differ or are silent it is undecided, and so is the statement unless another flow is outside. Who
books an address block is no recipient: countries and owners are those that the flows carry, never a registry's.

What was sent to the hosts of a statement and could not be read may hold the data, too: going elsewhere, it leaves
undecided what would otherwise be inside, or not seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.documents.case import CaseDoc, HostShareDoc, SessionDoc
from phonehome.documents.judgement import ResidencyDoc, ResidencyState
from phonehome.judge.grouping import ends, starts
from phonehome.model import wording
from phonehome.model.case import Service
from phonehome.model.policy import ResidencyStatement

MAX_NAMED = 5
"""Hosts that a sentence names."""


@dataclass(slots=True)
class _Sorted:
    """Flows by where they go, as one statement sees it."""

    inside: list[FlowDoc] = field(default_factory=list)
    outside: list[FlowDoc] = field(default_factory=list)
    undecided: list[FlowDoc] = field(default_factory=list)

    @property
    def all(self) -> list[FlowDoc]:
        return [*self.outside, *self.undecided, *self.inside]


def judge_residency(statements: Sequence[ResidencyStatement], document: AuditDocument) -> list[ResidencyDoc]:
    """Hold each statement against the flows of a case."""
    if document.case is None:
        return []
    judge = _Judge(document, document.case)
    return [judge.judge(statement) for statement in statements]


def moves_of(statements: Iterable[ResidencyStatement]) -> list[date]:
    """Give the days from which statements hold: of a move, sessions before and after can be compared."""
    return sorted({statement.since for statement in statements if statement.since is not None})


class _Judge:
    def __init__(self, document: AuditDocument, case: CaseDoc) -> None:
        self._flows = [flow for flow in document.flows if flow.direction == "up" and not flow.weak]
        self._case = case
        self._sessions = {session.id: session for session in case.sessions}
        self._services = {
            service.id: Service(id=service.id, hosts=tuple(service.hosts)) for service in case.services
        }

    def judge(self, statement: ResidencyStatement) -> ResidencyDoc:
        asked = [flow for flow in self._flows if self._is_of(statement, flow)]
        within = _sort(statement, [flow for flow in asked if self._is_within(statement, flow)])
        before = [flow for flow in asked if self._is_before(statement, flow)]
        unread = list(self._unread(statement))
        state = _state(within, unread, limited=bool(statement.services or statement.hosts))
        flows = within.all
        return ResidencyDoc(
            id=statement.id,
            source=statement.source,
            text=statement.text,
            since=_write(statement.since),
            until=_write(statement.until),
            services=list(statement.services),
            data_types=[kind.value for kind in statement.data_types],
            hosts=list(statement.hosts),
            stated=list(statement.countries),
            seen=_countries(flows),
            seen_before=_countries(before),
            organisations=sorted({flow.organisation for flow in flows if flow.organisation is not None}),
            state=state,
            reason=self._reason(statement, within, before, unread),
            flows=[flow.id for flow in flows],
            sessions=sorted({flow.session for flow in flows if flow.session is not None}),
        )

    def _is_of(self, statement: ResidencyStatement, flow: FlowDoc) -> bool:
        kinds = {kind.value for kind in statement.data_types}
        return (not kinds or flow.data_type in kinds) and self._serves(statement, flow.host)

    def _serves(self, statement: ResidencyStatement, host: str | None) -> bool:
        if not statement.services and not statement.hosts:
            return True
        if host is None:
            return False
        known = [self._services[name] for name in statement.services if name in self._services]
        known.append(Service(id="", hosts=statement.hosts))
        name = host.lower().rstrip(".")
        return any(service.is_served_by(name) for service in known)

    def _days(self, flow: FlowDoc) -> tuple[date | None, date | None]:
        """The first and the last day of a flow, by the clock of the timeline."""
        session = self._sessions.get(flow.session or "")
        if flow.first is not None and flow.last is not None:
            ahead = timedelta(seconds=session.clock_offset_s if session is not None else 0.0)
            try:
                first, last = (datetime.fromisoformat(text) - ahead for text in (flow.first, flow.last))
            except (ValueError, OverflowError):
                return None, None
            return first.date(), last.date()
        return (starts(session), ends(session)) if session is not None else (None, None)

    def _is_within(self, statement: ResidencyStatement, flow: FlowDoc) -> bool:
        """Whether some of a flow falls into the days of a statement; without a time it may, so it does."""
        first, last = self._days(flow)
        too_early = statement.since is not None and last is not None and last < statement.since
        too_late = statement.until is not None and first is not None and first > statement.until
        return not too_early and not too_late

    def _is_before(self, statement: ResidencyStatement, flow: FlowDoc) -> bool:
        last = self._days(flow)[1]
        return statement.since is not None and last is not None and last < statement.since

    def _in_days(self, statement: ResidencyStatement) -> list[SessionDoc]:
        chosen = []
        for session in self._case.sessions:
            first, last = starts(session), ends(session)
            too_early = statement.since is not None and last is not None and last < statement.since
            too_late = statement.until is not None and first is not None and first > statement.until
            if not too_early and not too_late:
                chosen.append(session)
        return chosen

    def _unread(self, statement: ResidencyStatement) -> Iterable[HostShareDoc]:
        """What went to its hosts, not surely into a stated country, and was not read."""
        for session in self._in_days(statement):
            for share in session.destinations:
                if (
                    share.closed + share.unreadable + share.lost
                    and share.country not in statement.countries
                    and self._serves(statement, share.host)
                ):
                    yield share

    def _reason(
        self,
        statement: ResidencyStatement,
        within: _Sorted,
        before: list[FlowDoc],
        unread: Sequence[HostShareDoc],
    ) -> str:
        stated = wording.listing(statement.countries)
        said = []
        if within.outside:
            said.append(f"{_flows(within.outside)} not to {stated}: {_where(within.outside)}")
        if within.undecided:
            said.append(
                f"{_flows(within.undecided)} where sources disagree on the country or name none: "
                f"{_where(within.undecided)}"
            )
        if within.inside:
            said.append(f"{_flows(within.inside)} to {_where(within.inside)}")
        if not within.all:
            sessions = len(self._in_days(statement))
            said.append(
                f"none of it was seen in {wording.count(sessions, 'session')}"
                if sessions
                else "no session was recorded in these days"
            )
        if unread:
            said.append(_say_unread(unread))
        if before:
            said.append(f"before {_write(statement.since)}: {_flows(before)} to {_where(before)}")
        return "; ".join(said)


def _sort(statement: ResidencyStatement, flows: Sequence[FlowDoc]) -> _Sorted:
    found = _Sorted()
    for flow in flows:
        if flow.country is None:
            found.undecided.append(flow)
        elif flow.country in statement.countries:
            found.inside.append(flow)
        else:
            found.outside.append(flow)
    return found


def _state(within: _Sorted, unread: Sequence[HostShareDoc], *, limited: bool) -> ResidencyState:
    if within.outside:
        return "outside"
    if within.undecided or (limited and unread):
        return "undecided"
    return "inside" if within.inside else "not_seen"


def _countries(flows: Iterable[FlowDoc]) -> list[str | None]:
    return sorted({flow.country for flow in flows}, key=lambda country: (country is None, country or ""))


def _flows(flows: Sequence[FlowDoc]) -> str:
    return wording.count(len(flows), "flow")


def _where(flows: Sequence[FlowDoc]) -> str:
    """Name destinations with their owner and country: `api.example.com (Example, CN)`."""
    named: dict[str, None] = {}
    for flow in flows:
        country = flow.country or ("/".join(flow.countries) if flow.countries else "country unknown")
        owner = f"{flow.organisation}, " if flow.organisation is not None else ""
        named[f"{flow.host or 'an unnamed host'} ({owner}{country})"] = None
    return wording.listing_at_most(list(named), MAX_NAMED, "destination", "destinations")


def _say_unread(unread: Sequence[HostShareDoc]) -> str:
    size = sum(share.closed + share.unreadable + share.lost for share in unread)
    named = {
        f"{share.host or share.address or 'an unnamed host'} ({share.country or 'country unknown'})": None
        for share in unread
    }
    listed = wording.listing_at_most(list(named), MAX_NAMED, "destination", "destinations")
    return f"{wording.count(size, 'byte')} that nobody could read went to {listed}"


def _write(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
