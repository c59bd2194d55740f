"""What a rule says whatever is seen: one that always says the same tests nothing, and nobody meant it so."""

from collections.abc import Mapping

from phonehome.model.subject import DataType
from phonehome.rules.rule import Outcome, Rule
from phonehome.rules.unknowns import Blank

SENT: Mapping[str, object] = {"weak": False}
"""What is true of every flow that a rule is asked of."""

_OBJECTS = ("flow", "session", "coverage")


def always(rule: Rule, **known: Mapping[str, object]) -> Outcome:
    """Say what a rule gives if nothing is known but these parts of its variables; undecided where that depends."""
    bare = {name: dict(known.get(name, {})) for name in _OBJECTS}
    full = {name: Blank(parts) for name, parts in bare.items()}
    first, second = rule.evaluate(bare), rule.evaluate(full)
    return first if first is second else Outcome.UNDECIDED


def is_always_true(rule: Rule, known: Mapping[str, object]) -> bool:
    """Say whether a rule is true of every flow that has these parts, whatever its data type."""
    return always(rule, flow=known) is Outcome.TRUE or all(
        always(rule, flow={**known, "data_type": kind.value}) is Outcome.TRUE for kind in DataType
    )


def can_be_met_with_build(rule: Rule, build: str) -> bool:
    """Say whether a rule on a session can be met in one that was recorded with this build."""
    bare = {"session": {"conditions": {"build": build}}}
    full = {"session": Blank({"conditions": Blank({"build": build})})}
    return not (rule.evaluate(bare) is rule.evaluate(full) is Outcome.FALSE)
