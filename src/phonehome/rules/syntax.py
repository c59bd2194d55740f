"""The parts of a rule, as a tree. `at` is the offset of each in the rule's text, for errors."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value written out: a text, a number, true or false."""

    at: int
    value: str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral:
    """A list written out."""

    at: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A variable: `flow`, or that of a macro."""

    at: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`of.name`; `at` is that of the name."""

    at: int
    of: "Node"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """`of[key]`; `at` is that of the key."""

    at: int
    of: "Node"
    key: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Has:
    """`has(of.name)`: whether it is known."""

    at: int
    of: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    """`!` or `-` before its operand."""

    at: int
    sign: str
    operand: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """Two operands and the sign between them, `in` among the signs; `at` is that of the sign."""

    at: int
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`condition ? yes : no`."""

    at: int
    condition: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function, or with `of` a method, with its arguments; `at` is that of its name."""

    at: int
    name: str
    of: "Node | None"
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """`of.exists(variable, body)` and its like."""

    at: int
    name: str
    of: "Node"
    variable: str
    body: "Node"


Node: TypeAlias = Literal | ListLiteral | Name | Field | Index | Has | Unary | Binary | Choice | Call | Macro


def parts_of(node: Node) -> tuple[Node, ...]:
    """The parts that a part is made of."""
    match node:
        case Literal() | Name():
            return ()
        case ListLiteral():
            return node.items
        case Field() | Has():
            return (node.of,)
        case Index():
            return (node.of, node.key)
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Choice():
            return (node.condition, node.yes, node.no)
        case Call():
            return node.arguments if node.of is None else (node.of, *node.arguments)
        case Macro():
            return (node.of, node.body)


def path_of(node: Node) -> str | None:
    """Write a field as people name it, `session.conditions.build`; None if it is not one of a variable."""
    match node:
        case Name():
            return node.name
        case Field():
            above = path_of(node.of)
            return None if above is None else f"{above}.{node.name}"
        case Index(key=Literal(value=str(key))):
            above = path_of(node.of)
            return None if above is None else f"{above}.{key}"
        case _:
            return None
