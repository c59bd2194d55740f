"""Whether a rule that nothing meets was put to the test: silence counts only where something had a chance to be seen.

Which data types a rule speaks of is asked of the rule itself: it is given a flow of which nothing is known but the data
type, once with all else absent and once with all else there but unknown. What it surely denies then, it does not speak
of. What it would speak of if only the conditions were others is what no session tried.
"""

from collections.abc import Iterable, Iterator, Mapping

from phonehome.documents.case import SessionDoc
from phonehome.judge.grouping import BUILD
from phonehome.judge.rule_context import RuleContexts
from phonehome.judge.tested import HandsetBuild, is_tried
from phonehome.model import wording
from phonehome.model.policy import Untested
from phonehome.model.subject import DataType
from phonehome.rules import Outcome, Rule
from phonehome.rules.evaluate import Context
from phonehome.rules.undecided import Undecided

_FLOWS = frozenset({"flow", "flows"})
_CONDITIONS = ("session.conditions", "flow.conditions")
_GENERAL = len(DataType) // 2
"""A rule that speaks of more data types than this names none: it says which it leaves out, or speaks of hosts."""
_LISTED = 12


class _Unknown:
    """Something that is there and of which nothing is known: whatever compares it is undecided."""

    __hash__ = None  # type: ignore[assignment]  # nothing may look it up either

    def __eq__(self, other: object) -> bool:
        raise Undecided("it is not known")


class _Blank(dict[str, object]):
    """A flow of which all fields but those given are there and unknown."""

    def get(self, key: str, default: object = None) -> object:
        return super().get(key, _UNKNOWN)


_UNKNOWN = _Unknown()


def untried(rule: Rule, tested: HandsetBuild, contexts: RuleContexts) -> tuple[str, bool] | None:
    """Say why it means nothing, or not all, that a rule was not met; None if it was put to the test.

    Returns:
        The reason, and whether it was tested in part: some of its data types had a chance to be seen.
    """
    if rule.variables.isdisjoint(_FLOWS):
        is_lacking = _speaks_of_conditions(rule) and _may_hold(rule, _elsewhere(tested, contexts))
        return (_say_conditions(rule, tested), False) if is_lacking else None
    concerned = list(_iter_concerned(rule, tested.sessions, contexts))
    kinds = {kind for _, found in concerned for kind in found}
    tried = {kind for session, found in concerned for kind in found if is_tried(session, kind)}
    if _speaks_of_conditions(rule) and concerned_types(rule, _elsewhere(tested, contexts)) - kinds:
        return _say_conditions(rule, tested), bool(tried)
    missing = [kind for kind in DataType if kind in kinds - tried]
    if not missing or (len(kinds) > _GENERAL and tried):
        return None
    if len(kinds) > _GENERAL:
        return "nothing that it speaks of had a chance to be seen", False
    named = [wording.data_type(kind.value) for kind in missing]
    listed = wording.listing_at_most(named, _LISTED, "other data type", "other data types")
    return f"{listed} had no chance to be seen", bool(tried)


def accepts(untested: Untested, *, in_part: bool) -> bool:
    """Say whether a policy takes silence for an answer where a rule was tested in part."""
    return in_part and untested is Untested.ACCEPT


def concerned_types(rule: Rule, context: Context) -> set[DataType]:
    """Give the data types of which a flow may meet a rule, in the session of a context."""
    session = context["session"]
    conditions = session["conditions"] if isinstance(session, Mapping) else None
    return {
        kind
        for kind in DataType
        if any(
            _may_hold(rule, {**context, "flow": flow, "flows": [flow]}) for flow in _probes(kind, conditions)
        )
    }


def _iter_concerned(
    rule: Rule, sessions: Iterable[SessionDoc], contexts: RuleContexts
) -> Iterator[tuple[SessionDoc, set[DataType]]]:
    """Give the data types that a rule speaks of in each session; asked once if it speaks of flows alone."""
    is_same = rule.variables <= _FLOWS and not _speaks_of_conditions(rule) and "flows" not in rule.variables
    found: set[DataType] | None = None
    for session in sessions:
        if found is None or not is_same:
            found = concerned_types(rule, contexts.session(session))
        yield session, found


def _probes(kind: DataType, conditions: object) -> Iterable[dict[str, object]]:
    told: dict[str, object] = {"data_type": kind.value, "weak": False, "conditions": conditions}
    return (told, _Blank(told))


def _may_hold(rule: Rule, context: Context) -> bool:
    return rule.evaluate(context) is not Outcome.FALSE


def _speaks_of_conditions(rule: Rule) -> bool:
    return any(name.startswith(_CONDITIONS) for name in rule.fields)


def _elsewhere(tested: HandsetBuild, contexts: RuleContexts) -> Context:
    """Give a session of this handset and build whose other conditions are unknown."""
    context = contexts.session(tested.sessions[0])
    session = context["session"]
    assert isinstance(session, Mapping)
    conditions = {} if tested.build is None else {BUILD: tested.build}
    return {**context, "session": {**session, "conditions": conditions}}


def _say_conditions(rule: Rule, tested: HandsetBuild) -> str:
    """Name the conditions that a rule asks for and no session has, where it says them plainly."""
    lacking = [
        f"{name}={value}"
        for name, value in rule.required_conditions().items()
        if all(session.conditions.get(name) != value for session in tested.sessions)
    ]
    if not lacking:
        return "no session has the conditions that it asks for"
    return f"no session was recorded with {wording.listing(lacking)}"
