"""An organisation's own handsets against what a case decided: affected, not affected, or tested by nobody.

A unit is that of a decision if make, model and build are the same, whatever their case and the spaces around them. Any
other build, older or newer, was not tested, and nothing is concluded from a neighbour.
"""

from collections.abc import Mapping, Sequence

from phonehome.documents.audit import AuditDocument
from phonehome.documents.judgement import DecisionDoc, DecisionName, UnitDoc, UnitState
from phonehome.judge.rule_context import is_sent
from phonehome.judge.tested import group_tested
from phonehome.model import wording
from phonehome.model.policy import Unit

MAX_NAMED = 5
"""Builds that a sentence names."""

_Model = tuple[str, str]
_NO_POLICY = "only a policy says what must be tested before that means anything"


def match(units: Sequence[Unit], decisions: Sequence[DecisionDoc], document: AuditDocument) -> list[UnitDoc]:
    """Say of each unit whether the case says something of it.

    Args:
        units: The organisation's list.
        decisions: What a policy decided; without a policy none, and then what was seen to be sent counts alone.
        document: The audit of a case.
    """
    known = _by_model(decisions or _without_policy(document))
    return [_match(unit, known.get((fold(unit.make), fold(unit.model)), {})) for unit in units]


def fold(name: str) -> str:
    """Give a name as it is compared: without case, and with single spaces."""
    return " ".join(name.casefold().split())


def _by_model(decisions: Sequence[DecisionDoc]) -> Mapping[_Model, Mapping[str | None, list[DecisionDoc]]]:
    known: dict[_Model, dict[str | None, list[DecisionDoc]]] = {}
    for one in decisions:
        if one.make is not None and one.model is not None:
            builds = known.setdefault((fold(one.make), fold(one.model)), {})
            builds.setdefault(fold(one.build) if one.build is not None else None, []).append(one)
    return known


def _match(unit: Unit, builds: Mapping[str | None, list[DecisionDoc]]) -> UnitDoc:
    tested = [one.build for found in builds.values() for one in found if one.build is not None]
    if not builds:
        return _describe(unit, "not_tested", None, "no handset of this make and model was tested")
    if unit.build is None:
        why = f"its build is not known; tested: {_builds(tested)}"
        return _describe(unit, "not_tested", None, why)
    found = builds.get(fold(unit.build))
    if found is None:
        return _describe(unit, "not_tested", None, f"another build was tested: {_builds(tested)}")
    strict = [one for one in found if one.decision in ("restrict", "prohibit")]
    if strict:
        worst = next((one for one in strict if one.decision == "prohibit"), strict[0])
        return _describe(unit, "affected", worst.decision if worst.policy else None, worst.reason)
    for one in found:
        if one.decision is None:
            why = "; ".join((one.reason, *one.missing[:1]))
            return _describe(unit, "not_tested", None, why)
    return _describe(unit, "not_affected", found[0].decision, found[0].reason)


def _describe(unit: Unit, state: UnitState, decision: DecisionName | None, why: str) -> UnitDoc:
    return UnitDoc(
        line=unit.line,
        unit=unit.unit,
        make=unit.make,
        model=unit.model,
        build=unit.build,
        state=state,
        decision=decision,
        why=why,
    )


def _builds(tested: Sequence[str]) -> str:
    names = list(dict.fromkeys(tested))
    if not names:
        return "a build that the case does not name"
    return wording.listing_at_most(names, MAX_NAMED, "other build", "other builds")


def _without_policy(document: AuditDocument) -> list[DecisionDoc]:
    """Stand in for a policy, without a name: what was seen to send is affected, and of the rest nothing is said."""
    if document.case is None:
        return []
    handsets = {handset.id: handset for handset in document.case.handsets}
    found = []
    for tested in group_tested(document.case):
        names = {session.id for session in tested.sessions}
        flows = [flow for flow in document.flows if is_sent(flow) and flow.session in names]
        kinds = sorted({wording.data_type(flow.data_type) for flow in flows})
        handset = handsets.get(tested.subject)
        found.append(
            DecisionDoc(
                policy="",
                subject=tested.subject,
                make=handset.make if handset is not None else None,
                model=handset.model if handset is not None else None,
                build=tested.build,
                decision="restrict" if flows else None,
                severity=None,
                reason=(
                    f"it was seen to send {wording.listing_at_most(kinds, MAX_NAMED, 'other', 'others')}"
                    if flows
                    else f"nothing was seen to be sent, and {_NO_POLICY}"
                ),
                advice=[],
                rules=[],
                missing=[],
            )
        )
    return found
