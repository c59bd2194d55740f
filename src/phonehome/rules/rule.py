"""A rule: its text, checked; and its outcome in a context."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from phonehome.rules.check import Checker
from phonehome.rules.errors import Fault, RuleError
from phonehome.rules.evaluate import MAX_WORK, Budget, Context, Evaluator, TooMuchWork
from phonehome.rules.negate import move_inward
from phonehome.rules.parser import parse
from phonehome.rules.syntax import Binary, Call, ListLiteral, Literal, Node, path_of
from phonehome.rules.times import parse_time
from phonehome.rules.types import BOOL, FieldTable, Type
from phonehome.rules.undecided import Undecided, Unseen

MAX_REASONS = 5
CONDITIONS = "session.conditions."


class Outcome(Enum):
    """What a rule says in a context; what meets an unknown is undecided unless the rest decides."""

    TRUE = "true"
    FALSE = "false"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """An outcome; where it is undecided, clauses on what is missing, each once; where it is false, what broke it.

    `breaking` are items of lists, each with the list's path, that an `all` stumbled over.
    """

    outcome: Outcome
    missing: tuple[str, ...] = ()
    breaking: tuple[tuple[str, object], ...] = field(default=(), compare=False)

    @property
    def is_unseen(self) -> bool:
        """Whether all that keeps it undecided is that something was not seen."""
        return bool(self.missing) and all(isinstance(clause, Unseen) for clause in self.missing)

    @property
    def why(self) -> str:
        """What is missing, as one clause; empty where the outcome is decided."""
        shown = ", ".join(self.missing[:MAX_REASONS])
        more = len(self.missing) - MAX_REASONS
        return f"{shown}, and {more} more" if more > 0 else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was checked against a field table.

    Attributes:
        text: As written.
        variables: The variables of the table that it speaks of.
        fields: The fields, as `flow.transport` and `session.conditions.build`, those of macro variables left out.
    """

    text: str
    variables: frozenset[str]
    fields: frozenset[str]
    _tree: Node = field(repr=False, compare=False)
    _orders: dict[int, tuple[str, ...]] = field(repr=False, compare=False)

    def evaluate(self, context: Context) -> Outcome:
        """Say what the rule says of these variables (name to value; nested mappings, None for unknown).

        Never raises: what cannot be evaluated is undecided.
        """
        return self.weigh(context).outcome

    def weigh(self, context: Context, budget: Budget | None = None) -> Evaluation:
        """The same, with the reasons for an undecided one; `budget` bounds many evaluations together."""
        evaluator = Evaluator(context, self._orders, budget)
        try:
            value = evaluator.value(self._tree)
        except Undecided as unknown:
            return Evaluation(outcome=Outcome.UNDECIDED, missing=tuple(dict.fromkeys(unknown.why)))
        except TooMuchWork:
            return Evaluation(
                outcome=Outcome.UNDECIDED,
                missing=(
                    f"it, or all rules together, would take too many steps (more than {MAX_WORK:,} for one)",
                ),
            )
        if not isinstance(value, bool):
            return Evaluation(outcome=Outcome.UNDECIDED, missing=("it gives neither true nor false",))
        if value:
            return Evaluation(outcome=Outcome.TRUE)
        return Evaluation(outcome=Outcome.FALSE, breaking=tuple(evaluator.breaking))

    def required_conditions(self) -> dict[str, str]:
        """The conditions that a session must have for the rule to be met, as far as it says `condition == "value"`.

        For the proposal of a session that would test something: of `condition in [values]` the first is given, and an
        `||` requires neither of its sides.
        """
        found: dict[str, str] = {}
        for part in _conjuncts(self._tree):
            match part:
                case Binary(sign="==", left=Literal(value=str(value)), right=other):
                    _require(found, other, value)
                case Binary(sign="==", left=other, right=Literal(value=str(value))):
                    _require(found, other, value)
                case Binary(sign="in", left=other, right=ListLiteral(items=(Literal(value=str(value)), *_))):
                    _require(found, other, value)
        return found

    def required_since(self) -> datetime | None:
        """The moment after which a session must begin for the rule to be met: `session.first >= timestamp(…)`."""
        for part in _conjuncts(self._tree):
            match part:
                case Binary(
                    sign=">=" | ">",
                    left=left,
                    right=Call(name="timestamp", arguments=(Literal(value=value),)),
                ):
                    if path_of(left) == "session.first":
                        return parse_time(str(value))
        return None


def parse_rule(text: str, *, fields: FieldTable, wanted: Type = BOOL) -> Rule:
    """Read and check a rule.

    Raises:
        RuleError: It is no rule, speaks of what is not in the table, compares what can never be equal, gives something
            else than `wanted`, or is too long or too deep; with line and column in the text.
    """
    try:
        tree = parse(text)
        checker = Checker(fields)
        kind = checker.check(tree)
        if kind.kind is not wanted.kind:
            raise Fault(0, f"the rule must give {wanted.about}, and it gives {kind.about}")
    except Fault as fault:
        before = text[: fault.at]
        line = before.count("\n") + 1
        column = fault.at - (before.rfind("\n") + 1) + 1
        raise RuleError(fault.text, line=line, column=column) from None
    return Rule(
        text=text,
        variables=frozenset(checker.variables),
        fields=frozenset(checker.fields),
        _tree=move_inward(tree),
        _orders=dict(checker.orders),
    )


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Binary) and node.sign == "&&":
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    else:
        yield node


def _require(found: dict[str, str], node: Node, value: str) -> None:
    path = path_of(node)
    if path is not None and path.startswith(CONDITIONS):
        found.setdefault(path.removeprefix(CONDITIONS), value)
