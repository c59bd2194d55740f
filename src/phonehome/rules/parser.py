"""A rule's text into its tree, by the precedence of CEL's grammar.

The parser descends by recursion; `MAX_DEPTH` keeps it, and everything that later walks the tree, within the stack.
"""

from phonehome.rules.errors import Fault, shown
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
    parts_of,
)
from phonehome.rules.tokens import Kind, Token, read_tokens

MAX_LENGTH = 8_000
MAX_DEPTH = 32
"""Brackets, arguments and signs within one another."""

MAX_HEIGHT = 64
"""Parts within one another in the finished tree, where a chain of `+` or of `.name` counts each link."""

MACROS = ("all", "exists", "exists_one", "filter", "map")
_BINARY = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
"""From the loosest to the tightest."""
_LOGICAL = 2
"""The first levels of `_BINARY`, whose long chains are kept flat in depth by balancing them."""


def parse(text: str) -> Node:
    """Give the tree of a rule.

    Raises:
        Fault: It is no rule, or too long or too deep.
    """
    if len(text) > MAX_LENGTH:
        raise Fault(0, f"the rule is longer than {MAX_LENGTH} characters; split it into several rules")
    if not text.strip():
        raise Fault(0, 'the rule is empty; write a condition, as in flow.transport == "cleartext"')
    parser = _Parser(read_tokens(text))
    tree = parser.expression()
    parser.end()
    _refuse_tall(tree)
    return tree


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def expression(self) -> Node:
        """The whole: a choice, or what binds tighter."""
        self._enter()
        condition = self._level(0)
        token = self._token
        if self._take("?"):
            yes = self._level(0)
            self._expect(":", "a choice is written `condition ? this : that`")
            condition = Choice(at=token.at, condition=condition, yes=yes, no=self.expression())
        self._depth -= 1
        return condition

    def end(self) -> None:
        """Refuse what follows the whole."""
        if self._token.kind is not Kind.END:
            raise Fault(
                self._token.at,
                f"the rule should end before {shown(self._token.text)}, or a sign such as && is missing",
            )

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Fault(self._token.at, f"the rule is nested deeper than {MAX_DEPTH} levels; make it simpler")

    def _take(self, sign: str) -> bool:
        token = self._token
        if token.text != sign or token.kind not in (Kind.SIGN, Kind.NAME):
            return False
        self._next += 1
        return True

    def _expect(self, sign: str, why: str) -> None:
        if not self._take(sign):
            found = "the rule ends" if self._token.kind is Kind.END else f"{shown(self._token.text)} stands"
            raise Fault(self._token.at, f"{found} where `{sign}` should be: {why}")

    def _level(self, level: int) -> Node:
        if level == len(_BINARY):
            return self._unary()
        operands = [self._level(level + 1)]
        signs: list[Token] = []
        while self._token.kind in (Kind.SIGN, Kind.NAME) and self._token.text in _BINARY[level]:
            signs.append(self._token)
            self._next += 1
            operands.append(self._level(level + 1))
        if level < _LOGICAL:
            return _balanced(operands, signs)
        tree = operands[0]
        for sign, right in zip(signs, operands[1:], strict=True):
            tree = Binary(at=sign.at, sign=sign.text, left=tree, right=right)
        return tree

    def _unary(self) -> Node:
        token = self._token
        if token.kind is Kind.SIGN and token.text in ("!", "-"):
            self._next += 1
            self._enter()
            operand = self._unary()
            self._depth -= 1
            if token.text == "-" and isinstance(operand, Literal) and type(operand.value) in (int, float):
                return Literal(at=token.at, value=-operand.value)  # type: ignore[operator]  # a number, as just asked
            return Unary(at=token.at, sign=token.text, operand=operand)
        return self._member()

    def _member(self) -> Node:
        tree = self._primary()
        while True:
            if self._take("."):
                tree = self._selection(tree)
            elif self._take("["):
                key = self.expression()
                self._expect("]", "an index ends with it")
                tree = Index(at=key.at, of=tree, key=key)
            else:
                return tree

    def _selection(self, of: Node) -> Node:
        name = self._token
        if name.kind is not Kind.NAME:
            raise Fault(name.at, "after a dot comes the name of a field")
        self._next += 1
        if not self._take("("):
            return Field(at=name.at, of=of, name=name.text)
        if name.text not in MACROS:
            return Call(at=name.at, name=name.text, of=of, arguments=self._arguments(")"))
        variable = self._token
        wanted = f"{name.text}() takes a name and a condition, as in flows.{name.text}(f, f.weak)"
        if variable.kind is not Kind.NAME or variable.text in ("true", "false", "null", "in"):
            raise Fault(variable.at, wanted)
        self._next += 1
        self._expect(",", wanted)
        body = self.expression()
        self._expect(")", wanted)
        return Macro(at=name.at, name=name.text, of=of, variable=variable.text, body=body)

    def _primary(self) -> Node:
        token = self._token
        self._next += 1
        match token.kind:
            case Kind.INT:
                return Literal(at=token.at, value=int(token.text, 0 if token.text.startswith("0x") else 10))
            case Kind.DOUBLE:
                return Literal(at=token.at, value=float(token.text))
            case Kind.STRING:
                return Literal(at=token.at, value=token.text)
            case Kind.NAME:
                return self._named(token)
            case Kind.SIGN if token.text == "(":
                inner = self.expression()
                self._expect(")", "every bracket that opens must close")
                return inner
            case Kind.SIGN if token.text == "[":
                return ListLiteral(at=token.at, items=self._arguments("]"))
            case Kind.END:
                raise Fault(token.at, "the rule ends where a value should follow")
            case _:
                raise Fault(token.at, f"{shown(token.text)} stands where a value should be")

    def _named(self, token: Token) -> Node:
        if token.text in ("true", "false"):
            return Literal(at=token.at, value=token.text == "true")
        if token.text == "null":
            raise Fault(
                token.at,
                "what is unknown is absent here and equals nothing, not even null; ask has(flow.country) instead",
            )
        if token.text == "in":
            raise Fault(token.at, "`in` stands between a value and a list")
        if not self._take("("):
            return Name(at=token.at, name=token.text)
        arguments = self._arguments(")")
        if token.text != "has":
            return Call(at=token.at, name=token.text, of=None, arguments=arguments)
        if len(arguments) != 1 or not isinstance(arguments[0], Field):
            raise Fault(
                token.at,
                'has() takes one field, as in has(flow.country); of a map, ask "key" in session.conditions',
            )
        return Has(at=token.at, of=arguments[0])

    def _arguments(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        if self._take(closing):
            return ()
        while True:
            items.append(self.expression())
            if self._take(closing):
                return tuple(items)
            self._expect(",", f"items are separated by commas, and end with `{closing}`")


def _balanced(operands: list[Node], signs: list[Token]) -> Node:
    """Join operands of one associative sign to a tree of little depth, which a list of a hundred needs."""
    if len(operands) == 1:
        return operands[0]
    middle = len(operands) // 2
    sign = signs[middle - 1]
    return Binary(
        at=sign.at,
        sign=sign.text,
        left=_balanced(operands[:middle], signs[: middle - 1]),
        right=_balanced(operands[middle:], signs[middle:]),
    )


def _refuse_tall(tree: Node) -> None:
    """Refuse a tree that walking by recursion could not get through, by a walk without."""
    waiting = [(tree, 1)]
    while waiting:
        node, height = waiting.pop()
        if height > MAX_HEIGHT:
            raise Fault(node.at, f"the rule is nested deeper than {MAX_HEIGHT} levels; make it simpler")
        waiting.extend((part, height + 1) for part in parts_of(node))
