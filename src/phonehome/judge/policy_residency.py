"""What a policy's statements on where data lives say of one handset build: rows beside those of its rules.

Data that is seen elsewhere keeps a handset from being allowed as a rule does that is met; a country that nobody knows,
or data that had no chance to be seen, as one that is undecided.
"""

from collections.abc import Sequence

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.documents.base import Severity
from phonehome.documents.judgement import OutcomeName, ResidencyDoc, RuleOutcomeDoc
from phonehome.judge.grouping import ends
from phonehome.judge.residency import judge_residency
from phonehome.judge.tested import HandsetBuild, is_tried
from phonehome.judge.untested import accepts
from phonehome.model import wording
from phonehome.model.policy import Policy, ResidencyStatement

ID_PREFIX = "residency/"
"""Stands before the id of a statement: no rule has a slash in its id."""

MAX_CITED = 200
_SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


def weigh_residency(policy: Policy, document: AuditDocument, tested: HandsetBuild) -> list[RuleOutcomeDoc]:
    """Hold every statement of a policy against the sessions of one handset build."""
    if document.case is None or not policy.residency:
        return []
    names = {session.id for session in tested.sessions}
    flows = [flow for flow in document.flows if flow.session in names]
    case = document.case.model_copy(update={"sessions": list(tested.sessions)})
    part = document.model_copy(update={"case": case, "flows": flows})
    found = judge_residency(policy.residency, part)
    return [
        _row(policy, statement, row, flows, tested)
        for statement, row in zip(policy.residency, found, strict=True)
    ]


def _row(
    policy: Policy,
    statement: ResidencyStatement,
    found: ResidencyDoc,
    flows: Sequence[FlowDoc],
    tested: HandsetBuild,
) -> RuleOutcomeDoc:
    why, outcome = found.reason, _OUTCOMES[found.state]
    if found.state == "not_seen" and (untested := _untested(statement, tested)) is not None:
        reason, in_part = untested
        is_accepted = accepts(policy.untested, in_part=in_part)
        why = f"{why}; {reason}, which this policy accepts" if is_accepted else reason
        outcome = "not_met" if is_accepted else "undecided"
    cited = [flow for flow in flows if flow.id in set(found.flows) and not _is_inside(flow, statement)]
    if outcome == "met":
        cited = [flow for flow in cited if flow.country is not None]
    findings = dict.fromkeys(name for flow in cited for name in flow.findings)
    return RuleOutcomeDoc(
        id=ID_PREFIX + statement.id,
        outcome=outcome,
        decision=statement.decision.value,
        severity=max((flow.severity for flow in cited), key=_SEVERITIES.index, default=None),
        reason=f"It is not so that: {statement.text}",
        why=why,
        sessions=list(dict.fromkeys(flow.session for flow in cited if flow.session is not None)),
        flows=[flow.id for flow in cited[:MAX_CITED]],
        findings=list(findings)[:MAX_CITED],
    )


_OUTCOMES: dict[str, OutcomeName] = {
    "outside": "met",
    "undecided": "undecided",
    "inside": "not_met",
    "not_seen": "not_met",
}


def _is_inside(flow: FlowDoc, statement: ResidencyStatement) -> bool:
    return flow.country in statement.countries


def _untested(statement: ResidencyStatement, tested: HandsetBuild) -> tuple[str, bool] | None:
    """Say why it means nothing, or not all, that nothing of it was seen; the second: whether some was tested."""
    last = [ends(session) for session in tested.sessions]
    since = statement.since
    if since is not None and all(day is not None and day < since for day in last):
        return f"no session was recorded since {since.isoformat()}", False
    tried = {kind for kind in statement.data_types for one in tested.sessions if is_tried(one, kind)}
    missing = [wording.data_type(kind.value) for kind in statement.data_types if kind not in tried]
    if not missing:
        return None
    return f"{wording.listing(missing)} had no chance to be seen", bool(tried)
