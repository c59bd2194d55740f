"""Rules in files that people write: a mistake with its file and line, and conditions declared beside them."""

from collections.abc import Mapping

import yaml

from phonehome.case.yamlfile import Node, at
from phonehome.model.errors import ConfigError
from phonehome.rules import FieldTable, Rule, RuleError, parse_rule

MAX_CONDITIONS = 100
MAX_CONDITION_VALUES = 200


def read_rule(node: Node, what: str, fields: FieldTable) -> Rule:
    """Read a rule from its place in a file.

    Raises:
        ConfigError: It is wrong; with the file, the line, and what stands where.
    """
    text = node.text(what)
    try:
        return parse_rule(text, fields=fields)
    except RuleError as error:
        raise _placed(node, what, text, error) from None


def _placed(node: Node, what: str, text: str, error: RuleError) -> ConfigError:
    seen = text.split("\n")[error.line - 1][max(error.column - 1, 0) :]
    near = f" (at {seen[:30].strip()!r})" if seen.strip() else " (at its end)"
    return ConfigError(at(node.path, _line(node, error, seen), f"{what}: {error.text}{near}"))


def _line(node: Node, error: RuleError, seen: str) -> int:
    """Find the line of the file: exactly where YAML keeps lines, else the first that holds the word."""
    raw = node.raw
    assert isinstance(raw, yaml.ScalarNode)
    if raw.style == "|":
        return node.line + error.line
    last = int(raw.end_mark.line) + 1
    word = (seen.split() or [""])[0]
    if last == node.line or not word:
        return node.line
    with node.path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if node.line <= number <= last and word in line:
                return number
    return node.line


def read_conditions(node: Node | None) -> Mapping[str, tuple[str, ...]]:
    """Read `conditions:`, the conditions and values that rules of a file may name beyond those of the sessions.

    Raises:
        ConfigError: It is no map of names to lists of values.
    """
    if node is None or node.is_null:
        return {}
    return {
        name: tuple(
            item.text(f"a value of the condition {name}") for item in part.items(name, MAX_CONDITION_VALUES)
        )
        for name, part in node.entries("conditions", MAX_CONDITIONS).items()
    }
