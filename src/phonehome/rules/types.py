"""What a rule may speak of: variables, their fields, and what each field may hold.

A field table is data. Every field may be unknown; then it is absent when the rule is evaluated, whatever its type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum


class Kind(Enum):
    """What sort of value it is, by its name in messages."""

    BOOL = "true or false"
    INT = "a whole number"
    DOUBLE = "a number with a fraction"
    STRING = "a text"
    TIMESTAMP = "a moment"
    LIST = "a list"
    OBJECT = "a map"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The only words that a text may be.

    Attributes:
        name: What one of them is called, with its article: `a transport`.
        words: All of them; in order from the least to the greatest where `ordered`.
        ordered: Whether `at_least` compares them.
        remedy: What to do about a word that is right and yet missing, as a sentence; empty for a fixed vocabulary.
        aliases: What people write for some of them.
    """

    name: str
    words: tuple[str, ...]
    ordered: bool = False
    remedy: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """The type of a part of a rule.

    Attributes:
        kind: The sort.
        words: Of a text, the vocabulary that it is held to.
        item: Of a list, the type of its items; None for an empty list written out.
        fields: Of a map, the types of its known keys.
        rest: Of a map, the type of all other keys; None if there are none.
        key: Of a map, what one of its keys is called, with its article: `a condition`.
        remedy: Of a map, what to do about a key that is right and yet missing, as a sentence.
        lower: Of a text, whether it never has capital letters.
    """

    kind: Kind
    words: Vocabulary | None = None
    item: "Type | None" = None
    fields: Mapping[str, "Type"] = field(default_factory=dict)
    rest: "Type | None" = None
    key: str = "a field"
    remedy: str = ""
    lower: bool = False

    @property
    def about(self) -> str:
        """What it is, for a message."""
        if self.words is not None:
            return self.words.name
        if self.kind is Kind.LIST and self.item is not None:
            return f"a list, each of it {self.item.about}"
        return self.kind.value


BOOL = Type(kind=Kind.BOOL)
INT = Type(kind=Kind.INT)
DOUBLE = Type(kind=Kind.DOUBLE)
STRING = Type(kind=Kind.STRING)
HOST = replace(STRING, lower=True)
TIMESTAMP = Type(kind=Kind.TIMESTAMP)


def words(vocabulary: Vocabulary | None) -> Type:
    """The type of a text that is one of these words; of any text where the words are not known."""
    return replace(STRING, words=vocabulary)


def list_of(item: Type) -> Type:
    """The type of a list."""
    return Type(kind=Kind.LIST, item=item)


def object_of(
    fields: Mapping[str, Type], *, rest: Type | None = None, key: str = "a field", remedy: str = ""
) -> Type:
    """The type of a map with these keys."""
    return Type(kind=Kind.OBJECT, fields=dict(fields), rest=rest, key=key, remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTable:
    """The variables that a rule may speak of."""

    variables: Mapping[str, Type]

    def with_variables(self, **more: Type) -> "FieldTable":
        """The same table with further variables, or with others of their name."""
        return FieldTable(variables={**self.variables, **more})

    def only(self, *names: str) -> "FieldTable":
        """The same table with these variables alone: for a rule that is asked before flows are known."""
        return FieldTable(variables={name: self.variables[name] for name in names})
