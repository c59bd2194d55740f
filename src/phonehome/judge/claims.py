"""Verdicts on claims: what the sessions of a case say of what people said.

The order is fixed: unobservable, conflict, untested, contradicted, consistent. No verdict says that a claim is true:
`consistent` says after how many chances nothing spoke against it, and what rate that still allows. A rule that cannot
be decided, a session without exposures, and one that could not be read leave a claim untested.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.documents.judgement import LatencyChangeDoc, ScopeDoc, VerdictDoc
from phonehome.judge.claim_evidence import (
    MAX_NAMED,
    Evidence,
    Examiner,
    SessionEvidence,
    say_coverage,
    unexposed,
)
from phonehome.judge.claim_staleness import say_superseded
from phonehome.judge.rule_context import RuleContexts
from phonehome.judge.statistics import rate_bound
from phonehome.model import wording
from phonehome.model.claim import Claim, Verdict
from phonehome.rules import Outcome
from phonehome.rules.claim import CheckedClaim

MAX_CITED = 200
"""Flows, and findings, that a verdict cites."""

RECORDED = "recorded"
"""In a proposal, beside conditions: from when on a session must be recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruling:
    """What the evidence alone says of a claim, and on what it rests."""

    verdict: Verdict
    reason: str
    rests_on: Sequence[SessionEvidence] = ()
    exposures: int = 0
    bound: float | None = None


def decide(
    claims: Sequence[CheckedClaim],
    document: AuditDocument,
    *,
    latency_changes: Iterable[LatencyChangeDoc] = (),
) -> list[VerdictDoc]:
    """Decide every claim over a document with a case, in the order of the claims.

    Args:
        claims: As `case.claims_file` reads them.
        document: An audit document whose `case` is filled.
        latency_changes: What changed on the way to hosts, for claims on speed.

    Raises:
        ValueError: The document holds bare recordings.
    """
    contexts = RuleContexts(document)
    changes = [
        {
            "host": change.host,
            "before_median": change.before_median,
            "after_median": change.after_median,
            "change_percent": change.change_percent,
            "low": change.low,
            "high": change.high,
        }
        for change in latency_changes
    ]
    examiner = Examiner(contexts, {"latency_changes": changes})
    conflicts = _conflicts(claims)
    return [_decide(checked, contexts, examiner, conflicts[checked.claim.id]) for checked in claims]


def _decide(
    checked: CheckedClaim, contexts: RuleContexts, examiner: Examiner, conflicts: list[str]
) -> VerdictDoc:
    claim = checked.claim
    if not claim.observable or checked.holds_if is None:
        why = claim.because or "what it speaks of does not show in the traffic of a handset"
        superseded = say_superseded(checked, contexts.case)
        return _write(claim, _Ruling(verdict=Verdict.UNOBSERVABLE, reason=why), conflicts, superseded, None)
    evidence = examiner.examine(checked)
    ruling = _rule(checked, evidence)
    proposal = _propose(checked, evidence) if ruling.verdict is Verdict.UNTESTED else None
    if conflicts:
        alone = f"the sessions alone would say {ruling.verdict.value}: {ruling.reason}"
        ruling = _Ruling(
            verdict=Verdict.CONFLICT,
            reason=f"sources disagree ({wording.listing(conflicts)}); {alone}",
            rests_on=ruling.rests_on,
            exposures=ruling.exposures,
            bound=ruling.bound,
        )
    return _write(claim, ruling, conflicts, say_superseded(checked, contexts.case), proposal)


def _rule(checked: CheckedClaim, evidence: Evidence) -> _Ruling:
    broken = evidence.with_outcome(Outcome.FALSE)
    if broken:
        return _contradict(broken)
    if not evidence.tested:
        return _Ruling(verdict=Verdict.UNTESTED, reason=_say_untestable(checked, evidence))
    undecided = evidence.with_outcome(Outcome.UNDECIDED)
    held = evidence.with_outcome(Outcome.TRUE)
    # What was seen once was sent, whatever other sessions did not see.
    if undecided and not (held and all(one.is_unseen for one in undecided)):
        return _Ruling(
            verdict=Verdict.UNTESTED, reason=_say_undecided(checked, undecided), rests_on=evidence.tested
        )
    return _weigh(checked, evidence, held)


def _weigh(checked: CheckedClaim, evidence: Evidence, held: list[SessionEvidence]) -> _Ruling:
    """Nothing speaks against the claim: say whether enough speaks for it."""
    sound = [one for one in held if one.doubt is None]
    doubts = [f"{one.session.id}: {one.doubt}" for one in held if one.doubt is not None]
    unsound = wording.listing_at_most(doubts, MAX_NAMED, "other session", "other sessions") if doubts else ""
    if not sound:
        reason = f"nothing speaks against it, but no session could have shown it ({unsound})"
        return _Ruling(verdict=Verdict.UNTESTED, reason=reason, rests_on=held)
    chances = _count_chances(checked, sound)
    if not chances:
        lacking = [wording.data_type(name) for name in unexposed(checked, sound)]
        what = wording.listing(lacking) if lacking else "any data of which values were searched for"
        reason = f"nothing speaks against it, but no step gave {what} the chance to be sent"
        return _Ruling(verdict=Verdict.UNTESTED, reason=reason, rests_on=sound)
    assert checked.holds_if is not None
    shown = any(one.flows for one in sound) and "flow" not in checked.holds_if.variables
    bound = None if shown else rate_bound(chances)
    reason = _say_consistent(checked, evidence, sound, chances, bound)
    if unsound:
        reason += f"; not counted: {unsound}"
    return _Ruling(verdict=Verdict.CONSISTENT, reason=reason, rests_on=sound, exposures=chances, bound=bound)


def _count_chances(checked: CheckedClaim, sound: Sequence[SessionEvidence]) -> int:
    """Count the chances of the data type that had fewest; every one that the claim names needs some."""
    totals: dict[str, int] = {}
    for one in sound:
        for name, number in one.exposures.items():
            totals[name] = totals.get(name, 0) + number
    named = [kind.value for kind in checked.claim.scope.data_types]
    return min((totals.get(name, 0) for name in named or totals), default=0)


def _contradict(broken: Sequence[SessionEvidence]) -> _Ruling:
    said = []
    for one in broken[:MAX_NAMED]:
        flows = [_describe(flow) for flow in one.against]
        what = (
            wording.listing_at_most(flows, MAX_NAMED, "other flow", "other flows")
            if flows
            else "the session as a whole"
        )
        said.append(f"{one.session.id}: {what}")
    if len(broken) > MAX_NAMED:
        said.append(f"and {wording.count(len(broken) - MAX_NAMED, 'more session')}")
    return _Ruling(
        verdict=Verdict.CONTRADICTED,
        reason="against it speaks " + "; ".join(said),
        rests_on=broken,
        exposures=_chances_of({flow.data_type for one in broken for flow in one.against}, broken),
    )


def _chances_of(data_types: set[str], evidence: Sequence[SessionEvidence]) -> int:
    """Count the chances that these types had together."""
    return sum(one.exposures.get(name, 0) for one in evidence for name in data_types)


def _describe(flow: FlowDoc) -> str:
    how = {"cleartext": "in clear", "tls": "over TLS", "quic": "over QUIC"}.get(flow.transport or "", "")
    consent = f", consent {flow.consent.replace('_', ' ')}" if flow.consent else ""
    to = flow.host or "an unnamed host"
    return f"{wording.data_type(flow.data_type)} to {to} {how}".rstrip() + consent


def _say_untestable(checked: CheckedClaim, evidence: Evidence) -> str:
    assert checked.testable_when is not None
    if evidence.open:
        said = [f"{session.id}: {why}" for session, why in evidence.open]
        named = wording.listing_at_most(said, MAX_NAMED, "other session", "other sessions")
        return f"whether a session can test it is not known ({named})"
    wanted = _conditions(checked)
    if wanted:
        conditions = wording.listing([f"{name} {value}" for name, value in wanted.items()])
        return f"no session was recorded with {conditions}"
    if not evidence.in_scope:
        return "no session was recorded of what it speaks of"
    return f"no session fulfils what a test needs: {checked.testable_when.text.strip()}"


def _say_undecided(checked: CheckedClaim, undecided: Sequence[SessionEvidence]) -> str:
    clauses = dict.fromkeys(clause for one in undecided for clause in one.missing)
    why = wording.listing_at_most(list(clauses), MAX_NAMED, "other reason", "other reasons")
    sessions = wording.listing_at_most(
        [one.session.id for one in undecided], MAX_NAMED, "other session", "other sessions"
    )
    text = f"{sessions}: {why}"
    chances = _count_chances(checked, [one for one in undecided if one.doubt is None])
    if all(one.is_unseen for one in undecided):
        bound = rate_bound(chances)
        if bound is None:
            return f"{text}, and nothing shows that it had a chance to be seen"
        return f"{text}; {wording.count(chances, 'chance')} to see it still allow a rate of {bound:.0%}"
    return text


def _say_consistent(
    checked: CheckedClaim,
    evidence: Evidence,
    sound: Sequence[SessionEvidence],
    chances: int,
    bound: float | None,
) -> str:
    sessions = wording.listing_at_most(
        [one.session.id for one in sound], MAX_NAMED, "other session", "other sessions"
    )
    flows = sum(len(one.flows) for one in sound)
    seen = f"{wording.count(flows, 'flow')} of it seen" if flows else "nothing of it seen"
    text = f"nothing in {sessions} speaks against it: {seen} in {wording.count(chances, 'chance')}"
    if bound is not None:
        text += f", which still allow{'s' if chances == 1 else ''} a rate of {bound:.0%}"
    unseen = [one.session.id for one in evidence.with_outcome(Outcome.UNDECIDED)]
    if unseen:
        text += (
            f"; not seen in {wording.listing_at_most(unseen, MAX_NAMED, 'other session', 'other sessions')}"
        )
    return text


def _conditions(checked: CheckedClaim) -> dict[str, str]:
    """The conditions of a session that would test a claim."""
    assert checked.testable_when is not None
    wanted = dict(checked.testable_when.required_conditions())
    if checked.claim.scope.build is not None:
        wanted.setdefault("build", checked.claim.scope.build)
    since = checked.testable_when.required_since()
    if since is not None:
        wanted[RECORDED] = f"from {since.date().isoformat()} on"
    return wanted


def _propose(checked: CheckedClaim, evidence: Evidence) -> dict[str, str] | None:
    """Conditions of the session that would test a claim: what it asks for, else those of one that nearly did."""
    wanted = _conditions(checked)
    near = [one.session for one in evidence.tested] or [session for session, _ in evidence.open]
    if near:
        wanted = {**near[0].conditions, **wanted}
    return wanted or None


def _conflicts(claims: Sequence[CheckedClaim]) -> Mapping[str, list[str]]:
    """Give what each claim conflicts with; a disagreement of two claims is one of both."""
    found: dict[str, dict[str, None]] = {checked.claim.id: {} for checked in claims}
    for checked in claims:
        for name in checked.claim.conflicts_with:
            found[checked.claim.id][name] = None
            if name in found:
                found[name][checked.claim.id] = None
    return {name: list(others) for name, others in found.items()}


def _write(
    claim: Claim,
    ruling: _Ruling,
    conflicts: list[str],
    superseded: str | None,
    proposal: dict[str, str] | None,
) -> VerdictDoc:
    contradicted = ruling.verdict is Verdict.CONTRADICTED
    flows = [flow for one in ruling.rests_on for flow in (one.against if contradicted else one.flows)]
    findings = [name for flow in flows for name in flow.findings]
    reading = f" ({claim.because})" if claim.because and claim.observable else ""
    return VerdictDoc(
        id=claim.id,
        who=claim.who,
        party=claim.party.value,
        date=claim.date,
        text=claim.text,
        source=claim.source,
        scope=ScopeDoc(
            handset=claim.scope.handset,
            build=claim.scope.build,
            services=list(claim.scope.services),
            data_types=[kind.value for kind in claim.scope.data_types],
            note=claim.scope.note,
        ),
        verdict=ruling.verdict.value,
        reason=ruling.reason + reading,
        superseded=superseded,
        conflicts_with=conflicts,
        sessions=[one.session.id for one in ruling.rests_on],
        flows=[flow.id for flow in flows[:MAX_CITED]],
        findings=findings[:MAX_CITED],
        exposures=ruling.exposures,
        rate_bound=ruling.bound,
        coverage=say_coverage(ruling.rests_on),
        proposal=proposal,
    )
