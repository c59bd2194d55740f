"""What may be compared with what, and which words a field can hold.

CEL calls unlike things unequal, and a misspelt word is as good as any to it: such a rule would never be met, and nobody
would notice.
"""

from collections.abc import Iterator, Mapping

from phonehome.rules.errors import Fault, listed, shown, suggest
from phonehome.rules.syntax import Binary, Call, Choice, ListLiteral, Literal, Node
from phonehome.rules.types import Kind, Type, Vocabulary

NUMBERS = (Kind.INT, Kind.DOUBLE)


def entry(of: Type, name: str, at: int) -> Type:
    """Give the type of a key of a map, or refuse a key that it cannot have."""
    kind = of.fields.get(name, of.rest)
    if kind is not None:
        return kind
    dotted = [known for known in of.fields if known.startswith(f"{name}.")]
    what = of.key.split(" ", 1)[1]
    if dotted:
        hint = f'; one with a dot in it is written in brackets: ["{dotted[0]}"]'
    else:
        hint = suggest(name, of.fields) or (f"; {of.remedy}" if of.remedy else "")
    raise Fault(at, f"unknown {what} {shown(name)}; known: {listed(of.fields, 40) or 'none'}{hint}")


def alike(left: Type, right: Type) -> bool:
    """Say whether values of two types can ever be equal."""
    if left.kind in NUMBERS and right.kind in NUMBERS:
        return True
    if left.kind is not right.kind:
        return False
    if left.kind is Kind.LIST:
        return left.item is None or right.item is None or alike(left.item, right.item)
    if left.words is not None and right.words is not None:
        return not set(left.words.words).isdisjoint(right.words.words)
    return True


def require_order(node: Binary, left: Type, right: Type) -> None:
    """Refuse `<` and its like for what has no order."""
    both = (left.kind, right.kind)
    if all(kind in NUMBERS for kind in both) or both == (Kind.TIMESTAMP, Kind.TIMESTAMP):
        return
    for kind in (left, right):
        if kind.words is not None and kind.words.ordered:
            raise Fault(node.at, 'as words these go by the alphabet; write at_least(flow.severity, "high")')
    hint = '; a moment is written timestamp("2014-08-10T00:00:00Z")' if Kind.TIMESTAMP in both else ""
    raise Fault(
        node.at, f"`{node.sign}` compares numbers or moments, not {left.about} and {right.about}{hint}"
    )


def _texts(node: Node) -> Iterator[Literal]:
    """The texts written out that a part may give."""
    match node:
        case Literal(value=str()):
            yield node
        case ListLiteral():
            for item in node.items:
                yield from _texts(item)
        case Choice():
            yield from _texts(node.yes)
            yield from _texts(node.no)
        case _:
            return


def hold_to(kind: Type, node: Node) -> None:
    """Refuse words that a field can never hold."""
    of = kind.item if kind.kind is Kind.LIST and kind.item is not None else kind
    for literal in _texts(node):
        word = str(literal.value)
        if of.words is not None and word not in of.words.words:
            raise Fault(literal.at, _unknown_word(word, of.words))
        if of.lower:
            _hold_to_lower(literal.at, word)


def _hold_to_lower(at: int, word: str) -> None:
    if word != word.lower():
        raise Fault(
            at,
            f"names of hosts have no capital letters here, and {shown(word)} has; write {shown(word.lower())}",
        )


def _unknown_word(word: str, vocabulary: Vocabulary) -> str:
    meant = _alias(vocabulary.aliases, word)
    hint = f"; did you mean {meant!r}?" if meant else suggest(word, vocabulary.words)
    known = f"; known: {listed(vocabulary.words)}" if len(vocabulary.words) <= 12 or not hint else ""
    remedy = f"; {vocabulary.remedy}" if vocabulary.remedy else ""
    return f"{shown(word)} is not {vocabulary.name}{known}{hint}{remedy}"


def _alias(aliases: Mapping[str, str], word: str) -> str | None:
    return aliases.get(word) or aliases.get(word.lower()) or aliases.get(word.upper())


def hold_part_to(kind: Type, node: Call) -> None:
    """Refuse a part of a word that no word of a vocabulary has."""
    part, vocabulary = node.arguments[0], kind.words
    if kind.lower and isinstance(part, Literal):
        _hold_to_lower(part.at, str(part.value))
    if vocabulary is None or not isinstance(part, Literal):
        return
    test = {"contains": str.__contains__, "startsWith": str.startswith, "endsWith": str.endswith}[node.name]
    if not any(test(word, str(part.value)) for word in vocabulary.words):
        raise Fault(part.at, f"no word for {vocabulary.name} does so; known: {listed(vocabulary.words)}")
