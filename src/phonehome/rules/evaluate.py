"""Evaluating a checked rule: three-valued, with bounded work, and without an exception for the caller.

An unknown is an absent field. CEL makes asking for one an error, and lets `&&` and `||` drop an error when the other
side decides; an error that is left is what we call undecided. So `false && unknown` is false and `true && unknown`
is undecided.
"""

from collections.abc import Mapping

from phonehome.rules.numbers import bounded, compare, is_int, is_number, reckon
from phonehome.rules.syntax import (
    Binary,
    Call,
    Choice,
    Field,
    Has,
    Index,
    ListLiteral,
    Literal,
    Macro,
    Name,
    Node,
    Unary,
    path_of,
)
from phonehome.rules.times import parse_time
from phonehome.rules.undecided import Undecided, Unseen

MAX_WORK = 200_000
"""Parts of a rule that are looked at in one evaluation, items of lists among them; more leaves it undecided."""

MAX_BREAKING = 50
"""Items that are kept to be cited."""

Context = Mapping[str, object]


class Seen(list[object]):
    """A list of a context that holds what was seen, which need not be all that there is.

    Where nothing in it fulfils an `exists`, that is undecided: not to have seen is no proof. `all` asks of
    what was seen.
    """


class Budget:
    """Steps that are left for many evaluations together, so that a file full of costly rules ends."""

    def __init__(self, steps: int) -> None:
        self.steps = steps


class TooMuchWork(Exception):  # noqa: N818  like `Undecided`, but no other operand decides
    """`MAX_WORK` was met, or the budget is used up."""


class Evaluator:
    """Evaluates parts of one rule in one context."""

    def __init__(
        self, context: Context, orders: Mapping[int, tuple[str, ...]], budget: Budget | None = None
    ) -> None:
        self._context = dict(context)
        self._orders = orders
        self._work = 0
        self._budget = budget if budget is not None else Budget(MAX_WORK)
        self.breaking: list[tuple[str, object]] = []
        """Items for which the body of an `all` was false, with the path of their list."""

    def value(self, node: Node) -> object:
        """Give the value of a part.

        Raises:
            Undecided: It has none, since something is unknown or cannot be reckoned.
            TooMuchWork: It would take too long to say.
        """
        self._spend(1)
        match node:
            case Literal():
                return node.value
            case ListLiteral():
                return [self.value(item) for item in node.items]
            case Name():
                return _known(self._context.get(node.name), node.name)
            case Field():
                return self._entry(node.of, node.name, node)
            case Index():
                return self._index(node)
            case Has():
                return self._has(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Choice():
                return self.value(node.yes if self._flag(node.condition) else node.no)
            case Call():
                return self._call(node)
            case Macro():
                return self._macro(node)

    def _spend(self, work: int) -> None:
        self._work += work
        self._budget.steps -= work
        if self._work > MAX_WORK or self._budget.steps < 0:
            raise TooMuchWork

    def _flag(self, node: Node) -> bool:
        return _flag(self.value(node), node)

    def _entry(self, of: Node, name: str, node: Node) -> object:
        holder = self.value(of)
        path = path_of(node) or name
        return _known(holder.get(name) if isinstance(holder, Mapping) else None, path)

    def _index(self, node: Index) -> object:
        key = self.value(node.key)
        if isinstance(key, str):
            return self._entry(node.of, key, node)
        items = _items(self.value(node.of), node.of)
        if not is_int(key) or not 0 <= key < len(items):
            raise Undecided(f"{path_of(node.of) or 'a list'} has no item {key}")
        return _known(items[key], path_of(node.of) or "an item of a list")

    def _has(self, node: Has) -> bool:
        assert isinstance(node.of, Field)
        holder = self.value(node.of.of)
        return isinstance(holder, Mapping) and holder.get(node.of.name) is not None

    def _unary(self, node: Unary) -> object:
        if node.sign == "!":
            return not self._flag(node.operand)
        number = self.value(node.operand)
        if not is_number(number):
            raise Undecided("a number is missing")
        return bounded(-number) if is_int(number) else -number

    def _binary(self, node: Binary) -> object:
        match node.sign:
            case "&&":
                return self._either(node, decides=False)
            case "||":
                return self._either(node, decides=True)
            case _:
                left, right = self.value(node.left), self.value(node.right)
        match node.sign:
            case "==":
                return self._same(left, right)
            case "!=":
                return not self._same(left, right)
            case "in":
                if isinstance(right, Mapping):
                    return right.get(left) is not None
                items = _items(right, node.right)
                return any(self._same(left, item) for item in items)
            case "<" | "<=" | ">" | ">=":
                return compare(node.sign, left, right)
            case _:
                return reckon(node.sign, left, right)

    def _either(self, node: Binary, *, decides: bool) -> bool:
        """The value of `||` (`decides` true) or `&&`: one side that decides is enough."""
        missing: tuple[str, ...] = ()
        for side in (node.left, node.right):
            try:
                if self._flag(side) is decides:
                    return decides
            except Undecided as unknown:
                missing += unknown.why
        if missing:
            raise Undecided(*missing)
        return not decides

    def _same(self, left: object, right: object) -> bool:
        self._spend(1)
        if isinstance(left, list) and isinstance(right, list):
            return len(left) == len(right) and all(
                self._same(one, other) for one, other in zip(left, right, strict=True)
            )
        if isinstance(left, bool) is not isinstance(right, bool):
            return False
        return left == right

    def _call(self, node: Call) -> object:
        if node.of is not None:
            arguments = [self.value(node.of), *(self.value(argument) for argument in node.arguments)]
        else:
            arguments = [self.value(argument) for argument in node.arguments]
        match node.name, arguments:
            case "size", [str() | list() | Mapping() as sized]:
                return len(sized)
            case "timestamp", [str(written)]:
                return _known(parse_time(written), "a moment")
            case "at_least", [str(word), str(least)]:
                order = self._orders[node.at]
                if word not in order or least not in order:
                    raise Undecided(f"{word[:40]!r} has no place in the order")
                return order.index(word) >= order.index(least)
            case "contains", [str(text), str(part)]:
                return part in text
            case "startsWith", [str(text), str(part)]:
                return text.startswith(part)
            case "endsWith", [str(text), str(part)]:
                return text.endswith(part)
            case _:
                raise Undecided(f"{node.name}() was given something else than declared")

    def _macro(self, node: Macro) -> object:
        items = _items(self.value(node.of), node.of)
        match node.name:
            case "exists" if isinstance(items, Seen):
                if self._quantify(node, items, decides=True):
                    return True
                raise Undecided(Unseen(f"nothing of the kind was seen among {path_of(node.of) or 'them'}"))
            case "all":
                return self._quantify(node, items, decides=False)
            case "exists":
                return self._quantify(node, items, decides=True)
            case "exists_one":
                return sum(_flag(self._each(node, item), node.body) for item in items) == 1
            case "filter":
                return type(items)(item for item in items if _flag(self._each(node, item), node.body))
            case _:
                return [self._each(node, item) for item in items]

    def _quantify(self, node: Macro, items: list[object], *, decides: bool) -> bool:
        missing: dict[str, None] = {}
        for item in items:
            try:
                if _flag(self._each(node, item), node.body) is decides:
                    if not decides:
                        self._note_breaking(node, items)
                    return decides
            except Undecided as unknown:
                missing.update(dict.fromkeys(unknown.why))
        if missing:
            raise Undecided(*missing)
        return not decides

    def _note_breaking(self, node: Macro, items: list[object]) -> None:
        """Keep all items that break an `all`, to be cited, where they stand in a list with a name."""
        path = path_of(node.of)
        if path is None:
            return
        for item in items:
            try:
                if len(self.breaking) < MAX_BREAKING and not _flag(self._each(node, item), node.body):
                    self.breaking.append((path, item))
            except Undecided:
                continue

    def _each(self, node: Macro, item: object) -> object:
        self._context[node.variable] = item
        try:
            return self.value(node.body)
        finally:
            del self._context[node.variable]


def _known(value: object, path: str) -> object:
    if value is None:
        raise Undecided(f"{path} is unknown")
    return value


def _flag(value: object, node: Node) -> bool:
    if not isinstance(value, bool):
        raise Undecided(f"{path_of(node) or 'a part'} is neither true nor false")
    return value


def _items(value: object, node: Node) -> list[object]:
    if not isinstance(value, list):
        raise Undecided(f"{path_of(node) or 'a part'} is no list")
    return value
