"""The affair of 2014, with recordings of what was reported as sent: every statement is decided as the facts allow."""

import json
from pathlib import Path

import pytest
from affair import write_affair
from case_documents import make_case_document, make_session

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.case.affair_2014 import CLAIMS, FOLDER, VERDICTS
from phonehome.case.claims_file import load_claims
from phonehome.case.folder import load_case
from phonehome.case.verdicts_file import load_verdicts
from phonehome.documents.audit import AuditDocument
from phonehome.documents.judgement import LatencyChangeDoc, VerdictDoc
from phonehome.judge.claims import decide
from phonehome.judge.score import score_verdicts
from phonehome.model.claim import ExpectedVerdict

EXPECTED = load_verdicts(VERDICTS)
STATEMENTS = [
    *("X1", "X2", "X3", "X4"),
    *("A1", "A2", "A3", "A4", "A5"),
    *("B1", "B2", "B3", "B4", "B5", "B6", "B7"),
    *("C1", "C2", "C3"),
    *("D1", "D2"),
]
FACTORY, UPDATED, ALL_ON = "01-factory-no-account", "03-update-all-off", "04-update-all-on"
LATER = (FACTORY, ALL_ON)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> AuditDocument:
    return audit_case(load_case(write_affair(tmp_path_factory.mktemp("affair"))))


@pytest.fixture(scope="module")
def verdicts(document: AuditDocument) -> dict[str, VerdictDoc]:
    loaded = load_case(FOLDER, evidence=False)
    claims = load_claims(CLAIMS, loaded.case, loaded.protocols).claims
    return {verdict.id: verdict for verdict in decide(claims, document)}


def test_every_statement_of_both_sides_is_there(verdicts: dict[str, VerdictDoc]) -> None:
    assert [name for name in STATEMENTS if name not in verdicts] == []
    assert {name.split("-")[0] for name in verdicts} == set(STATEMENTS)
    assert [one.id for one in EXPECTED] == list(verdicts)


@pytest.mark.parametrize("expected", EXPECTED, ids=[one.id for one in EXPECTED])
def test_each_verdict_is_the_one_that_the_facts_allow(
    expected: ExpectedVerdict, verdicts: dict[str, VerdictDoc]
) -> None:
    found = verdicts[expected.id]
    assert found.verdict == expected.verdict.value, found.reason
    assert (found.superseded is not None) is expected.superseded


def test_the_score_counts_what_is_sure(verdicts: dict[str, VerdictDoc]) -> None:
    score = score_verdicts(EXPECTED, verdicts.values())
    assert (score.right, score.counted, score.unasked) == (21, 21, ())


def test_what_was_reported_is_found_and_nothing_else(document: AuditDocument) -> None:
    sent: dict[str | None, set[str]] = {}
    for flow in document.flows:
        sent.setdefault(flow.session, set()).add(flow.data_type)
    assert sent == {
        FACTORY: {"carrier_name", "imei", "phone_number", "contact_phone_number", "sms_phone_number"},
        "02-factory-mi-cloud": {"imsi", "imei", "phone_number"},
        ALL_ON: {"contact_phone_number", "imei"},
    }


@pytest.mark.parametrize("data_type", ["sms_text", "photo", "location", "installed_app"])
def test_what_nobody_reported_is_searched_for_and_no_session_counts_as_a_chance_for_it(
    document: AuditDocument, data_type: str
) -> None:
    assert document.subject is not None
    assert document.case is not None
    (value,) = (
        one for one in document.subject.values if one.type == data_type and one.id.startswith("redmi-1s/")
    )
    assert value.searched_for, value.why
    for session in document.case.sessions:
        if session.subject == "redmi-1s":
            assert value.id.removeprefix("redmi-1s/") in {one.split("/")[-1] for one in session.not_seen}
            assert data_type not in {row.data_type for row in session.exposures}


@pytest.mark.parametrize(
    ("ident", "data_types"),
    [
        ("A2", {"imei", "phone_number", "contact_phone_number", "sms_phone_number"}),
        ("A5", {"carrier_name", "imei", "phone_number", "contact_phone_number", "sms_phone_number"}),
    ],
)
def test_a_contradiction_cites_the_findings_of_the_first_test(
    ident: str, data_types: set[str], verdicts: dict[str, VerdictDoc], document: AuditDocument
) -> None:
    cited = {finding.id: finding for finding in document.findings if finding.id in verdicts[ident].findings}
    assert set(verdicts[ident].findings) == set(cited)
    assert {finding.data_type for finding in cited.values()} == data_types
    assert {finding.session for finding in cited.values()} == {FACTORY}
    assert {finding.transport for finding in cited.values()} == {"cleartext"}


@pytest.mark.parametrize(
    ("ident", "proposal"),
    [
        ("A3", {"build": "factory", "service.mi_cloud": "off", "service.cloud_messaging": "off"}),
        ("B5-no-reset", {"build": "update-2014-08-10", "reset": "no"}),
        ("B7", {"receiver": "offline", "service.cloud_messaging": "on"}),
        ("A1", {"build": "factory", "account": "none", "exposes": "photo, sms_text"}),
        ("X1", {"build": "factory", "exposes": "sms_text"}),
        ("C1", {"recorded": "from 2014-11-01 on"}),
        ("C2", {"recorded": "from 2015-01-01 on"}),
        ("C3", {"country": "IN", "recorded": "from 2016-01-01 on"}),
    ],
)
def test_what_is_untested_names_the_session_that_would_test_it(
    ident: str, proposal: dict[str, str], verdicts: dict[str, VerdictDoc]
) -> None:
    found = verdicts[ident].proposal
    assert found is not None
    assert {name: found.get(name) for name in proposal} == proposal


def test_opt_in_rests_on_two_chances_after_the_reset(verdicts: dict[str, VerdictDoc]) -> None:
    found = verdicts["B5"]
    assert (found.sessions, found.exposures) == ([UPDATED, ALL_ON], 2)
    assert found.rate_bound == pytest.approx(0.776, abs=0.001)


def test_the_registry_is_told_from_the_recipient(verdicts: dict[str, VerdictDoc]) -> None:
    assert "app.chat.xiaomi.net at 42.62.48.181 (Xiaomi)" in verdicts["X3"].reason
    assert verdicts["X3"].sessions == ["05-note-wifi", "06-note-cellular"]


def test_no_verdict_shows_a_value(verdicts: dict[str, VerdictDoc]) -> None:
    text = " ".join(verdict.model_dump_json() for verdict in verdicts.values())
    for value in ("490154203237518", "2025550110", "2025550143", "2025550187", "310150123456789"):
        assert value not in text


@pytest.mark.parametrize(
    ("address", "wanted"),
    [(None, "untested"), ("42.62.48.181", "contradicted")],
    ids=["no address", "in Beijing"],
)
def test_later_sessions_decide_where_data_was_promised_to_live(
    tmp_path: Path, address: str | None, wanted: str
) -> None:
    root = write_affair(tmp_path)
    for name in LATER:
        _record_later(root / "sessions" / name, address)
    loaded = load_case(root)
    claims = load_claims(root / "claims.yaml", loaded.case, loaded.protocols).claims
    found = {
        verdict.id: verdict
        for verdict in decide(claims, audit_case(loaded, options=CaseOptions(sessions=LATER)))
    }
    assert (found["C2"].verdict, found["C3"].verdict) == (wanted, wanted), found["C2"].reason
    assert ("42.62.48.181" in found["C2"].reason) is (address is not None)
    assert found["C2"].findings


def _record_later(session: Path, address: str | None) -> None:
    """Let a session be one of 2016 in India, with the servers at an address."""
    text = (session / "session.yaml").read_text(encoding="utf-8")
    text = text.replace(" 2014-08-", " 2016-08-").replace("conditions:", "conditions:\n  country: IN", 1)
    (session / "session.yaml").write_text(text, encoding="utf-8")
    log = json.loads((session / "traffic.har").read_text(encoding="utf-8").replace("2014-08-", "2016-08-"))
    for entry in log["log"]["entries"]:
        entry |= {"serverIPAddress": address} if address else {}
    (session / "traffic.har").write_text(json.dumps(log), encoding="utf-8")


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (-40.0, -25.0, "consistent"),
        (-40.0, -5.0, "consistent"),
        (-15.0, -5.0, "contradicted"),
        (None, None, "untested"),
    ],
)
def test_a_promised_gain_in_speed_is_held_against_what_was_measured(
    low: float | None, high: float | None, wanted: str
) -> None:
    loaded = load_case(FOLDER, evidence=False)
    claims = [one for one in load_claims(CLAIMS, loaded.case).claims if one.claim.id == "C1-speed"]
    session = make_session("07", {"country": "SG"}, exposes={"imei": 1}, day="2014-11-20")
    change = LatencyChangeDoc(
        host="sg.mi.com", before=["00"], after=["07"], before_median=300.0, after_median=210.0, change_percent=-30.0,
        low=low, high=high,
    )  # fmt: skip
    (found,) = decide(claims, make_case_document([session]), latency_changes=[change])
    assert found.verdict == wanted, found.reason
