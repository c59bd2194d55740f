"""`claims.yaml`: what the parties of a case said, and the rules that test it (`phonehome.claims/1`).

Everything that is wrong is said at once, each with file and line: keys, words, names that the case does not know,
and mistakes in rules.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    open_whole,
    read_data_types,
    read_optional,
    read_text,
    read_word,
    refuse_unknown,
    require,
)
from phonehome.case.residency_file import read_residency
from phonehome.case.rules import read_conditions, read_rule
from phonehome.case.yamlfile import Node
from phonehome.model.case import Case
from phonehome.model.claim import Claim, ClaimScope, Party
from phonehome.model.policy import ResidencyStatement
from phonehome.model.protocol import TestProtocol
from phonehome.rules import FieldTable, Rule
from phonehome.rules.claim import CheckedClaim
from phonehome.rules.constant import SENT, can_be_met_with_build, is_always_true
from phonehome.rules.fields import CaseWords, case_fields

SCHEMA = "phonehome.claims/1"
KEYS = ("conditions", "claims", "residency")
CLAIM_KEYS = (
    "id", "who", "party", "date", "text", "source", "scope", "observable", "because", "testable_when", "holds_if",
    "conflicts_with",
)  # fmt: skip
SCOPE_KEYS = ("handset", "build", "services", "data_types", "note")
SESSION_VARIABLES = ("session", "coverage", "destinations", "flows", "latency_changes")
"""What `testable_when` may speak of: it is asked of a session, before any flow."""

MAX_CLAIMS = 1000
MAX_NAMED = 100
ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
DATE_PATTERN = re.compile(
    r"(\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)(/\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)?~?",
    re.ASCII,
)
NEW = "phonehome claims new"
_ASKED = {**SENT, "direction": "up"}
"""What is true of every flow that a claim is asked of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsFile:
    """What a claims file holds: its claims, in its order, where data is said to live, and what is odd in it."""

    claims: tuple[CheckedClaim, ...]
    residency: tuple[ResidencyStatement, ...] = ()
    warnings: tuple[str, ...] = ()


def load_claims(
    path: Path, case: Case | None = None, protocols: Mapping[str, TestProtocol] | None = None
) -> ClaimsFile:
    """Read a claims file and check its rules.

    Args:
        path: The file.
        case: The case that it belongs to; without one, the names of conditions, services and the like are not checked.
        protocols: Those that the case may use: their steps are known to rules.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    top, parts = open_whole(path, SCHEMA, "a claims file", KEYS, NEW)
    remarks = Remarks()
    declared: Mapping[str, tuple[str, ...]] = {}
    with remarks.collecting():
        declared = read_conditions(parts.get("conditions"))
    names = CaseWords() if case is None else CaseWords.of(case, protocols, declared)
    reader = _Reader(case, case_fields(names), remarks)
    residency = read_residency(parts.get("residency"), remarks, names.services)
    node = parts.get("claims")
    if node is None or node.is_null:
        if not residency:
            remarks.warn(top, "it holds no claims, so none is decided")
    else:
        with remarks.collecting():
            reader.read_all(node)
    remarks.check()
    return ClaimsFile(claims=tuple(reader.claims), residency=residency, warnings=tuple(remarks.warnings))


class _Reader:
    """Reads the claims of one file; keeps them, and what is wrong."""

    def __init__(self, case: Case | None, fields: FieldTable, remarks: Remarks) -> None:
        self._case = case
        self._fields = fields
        self._remarks = remarks
        self._lines: dict[str, int] = {}
        self._conflicts: list[tuple[Node, str]] = []
        self.claims: list[CheckedClaim] = []

    def read_all(self, node: Node) -> None:
        for item in node.items("claims", MAX_CLAIMS):
            with self._remarks.collecting():
                self.claims.append(self._claim(item))
        for place, name in self._conflicts:
            with self._remarks.collecting():
                self._check_conflict(place, name)

    def _claim(self, item: Node) -> CheckedClaim:
        """Read one claim, and say everything that is wrong with it."""
        parts = item.mapping("a claim", CLAIM_KEYS)
        remarks = Remarks()
        ident, observable = "", False
        testable_when: Rule | None = None
        holds_if: Rule | None = None
        given: dict[str, Any] = {"who": "", "party": Party.OTHER, "text": ""}
        with remarks.collecting():
            ident = self._id(item, parts)
        with remarks.collecting():
            flag = parts.get("observable")
            observable = flag is None or flag.is_null or read_flag(flag, "observable")
        with remarks.collecting():
            testable_when = self._rule(item, parts, "testable_when", ident, needed=observable)
        with remarks.collecting():
            holds_if = self._rule(item, parts, "holds_if", ident, needed=observable)
        readers: dict[str, Callable[[], object]] = {
            "who": lambda: read_text(require(parts, "who", item, "Xiaomi"), "who", MAX_LINE),
            "party": lambda: read_word(require(parts, "party", item, "vendor"), "party", Party),
            "text": lambda: read_text(require(parts, "text", item, '"What was said."'), "text"),
            "date": lambda: _read_date(parts.get("date")),
            "source": lambda: read_optional(parts.get("source"), "source"),
            "scope": lambda: self._scope(parts.get("scope"), testable_when),
            "because": lambda: read_optional(parts.get("because"), "because"),
            "conflicts_with": lambda: self._read_conflicts(parts.get("conflicts_with"), ident),
        }
        for key, read in readers.items():
            with remarks.collecting():
                given[key] = read()
        remarks.check()
        if not observable and given["because"] is None:
            self._remarks.warn(item, f"claim {ident} cannot be observed; say why under `because:`")
        claim = Claim(
            id=ident,
            observable=observable,
            testable_when=testable_when.text if testable_when else None,
            holds_if=holds_if.text if holds_if else None,
            **given,
        )
        return CheckedClaim(claim=claim, testable_when=testable_when, holds_if=holds_if)

    def _id(self, item: Node, parts: dict[str, Node]) -> str:
        node = require(parts, "id", item, "A1")
        ident = read_claim_id(node)
        if ident in self._lines:
            raise node.error(f"the id {ident!r} stands in line {self._lines[ident]} too; ids must differ")
        self._lines[ident] = node.line
        return ident

    def _rule(self, item: Node, parts: dict[str, Node], key: str, ident: str, *, needed: bool) -> Rule | None:
        node = parts.get(key)
        if node is None or node.is_null:
            if needed:
                raise item.error(
                    f"claim {ident} has no `{key}:`, so nothing could decide it; give the rule, or say "
                    "`observable: false` and why"
                )
            return None
        fields = self._fields.only(*SESSION_VARIABLES) if key == "testable_when" else self._fields
        rule = read_rule(node, key, fields)
        if key == "holds_if" and not rule.variables:
            raise node.error(
                "holds_if speaks of nothing that could be seen, so it says the same whatever was sent; speak of flow, "
                'flows, session or destinations, as in flow.transport == "tls"'
            )
        if key == "holds_if" and is_always_true(rule, _ASKED):
            raise node.error(
                "holds_if is true whatever was sent (it is asked of flows that left the handset and are not weak), so "
                "it tests nothing"
            )
        return rule

    def _scope(self, node: Node | None, testable_when: Rule | None) -> ClaimScope:
        if node is None or node.is_null:
            return ClaimScope()
        parts = node.mapping("scope", SCOPE_KEYS)
        types = parts.get("data_types")
        build = self._known_build(parts.get("build"))
        if (
            build is not None
            and testable_when is not None
            and not can_be_met_with_build(testable_when, build)
        ):
            raise parts["build"].error(
                f"testable_when can never be met in a session with the build {build!r}, so no session could test it"
            )
        return ClaimScope(
            handset=self._known_handset(parts.get("handset")),
            build=build,
            services=self._known_services(parts.get("services")),
            data_types=read_data_types(types, "scope.data_types") if types and not types.is_null else (),
            note=read_optional(parts.get("note"), "scope.note"),
        )

    def _known_handset(self, node: Node | None) -> str | None:
        name = read_optional(node, "scope.handset", MAX_LINE)
        if node is not None and name is not None and self._case is not None:
            refuse_unknown(
                node,
                "the handset",
                name,
                [one.id for one in self._case.handsets],
                "handsets stand in case.yaml",
            )
        return name

    def _known_build(self, node: Node | None) -> str | None:
        name = read_optional(node, "scope.build", MAX_LINE)
        if node is not None and name is not None and self._case is not None:
            builds = [build for one in self._case.handsets for build in one.builds]
            builds += [one.conditions["build"] for one in self._case.sessions if "build" in one.conditions]
            refuse_unknown(node, "the build", name, dict.fromkeys(builds), "builds stand in case.yaml")
        return name

    def _known_services(self, node: Node | None) -> tuple[str, ...]:
        if node is None or node.is_null:
            return ()
        names = []
        for item in node.items("scope.services", MAX_NAMED):
            name = read_text(item, "a service of scope.services", MAX_LINE)
            if self._case is not None:
                known = [one.id for one in self._case.services]
                refuse_unknown(item, "the service", name, known, "services stand in case.yaml")
            names.append(name)
        return tuple(dict.fromkeys(names))

    def _read_conflicts(self, node: Node | None, ident: str) -> tuple[str, ...]:
        if node is None or node.is_null:
            return ()
        names = []
        for item in node.items("conflicts_with", MAX_NAMED):
            name = read_text(item, "an entry of conflicts_with")
            if name == ident:
                raise item.error(f"claim {ident} is said to conflict with itself; delete the line")
            self._conflicts.append((item, name))
            names.append(name)
        return tuple(dict.fromkeys(names))

    def _check_conflict(self, node: Node, name: str) -> None:
        """A single word is meant to be a claim; a source that is none needs a sentence."""
        if ID_PATTERN.fullmatch(name):
            hint = "a source that is no claim is written as a sentence"
            refuse_unknown(node, "the claim", name, self._lines, hint)


def read_claim_id(node: Node) -> str:
    """Give the id of a claim.

    Raises:
        ConfigError: It is none.
    """
    ident = node.text("the id of a claim")
    if not ID_PATTERN.fullmatch(ident):
        raise node.error(
            f"the id of a claim has at most 64 letters, digits, '.', '_' and '-', and this is {ident[:80]!r}"
        )
    return ident


def read_flag(node: Node, what: str) -> bool:
    """Give true or false, written bare.

    Raises:
        ConfigError: It is neither.
    """
    written = node.plain(what)
    if written not in ("true", "false"):
        raise node.error(f"{what} must be true or false, and this is {written[:40]!r}")
    return written == "true"


def _read_date(node: Node | None) -> str | None:
    if node is None or node.is_null:
        return None
    written = node.plain("date")
    if not DATE_PATTERN.fullmatch(written):
        raise node.error(
            "date must be a day, month or year (2014-08-10, 2014-08, 2014), or a span of them (2014-08/2014-10), "
            f"with ~ behind where it is not sure; this is {written[:40]!r}"
        )
    first, _, last = written.rstrip("~").partition("/")
    for day in (first, last):
        _check_day(node, day)
    length = min(len(first), len(last))
    if first[:length] > last[:length]:
        raise node.error(f"date is a span that ends before it begins: {written!r}")
    return written


def _check_day(node: Node, written: str) -> None:
    """Refuse a day that no calendar has."""
    try:
        if written.count("-") == 2:
            date.fromisoformat(written)
    except ValueError as error:
        raise node.error(f"date names a day that there is none of: {written!r}") from error
