"""Verdicts on claims: what the sessions of a case say of what people said.

The order is fixed: unobservable, conflict, untested, contradicted, consistent. No verdict says that a claim is true:
`consistent` says after how many chances nothing spoke against it, and what rate that still allows. A rule that cannot
be decided, a session without exposures, and one that could not be read leave a claim untested.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from phonehome.documents.audit import AuditDocument
from phonehome.documents.judgement import LatencyChangeDoc, ScopeDoc, VerdictDoc
from phonehome.judge.claim_evidence import (
    MAX_NAMED,
    Evidence,
    Examiner,
    SessionEvidence,
    count_chances,
    say_coverage,
    unexposed,
)
from phonehome.judge.claim_reasons import (
    say_consistent,
    say_contradicted,
    say_measured,
    say_undecided,
    say_untestable,
    wanted_conditions,
)
from phonehome.judge.claim_staleness import say_superseded
from phonehome.judge.rule_context import RuleContexts
from phonehome.model import wording
from phonehome.model.claim import Claim, Verdict
from phonehome.model.statistics import rate_bound
from phonehome.rules import Outcome
from phonehome.rules.claim import CheckedClaim

MAX_CITED = 200
"""Flows, and findings, that a verdict cites."""

EXPOSES = "exposes"
"""In a proposal, beside conditions: the data types that its steps must give a chance to be sent."""


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
            "before": list(change.before),
            "after": list(change.after),
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
        ruling = _Ruling(
            verdict=Verdict.CONFLICT,
            reason=f"sources disagree ({wording.listing(conflicts)}); {_say_alone(ruling, evidence)}",
            rests_on=ruling.rests_on,
            exposures=ruling.exposures,
            bound=ruling.bound,
        )
    return _write(claim, ruling, conflicts, say_superseded(checked, contexts.case), proposal)


def _say_alone(ruling: _Ruling, evidence: Evidence) -> str:
    """Say what recordings add to a disagreement of sources, or that it rests on words alone."""
    if not evidence.tested:
        return f"no recorded session exercises it, so that rests on what they said alone: {ruling.reason}"
    names = [one.session.id for one in evidence.tested]
    listed = wording.listing_at_most(names, MAX_NAMED, "other session", "other sessions")
    return f"what was recorded ({listed}) would alone say {ruling.verdict.value}: {ruling.reason}"


def _rule(checked: CheckedClaim, evidence: Evidence) -> _Ruling:
    broken = evidence.with_outcome(Outcome.FALSE)
    if broken:
        return _contradict(broken)
    if not evidence.tested:
        return _Ruling(verdict=Verdict.UNTESTED, reason=say_untestable(checked, evidence))
    undecided = evidence.with_outcome(Outcome.UNDECIDED)
    held = evidence.with_outcome(Outcome.TRUE)
    # What was seen once was sent, whatever other sessions did not see.
    if undecided and not (held and all(one.is_unseen for one in undecided)):
        return _Ruling(
            verdict=Verdict.UNTESTED, reason=say_undecided(checked, undecided), rests_on=evidence.tested
        )
    return _weigh(checked, evidence, held)


def _weigh(checked: CheckedClaim, evidence: Evidence, held: list[SessionEvidence]) -> _Ruling:
    """Nothing speaks against the claim: say whether enough speaks for it."""
    if checked.is_on_speed:
        return _weigh_speed(evidence, held)
    sound = [one for one in held if one.doubt is None]
    doubts = [f"{one.session.id}: {one.doubt}" for one in held if one.doubt is not None]
    unsound = wording.listing_at_most(doubts, MAX_NAMED, "other session", "other sessions") if doubts else ""
    if not sound:
        reason = f"nothing speaks against it, but no session could have shown it ({unsound})"
        return _Ruling(verdict=Verdict.UNTESTED, reason=reason, rests_on=held)
    chances = count_chances(checked, sound)
    if not chances:
        lacking = [wording.data_type(name) for name in unexposed(checked, sound)]
        what = wording.listing(lacking) if lacking else "any data of which values were searched for"
        reason = f"nothing speaks against it, but no step gave {what} the chance to be sent"
        return _Ruling(verdict=Verdict.UNTESTED, reason=reason, rests_on=sound)
    assert checked.holds_if is not None
    shown = any(one.flows for one in sound) and "flow" not in checked.holds_if.variables
    bound = None if shown else rate_bound(chances)
    reason = say_consistent(evidence, sound, chances, bound)
    if unsound:
        reason += f"; not counted: {unsound}"
    return _Ruling(verdict=Verdict.CONSISTENT, reason=reason, rests_on=sound, exposures=chances, bound=bound)


def _weigh_speed(evidence: Evidence, held: list[SessionEvidence]) -> _Ruling:
    """Of round-trip times no chances are counted, and none of what was sent need be read: they were measured."""
    if not evidence.changes:
        reason = "nothing speaks against it, but no change of round-trip times was measured"
        return _Ruling(verdict=Verdict.UNTESTED, reason=reason, rests_on=held)
    return _Ruling(verdict=Verdict.CONSISTENT, reason=say_measured(evidence.changes), rests_on=held)


def _contradict(broken: Sequence[SessionEvidence]) -> _Ruling:
    return _Ruling(
        verdict=Verdict.CONTRADICTED,
        reason=say_contradicted(broken),
        rests_on=broken,
        exposures=_chances_of({flow.data_type for one in broken for flow in one.against}, broken),
    )


def _chances_of(data_types: set[str], evidence: Sequence[SessionEvidence]) -> int:
    """Count the chances that these types had together."""
    return sum(one.exposures.get(name, 0) for one in evidence for name in data_types)


def _propose(checked: CheckedClaim, evidence: Evidence) -> dict[str, str] | None:
    """Conditions of the session that would test a claim: what it asks for, else those of one that nearly did."""
    wanted = wanted_conditions(checked)
    near = [one.session for one in evidence.tested] or [session for session, _ in evidence.open]
    if near:
        wanted = {**near[0].conditions, **wanted}
    lacking = list(unexposed(checked, [one for one in evidence.tested if one.doubt is None]))
    if evidence.tested and lacking:
        wanted[EXPOSES] = ", ".join(lacking)
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
