import csv
import io

import pytest
from case_documents import make_case_document, make_flow, make_session
from hypothesis import given
from hypothesis import strategies as st
from report_samples import empty_document, hostile_document, sample_document

from phonehome.documents.audit import FlowDoc
from phonehome.reports.csv_report import COLUMNS, KIND, render_csv

FORMULA_STARTS = "=+-@\t\r"


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=delimiter == ","))


def test_one_flow_is_one_row_and_lists_are_joined() -> None:
    doc = sample_document()
    header, *rows = rows_of(render_csv(doc))
    assert header == list(COLUMNS)
    assert [row[0] for row in rows] == [flow.id for flow in doc.flows]
    first = dict(zip(header, rows[0], strict=True))
    assert first["data_type"] == "imei"
    assert first["value_ids"] == "imei-1 · imei-2"
    assert first["conditions"] == "account=none · network=wifi"
    assert (first["count"], first["weak"], first["country"]) == ("13", "no", "CN")
    assert dict(zip(header, rows[4], strict=True))["country"] == ""


def test_every_field_of_a_flow_has_a_column() -> None:
    assert set(COLUMNS) == {*FlowDoc.model_fields, KIND}


def test_every_row_of_a_case_says_whether_it_was_observed_or_is_a_reconstruction() -> None:
    made = make_case_document([make_session("01")], [make_flow("imei", session="01")])
    assert made.case is not None
    for kind in ("observation", "reconstruction"):
        case = made.case.model_copy(update={"kind": kind})
        header, *rows = rows_of(render_csv(made.model_copy(update={"case": case})))
        assert [dict(zip(header, row, strict=True))["kind"] for row in rows] == [kind]


def test_bare_recordings_are_of_no_kind() -> None:
    header, row, *_ = rows_of(render_csv(sample_document()))
    assert dict(zip(header, row, strict=True))["kind"] == ""


def test_a_document_without_flows_is_a_header() -> None:
    assert rows_of(render_csv(empty_document())) == [list(COLUMNS)]


@pytest.mark.parametrize("start", [*FORMULA_STARTS, "\n=", " =", "\t@", "＝", "＋", "－", "＠"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    doc = hostile_document(lambda text: f"{start}HYPERLINK(1){text}")
    cells = [cell for row in rows_of(render_csv(doc))[1:] for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    for cell in cells:
        assert cell.lstrip()[:1] not in {*FORMULA_STARTS, *"＝＋－＠"} or not cell, cell


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_cell_is_defused_too_where_the_locale_splits_at_another_character(separator: str) -> None:
    doc = hostile_document(lambda text: f"{text}{separator}=1+1")
    cells = [cell for row in rows_of(render_csv(doc), separator) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" \"'").startswith("=") and not cell.startswith("'")]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_keeps_the_shape_of_the_table(text: str) -> None:
    doc = hostile_document(lambda _: text)
    rows = rows_of(render_csv(doc))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == 1 + len(doc.flows)
    assert not [cell for row in rows for cell in row if cell.startswith(tuple(FORMULA_STARTS))]
