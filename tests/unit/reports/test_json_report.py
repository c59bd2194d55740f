import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report_samples import empty_document, fill_text, hostile_document, sample_document

from phonehome.documents.audit import AuditDocument
from phonehome.reports.json_report import render_json
from phonehome.reports.schema import audit_schema

VALIDATOR = Draft202012Validator(audit_schema())


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(audit_schema())


def test_what_is_written_keeps_to_the_schema_and_reads_back_as_the_same_document() -> None:
    for doc in (sample_document(), empty_document(), hostile_document(lambda text: f"\x1b]0;{text}\u202e")):
        written = json.loads(render_json(doc))
        VALIDATOR.validate(written)
        assert AuditDocument.model_validate(written) == doc


def test_the_schema_refuses_a_document_with_an_unknown_or_a_missing_key() -> None:
    written = json.loads(render_json(sample_document()))
    assert written["schema"] == "phonehome.audit/1"
    unknown = written | {"verdict": "clean"}
    assert not VALIDATOR.is_valid(unknown)
    for key in written:
        assert not VALIDATOR.is_valid({k: v for k, v in written.items() if k != key}), key
    without_offset = {k: v for k, v in written["findings"][0].items() if k != "offset"}
    assert not VALIDATOR.is_valid(written | {"findings": [without_offset]})


def test_the_schema_refuses_a_word_that_the_contract_does_not_know() -> None:
    written = json.loads(render_json(sample_document()))
    written["flows"][0]["severity"] = "fine"
    assert not VALIDATOR.is_valid(written)


def test_text_that_people_read_stays_readable() -> None:
    text = render_json(sample_document())
    assert "‹imei-1›" in text
    assert text.endswith("}\n")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_text_can_steer_a_terminal_and_none_is_lost(text: str) -> None:
    doc = fill_text(sample_document(), lambda _: text)
    assert isinstance(doc, AuditDocument)
    written = render_json(doc)
    hidden = {c for c in written if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
    assert hidden <= {"\n"}
    assert json.loads(written)["tool"]["name"] == text


def test_a_file_name_that_is_not_utf_8_is_written_too() -> None:
    doc = hostile_document(lambda text: f"{text}\udcff")
    written = render_json(doc)
    written.encode("utf-8")
    assert json.loads(written)["inputs"][0]["path"].endswith(".har\udcff")
