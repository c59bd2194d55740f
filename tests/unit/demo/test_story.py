"""The story says what the audit says: another audit, another story."""

from collections.abc import Callable

import pytest

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.case.folder import load_case
from phonehome.demo.story import CASE, tell
from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import CaseDoc, SessionDoc
from phonehome.documents.judgement import VerdictName
from phonehome.documents.score import FunnelDoc, RateDoc, ScoreDocument
from phonehome.lab.truth import UnknownCell

CELLS = [
    UnknownCell(text="Bodies of messages", claim="X1"),
    UnknownCell(text="Photos and bodies of messages", claim="A1"),
]
_construct: Callable[..., ScoreDocument] = ScoreDocument.model_construct
SCORE = _construct(  # what the story tells of a score, and no more of it
    funnel=FunnelDoc(sent=2, recorded=1, readable=1, found=1),
    false_not_seen=RateDoc(count=0, of=1, rate=0.0, low=0.0, high=0.975),
    verdicts_right=1,
    verdicts_counted=1,
)
Change = Callable[[SessionDoc], SessionDoc]


@pytest.fixture(scope="module")
def document() -> AuditDocument:
    loaded = load_case(CASE)
    return audit_case(loaded, load_rulings(loaded)[0], CaseOptions())


def told(document: AuditDocument) -> str:
    return " ".join(" ".join(tell(document, SCORE, CELLS)).split())


def case_of(document: AuditDocument) -> CaseDoc:
    assert document.case is not None
    return document.case


def with_verdicts(document: AuditDocument, changed: dict[str, VerdictName]) -> AuditDocument:
    case = case_of(document)
    assert case.judgement is not None
    verdicts = [
        one.model_copy(update={"verdict": changed.get(one.id, one.verdict)})
        for one in case.judgement.verdicts
    ]
    judgement = case.judgement.model_copy(update={"verdicts": verdicts})
    return document.model_copy(update={"case": case.model_copy(update={"judgement": judgement})})


def with_sessions(document: AuditDocument, change: Change) -> AuditDocument:
    case = case_of(document)
    sessions = [change(session) for session in case.sessions]
    return document.model_copy(update={"case": case.model_copy(update={"sessions": sessions})})


def test_a_claim_that_the_evidence_decides_is_no_longer_what_nobody_knows(document: AuditDocument) -> None:
    assert "Bodies of messages (X1: untested)" in told(document)
    decided = told(with_verdicts(document, {"X1": "consistent", "A4": "contradicted"}))
    assert "X1: untested" not in decided
    assert "(A1: untested)" in decided
    assert "A4, B5-no-reset, B7" in told(document)
    assert "A3, B5-no-reset, B7" in decided


def test_a_conflict_stands_there_while_sources_disagree(document: AuditDocument) -> None:
    assert "(B1: conflict)" in told(document)
    assert "Sources disagree" not in told(with_verdicts(document, {"B1": "consistent"}))


def test_claims_that_no_recording_shows_are_named_as_the_audit_has_them(document: AuditDocument) -> None:
    assert "can show: B2, B3 and D2-kept" in told(document)
    assert "can show: B2 and D2-kept" in told(with_verdicts(document, {"B3": "consistent"}))


def test_steps_that_nothing_is_counted_of_are_named_until_they_expose_something(
    document: AuditDocument,
) -> None:
    assert "repeat (02-factory-mi-cloud)" in told(document)

    def expose(session: SessionDoc) -> SessionDoc:
        steps = [step.model_copy(update={"exposes": step.exposes or ["imei"]}) for step in session.steps]
        return session.model_copy(update={"steps": steps})

    assert "What followed these steps" not in told(with_sessions(document, expose))


def test_data_types_without_a_chance_are_named_until_they_have_one(document: AuditDocument) -> None:
    assert "on redmi-note: IMEI" in told(document)
    case = case_of(document)
    chances = [row for session in case.sessions for row in session.exposures if row.data_type == "imei"]

    def expose(session: SessionDoc) -> SessionDoc:
        return session.model_copy(update={"exposures": [*session.exposures, chances[0]]})

    assert "on redmi-note: IMEI" not in told(with_sessions(document, expose))


def test_bytes_that_nobody_could_read_are_named_until_somebody_can(document: AuditDocument) -> None:
    assert "42.62.48.181 are, in 05-note-wifi: nobody could read them." in told(document)

    def read(session: SessionDoc) -> SessionDoc:
        places = [row.model_copy(update={"unreadable": 0, "closed": 0}) for row in session.destinations]
        return session.model_copy(update={"destinations": places})

    assert "could not be read: nobody knows" not in told(with_sessions(document, read))
    assert "nobody could read them" not in told(with_sessions(document, read))


def test_networks_on_which_nothing_was_recorded_are_named(document: AuditDocument) -> None:
    assert "What redmi-1s sends on another network: nothing was recorded on cellular." in told(document)
    assert "in 03-update-all-off and 04-update-all-on." in told(document)

    def roam(session: SessionDoc) -> SessionDoc:
        return session.model_copy(update={"conditions": {**session.conditions, "network": "cellular"}})

    roaming = told(with_sessions(document, roam))
    assert "What redmi-1s sends on another network: nothing was recorded on wifi." in roaming
    assert "On which network" not in roaming


def test_what_is_sent_with_messaging_off_is_not_called_quiet(document: AuditDocument) -> None:
    assert "(03-update-all-off): nothing seen, of 8 chances that its steps gave." in told(document)
    flows = [
        flow.model_copy(update={"session": "03-update-all-off"})
        if flow.session == "04-update-all-on"
        else flow
        for flow in document.flows
    ]
    leaking = told(document.model_copy(update={"flows": flows}))
    assert "(03-update-all-off): something was sent all the same, as listed above." in leaking
    assert "(03-update-all-off): nothing seen" not in leaking


def test_what_left_as_a_digest_is_not_said_to_have_left_as_it_is(document: AuditDocument) -> None:
    digests = "IMEI and ICCID as digests, to api.account.xiaomi.com (Xiaomi)"
    assert digests in told(document)
    findings = [
        one.model_copy(update={"method": "decoded", "chain": []}) if one.data_type == "iccid" else one
        for one in document.findings
    ]
    flows = [
        one.model_copy(update={"methods": ["decoded"]}) if one.data_type == "iccid" else one
        for one in document.flows
    ]
    open_ones = told(document.model_copy(update={"flows": flows, "findings": findings}))
    assert "ICCID, phone number and carrier name as they are; IMEI as a digest" in open_ones


def test_a_session_that_names_no_account_is_not_said_to_have_none(document: AuditDocument) -> None:
    def forget(session: SessionDoc) -> SessionDoc:
        return session.model_copy(update={"conditions": {"build": session.conditions["build"]}})

    forgetful = told(with_sessions(document, forget))
    assert "account not stated" in forgetful
    assert "no account" not in forgetful


def test_an_audit_that_leaves_nothing_open_says_so(document: AuditDocument) -> None:
    case = case_of(document).model_copy(update={"sessions": [], "judgement": None, "handsets": []})
    assert "Nothing that this audit leaves open." in told(
        document.model_copy(update={"case": case, "flows": []})
    )
