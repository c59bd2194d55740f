"""An organisation's rules, over each handset and build that a case tested: allow, restrict or prohibit.

A rule that speaks of `flow` is asked of every flow that counts as sent, any other of every session. The strictest rule
that is met wins. Nothing is allowed for want of evidence: a session of which too little was read, a requirement that no
session tested, and a stricter rule that met an unknown or was not put to the test all leave the decision open,
and say so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.documents.base import Severity
from phonehome.documents.case import CaseDoc, CaseHandsetDoc, SessionDoc
from phonehome.documents.judgement import DecisionDoc, DecisionName, OutcomeName, RuleOutcomeDoc
from phonehome.judge.rule_context import RuleContexts
from phonehome.judge.tested import HandsetBuild, group_tested, missing_tests
from phonehome.judge.untested import accepts, untried
from phonehome.model import wording
from phonehome.model.policy import Decision, Enforcement, Policy, PolicyRule
from phonehome.rules import Evaluation, Outcome, Rule, RuleError, parse_rule
from phonehome.rules.fields import case_fields

MAX_CITED = 200
"""Flows, and findings, that the outcome of a rule names."""
_NAMED = 4

_STRICTNESS = tuple(Decision)
_SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


@dataclass(slots=True)
class _Weighed:
    """What one rule says of the sessions of one handset build."""

    asked: int = 0
    flows: list[FlowDoc] = field(default_factory=list)
    sessions: dict[str, None] = field(default_factory=dict)
    open_flows: list[FlowDoc] = field(default_factory=list)
    open_sessions: dict[str, None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def take(self, session: SessionDoc, flow: FlowDoc | None, found: Evaluation) -> None:
        self.asked += 1
        if found.outcome is Outcome.TRUE:
            self.sessions[session.id] = None
            self.flows += [flow] if flow is not None else []
        elif found.outcome is Outcome.UNDECIDED and not found.is_unseen:
            self.open_sessions[session.id] = None
            self.open_flows += [flow] if flow is not None else []
            self.missing.update(dict.fromkeys(found.missing))


def decide(policy: Policy, document: AuditDocument) -> list[DecisionDoc]:
    """Decide on each handset and build of which the case holds a session, in the order of the case.

    Args:
        policy: The rules.
        document: The audit of a case, with the severities of the table: rules may speak of them.
    """
    if document.case is None:
        return []
    judge = _Judge(policy, document)
    handsets = {handset.id: handset for handset in document.case.handsets}
    return [judge.decide(tested, handsets.get(tested.subject)) for tested in group_tested(document.case)]


def override_severities(policy: Policy, document: AuditDocument) -> AuditDocument:
    """Give flows the severity of the rules that they meet: of several, the worst."""
    if document.case is None or not any(rule.severity for rule in policy.rules):
        return document
    found = _Judge(policy, document).severities(document.case)
    flows = [
        flow.model_copy(update={"severity": found[flow.id]}) if flow.id in found else flow
        for flow in document.flows
    ]
    return document.model_copy(update={"flows": flows})


class _Judge:
    """Asks the rules of one policy over one document."""

    def __init__(self, policy: Policy, document: AuditDocument) -> None:
        self._policy = policy
        self._contexts = RuleContexts(document)
        self._down: dict[str, list[FlowDoc]] = {}
        for flow in document.flows:
            if flow.direction == "down" and not flow.weak and flow.session is not None:
                self._down.setdefault(flow.session, []).append(flow)
        self._rules = {rule.id: _parse(rule) for rule in policy.rules}

    def decide(self, tested: HandsetBuild, handset: CaseHandsetDoc | None) -> DecisionDoc:
        outcomes = [self._outcome(rule, tested) for rule in self._policy.rules]
        met = [one for one in outcomes if one.outcome == "met"]
        strictest = max((Decision(one.decision) for one in met), key=_strictness, default=Decision.ALLOW)
        missing = [*_open_rules(outcomes, strictest), *missing_tests(self._policy, tested)]
        decision: DecisionName | None = strictest.value
        if strictest is Decision.ALLOW and missing:
            decision = None
        rules = {rule.id: rule for rule in self._policy.rules}
        return DecisionDoc(
            policy=self._policy.title,
            subject=tested.subject,
            make=handset.make if handset is not None else None,
            model=handset.model if handset is not None else None,
            build=tested.build,
            decision=decision,
            severity=_worst(one.severity for one in met),
            reason=_reason(decision, met),
            advice=list(dict.fromkeys(text for one in met for text in rules[one.id].advice)),
            rules=outcomes,
            missing=missing,
            enforced=self._policy.enforcement is Enforcement.REQUIRED,
        )

    def severities(self, case: CaseDoc) -> Mapping[str, Severity]:
        found: dict[str, Severity] = {}
        for rule in self._policy.rules:
            if rule.severity is None:
                continue
            for flow in self._weigh(rule, case.sessions).flows:
                worst = _worst((found.get(flow.id), rule.severity.value))
                assert worst is not None
                found[flow.id] = worst
        return found

    def _weigh(self, rule: PolicyRule, sessions: Iterable[SessionDoc]) -> _Weighed:
        weighed = _Weighed()
        parsed = self._rules[rule.id]
        for session in sessions:
            if isinstance(parsed, Rule):
                for flow, context in self._iter_contexts(parsed, session):
                    weighed.take(session, flow, parsed.weigh(context))
            else:
                weighed.asked += 1
                weighed.open_sessions[session.id] = None
                weighed.missing[parsed.text] = None
        return weighed

    def _iter_contexts(
        self, rule: Rule, session: SessionDoc
    ) -> Iterator[tuple[FlowDoc | None, Mapping[str, object]]]:
        """Give what a rule is asked of in a session; what servers sent back only if the rule names directions."""
        context = self._contexts.session(session)
        if "flow" not in rule.variables:
            yield None, context
            return
        flows = self._contexts.sent(session)
        if "flow.direction" in rule.fields:
            flows = [*flows, *self._down.get(session.id, ())]
        for flow in flows:
            yield flow, {**context, "flow": self._contexts.flow(flow)}

    def _outcome(self, rule: PolicyRule, tested: HandsetBuild) -> RuleOutcomeDoc:
        weighed = self._weigh(rule, tested.sessions)
        flows: list[FlowDoc] = []
        sessions: Iterable[str] = ()
        outcome: OutcomeName = "not_met"
        if weighed.sessions:
            flows, sessions, outcome = weighed.flows, weighed.sessions, "met"
        elif weighed.open_sessions:
            flows, sessions, outcome = weighed.open_flows, weighed.open_sessions, "undecided"
        why = _why(weighed, flows)
        if outcome == "not_met" and (untested := self._untried(rule, tested)) is not None:
            reason, is_accepted = untested
            why = f"{why}; {reason}, which this policy accepts" if is_accepted else reason
            outcome = "not_met" if is_accepted else "undecided"
        findings = dict.fromkeys(name for flow in flows for name in flow.findings)
        severity: Severity | None = None
        if outcome != "not_met":
            severity = (
                rule.severity.value if rule.severity is not None else _worst(flow.severity for flow in flows)
            )
        return RuleOutcomeDoc(
            id=rule.id,
            outcome=outcome,
            decision=rule.decision.value,
            severity=severity,
            reason=rule.reason,
            why=why,
            sessions=list(sessions),
            flows=[flow.id for flow in flows[:MAX_CITED]],
            findings=list(findings)[:MAX_CITED],
        )

    def _untried(self, rule: PolicyRule, tested: HandsetBuild) -> tuple[str, bool] | None:
        """Say what of a rule was not put to the test, and whether the policy accepts that."""
        parsed = self._rules[rule.id]
        if not isinstance(parsed, Rule) or (found := untried(parsed, tested, self._contexts)) is None:
            return None
        reason, in_part = found
        return reason, accepts(self._policy.untested, in_part=in_part)


def _parse(rule: PolicyRule) -> Rule | RuleError:
    """Read a rule again, names of the case left open: what is misspelt was found when the file was read."""
    try:
        return parse_rule(rule.when, fields=case_fields())
    except RuleError as error:
        return error


def _why(weighed: _Weighed, flows: Sequence[FlowDoc]) -> str:
    if weighed.sessions:
        if not flows:
            return f"it holds in {_sessions(weighed.sessions)}"
        return f"{wording.count(len(flows), 'flow')} in {_sessions(weighed.sessions)}: {_say_flows(flows)}"
    if weighed.open_sessions:
        what = f"{wording.count(len(flows), 'flow')} in " if flows else ""
        missing = wording.listing_at_most(list(weighed.missing), _NAMED, "other", "others")
        return f"{what}{_sessions(weighed.open_sessions)} cannot be judged by it: {missing}"
    if not weighed.asked:
        return "nothing that it speaks of was seen"
    return "it was asked, and nothing that was seen meets it"


def _sessions(names: Iterable[str]) -> str:
    return wording.listing_at_most([f"session {name}" for name in names], _NAMED, "other", "others")


def _say_flows(flows: Sequence[FlowDoc]) -> str:
    """Say what went where: `IMEI to api.example.com (CN) in clear`."""
    ways = {"cleartext": "in clear", "tls": "over TLS", "quic": "over QUIC"}
    said: dict[str, None] = {}
    for flow in flows:
        way = ways.get(flow.transport or "", "in an unknown way")
        place = f"{flow.host or 'an unnamed host'} ({flow.country or 'country unknown'})"
        verb = "to" if flow.direction == "up" else "back from"
        said[f"{wording.data_type(flow.data_type)} {verb} {place} {way}"] = None
    return wording.listing_at_most(list(said), _NAMED, "other", "others")


def _open_rules(outcomes: Iterable[RuleOutcomeDoc], strictest: Decision) -> Iterator[str]:
    """Name the rules that would be stricter than what is met, and could not be decided."""
    for one in outcomes:
        if one.outcome == "undecided" and _strictness(Decision(one.decision)) > _strictness(strictest):
            yield f"rule {one.id} ({one.decision}) is undecided: {one.why}"


def _reason(decision: DecisionName | None, met: Sequence[RuleOutcomeDoc]) -> str:
    if decision is None:
        return "no stricter rule is met, but too little was tested to allow it"
    deciding = [one for one in met if one.decision == decision]
    if not deciding:
        return "no rule is met, and everything that the policy asks for was tested"
    return " ".join(dict.fromkeys(one.reason for one in deciding))


def _strictness(decision: Decision) -> int:
    return _STRICTNESS.index(decision)


def _worst(severities: Iterable[Severity | None]) -> Severity | None:
    known = [one for one in severities if one is not None]
    return max(known, key=_SEVERITIES.index, default=None)
