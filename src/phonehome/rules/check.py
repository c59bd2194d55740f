"""Types of a rule against a field table, before it is ever evaluated.

CEL itself compares anything with anything and calls unlike things unequal. A rule that is wrong would then never be
met, and nobody would notice. So what can be known beforehand is refused: unknown fields, unlike types, words that
the field can never hold.
"""

from phonehome.rules.errors import Fault, listed, shown, suggest
from phonehome.rules.likeness import NUMBERS, alike, entry, hold_part_to, hold_to, require_order
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
from phonehome.rules.types import (
    BOOL,
    DOUBLE,
    INT,
    STRING,
    TIMESTAMP,
    FieldTable,
    Kind,
    Type,
    list_of,
)

_METHODS = ("contains", "startsWith", "endsWith")
_FUNCTIONS = {
    "size": "size(list)",
    "timestamp": 'timestamp("2014-08-10T00:00:00Z")',
    "at_least": 'at_least(flow.severity, "high")',
    "has": "has(flow.country)",
}
_EMPTY_LIST = Type(kind=Kind.LIST)


class Checker:
    """Finds the type of each part; keeps which variables and fields were met."""

    def __init__(self, table: FieldTable) -> None:
        self._table = table
        self._locals: dict[str, Type] = {}
        self.variables: set[str] = set()
        self.fields: set[str] = set()
        self.orders: dict[int, tuple[str, ...]] = {}
        """The order of words that each `at_least` compares by, by the offset of its call."""

    def check(self, node: Node) -> Type:
        """Give the type of a part.

        Raises:
            Fault: It can have none, or can never be met.
        """
        match node:
            case Literal():
                return _literal(node)
            case ListLiteral():
                return self._list(node)
            case Name():
                return self._name(node)
            case Field():
                return self._field(node)
            case Index():
                return self._index(node)
            case Has():
                self.check(node.of)
                return BOOL
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Choice():
                return self._choice(node)
            case Call():
                return self._call(node)
            case Macro():
                return self._macro(node)

    def _list(self, node: ListLiteral) -> Type:
        if not node.items:
            return _EMPTY_LIST
        types = [self.check(item) for item in node.items]
        for item, kind in zip(node.items[1:], types[1:], strict=True):
            if not alike(types[0], kind):
                raise Fault(
                    item.at, f"a list holds one sort of thing: {types[0].about}, and here {kind.about}"
                )
        return list_of(types[0])

    def _name(self, node: Name) -> Type:
        if node.name in self._locals:
            return self._locals[node.name]
        known = self._table.variables
        if node.name not in known:
            hint = suggest(node.name, [*known, *self._locals]) or self._hint_of_field(node.name)
            raise Fault(node.at, f"unknown name {shown(node.name)}; known: {listed(known)}{hint}")
        self.variables.add(node.name)
        return known[node.name]

    def _hint_of_field(self, name: str) -> str:
        owners = [f"{owner}.{name}" for owner, kind in self._table.variables.items() if name in kind.fields]
        return f"; did you mean {' or '.join(owners)}?" if owners else "; a text is written in quotes"

    def _field(self, node: Field) -> Type:
        of = self.check(node.of)
        if of.kind is not Kind.OBJECT:
            hint = "; a list is asked by .exists(x, …) or .all(x, …)" if of.kind is Kind.LIST else ""
            raise Fault(node.at, f"{of.about} has no field {shown(node.name)}{hint}")
        self._record(node)
        return entry(of, node.name, node.at)

    def _index(self, node: Index) -> Type:
        of = self.check(node.of)
        key = self.check(node.key)
        if of.kind is Kind.LIST and of.item is not None:
            if key.kind is not Kind.INT:
                raise Fault(node.at, f"the place in a list is a whole number, and this is {key.about}")
            return of.item
        if of.kind is not Kind.OBJECT:
            raise Fault(node.at, f"{of.about} has no parts to ask for in brackets")
        if not isinstance(node.key, Literal) or not isinstance(node.key.value, str):
            raise Fault(
                node.at, 'the key is written out as a text, as in session.conditions["service.cloud"]'
            )
        self._record(node)
        return entry(of, node.key.value, node.at)

    def _record(self, node: Field | Index) -> None:
        path = path_of(node)
        if path is not None and path.split(".")[0] not in self._locals:
            self.fields.add(path)

    def _unary(self, node: Unary) -> Type:
        kind = self.check(node.operand)
        if node.sign == "!" and kind.kind is not Kind.BOOL:
            raise Fault(node.at, f"`!` turns true into false, and this is {kind.about}")
        if node.sign == "-" and kind.kind not in NUMBERS:
            raise Fault(node.at, f"`-` stands before a number, and this is {kind.about}")
        return kind

    def _binary(self, node: Binary) -> Type:
        left, right = self.check(node.left), self.check(node.right)
        match node.sign:
            case "&&" | "||":
                for side, kind in ((node.left, left), (node.right, right)):
                    if kind.kind is not Kind.BOOL:
                        raise Fault(
                            side.at,
                            f"both sides of `{node.sign}` are true or false, and this is {kind.about}",
                        )
            case "==" | "!=":
                self._equal(node, left, right)
            case "<" | "<=" | ">" | ">=":
                require_order(node, left, right)
            case "in":
                self._contained(node, left, right)
            case _:
                if left.kind is not right.kind or left.kind not in NUMBERS:
                    raise Fault(
                        node.at,
                        f"`{node.sign}` reckons with two numbers of one sort, not with {left.about} and {right.about}",
                    )
                if node.sign == "%" and left.kind is not Kind.INT:
                    raise Fault(node.at, "`%` is for whole numbers")
                return left
        return BOOL

    def _equal(self, node: Binary, left: Type, right: Type) -> None:
        if Kind.OBJECT in (left.kind, right.kind):
            raise Fault(node.at, "a map as a whole cannot be compared; name one of its fields")
        if not alike(left, right):
            raise Fault(node.at, f"never equal: {left.about} and {right.about}")
        hold_to(left, node.right)
        hold_to(right, node.left)

    def _contained(self, node: Binary, left: Type, right: Type) -> None:
        if right.kind is Kind.OBJECT:
            if not isinstance(node.left, Literal) or not isinstance(node.left.value, str):
                raise Fault(
                    node.left.at,
                    'the key is written out as a text, as in "service.cloud" in session.conditions',
                )
            entry(right, node.left.value, node.left.at)
            return
        if right.kind is not Kind.LIST:
            hint = "; part of a text is found by .contains(…)" if right.kind is Kind.STRING else ""
            raise Fault(node.right.at, f"after `in` comes a list, and this is {right.about}{hint}")
        if right.item is None:
            return
        if not alike(left, right.item):
            raise Fault(node.at, f"never in it: {left.about}, in {right.about}")
        hold_to(left, node.right)
        hold_to(right.item, node.left)

    def _choice(self, node: Choice) -> Type:
        condition = self.check(node.condition)
        if condition.kind is not Kind.BOOL:
            raise Fault(
                node.condition.at, f"before `?` stands what is true or false, and this is {condition.about}"
            )
        yes, no = self.check(node.yes), self.check(node.no)
        if not alike(yes, no):
            raise Fault(node.no.at, f"both answers must be of one sort, not {yes.about} and {no.about}")
        return yes

    def _call(self, node: Call) -> Type:
        if node.of is not None:
            return self._method(node, node.of)
        kinds = [self.check(argument) for argument in node.arguments]
        match node.name, kinds:
            case "size", [kind] if kind.kind in (Kind.LIST, Kind.OBJECT, Kind.STRING):
                return INT
            case "timestamp", [_] if isinstance(node.arguments[0], Literal):
                written = node.arguments[0].value
                if isinstance(written, str) and parse_time(written) is not None:
                    return TIMESTAMP
            case "at_least", [kind, least] if kind.words is not None and kind.words.ordered:
                if least.kind is Kind.STRING:
                    hold_to(kind, node.arguments[1])
                    self.orders[node.at] = kind.words.words
                    return BOOL
            case name, _ if name not in _FUNCTIONS:
                known = [*_FUNCTIONS, *_METHODS]
                raise Fault(
                    node.at, f"unknown function {shown(name)}; known: {listed(known)}{suggest(name, known)}"
                )
        raise Fault(node.at, f"{node.name}() is used as in {_FUNCTIONS[node.name]}")

    def _method(self, node: Call, of: Node) -> Type:
        kind = self.check(of)
        arguments = [self.check(argument) for argument in node.arguments]
        if node.name == "size" and not arguments and kind.kind in (Kind.LIST, Kind.OBJECT, Kind.STRING):
            return INT
        if node.name == "matches":
            raise Fault(
                node.at, "regular expressions are not read; use .startsWith(…), .endsWith(…) or .contains(…)"
            )
        if node.name not in _METHODS:
            known = [*_METHODS, "size", "exists", "all", "exists_one", "filter", "map"]
            raise Fault(
                node.at,
                f"unknown function .{node.name[:40]}(); known: {listed(known)}{suggest(node.name, known)}",
            )
        if kind.kind is not Kind.STRING or [argument.kind for argument in arguments] != [Kind.STRING]:
            hint = "; whether a list holds something is asked by `in`" if kind.kind is Kind.LIST else ""
            raise Fault(node.at, f'.{node.name}() is asked of a text, as in flow.host.{node.name}("x"){hint}')
        hold_part_to(kind, node)
        return BOOL

    def _macro(self, node: Macro) -> Type:
        of = self.check(node.of)
        if of.kind is not Kind.LIST or of.item is None:
            raise Fault(node.at, f".{node.name}() is asked of a list, and this is {of.about}")
        if node.variable in self._table.variables or node.variable in self._locals:
            raise Fault(node.at, f"{shown(node.variable)} has a meaning already; choose another name")
        self._locals[node.variable] = of.item
        try:
            body = self.check(node.body)
        finally:
            del self._locals[node.variable]
        if node.name == "map":
            return list_of(body)
        if body.kind is not Kind.BOOL:
            raise Fault(node.body.at, f".{node.name}() asks what is true or false, and this is {body.about}")
        return of if node.name == "filter" else BOOL


def _literal(node: Literal) -> Type:
    match node.value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return DOUBLE
        case _:
            return STRING
