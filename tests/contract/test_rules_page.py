"""The page on rules names every field that a rule may speak of, and only those; the contexts give them all."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from case_documents import make_case_document, make_flow, make_service, make_session

from phonehome.decoders import COMPRESSIONS, CONTAINERS, TEXT_CODINGS
from phonehome.detect.labels import LAYER as DNS_LABELS
from phonehome.judge.claim_evidence import MAX_STEPS
from phonehome.judge.rule_context import RuleContexts
from phonehome.rules import parse_rule
from phonehome.rules.evaluate import MAX_WORK
from phonehome.rules.fields import ENCODINGS, SEVERITIES, case_fields
from phonehome.rules.parser import MAX_LENGTH
from phonehome.rules.types import Kind, Type

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
TABLE = case_fields().variables
SECTIONS = {"flow": "## `flow`", "session": "## `session`", "coverage": "## `coverage`"}
LISTS = ("destinations", "latency_changes")


def fields_of(name: str) -> Mapping[str, Type]:
    kind = TABLE[name]
    return kind.item.fields if kind.kind is Kind.LIST and kind.item is not None else kind.fields


def section(name: str) -> str:
    heading = SECTIONS.get(name, "## Lists")
    return PAGE.split(f"{heading}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("name", [*SECTIONS, *LISTS])
def test_every_field_stands_on_the_page(name: str) -> None:
    assert [field for field in fields_of(name) if f"`{field}`" not in section(name)] == []


@pytest.mark.parametrize("name", ["flow", "session"])
def test_the_page_names_no_field_that_is_gone(name: str) -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section(name), re.MULTILINE)
    named = {field for row in rows for field in re.findall(r"`(\w+)`", row)}
    assert named == set(fields_of(name))


def test_every_variable_stands_on_the_page() -> None:
    assert [name for name in TABLE if f"`{name}`" not in PAGE] == []


def test_the_bounds_on_the_page_are_those_of_the_code() -> None:
    assert f"{MAX_WORK:,} steps" in PAGE
    assert f"{MAX_STEPS:,}" in PAGE
    assert f"{MAX_LENGTH:,} characters" in PAGE
    assert ", ".join(SEVERITIES) in PAGE


def test_the_rules_shown_on_the_page_are_read() -> None:
    text = PAGE.split("```text\n")[1].split("```")[0]
    for rule in text.strip().splitlines():
        parse_rule(rule, fields=case_fields())
    assert len(text.strip().splitlines()) == 3


def test_contexts_give_every_declared_field_and_no_other() -> None:
    session = make_session("01", {"build": "1"}, exposes={"imei": 1}, consent={"cloud": "granted"})
    document = make_case_document(
        [session], [make_flow("imei", session="01")], services=[make_service("cloud", "api.example.com")]
    )
    contexts = RuleContexts(document)
    records = {**contexts.session(session), "flow": contexts.flow(document.flows[0])}
    for name in ("flow", "session", "coverage", "destinations"):
        record = records[name]
        if isinstance(record, list):
            record = record[0]
        assert isinstance(record, dict)
        assert set(record) == set(fields_of(name)), name


def test_the_encodings_that_a_rule_may_name_are_those_that_data_is_peeled_out_of() -> None:
    peeled = {one.name for one in TEXT_CODINGS} | {one.name for one in COMPRESSIONS}
    peeled |= {one.name for one in CONTAINERS}
    assert sorted(ENCODINGS) == sorted(peeled | {"url", DNS_LABELS})
