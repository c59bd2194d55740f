"""Audit documents in files, and the result kept in a case: taken only while it is that of the evidence."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from case_documents import make_case_document, make_flow, make_session
from small_case import write_case

from phonehome.audit.case_run import audit_case
from phonehome.case.folder import load_case
from phonehome.case.stored import read_document, read_result
from phonehome.documents.audit import AuditDocument
from phonehome.model.errors import InputError
from phonehome.reports.json_report import render_json

CAPTURE = "sessions/01-factory-no-account/proxy.har"


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = write_case(tmp_path_factory.mktemp("audited"))
    (case / "results").mkdir()
    (case / "results" / "audit.json").write_text(render_json(audit_case(load_case(case))), encoding="utf-8")
    return case


@pytest.fixture
def case(audited: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(audited, tmp_path / "case"))  # dates are kept


def kept(case: Path) -> AuditDocument | None:
    return read_result(load_case(case))


def touch(path: Path) -> None:
    later = path.stat().st_mtime_ns + 3600 * 10**9
    os.utime(path, ns=(later, later))


def exchange_capture(case: Path) -> None:
    capture = case / CAPTURE
    before = capture.stat().st_mtime_ns
    capture.write_bytes(capture.read_bytes().replace(b"imei", b"IMEI"))
    os.utime(capture, ns=(before, before))


def change_version(case: Path) -> None:
    result = case / "results" / "audit.json"
    result.write_text(
        result.read_text(encoding="utf-8").replace('"version": "0.1.0"', '"version": "0.0.9"', 1)
    )


def test_the_result_of_the_evidence_is_taken(case: Path) -> None:
    document = kept(case)
    assert document is not None
    assert document.case is not None
    assert len(document.case.sessions) == 4


@pytest.mark.parametrize(
    "change",
    [
        lambda case: touch(case / "case.yaml"),
        lambda case: touch(case / "subjects" / "unit-3.yaml"),
        lambda case: touch(case / "sessions" / "03-update-all-off" / "session.yaml"),
        exchange_capture,
        change_version,
        lambda case: shutil.rmtree(case / "sessions" / "04-update-all-on"),
        lambda case: shutil.rmtree(case / "results"),
        lambda case: (case / "results" / "audit.json").write_text("{"),
        lambda case: (case / "results" / "audit.json").write_text('{"schema": "phonehome.audit/1"}'),
    ],
    ids=["case", "subject", "session", "capture", "version", "session gone", "no result", "cut", "empty"],
)
def test_the_result_of_anything_else_is_not(case: Path, change: Callable[[Path], object]) -> None:
    change(case)
    assert kept(case) is None


def test_what_is_no_document_of_ours_is_left_to_the_readers(tmp_path: Path) -> None:
    for name, content in {
        "har": b'{"log": {"comment": "phonehome.audit/1"}}',
        "list": b'["phonehome."]',
        "cut": b'{"schema": "phonehome.audit/1"',
        "deep": b'{"phonehome.": ' + b"[" * 200_000,
        "number": b'{"schema": 7, "a": "phonehome."}',
        "bytes": b"\xd4\xc3\xb2\xa1",
        "nothing": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
        assert read_document(tmp_path / name) is None, name
    assert read_document(tmp_path / "not there") is None
    assert read_document(tmp_path) is None


def test_keys_may_stand_in_any_order(tmp_path: Path) -> None:
    document = make_case_document([make_session("a")])
    text = document.model_dump_json()
    start = '{"schema":"phonehome.audit/1",'
    assert text.startswith(start)
    (tmp_path / "a.json").write_text("{" + text.removeprefix(start)[:-1] + ',"schema":"phonehome.audit/1"}')
    assert read_document(tmp_path / "a.json") == document


def test_a_session_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    document = make_case_document([make_session("a"), make_session("a")], [make_flow("imei", session="a")])
    (tmp_path / "a.json").write_text(render_json(document))
    with pytest.raises(InputError, match="describes a session twice"):
        read_document(tmp_path / "a.json")
