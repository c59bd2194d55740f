"""`policy.yaml`: an organisation's rules on the handsets that its people may carry (`phonehome.policy/1`).

Rules are checked here, so that a slip of the pen is an error with file and line and never a rule that is never met.
Everything that is wrong is said at once.
"""

import math
from collections.abc import Collection, Mapping
from pathlib import Path

from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    open_whole,
    read_data_types,
    read_id,
    read_optional,
    read_text,
    read_word,
    refuse_unknown,
    require,
)
from phonehome.case.residency_file import read_residency
from phonehome.case.rules import read_conditions, read_rule
from phonehome.case.yamlfile import Node
from phonehome.model.policy import (
    DEFAULT_MINIMUM_READ,
    Decision,
    Enforcement,
    Policy,
    PolicyRule,
    PolicySeverity,
    Requirement,
    Untested,
)
from phonehome.model.subject import DataType
from phonehome.rules import FieldTable, Outcome
from phonehome.rules.constant import SENT, always
from phonehome.rules.fields import STANDARD_CONDITIONS, CaseWords, case_fields

SCHEMA = "phonehome.policy/1"
KEYS = (
    "title",
    "audience",
    "enforcement",
    "minimum_read",
    "untested",
    "conditions",
    "requires",
    "rules",
    "residency",
)
RULE_KEYS = ("id", "when", "severity", "decision", "reason", "advice")
REQUIREMENT_KEYS = ("conditions", "data_types", "exposures")
VARIABLES = ("flow", "session", "coverage", "flows", "destinations")
MAX_RULES = 500
MAX_REQUIREMENTS = 500
MAX_ADVICE = 50
MAX_EXPOSURES = 10_000
NEW = "phonehome policy show enterprise-fleet"

Conditions = Mapping[str, Collection[str]]


def load_policy(path: Path, names: CaseWords | None = None, *, name: str | None = None) -> Policy:
    """Read a policy file.

    Args:
        path: The file.
        names: What the rules may name: `CaseWords.of` a case. Without it, the conditions that every case knows, and
            those that the file declares.
        name: What the policy is called; the file's name if it is left out.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    return _Reader(path, names, name or path.stem).run()


class _Reader:
    """Reads one policy; keeps what was said on the way."""

    def __init__(self, path: Path, names: CaseWords | None, name: str) -> None:
        self._name = name
        self._top, self._parts = open_whole(path, SCHEMA, "a policy", KEYS, NEW)
        self._remarks = Remarks()
        declared: Conditions = {}
        with self._remarks.collecting():
            declared = read_conditions(self._parts.get("conditions"))
        self._names = _with_declared(names, declared)
        self._fields = case_fields(self._names).only(*VARIABLES)

    def run(self) -> Policy:
        title, audience = self._name, None
        enforcement, minimum_read = Enforcement.REQUIRED, DEFAULT_MINIMUM_READ
        with self._remarks.collecting():
            title = read_text(
                require(self._parts, "title", self._top, "Handsets of our staff"), "title", MAX_LINE
            )
        with self._remarks.collecting():
            audience = read_optional(self._parts.get("audience"), "audience", MAX_LINE)
        with self._remarks.collecting():
            if (node := self._given("enforcement")) is not None:
                enforcement = read_word(node, "enforcement", Enforcement)
        with self._remarks.collecting():
            if (node := self._given("minimum_read")) is not None:
                minimum_read = _share(node)
        untested = Untested.OPEN
        with self._remarks.collecting():
            if (node := self._given("untested")) is not None:
                untested = read_word(node, "untested", Untested)
        policy = Policy(
            name=self._name,
            title=title,
            audience=audience,
            enforcement=enforcement,
            minimum_read=minimum_read,
            untested=untested,
            requires=self._requirements(),
            rules=self._rules(),
            residency=read_residency(
                self._parts.get("residency"), self._remarks, self._names.services, in_policy=True
            ),
        )
        self._remarks.check()
        return policy

    def _given(self, key: str) -> Node | None:
        node = self._parts.get(key)
        return None if node is None or node.is_null else node

    def _items(self, key: str, limit: int) -> list[Node]:
        items: list[Node] = []
        if (node := self._given(key)) is not None:
            with self._remarks.collecting():
                items = node.items(key, limit)
        return items

    def _rules(self) -> tuple[PolicyRule, ...]:
        rules: list[PolicyRule] = []
        lines: dict[str, int] = {}
        items = self._items("rules", MAX_RULES)
        if not items and not self._remarks.errors:
            place = self._given("rules") or self._top
            self._remarks.errors.append(
                str(place.error("a policy without rules would allow everything; give at least one"))
            )
        for item in items:
            with self._remarks.collecting():
                rule = _rule(item, self._fields)
                if rule.id in lines:
                    raise item.error(
                        f"the id {rule.id!r} stands in line {lines[rule.id]} too; ids must differ"
                    )
                lines[rule.id] = item.line
                rules.append(rule)
        return tuple(rules)

    def _requirements(self) -> tuple[Requirement, ...]:
        found: list[Requirement] = []
        for item in self._items("requires", MAX_REQUIREMENTS):
            with self._remarks.collecting():
                found.append(_requirement(item, self._names.conditions or {}))
        return tuple(found)


def _with_declared(names: CaseWords | None, declared: Conditions) -> CaseWords:
    """Add what the file declares to what is known beside it."""
    known: Conditions = STANDARD_CONDITIONS
    if names is not None and names.conditions is not None:
        known = names.conditions
    conditions = {name: set(values) for name, values in known.items()}
    for name, values in declared.items():
        if name not in conditions:
            conditions[name] = set(values)
        elif conditions[name]:  # those without values take any
            conditions[name].update(values)
    given = names or CaseWords()
    return CaseWords(
        conditions=conditions,
        services=given.services,
        sessions=given.sessions,
        subjects=given.subjects,
        protocols=given.protocols,
        steps=given.steps,
    )


def _rule(item: Node, fields: FieldTable) -> PolicyRule:
    """Read one rule, and say everything that is wrong with it."""
    parts = item.mapping("a rule", RULE_KEYS)
    remarks = Remarks()
    name = when = reason = ""
    decision = Decision.PROHIBIT
    severity: PolicySeverity | None = None
    advice: tuple[str, ...] = ()
    with remarks.collecting():
        name = read_id(require(parts, "id", item, "numbers-in-clear"), "the id of a rule")
    with remarks.collecting():
        example = '\'flow.data_type == "imei" && flow.transport == "cleartext"\''
        when = _when(require(parts, "when", item, example), fields)
    with remarks.collecting():
        decision = read_word(require(parts, "decision", item, "restrict"), "decision", Decision)
    with remarks.collecting():
        if (node := parts.get("severity")) is not None and not node.is_null:
            severity = read_word(node, "severity", PolicySeverity)
    with remarks.collecting():
        reason = read_text(require(parts, "reason", item, "It is read by anybody on the way."), "reason")
    with remarks.collecting():
        advice = _advice(parts.get("advice"))
    remarks.check()
    return PolicyRule(id=name, when=when, decision=decision, severity=severity, reason=reason, advice=advice)


def _when(node: Node, fields: FieldTable) -> str:
    """Read the rule itself; one that nothing seen could change is a slip of the pen."""
    rule = read_rule(node, "when", fields)
    if not rule.variables:
        raise node.error(
            "when speaks of nothing that could be seen, so it says the same of every handset; speak of flow, flows, "
            'session, coverage or destinations, as in flow.transport == "cleartext"'
        )
    if always(rule, flow=SENT) is Outcome.FALSE:
        raise node.error(
            "when can never be met, whatever is seen (a rule is asked of flows that are not weak)"
        )
    return rule.text


def _advice(node: Node | None) -> tuple[str, ...]:
    if node is None or node.is_null:
        return ()
    return tuple(read_text(entry, "a piece of advice") for entry in node.items("advice", MAX_ADVICE))


def _requirement(item: Node, known: Conditions) -> Requirement:
    parts = item.mapping("a requirement", REQUIREMENT_KEYS)
    remarks = Remarks()
    conditions: dict[str, str] = {}
    kinds: tuple[DataType, ...] = ()
    exposures = 1
    with remarks.collecting():
        if (node := parts.get("conditions")) is not None and not node.is_null:
            conditions = _conditions(node, known, remarks)
    with remarks.collecting():
        if (node := parts.get("data_types")) is not None and not node.is_null:
            kinds = read_data_types(node, "data_types")
    with remarks.collecting():
        if (node := parts.get("exposures")) is not None and not node.is_null:
            exposures = _exposures(node)
    remarks.check()
    if not conditions and not kinds:
        raise item.error("a requirement names conditions, data types or both; this one asks for nothing")
    return Requirement(conditions=conditions, data_types=kinds, exposures=exposures)


def _conditions(node: Node, known: Conditions, remarks: Remarks) -> dict[str, str]:
    found: dict[str, str] = {}
    hint = "one that no session has yet is declared under `conditions:` in this file"
    for name, part in node.entries("conditions", len(known) + 100).items():
        with remarks.collecting():
            refuse_unknown(part, "the condition", name, known, hint)
            value = read_text(part, f"the condition {name}", MAX_LINE)
            if known[name]:
                refuse_unknown(part, f"the value of {name}", value, sorted(known[name]), hint)
            found[name] = value
    return found


def _share(node: Node) -> float:
    written = node.plain("minimum_read")
    try:
        share = float(written)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise node.error(
            f"minimum_read must be a share above 0 and up to 1, as in 0.9, and this is {written[:40]!r}"
        )
    return share


def _exposures(node: Node) -> int:
    written = node.plain("exposures")
    if not (written.isascii() and written.isdigit() and 1 <= int(written[:9]) <= MAX_EXPOSURES):
        raise node.error(
            f"exposures must be a whole number from 1 to {MAX_EXPOSURES:,}, and this is {written[:40]!r}"
        )
    return int(written)
