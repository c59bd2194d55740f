"""What is wrong with a rule, and where in its text."""

import difflib
from collections.abc import Iterable

from phonehome.model.errors import ConfigError

MAX_SHOWN = 40
"""Characters of somebody's word that a message repeats."""

MAX_COMPARED = 1_000
"""Known words among which the one that was meant is looked for."""


class RuleError(ConfigError):
    """A rule cannot be used.

    Attributes:
        text: The sentence, without the place.
        line: Line within the rule's text, from 1.
        column: Column within that line, from 1.
    """

    def __init__(self, text: str, *, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column} of the rule: {text}")
        self.text = text
        self.line = line
        self.column = column


class Fault(Exception):  # noqa: N818  it never leaves the package: `parse_rule` turns it into a RuleError
    """Something wrong at an offset of the rule's text."""

    def __init__(self, at: int, text: str) -> None:
        super().__init__(text)
        self.at = at
        self.text = text


def shown(word: str) -> str:
    """Quote somebody's word, cut and printable, for a message."""
    return repr(word if len(word) <= MAX_SHOWN else word[:MAX_SHOWN] + "…")


def suggest(word: str, known: Iterable[str]) -> str:
    """Say which known words may be meant, as the end of a sentence; empty if none is near."""
    by_letters = {name.lower(): name for name in sorted(known, reverse=True)[-MAX_COMPARED:]}
    asked = word[:80].lower()
    near = difflib.get_close_matches(asked, sorted(by_letters), n=2, cutoff=0.6)
    swapped = [name for name in near if sorted(name) == sorted(asked)]
    meant = [by_letters[name] for name in (swapped or near)]
    return f"; did you mean {' or '.join(map(repr, meant))}?" if meant else ""


def listed(words: Iterable[str], limit: int = 12) -> str:
    """List known words for a message, the first of many."""
    names = sorted(words)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
