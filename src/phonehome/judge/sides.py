"""One side of a comparison: some sessions of a case, or bare recordings, with what was sent and what could be read."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from typing import NamedTuple

from phonehome.documents.audit import AuditDocument, Coverage
from phonehome.documents.case import ExposureDoc, SessionDoc
from phonehome.documents.diff import DiffSideDoc
from phonehome.judge.sending import Sent, Target, gather_sent, gather_weak, normal_host, target_of

HANDSET = "handset"
"""The factor that every session has: its subject."""

MAX_OPAQUE = 1000

MAX_LABELS = 6
"""How many of a host's parent domains are known by their traffic."""


class Share(NamedTuple):
    """Bytes sent upward that were looked into, and that were not; `sealed` of the latter look like ciphertext."""

    read: int = 0
    unread: int = 0
    sealed: int = 0

    @property
    def unread_share(self) -> float:
        """How much was not looked into, from 0 to 1; 0 where there was nothing."""
        return self.unread / (self.read + self.unread) if self.unread else 0.0


class Readable(NamedTuple):
    """What could be read of one session: in all, and by host, parent domain and organisation.

    `opaque` are the hosts to which most went unread, at most `MAX_OPAQUE`, with how much.
    """

    exchanges: int
    lost_problems: int
    whole: Share
    hosts: Mapping[str, Share]
    opaque: Mapping[str, int]
    domains: Mapping[str, Share]
    organisations: Mapping[str, Share]


def conditions_of(session: SessionDoc) -> dict[str, str]:
    """Give a session's conditions, its handset among them."""
    return {**session.conditions, HANDSET: session.subject}


def choose_sessions(document: AuditDocument, wanted: Collection[str]) -> AuditDocument:
    """Cut a case's document down to some of its sessions; inputs, problems and coverage in all stay as they are."""
    assert document.case is not None
    sessions = [session for session in document.case.sessions if session.id in wanted]
    return document.model_copy(
        update={
            "case": document.case.model_copy(update={"sessions": sessions, "judgement": None}),
            "flows": [flow for flow in document.flows if flow.session in wanted],
            "findings": [finding for finding in document.findings if finding.session in wanted],
        }
    )


def find_sessions(document: AuditDocument, conditions: Mapping[str, Collection[str]]) -> list[str]:
    """Give the ids of the sessions that have one of the values of every condition named; `handset` is one of them."""
    sessions = document.case.sessions if document.case is not None else []
    return [
        session.id
        for session in sessions
        if all(conditions_of(session).get(factor) in values for factor, values in conditions.items())
    ]


@dataclass(frozen=True, kw_only=True)
class Side:
    """A document on one side of a comparison, indexed."""

    name: str
    document: AuditDocument

    @cached_property
    def sessions(self) -> dict[str, SessionDoc]:
        """Sessions by id; none for bare recordings."""
        case = self.document.case
        return {session.id: session for session in case.sessions} if case is not None else {}

    @property
    def has_timeline(self) -> bool:
        """Say whether it is a case, whose sessions tell what had a chance to be sent."""
        return self.document.case is not None

    @cached_property
    def sent(self) -> dict[Target, Sent]:
        """What it sent, and what came down."""
        return gather_sent(self.document)

    @cached_property
    def weak(self) -> frozenset[Target]:
        """Targets of which there is but a trace that may be an accident, or such a trace as well."""
        return gather_weak(self.document)

    def weak_in(self, session: str) -> frozenset[Target]:
        """Targets of which one session has such a trace."""
        return self._weak_by_session.get(session, frozenset())

    @cached_property
    def _weak_by_session(self) -> dict[str, frozenset[Target]]:
        found: dict[str, set[Target]] = defaultdict(set)
        for flow in self.document.flows:
            if flow.weak and flow.session is not None:
                found[flow.session].add(target_of(flow))
        return {name: frozenset(targets) for name, targets in found.items()}

    @cached_property
    def conditions(self) -> dict[str, list[str]]:
        """The values of every factor over its sessions."""
        values: dict[str, dict[str, None]] = defaultdict(dict)
        for session in self.sessions.values():
            for factor, value in conditions_of(session).items():
                values[factor][value] = None
        return {factor: sorted(found) for factor, found in sorted(values.items())}

    @cached_property
    def readable(self) -> dict[str, Readable]:
        """What could be read, by session; under an empty name for bare recordings."""
        if not self.has_timeline:
            return {"": _read_coverage(self.document.coverage, self._lost_problems)}
        return {name: _read_session(session) for name, session in self.sessions.items()}

    @cached_property
    def searched_types(self) -> frozenset[str]:
        """Data types of which a bare recording was searched for a value."""
        subject = self.document.subject
        return (
            frozenset(value.type for value in subject.values if value.searched_for)
            if subject
            else frozenset()
        )

    @cached_property
    def exposures(self) -> dict[str, dict[str, ExposureDoc]]:
        """Exposures by session and data type."""
        return {
            name: {exposure.data_type: exposure for exposure in session.exposures}
            for name, session in self.sessions.items()
        }

    @cached_property
    def steps(self) -> dict[str, frozenset[str]]:
        """The ids of the steps taken while it was recorded, by session."""
        return {
            name: frozenset(step.id for step in one.steps if step.recorded)
            for name, one in self.sessions.items()
        }

    @property
    def _lost_problems(self) -> int:
        return sum(problem.lost for problem in self.document.problems)

    def describe(self) -> DiffSideDoc:
        """Say what it is made of."""
        all_sessions = self.sessions.values()
        rows = [session.coverage for session in all_sessions]
        whole = rows if self.has_timeline else self.document.coverage.by_destination
        return DiffSideDoc(
            name=self.name,
            kind=self.document.case.kind if self.document.case is not None else None,
            tool=self.document.tool,
            timeline=self.has_timeline,
            sessions=list(self.sessions),
            subjects=sorted({session.subject for session in all_sessions}),
            positions=sorted({session.position for session in all_sessions}),
            conditions={name: values for name, values in self.conditions.items() if name != HANDSET},
            exchanges=sum(one.exchanges for one in self.readable.values()),
            bytes_up=sum(one.read + one.closed + one.unreadable + one.lost for one in whole),
            read=sum(one.read for one in whole),
            closed=sum(one.closed for one in whole),
            unreadable=sum(one.unreadable for one in whole),
            lost=sum(one.lost for one in whole),
        )


def add_shares(shares: Iterable[Share]) -> Share:
    """Add up."""
    read = unread = sealed = 0
    for share in shares:
        read += share.read
        unread += share.unread
        sealed += share.sealed
    return Share(read, unread, sealed)


def _read_session(session: SessionDoc) -> Readable:
    rows = [
        (
            row.host,
            row.organisation,
            Share(row.read, row.closed + row.unreadable + row.lost, row.unreadable),
        )
        for row in session.destinations
    ]
    whole = session.coverage
    share = Share(whole.read, whole.closed + whole.unreadable + whole.lost, whole.unreadable)
    return _index(rows, share, whole.exchanges, session.lost_problems)


def _read_coverage(coverage: Coverage, lost_problems: int) -> Readable:
    rows = [
        (row.host, None, Share(row.read, row.closed + row.unreadable + row.lost, row.unreadable))
        for row in coverage.by_destination
    ]
    return _index(rows, add_shares(share for _, _, share in rows), coverage.exchanges, lost_problems)


def _index(
    rows: Sequence[tuple[str | None, str | None, Share]], whole: Share, exchanges: int, lost_problems: int
) -> Readable:
    hosts: dict[str, list[Share]] = defaultdict(list)
    domains: dict[str, list[Share]] = defaultdict(list)
    organisations: dict[str, list[Share]] = defaultdict(list)
    for name, organisation, share in rows:
        host = normal_host(name) or ""
        hosts[host].append(share)
        labels = host.split(".")
        for first in range(max(0, len(labels) - MAX_LABELS), len(labels) - 1):
            domains[".".join(labels[first:])].append(share)
        if organisation is not None:
            organisations[organisation].append(share)
    added = [
        {name: add_shares(found) for name, found in index.items()}
        for index in (hosts, domains, organisations)
    ]
    by_host, by_domain, by_organisation = added
    unread = {host: share.unread for host, share in by_host.items() if share.unread}
    return Readable(
        exchanges=exchanges,
        lost_problems=lost_problems,
        whole=whole,
        hosts=by_host,
        opaque=dict(nlargest(MAX_OPAQUE, unread.items(), key=lambda item: item[1])),
        domains=by_domain,
        organisations=by_organisation,
    )
