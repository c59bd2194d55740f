"""Whether a rule that nothing meets was put to the test: silence counts only where something had a chance to be seen.

Which data types a rule speaks of is asked of the rule itself: it is given a flow of which nothing is known but the data
type, once with all else absent and once with all else there but unknown. What it surely denies then, it does not speak
of.
"""

from collections.abc import Iterable, Iterator, Sequence

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

_FLOWS = ("flow", "flows")
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
    if (lacking := _lacking_conditions(rule, tested)) is not None:
        return lacking, False
    if rule.variables.isdisjoint(_FLOWS):
        return None
    concerned = list(_iter_concerned(rule, tested.sessions, contexts))
    kinds = {kind for _, found in concerned for kind in found}
    tried = {kind for session, found in concerned for kind in found if is_tried(session, kind)}
    if len(kinds) > _GENERAL and tried:
        return None
    missing = [kind for kind in DataType if kind in kinds - tried]
    if not missing:
        return None
    if len(kinds) > _GENERAL:
        return "nothing that it speaks of had a chance to be seen", False
    named = [wording.data_type(kind.value) for kind in missing]
    listed = wording.listing_at_most(named, _LISTED, "other data type", "other data types")
    return f"{listed} had no chance to be seen", bool(tried)


def _iter_concerned(
    rule: Rule, sessions: Iterable[SessionDoc], contexts: RuleContexts
) -> Iterator[tuple[SessionDoc, set[DataType]]]:
    """Give the data types that a rule speaks of in each session; asked once if it speaks of flows alone."""
    is_same = all(name.startswith("flow.") for name in rule.fields) and rule.variables <= {*_FLOWS}
    found: set[DataType] | None = None
    for session in sessions:
        if found is None or not is_same:
            found = concerned_types(rule, contexts.session(session))
        yield session, found


def accepts(untested: Untested, *, in_part: bool) -> bool:
    """Say whether a policy takes silence for an answer where a rule was tested in part."""
    return in_part and untested is Untested.ACCEPT


def concerned_types(rule: Rule, context: Context) -> set[DataType]:
    """Give the data types of which a flow may meet a rule, in the session of a context."""
    return {kind for kind in DataType if any(_may_meet(rule, context, flow) for flow in _probes(kind))}


def _probes(kind: DataType) -> Iterable[dict[str, object]]:
    told: dict[str, object] = {"data_type": kind.value, "weak": False}
    return (told, _Blank(told))


def _may_meet(rule: Rule, context: Context, flow: dict[str, object]) -> bool:
    return rule.evaluate({**context, "flow": flow, "flows": [flow]}) is not Outcome.FALSE


def _lacking_conditions(rule: Rule, tested: HandsetBuild) -> str | None:
    """Name the conditions that a rule asks for and no session has, if it speaks of this build at all."""
    wanted = dict(rule.required_conditions())
    build = wanted.pop(BUILD, tested.build)
    if build != tested.build or not wanted:
        return None
    if any(_has(session, wanted) for session in tested.sessions):
        return None
    named: Sequence[str] = [f"{name}={value}" for name, value in wanted.items()]
    return f"no session was recorded with {wording.listing(named)}"


def _has(session: SessionDoc, wanted: dict[str, str]) -> bool:
    return all(session.conditions.get(name) == value for name, value in wanted.items())
