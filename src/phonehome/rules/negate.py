"""Negations moved inward, down to comparisons: `!flows.exists(f, p)` becomes `flows.all(f, !p)`.

Both mean the same in three-valued logic. They differ once a list is only what was seen (`evaluate.Seen`): that nothing
was seen does not answer whether there is any, but that nothing seen breaks a rule is all that can be asked. So both
ways of writing it have to end in one.
"""

from dataclasses import replace

from phonehome.rules.syntax import Binary, Choice, Literal, Macro, Node, Unary

_OPPOSITES = {"&&": "||", "||": "&&", "==": "!=", "!=": "=="}


def move_inward(node: Node) -> Node:
    """Give the same condition with its negations moved inward, at the top and within macros."""
    match node:
        case Unary(sign="!"):
            return _negated(node.operand, node)
        case Binary(sign="&&" | "||"):
            return replace(node, left=move_inward(node.left), right=move_inward(node.right))
        case Macro(name="all" | "exists"):
            return replace(node, body=move_inward(node.body))
        case Choice():
            return replace(node, yes=move_inward(node.yes), no=move_inward(node.no))
        case _:
            return node


def _negated(node: Node, negation: Node) -> Node:
    match node:
        case Unary(sign="!"):
            return move_inward(node.operand)
        case Literal(value=bool(value)):
            return replace(node, value=not value)
        case Binary(sign="&&" | "||"):
            return replace(
                node,
                sign=_OPPOSITES[node.sign],
                left=_negated(node.left, negation),
                right=_negated(node.right, negation),
            )
        case Binary(sign="==" | "!="):
            return replace(node, sign=_OPPOSITES[node.sign])
        case Macro(name="all" | "exists"):
            name = "exists" if node.name == "all" else "all"
            return replace(node, name=name, body=_negated(node.body, negation))
        case Choice():
            return replace(node, yes=_negated(node.yes, negation), no=_negated(node.no, negation))
        case _:
            return Unary(at=negation.at, sign="!", operand=node)
