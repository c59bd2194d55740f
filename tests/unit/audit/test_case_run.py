"""The audit of a case: each finding on its timeline, and one document that does not depend on where the case lies."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_case import CONTACT, HOST, IMEI, IMSI, OWN, SENDER, SENT, SESSIONS, write_case, write_session

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.case.folder import load_case
from phonehome.documents.audit import AuditDocument
from phonehome.model.errors import ConfigError
from phonehome.reports.json_report import render_json


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def document(root: Path) -> AuditDocument:
    return audit_case(load_case(root))


def test_each_session_shows_exactly_what_was_sent_in_it(document: AuditDocument) -> None:
    found: dict[str | None, set[str]] = {name: set() for name in SENT}
    for flow in document.flows:
        found[flow.session].add(flow.data_type)
    assert found == SENT


def test_a_finding_knows_its_step_and_the_consent_to_each_service_of_its_host(
    document: AuditDocument,
) -> None:
    contact = next(
        finding
        for finding in document.findings
        if finding.value_id == "contact-1" and finding.session == "01-factory-no-account"
    )
    assert contact.step == "add-contact"
    assert contact.consent == {"cloud_messaging": "not_asked", "mi_cloud": "not_asked"}


def test_a_flow_has_the_conditions_of_its_session_and_the_consent_of_all_its_findings(
    document: AuditDocument,
) -> None:
    flow = next(flow for flow in document.flows if flow.data_type == "imsi")
    assert flow.conditions["account"] == "logged-in"
    assert flow.conditions["service.mi_cloud"] == "on"
    assert flow.consent == "granted"
    assert flow.severity == "medium", "lasting identity in clear is high, and one step less with consent"


def test_exposures_say_what_had_a_chance_and_was_not_seen(document: AuditDocument) -> None:
    assert document.case is not None
    silent = next(one for one in document.case.sessions if one.id == "03-update-all-off")
    contact = next(one for one in silent.exposures if one.data_type == "contact_phone_number")
    assert (contact.count, contact.steps, contact.values, contact.seen) == (
        1,
        ["add-contact"],
        ["contact-1"],
        False,
    )
    assert "contact-1" in silent.not_seen
    text = next(one for one in silent.exposures if one.data_type == "sms_text")
    assert text.count == 2, "one was sent and one received"


def test_what_the_recording_position_misses_is_said(document: AuditDocument) -> None:
    assert document.case is not None
    assert all(any("pin" in sentence for sentence in one.misses) for one in document.case.sessions)


def test_the_document_is_the_same_wherever_the_case_lies(
    root: Path, document: AuditDocument, tmp_path: Path
) -> None:
    elsewhere = write_case(tmp_path / "a" / "deeper" / "place")
    again = audit_case(load_case(elsewhere))
    assert render_json(again) == render_json(document)
    assert str(root) not in render_json(document)


def test_workers_change_nothing(root: Path, document: AuditDocument) -> None:
    shared = audit_case(load_case(root), options=CaseOptions(workers=2))
    assert render_json(shared) == render_json(document)


def test_no_value_stands_in_the_document_unless_asked(root: Path, document: AuditDocument) -> None:
    secrets = [IMEI, IMEI[:14], IMSI, OWN[1:], CONTACT[1:], SENDER[1:], "l6IQUjLsyHVvA6Ap"]
    masked = render_json(document)
    assert [secret for secret in secrets if secret in masked] == []
    shown = render_json(audit_case(load_case(root), options=CaseOptions(reveal=True)))
    assert [secret for secret in secrets if secret not in shown] == []


def test_what_people_wrote_into_the_timeline_is_masked_too(tmp_path: Path) -> None:
    root = write_case(tmp_path)
    place = root / "sessions" / "01-factory-no-account" / "session.yaml"
    text = place.read_text(encoding="utf-8")
    place.write_text(
        text.replace("{id: add-contact, ", f'{{id: add-contact, note: "added {CONTACT} by hand", '),
        encoding="utf-8",
    )
    document = audit_case(load_case(root))
    assert document.case is not None
    note = next(step.note for step in document.case.sessions[0].steps if step.id == "add-contact")
    assert note == "added ‹contact-1› by hand"


def test_a_clock_that_is_ahead_is_set_right_before_the_timeline_is_asked(tmp_path: Path) -> None:
    late = replace(
        SESSIONS[0], calls=tuple(replace(call, minute=call.minute + 2) for call in SESSIONS[0].calls)
    )
    root = write_case(tmp_path, [late])
    place = root / "sessions" / late.id / "session.yaml"
    place.write_text(place.read_text(encoding="utf-8") + "clock_offset_s: 120\n", encoding="utf-8")
    steps = {one.value_id: one.step for one in audit_case(load_case(root)).findings}
    assert steps["contact-1"] == "add-contact"


def test_subjects_of_several_handsets_keep_their_values_apart(tmp_path: Path) -> None:
    root = write_case(tmp_path, SESSIONS[:2])
    case = root / "case.yaml"
    case.write_text(
        case.read_text(encoding="utf-8").replace(
            "services:", "  - {id: unit-4, make: Other, model: Phone}\nservices:"
        ),
        encoding="utf-8",
    )
    subjects = root / "subjects"
    (subjects / "unit-4.yaml").write_text(
        (subjects / "unit-3.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    second = root / "sessions" / SESSIONS[1].id / "session.yaml"
    second.write_text(
        second.read_text(encoding="utf-8").replace("subject: unit-3", "subject: unit-4"), encoding="utf-8"
    )
    document = audit_case(load_case(root))
    assert {finding.value_id.split("/")[0] for finding in document.findings} == {"unit-3", "unit-4"}
    assert {(flow.session, flow.value_ids[0].split("/")[0]) for flow in document.flows} == {
        (SESSIONS[0].id, "unit-3"),
        (SESSIONS[1].id, "unit-4"),
    }


def test_coverage_of_all_sessions_adds_up(document: AuditDocument) -> None:
    assert document.case is not None
    assert document.coverage.bytes_up == sum(one.coverage.bytes_up for one in document.case.sessions)
    row = next(row for row in document.coverage.by_destination if row.host == HOST)
    assert row.read == sum(
        share.read for one in document.case.sessions for share in one.destinations if share.host == HOST
    )
    names = [(row.host, row.address) for row in document.coverage.by_destination]
    assert len(names) == len(set(names))


def test_ids_of_flows_and_findings_are_their_own(document: AuditDocument) -> None:
    flows = [flow.id for flow in document.flows]
    findings = [finding.id for finding in document.findings]
    assert len(flows) == len(set(flows))
    assert len(findings) == len(set(findings))
    assert {name for flow in document.flows for name in flow.findings} == set(findings)


@pytest.mark.parametrize("recording", [b"{not a recording", b"\x00" * 64, b""])
def test_a_session_that_cannot_be_read_is_a_problem_and_not_the_end(tmp_path: Path, recording: bytes) -> None:
    root = write_case(tmp_path, SESSIONS[:2])
    place = root / "sessions" / SESSIONS[1].id
    (place / "proxy.har").write_bytes(recording)
    (place / "session.yaml").write_text(write_session(SESSIONS[1], recording), encoding="utf-8")
    document = audit_case(load_case(root))
    assert {flow.session for flow in document.flows} == {SESSIONS[0].id}
    assert any(problem.lost and SESSIONS[1].id in problem.where for problem in document.problems)
    assert document.case is not None
    assert [one.lost_problems > 0 for one in document.case.sessions] == [False, True]
    assert str(tmp_path) not in render_json(document)


def test_a_case_without_a_session_says_how_to_add_one(tmp_path: Path) -> None:
    root = write_case(tmp_path, [])
    with pytest.raises(ConfigError, match="add-session"):
        audit_case(load_case(root))
