"""The page on contracts names every field of the audit document, its caps and its severities."""

import inspect
import re
from itertools import product
from pathlib import Path

import pytest

from phonehome.audit import coverage, flows, run
from phonehome.documents import audit as document
from phonehome.documents import case, judgement
from phonehome.documents.base import Model
from phonehome.judge.severity import severity_of
from phonehome.model.exchange import Direction, Transport
from phonehome.model.subject import DataType

PAGE = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## The audit document")[1].split("\n## ")[0]
MODELS = [
    model
    for module in (document, case, judgement)
    for _, model in inspect.getmembers(module, inspect.isclass)
    if issubclass(model, Model) and model.__module__ == module.__name__
]
ROWS = {
    "content": DataType.SMS_TEXT,
    "lasting": DataType.IMEI,
    "resettable": DataType.ADVERTISING_ID,
    "shared": DataType.CARRIER_NAME,
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_of_the_audit_document_stands_on_the_page(model: type[Model]) -> None:
    names = [field.alias or name for name, field in model.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in SECTION] == []


def test_the_caps_on_the_page_are_those_of_the_code() -> None:
    listed = re.sub(r"\s+", " ", SECTION.split("**Listed and counted.**")[1].split("\n\n")[0])
    for cap in (
        flows.MAX_LISTED,
        flows.MAX_LISTED_IN_ALL,
        flows.MAX_UNFOLDED,
        flows.MAX_UNFOLDED_IN_ALL,
        run.MAX_PROBLEMS,
        run.MAX_DECOY_HITS,
    ):
        assert f"{cap:,}" in listed
    assert coverage.MAX_DESTINATIONS == run.MAX_PROBLEMS, "the page says: likewise"


@pytest.mark.parametrize(("row", "transport"), [*product(ROWS, (Transport.CLEARTEXT, None, Transport.TLS))])
def test_the_table_of_severities_is_that_of_the_code(row: str, transport: Transport | None) -> None:
    found = re.search(rf"^\| {row}[^|]*\|([^|]*)\|([^|]*)\|$", SECTION, re.MULTILINE)
    assert found is not None
    severity = severity_of(ROWS[row], transport, Direction.UP)
    assert found[2 if transport is Transport.TLS else 1].strip() == severity.label
