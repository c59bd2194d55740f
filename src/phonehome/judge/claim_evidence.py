"""What the sessions of a case show of one claim, before any verdict.

A claim is asked of each session in its scope: can the session test it, what does its rule say there, how often did the
session give the data a chance, and how much of what was sent could be read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from phonehome.documents.audit import FlowDoc
from phonehome.documents.case import SessionDoc
from phonehome.judge.rule_context import Record, RuleContexts
from phonehome.model.wording import count, listing_at_most
from phonehome.rules import Budget, Evaluation, Outcome, Seen
from phonehome.rules.claim import CheckedClaim

MIN_READ_SHARE = 0.95
"""The share of the bytes sent upward that must have been read before silence or good behaviour counts."""

MAX_STEPS = 10_000_000
"""Steps that the rules of all claims may take together; what remains is undecided."""

MAX_NAMED = 4
_SEEN_LISTS = ("flows", "destinations", "latency_changes")


@dataclass(slots=True, kw_only=True)
class SessionEvidence:
    """What one session that can test the claim shows of it.

    Attributes:
        session: The session.
        flows: Its flows in the claim's scope that count as sent.
        against: Of those, the ones that break the rule; where the rule is asked once per session and does not
            tell which, all of them.
        destinations: Where the rule is about destinations: those that break it, as hosts with their owners.
        outcome: What the rule says, over all flows if it is asked of flows.
        missing: Why it is undecided.
        is_unseen: Whether it is undecided only because something was not seen.
        doubt: Why this session cannot speak for the claim, or None.
        exposures: Chances by data type, of values that were searched for.
    """

    session: SessionDoc
    flows: list[FlowDoc]
    against: list[FlowDoc]
    destinations: list[str]
    outcome: Outcome
    missing: tuple[str, ...]
    is_unseen: bool
    doubt: str | None
    exposures: dict[str, int]


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What all sessions show of one claim.

    `open` are sessions of which it is unknown whether they can test it, with the reason.
    """

    in_scope: list[SessionDoc] = field(default_factory=list)
    tested: list[SessionEvidence] = field(default_factory=list)
    open: list[tuple[SessionDoc, str]] = field(default_factory=list)

    def with_outcome(self, outcome: Outcome) -> list[SessionEvidence]:
        """Give the sessions in which the rule says so."""
        return [one for one in self.tested if one.outcome is outcome]


class Examiner:
    """Examines claims over one document."""

    def __init__(self, contexts: RuleContexts, shared: Record) -> None:
        self._contexts = contexts
        self._shared = shared
        self._made: dict[str, Record] = {}
        self._doubts: dict[tuple[str, tuple[str, ...]], str | None] = {}
        self._budget = Budget(MAX_STEPS)

    def examine(self, checked: CheckedClaim) -> Evidence:
        """Gather what the sessions show of an observable claim."""
        assert checked.testable_when is not None
        evidence = Evidence()
        for session in self._contexts.case.sessions:
            if not _is_meant(checked, session):
                continue
            evidence.in_scope.append(session)
            context = self._context(session)
            testable = checked.testable_when.weigh(context, self._budget)
            if testable.outcome is Outcome.TRUE:
                evidence.tested.append(self._test(checked, session, context))
            elif testable.outcome is Outcome.UNDECIDED:
                evidence.open.append((session, testable.why))
        return evidence

    def _context(self, session: SessionDoc) -> Record:
        if session.id not in self._made:
            self._made[session.id] = self._make_context(session)
        return self._made[session.id]

    def _make_context(self, session: SessionDoc) -> Record:
        context = {**self._contexts.session(session), **self._shared}
        for name in _SEEN_LISTS:
            rows = context.get(name)
            assert isinstance(rows, list)
            context[name] = Seen(rows)
        return context

    def _test(self, checked: CheckedClaim, session: SessionDoc, context: Record) -> SessionEvidence:
        assert checked.holds_if is not None
        sent = self._contexts.sent(session)
        meant = [flow for flow in sent if self._is_in_scope(checked, flow) is True]
        if "flow" in checked.holds_if.variables:
            against, whole = self._test_flows(checked, sent, context)
        else:
            whole = checked.holds_if.weigh(context, self._budget)
            against = _breaking_flows(whole, sent, meant) if whole.outcome is Outcome.FALSE else []
        return SessionEvidence(
            session=session,
            flows=meant,
            against=against,
            destinations=_breaking_destinations(whole),
            outcome=whole.outcome,
            missing=whole.missing,
            is_unseen=whole.is_unseen,
            doubt=self._doubt(session, checked.claim.scope.services),
            exposures=_exposures(session, meant),
        )

    def _test_flows(
        self, checked: CheckedClaim, sent: Iterable[FlowDoc], context: Record
    ) -> tuple[list[FlowDoc], Evaluation]:
        """Ask the rule of every flow that is meant, or may be; one that breaks it breaks the claim."""
        assert checked.holds_if is not None
        against: list[FlowDoc] = []
        missing: dict[str, None] = {}
        for flow in sent:
            is_meant = self._is_in_scope(checked, flow)
            if is_meant is False:
                continue
            held = checked.holds_if.weigh({**context, "flow": self._contexts.flow(flow)}, self._budget)
            if held.outcome is Outcome.UNDECIDED:
                missing.update(dict.fromkeys(held.missing))
            elif held.outcome is Outcome.FALSE and is_meant:
                against.append(flow)
            elif held.outcome is Outcome.FALSE:
                missing["which service the host of a flow serves is unknown"] = None
        if against:
            return against, Evaluation(outcome=Outcome.FALSE)
        if missing:
            return [], Evaluation(outcome=Outcome.UNDECIDED, missing=tuple(missing))
        return [], Evaluation(outcome=Outcome.TRUE)

    def _is_in_scope(self, checked: CheckedClaim, flow: FlowDoc) -> bool | None:
        """Say whether a claim means a flow; None where its host is not known and the claim names services."""
        scope = checked.claim.scope
        if scope.data_types and flow.data_type not in scope.data_types:
            return False
        if not scope.services:
            return True
        services = self._contexts.services_of(flow.host)
        return None if services is None else not set(scope.services).isdisjoint(services)

    def _doubt(self, session: SessionDoc, services: tuple[str, ...]) -> str | None:
        """Say why what was not seen in a session may have been sent all the same."""
        key = (session.id, services)
        if key not in self._doubts:
            self._doubts[key] = self._find_doubt(session, frozenset(services))
        return self._doubts[key]

    def _find_doubt(self, session: SessionDoc, services: frozenset[str]) -> str | None:
        share = session.coverage
        if not share.bytes_up:
            return "it recorded nothing that was sent"
        hidden = [
            row
            for row in session.destinations
            if row.closed + row.unreadable + row.lost and self._may_serve(services, row.host)
        ]
        if services and hidden:
            unread = sum(row.closed + row.unreadable + row.lost for row in hidden)
            named = dict.fromkeys(row.host or row.address or "a host without a name" for row in hidden)
            hosts = listing_at_most(list(named), MAX_NAMED, "other", "others")
            return f"{count(unread, 'byte')} to {hosts} could not be read"
        if share.read < MIN_READ_SHARE * share.bytes_up:
            return f"only {_percent(share.read, share.bytes_up)} of what was sent could be read"
        if session.lost_problems:
            return f"{count(session.lost_problems, 'problem')} left part of it unread"
        return None

    def _may_serve(self, services: frozenset[str], host: str | None) -> bool:
        served = self._contexts.services_of(host)
        return served is None or not services.isdisjoint(served)


def _breaking(held: Evaluation, path: str) -> list[Mapping[str, object]]:
    return [item for name, item in held.breaking if name == path and isinstance(item, Mapping)]


def _breaking_flows(held: Evaluation, sent: Iterable[FlowDoc], meant: list[FlowDoc]) -> list[FlowDoc]:
    """Give the flows that break a rule on a session, those to destinations that do, or else all that are meant."""
    names = {item.get("id") for item in _breaking(held, "flows")}
    hosts = {item.get("host") for item in _breaking(held, "destinations")} - {None}
    if names or hosts:
        return [flow for flow in sent if flow.id in names or flow.host in hosts]
    return meant


def _breaking_destinations(held: Evaluation) -> list[str]:
    named: dict[str, None] = {}
    for row in _breaking(held, "destinations"):
        known = [str(row[key]) for key in ("host", "address") if row.get(key) is not None]
        owner = row.get("organisation")
        named[" at ".join(known or ["an unnamed host"]) + (f" ({owner})" if owner is not None else "")] = None
    return list(named)


def say_coverage(evidence: Sequence[SessionEvidence]) -> str | None:
    """Say how much of what the sessions sent was read; None where there are none."""
    if not evidence:
        return None
    sent = sum(one.session.coverage.bytes_up for one in evidence)
    read = sum(one.session.coverage.read for one in evidence)
    if not sent:
        return "nothing that was sent was recorded"
    share = "all" if read == sent else _percent(read, sent)
    return f"{share} of {count(sent, 'byte')} sent in {count(len(evidence), 'session')} could be read"


def _percent(part: int, whole: int) -> str:
    """Write a share, rounded down: almost all is not all."""
    return f"{100 * part // whole} %" if part * 100 >= whole or not part else "less than 1 %"


def _is_meant(checked: CheckedClaim, session: SessionDoc) -> bool:
    scope = checked.claim.scope
    return scope.handset in (None, session.subject) and scope.build in (None, session.conditions.get("build"))


def _exposures(session: SessionDoc, flows: Iterable[FlowDoc]) -> dict[str, int]:
    """Count chances by data type; what was seen had at least one."""
    chances = {row.data_type: row.count for row in session.exposures if row.values}
    for flow in flows:
        chances[flow.data_type] = max(1, chances.get(flow.data_type, 0))
    return {name: number for name, number in chances.items() if number > 0}


def unexposed(checked: CheckedClaim, evidence: Iterable[SessionEvidence]) -> Iterator[str]:
    """Give the data types of a claim that no session gave a chance."""
    tried = {name for one in evidence for name in one.exposures}
    return (kind.value for kind in checked.claim.scope.data_types if kind.value not in tried)


def count_chances(checked: CheckedClaim, sound: Sequence[SessionEvidence]) -> int:
    """Count the chances of the data type that had fewest; every one that the claim names needs some."""
    totals: dict[str, int] = {}
    for one in sound:
        for name, number in one.exposures.items():
            totals[name] = totals.get(name, 0) + number
    named = [kind.value for kind in checked.claim.scope.data_types]
    return min((totals.get(name, 0) for name in named or totals), default=0)
