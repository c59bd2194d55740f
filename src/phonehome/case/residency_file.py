"""Statements on where data lives, as files write them: a list under `residency:`."""

import re
from collections.abc import Collection
from datetime import date

from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    read_data_types,
    read_id,
    read_optional,
    read_text,
    refuse_unknown,
    require,
)
from phonehome.case.yamlfile import Node
from phonehome.model.countries import COUNTRY_CODES
from phonehome.model.policy import ResidencyStatement
from phonehome.model.subject import DataType

KEYS = ("id", "text", "source", "services", "hosts", "data_types", "countries", "since", "until")
MAX_STATEMENTS = 500
MAX_NAMES = 500
_HOST = re.compile(r"\.?[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62})*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MEANT = {"UK": "GB", "EL": "GR"}  # what people write for two of them


def read_residency(
    node: Node | None, remarks: Remarks, services: Collection[str] | None = None
) -> tuple[ResidencyStatement, ...]:
    """Read a list of statements; what is wrong with one is remarked, and the others are read.

    Args:
        node: The list; nothing given is none.
        remarks: Takes what is wrong.
        services: Ids of the services that may be named; None where they are not known, so that any may.
    """
    statements: list[ResidencyStatement] = []
    items: list[Node] = []
    with remarks.collecting():
        items = [] if node is None or node.is_null else node.items("residency", MAX_STATEMENTS)
    lines: dict[str, int] = {}
    for item in items:
        with remarks.collecting():
            statement = _statement(item, services)
            if statement.id in lines:
                raise item.error(
                    f"the id {statement.id!r} stands in line {lines[statement.id]} too; ids must differ"
                )
            lines[statement.id] = item.line
            statements.append(statement)
    return tuple(statements)


def read_day(node: Node | None, what: str) -> date | None:
    """Read a day, as in `2014-10-31`; None where nothing is given."""
    if node is None or node.is_null:
        return None
    written = node.plain(what)
    try:
        if not _DAY.fullmatch(written):
            raise ValueError
        return date.fromisoformat(written)
    except ValueError as error:
        raise node.error(f"{what} must be a day, as in 2014-10-31, and this is {written[:40]!r}") from error


def _statement(item: Node, services: Collection[str] | None) -> ResidencyStatement:
    """Read one statement, and say everything that is wrong with it."""
    parts = item.mapping("a statement on residency", KEYS)
    remarks = Remarks()
    name = text = ""
    kinds: tuple[DataType, ...] = ()
    source = since = until = None
    named: dict[str, tuple[str, ...]] = {"services": (), "hosts": (), "countries": ()}
    with remarks.collecting():
        name = read_id(require(parts, "id", item, "accounts-in-singapore"), "the id of a statement")
    with remarks.collecting():
        text = read_text(require(parts, "text", item, '"Accounts live in Singapore."'), "text")
    with remarks.collecting():
        source = read_optional(parts.get("source"), "source")
    with remarks.collecting():
        named["services"] = _services(parts.get("services"), services)
    with remarks.collecting():
        named["hosts"] = _hosts(parts.get("hosts"))
    with remarks.collecting():
        if (node := _given(parts, "data_types")) is not None:
            kinds = read_data_types(node, "data_types")
    with remarks.collecting():
        named["countries"] = _countries(require(parts, "countries", item, "[SG]"))
    with remarks.collecting():
        since = read_day(parts.get("since"), "since")
    with remarks.collecting():
        until = read_day(parts.get("until"), "until")
        if since is not None and until is not None and since > until:
            raise parts["until"].error("until lies before since; no day is left to hold it against")
    remarks.check()
    return ResidencyStatement(
        id=name, text=text, source=source, data_types=kinds, since=since, until=until, **named
    )


def _given(parts: dict[str, Node], key: str) -> Node | None:
    node = parts.get(key)
    return None if node is None or node.is_null else node


def _services(node: Node | None, known: Collection[str] | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in [] if node is None or node.is_null else node.items("services", MAX_NAMES):
        name = read_id(entry, "a service")
        if known is not None:
            refuse_unknown(entry, "the service", name, known, "services stand in case.yaml")
        found[name] = None
    return tuple(found)


def _hosts(node: Node | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in [] if node is None or node.is_null else node.items("hosts", MAX_NAMES):
        host = read_text(entry, "a host", MAX_LINE)
        if not _HOST.fullmatch(host):
            raise entry.error(
                f"{host[:80]!r} is no host: give a name (api.example.com), or a suffix with a leading dot "
                "(.example.com) for every host below it"
            )
        found[host.lower()] = None
    return tuple(found)


def _countries(node: Node) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in node.items("countries", len(COUNTRY_CODES)):
        written = read_text(entry, "a country", MAX_LINE)
        if written not in COUNTRY_CODES:
            meant = _MEANT.get(written.upper(), written.upper())
            hint = f"; did you mean {meant}?" if meant in COUNTRY_CODES else ""
            raise entry.error(
                f"{written[:40]!r} is no country code of ISO 3166 (two capital letters, as in SG){hint}"
            )
        found[written] = None
    if not found:
        raise node.error("no country is given; say where the data is said to live, as in [SG, US]")
    return tuple(found)
