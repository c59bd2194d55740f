"""One audit from end to end: the document keeps to its schema, adds up, and repeats."""

import base64
import json
import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from detecting import EMAIL, IMEI, SMS, har_entry, known, subject_of, write_har

from phonehome.audit import audit
from phonehome.detect.decoys import decoys_of
from phonehome.documents.audit import AuditDocument
from phonehome.model.errors import InputError
from phonehome.reports.schema import audit_schema

NAME = "Cornelia Ploverdale"
SUBJECT = subject_of(
    known("imei", IMEI), known("email", EMAIL), known("contact_name", NAME), known("sms_text", SMS)
)
ENTRIES = (
    har_entry(json.dumps({"imei": IMEI}), url="https://collect.example.net/v1"),
    har_entry(f"e={EMAIL}", url="http://clear.example.org/x?imei=" + IMEI),
    har_entry("nothing", response=json.dumps({"owner": NAME})),
)


@pytest.fixture
def document(tmp_path: Path) -> AuditDocument:
    return audit([write_har(tmp_path, *ENTRIES)], subject=SUBJECT)


def test_the_document_keeps_to_its_published_schema(document: AuditDocument) -> None:
    jsonschema.Draft202012Validator(audit_schema()).validate(json.loads(document.model_dump_json()))


def test_the_same_input_gives_the_same_document(tmp_path: Path) -> None:
    path = write_har(tmp_path, *ENTRIES)
    first, second = (audit([path], subject=SUBJECT).model_dump_json() for _ in range(2))
    assert first == second


def test_flows_join_findings_by_type_host_transport_and_direction(document: AuditDocument) -> None:
    flows = {(flow.data_type, flow.host, flow.transport, flow.direction): flow for flow in document.flows}
    assert {key: flow.severity for key, flow in flows.items()} == {
        ("imei", "collect.example.net", "tls", "up"): "medium",
        ("imei", "clear.example.org", "cleartext", "up"): "high",
        ("email", "clear.example.org", "cleartext", "up"): "high",
        ("contact_name", "collect.example.net", "tls", "down"): "medium",
    }
    listed = [name for flow in document.flows for name in flow.findings]
    assert sorted(listed) == sorted(finding.id for finding in document.findings)
    assert len(set(listed)) == len(listed)
    assert all(flow.direction == "up" for flow in document.flows[:3]), "what went up comes first"
    assert document.flows[0].severity == "high"


def test_coverage_adds_up_to_the_bytes_sent_up(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(3_000)
    sealed = har_entry(
        base64.b64encode(noise).decode(), url="https://sealed.example.com/u", encoding="base64"
    )
    coverage = audit([write_har(tmp_path, *ENTRIES, sealed)], subject=SUBJECT).coverage
    rows = coverage.by_destination
    assert sum(row.read + row.closed + row.unreadable + row.lost for row in rows) == coverage.bytes_up
    assert sum(row.exchanges for row in rows) == coverage.exchanges == 4
    assert sum(coverage.by_protocol.values()) == 4
    opaque = {row.host: row.unreadable for row in rows if row.unreadable}
    assert opaque == {"sealed.example.com": 3_000}
    assert all((row.reason is None) == (row.unreadable == 0) for row in rows)


def test_values_that_were_searched_for_and_not_seen_are_named(document: AuditDocument) -> None:
    assert document.statistics.not_seen == ["sms-text-1"]
    assert document.statistics.bytes_searched > 0


def test_a_value_that_cannot_be_searched_for_is_named_and_not_called_unseen(tmp_path: Path) -> None:
    subject = subject_of(*SUBJECT.values, known("username", "bo"))
    document = audit([write_har(tmp_path, *ENTRIES)], subject=subject)
    assert document.subject is not None
    (row,) = [value for value in document.subject.values if not value.searched_for]
    assert row.id == "username-1"
    assert row.why
    assert "username-1" not in document.statistics.not_seen


def test_a_weak_finding_makes_a_weak_flow_of_low_severity_and_stays_not_seen(tmp_path: Path) -> None:
    subject = subject_of(replace(known("sms_text", SMS), since=date(2026, 3, 2)))
    document = audit([write_har(tmp_path, har_entry(SMS, url="http://h.example.net/"))], subject=subject)
    (flow,) = document.flows
    assert (flow.weak, flow.severity) == (True, "low")
    assert document.findings[0].weak is not None
    assert document.statistics.weak_findings == 1
    assert document.statistics.findings == 0
    assert document.statistics.not_seen == ["sms-text-1"]


def test_a_hit_of_a_decoy_stands_in_the_statistics_and_nowhere_else(tmp_path: Path) -> None:
    decoy = decoys_of(SUBJECT)[0]
    document = audit([write_har(tmp_path, har_entry(f"imei={decoy.value}&a=1"))], subject=SUBJECT)
    assert document.findings == []
    assert document.flows == []
    (hit,) = document.statistics.decoys.hits
    assert "imei-1" in hit
    assert decoy.value not in document.model_dump_json()


def test_without_a_subject_there_are_destinations_and_coverage_only(tmp_path: Path) -> None:
    document = audit([write_har(tmp_path, *ENTRIES)])
    assert document.subject is None
    assert document.findings == []
    assert {row.host for row in document.coverage.by_destination} == {
        "collect.example.net",
        "clear.example.org",
    }


def test_broken_entries_are_problems_and_the_rest_is_audited(tmp_path: Path) -> None:
    document = audit([write_har(tmp_path, {"broken": 1}, *ENTRIES)], subject=SUBJECT)
    assert document.coverage.exchanges == 3
    assert any(problem.lost for problem in document.problems)
    assert {finding.exchange.index for finding in document.findings} == {1, 2, 3}


def test_exchanges_of_several_inputs_keep_their_own_numbers(tmp_path: Path) -> None:
    paths = [write_har(tmp_path, ENTRIES[0], name=name) for name in ("a.har", "b.har")]
    document = audit(paths, subject=SUBJECT)
    assert {(Path(found.exchange.input).name, found.exchange.index) for found in document.findings} == {
        ("a.har", 0),
        ("b.har", 0),
    }
    assert len({found.id for found in document.findings}) == len(document.findings)


def test_a_missing_input_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        audit([str(tmp_path / "none.har")], subject=SUBJECT)


def test_what_the_recording_left_out_is_lost_not_read(tmp_path: Path) -> None:
    entry = har_entry("", url="https://upload.example.com/u")
    entry["request"].update(method="POST", bodySize=50_000)  # type: ignore[attr-defined]
    entry["request"].pop("postData", None)  # type: ignore[attr-defined]
    document = audit([write_har(tmp_path, entry)], subject=SUBJECT)
    (row,) = document.coverage.by_destination
    assert row.lost == 50_000
    assert row.reason is not None
    assert row.read + row.lost == document.coverage.bytes_up
    assert any(problem.lost and "50,000 bytes" in problem.reason for problem in document.problems)
