"""The truth is on the disk before anything is sent; the score tells every way in which an audit can miss it."""

from pathlib import Path
from typing import Any

import pytest
from case_documents import make_case_document, make_flow, make_session, make_share

from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import ServiceDoc
from phonehome.documents.score import ScoreDocument, VerdictRowDoc
from phonehome.lab.interval import clopper_pearson
from phonehome.lab.measuring import Measured, sending_of
from phonehome.lab.score import Verdicts
from phonehome.lab.score import score as score_measured
from phonehome.lab.truth import (
    AbsentValue,
    PlannedRecording,
    Receiver,
    RightVerdict,
    SentValue,
    Truth,
    TruthBook,
    UnknownCell,
    load_truth,
)
from phonehome.model.errors import ConfigError

HOST = "api.example.com"
SESSION = "01"


def sent(value_id: str = "imei-1", **changes: object) -> SentValue:
    said: dict[str, object] = {
        "value_id": value_id,
        "data_type": value_id.rpartition("-")[0],
        "session": SESSION,
        "step": "start-up",
        "at": "2014-08-07T10:00:00Z",
        "sending": 1,
        "host": HOST,
        "verb": "GET",
        "digest": "0" * 64,
        "size": 26,
        "method": "decoded",
        "form": value_id.rpartition("-")[0],
        "chain": ["query"],
        "part": "request.url",
        "path": "query:id",
        "transport": "cleartext",
        "service": None,
        "consent": None,
        "via": "wifi",
        "recorded": True,
        "readable": True,
    }
    return SentValue.model_validate(said | changes)


def truth(*values: SentValue, **changes: object) -> Truth:
    said: dict[str, object] = {
        "planned": [PlannedRecording(session=SESSION, recorded=True)],
        "receivers": [Receiver(host=HOST, organisation="Example", country="CN")],
        "absent": [],
        "unknown": [],
        "verdicts": [],
        "sent": list(values),
    }
    return Truth.model_validate(said | changes)


def score(told: Truth, document: AuditDocument, *rows: VerdictRowDoc) -> ScoreDocument:
    """Score with captures that hold what was to be recorded."""
    measured = Measured(
        recorded=frozenset(sending_of(one) for one in told.sent if one.recorded),
        readable=frozenset(sending_of(one) for one in told.sent if one.readable),
    )
    return score_measured(told, document, measured, Verdicts(rows=rows))


def audited(*types: str, closed: int = 0, **changes: Any) -> AuditDocument:
    session = make_session(
        SESSION, {}, steps=["start-up"], destinations=[make_share(HOST, 100, closed=closed)]
    )
    flows = [make_flow(kind, HOST, session=SESSION, steps=["start-up"], **changes) for kind in types]
    return make_case_document([session], flows)


def change_findings(document: AuditDocument, **changes: object) -> AuditDocument:
    return document.model_copy(
        update={"findings": [one.model_copy(update=changes) for one in document.findings]}
    )


def test_what_was_noted_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "truth.yaml"
    head = truth(
        absent=[AbsentValue(value_id="sms-1", session=SESSION)],
        unknown=[UnknownCell(text="messages on the mobile network", claim="A1")],
        verdicts=[RightVerdict(id="A1", verdict="untested")],
    )
    with TruthBook(path, head) as book:
        book.note(sent())
        book.note(sent("phone: #1 \u2028\u00e9", consent="granted"))
    read = load_truth(path)
    assert [one.value_id for one in read.sent] == ["imei-1", "phone: #1 \u2028\u00e9"]
    assert read.verdicts == [RightVerdict(id="A1", verdict="untested")]
    assert (read.unknown[0].claim, read.absent[0].value_id) == ("A1", "sms-1")


def test_a_truth_without_anything_sent_reads_back(tmp_path: Path) -> None:
    with TruthBook(tmp_path / "truth.yaml", truth()):
        pass
    assert load_truth(tmp_path / "truth.yaml").sent == []


def test_a_value_is_on_the_disk_before_note_returns(tmp_path: Path) -> None:
    book = TruthBook(tmp_path / "truth.yaml", truth())
    book.note(sent())
    assert [one.value_id for one in load_truth(tmp_path / "truth.yaml").sent] == ["imei-1"]
    book.close()


def test_an_older_truth_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "truth.yaml").write_text("kept", encoding="utf-8")
    with pytest.raises(FileExistsError):
        TruthBook(tmp_path / "truth.yaml", truth())


@pytest.mark.parametrize(
    "text",
    [
        "sent: [",
        "schema: phonehome.truth/1\nsent: []",
        "{}",
        "!!python/object:x {}",
        "[" * 50_000,
        "a: 2014-02-31",
        "\x00",
        "a: &a [*a]",
    ],
)
def test_what_is_no_truth_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "truth.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"truth\.yaml"):
        load_truth(tmp_path / "truth.yaml")


def funnel(result: ScoreDocument) -> tuple[int, int, int, int]:
    return result.funnel.sent, result.funnel.recorded, result.funnel.readable, result.funnel.found


def test_what_is_found_as_it_was_sent_is_perfect() -> None:
    result = score(truth(sent()), audited("imei"))
    assert result.perfect
    assert funnel(result) == (1, 1, 1, 1)
    assert (result.false_not_seen.count, result.false_not_seen.of) == (0, 1)


def test_what_is_not_found_is_missed_and_raises_the_first_rate() -> None:
    result = score(truth(sent(), sent("imsi-1", form="imsi")), audited("imei"))
    assert not result.perfect
    assert [(one.value_id, one.count) for one in result.missed] == [("imsi-1", 1)]
    assert (result.false_not_seen.count, result.false_not_seen.of) == (1, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"form": "imei/md5/lower-hex"}, "form imei instead of imei/md5/lower-hex"),
        ({"chain": ["json", "base64"]}, "chain query instead of json › base64"),
        ({"path": "query:other"}, "path query:id instead of query:other"),
        ({"step": "add-contact"}, "step start-up instead of add-contact"),
        ({"data_type": "meid"}, "data_type imei instead of meid"),
        ({"method": "digest"}, "method decoded instead of digest"),
        ({"part": "request.body"}, "part request.url instead of request.body"),
        ({"verb": "POST"}, "request GET instead of POST"),
        ({"via": "cellular"}, "via wifi instead of cellular"),
        ({"transport": "tls"}, "transport cleartext instead of tls"),
        ({"at": "2014-08-07T10:00:30Z"}, "moment 30.0 s before it was sent"),
        ({"at": "1999-08-07T10:00:00Z"}, "moment 473,385,600.0 s after it was sent"),
    ],
)
def test_what_is_found_otherwise_is_misattributed_and_seen_all_the_same(
    change: dict[str, object], said: str
) -> None:
    result = score(truth(sent().model_copy(update=change)), audited("imei"))
    assert [one.found_as for one in result.misattributed] == [said]
    assert (result.missed, result.false) == ([], [])
    assert result.false_not_seen.count == 0
    assert not result.perfect


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"country": "KP"}, "country KP instead of CN"),
        ({"organisation": "Somebody else"}, "organisation Somebody else instead of Example"),
        ({"organisation": None}, "organisation none instead of Example"),
    ],
)
def test_a_receiver_that_is_somebody_else_is_told(change: dict[str, Any], said: str) -> None:
    result = score(truth(sent()), audited("imei", **change))
    assert [one.found_as for one in result.misattributed] == [said]
    assert not result.perfect


def test_of_a_receiver_that_the_lab_does_not_know_no_owner_is_asked_and_its_country_is() -> None:
    stranger = [Receiver(host=HOST, organisation=None, country=None)]
    assert score(truth(sent(), receivers=stranger), audited("imei", country=None)).perfect
    result = score(truth(sent(), receivers=stranger), audited("imei"))
    assert [one.found_as for one in result.misattributed] == ["country CN instead of none"]


def served(document: AuditDocument, *hosts: str) -> AuditDocument:
    """Let the case have the service `cloud` at hosts."""
    assert document.case is not None
    services = [ServiceDoc(id="cloud", name=None, hosts=list(hosts))]
    return document.model_copy(update={"case": document.case.model_copy(update={"services": services})})


def test_consent_must_be_that_for_the_service_that_asked() -> None:
    asked = truth(sent(service="cloud", consent="granted"))
    both = {"cloud": "granted", "another": "not_asked"}
    found = served(audited("imei", consent="granted"), HOST)
    flows = [one.model_copy(update={"consents": {k: [v] for k, v in both.items()}}) for one in found.flows]
    assert score(asked, change_findings(found, consent=both).model_copy(update={"flows": flows})).perfect
    wrong = score(asked, served(audited("imei", consent="not_asked"), ".example.com"))
    assert [one.found_as for one in wrong.misattributed] == ["consent not_asked instead of granted"]


def test_consent_at_a_host_that_no_service_names_is_counted_as_untold() -> None:
    result = score(truth(sent(service="cloud", consent="granted")), audited("imei"))
    assert (result.perfect, result.consent_untold) == (True, 1)


def test_a_value_sent_twice_and_found_once_is_missed_once() -> None:
    result = score(truth(sent(), sent()), audited("imei"))
    assert [one.count for one in result.missed] == [1]
    assert funnel(result) == (2, 2, 2, 1)


def test_a_value_found_more_often_than_it_was_sent_is_said() -> None:
    document = audited("imei")
    twice = document.findings[0].model_copy(update={"count": 2})
    result = score(truth(sent()), document.model_copy(update={"findings": [twice]}))
    assert [one.found_as for one in result.misattributed] == ["found more often than it was sent"]


def test_a_finding_of_what_was_never_sent_there_is_false() -> None:
    result = score(truth(sent()), audited("imei", "imsi"))
    assert [(one.value_id, one.why) for one in result.false] == [("imsi-1", "it was not sent there")]
    assert not result.perfect


def test_a_finding_of_what_is_known_to_be_absent_is_false_and_says_so() -> None:
    absent = [AbsentValue(value_id="imsi-1", session=SESSION)]
    result = score(truth(sent(), absent=absent), audited("imei", "imsi"))
    assert [one.why for one in result.false] == ["it is known to be absent from this session"]


def test_what_a_server_sends_without_having_been_told_it_is_false() -> None:
    session = make_session(SESSION, {}, steps=["start-up"], destinations=[make_share(HOST, 100)])
    up = make_flow("imei", HOST, session=SESSION, steps=["start-up"])
    echo = make_flow("imei", HOST, session=SESSION, steps=["start-up"], direction="down")
    assert score(truth(sent()), make_case_document([session], [up, echo])).perfect
    other = make_flow("imsi", HOST, session=SESSION, steps=["start-up"], direction="down")
    result = score(truth(sent()), make_case_document([session], [up, other]))
    assert [(one.value_id, one.direction) for one in result.false] == [("imsi-1", "down")]
    assert not result.perfect


def test_weak_findings_of_what_was_not_sent_are_shown_apart() -> None:
    session = make_session(SESSION, {}, steps=["start-up"], destinations=[make_share(HOST, 100)])
    flows = [make_flow("imei", HOST, session=SESSION, steps=["start-up"])]
    flows.append(make_flow("imsi", HOST, session=SESSION, steps=["start-up"], weak=True))
    result = score(truth(sent()), make_case_document([session], flows))
    assert [one.value_id for one in result.weak] == ["imsi-1"]
    assert (result.false, result.perfect) == ([], True)


@pytest.mark.parametrize(
    "change", [{"count": 5}, {"transport": "tls"}, {"consents": {"cloud": ["granted"]}}, {"forms": ["imsi"]}]
)
def test_flows_that_disagree_with_their_findings_are_told(change: dict[str, object]) -> None:
    document = audited("imei")
    flows = [one.model_copy(update=change) for one in document.flows]
    result = score(truth(sent()), document.model_copy(update={"flows": flows}))
    assert result.flows
    assert not result.perfect
    assert score(truth(sent()), document.model_copy(update={"flows": []})).flows


@pytest.mark.parametrize(
    "told",
    [
        {"absent": [AbsentValue(value_id="imei-1", session=SESSION)]},
        {
            "unknown": [UnknownCell(text="messages", claim="A1")],
            "verdicts": [RightVerdict(id="A1", verdict="consistent")],
        },
    ],
)
def test_a_truth_that_contradicts_itself_is_refused(tmp_path: Path, told: dict[str, object]) -> None:
    with TruthBook(tmp_path / "truth.yaml", truth(**told)) as book:
        book.note(sent())
    with pytest.raises(ConfigError, match="contradicts itself"):
        load_truth(tmp_path / "truth.yaml")


def test_a_session_that_was_planned_and_is_not_there_is_never_perfect() -> None:
    plan = [PlannedRecording(session=name, recorded=True) for name in (SESSION, "02")]
    result = score(truth(sent(), planned=plan), audited("imei"))
    assert (result.not_there, result.perfect) == (["02"], False)


def test_what_the_captures_do_not_hold_is_lost_and_no_miss_of_the_audits() -> None:
    told = truth(sent(), sent("imsi-1", sending=2))
    held = frozenset({(SESSION, 1)})
    result = score_measured(told, audited("imei"), Measured(recorded=held, readable=held), Verdicts())
    assert funnel(result) == (2, 1, 1, 1)
    assert [one.value_id for one in result.lost] == ["imsi-1"]
    assert (result.missed, result.false_not_seen.count, result.perfect) == ([], 0, False)


def test_what_was_to_be_read_and_is_closed_is_told_with_its_blind_spot() -> None:
    held = Measured(recorded=frozenset({(SESSION, 1)}), readable=frozenset())
    result = score_measured(truth(sent()), audited(), held, Verdicts())
    assert [one.value_id for one in result.unread] == ["imei-1"]
    assert [spot.said for spot in result.blind_spots] == [False]
    assert not result.perfect


def test_what_stays_closed_must_be_owned_up_to() -> None:
    pinned = sent(readable=False)
    told = score(truth(pinned), audited(closed=500))
    assert told.perfect
    assert [(one.host, one.said) for one in told.blind_spots] == [(HOST, True)]
    untold = score(truth(pinned), audited())
    assert not untold.perfect


def test_what_is_under_a_key_of_an_apps_own_cannot_be_read_though_its_request_can() -> None:
    result = score(truth(sent(chain=["form", "sealed"])), audited(closed=500))
    assert funnel(result) == (1, 1, 0, 0)


def test_what_passed_no_recorder_counts_as_sent_alone() -> None:
    result = score(truth(sent(via="cellular", recorded=False, readable=False)), audited())
    assert result.perfect
    assert funnel(result) == (1, 0, 0, 0)
    assert result.false_not_seen.rate is None


def exposed(*types: str, **conditions: str) -> AuditDocument:
    session = make_session(SESSION, conditions, exposes=dict.fromkeys(types, 1), steps=["start-up"])
    return make_case_document([session], [])


def test_a_session_that_passed_no_recorder_must_be_left_open() -> None:
    plan = [PlannedRecording(session=SESSION, recorded=False)]
    assert [one.is_open for one in score(truth(planned=plan), exposed()).unseen] == [True]
    result = score(truth(planned=plan), exposed("imei"))
    assert [one.is_open for one in result.unseen] == [False]
    assert not result.perfect


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [
        ({"sessions": [SESSION], "data_types": ["imei"]}, "01 counts as a test of imei"),
        ({"conditions": {"network": "cellular"}}, "01 counts as a test of imei"),
        ({"conditions": {"network": "wifi"}}, None),
        ({"sessions": [SESSION], "data_types": ["photo"]}, None),
        ({"claim": "A1"}, "the claim A1 came out as nothing"),
        ({}, None),
    ],
)
def test_what_nobody_knows_must_come_out_as_untested(cell: dict[str, object], wrong: str | None) -> None:
    unknown = [UnknownCell.model_validate({"text": "something", **cell})]
    result = score(truth(unknown=unknown), exposed("imei", network="cellular"))
    assert [one.wrong for one in result.unknown] == [wrong]
    assert result.unknown[0].is_checked is bool(cell)
    assert result.perfect is (wrong is None)


def test_verdicts_of_which_none_counts_prove_nothing() -> None:
    row = VerdictRowDoc(id="A1", expected="untested", came="consistent", is_right=False, counts=False)
    assert not score(truth(sent()), audited("imei"), row).perfect
    held = Measured(recorded=frozenset({(SESSION, 1)}), readable=frozenset({(SESSION, 1)}))
    unheld = score_measured(truth(sent()), audited("imei"), held, Verdicts(unheld=["A1"]))
    assert (unheld.unheld, unheld.perfect) == (["A1"], False)


def test_only_wrong_verdicts_that_count_spoil_the_score() -> None:
    right = VerdictRowDoc(id="A2", expected="untested", came="untested", is_right=True, counts=True)
    unsure = VerdictRowDoc(id="A1", expected="untested", came="consistent", is_right=False, counts=False)
    assert score(truth(sent()), audited("imei"), right, unsure).perfect
    counting = unsure.model_copy(update={"counts": True})
    result = score(truth(sent()), audited("imei"), right, counting)
    assert not result.perfect
    assert (result.verdicts_right, result.verdicts_counted) == (1, 2)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0, 0.3085), (10, 10, 0.6915, 1), (5, 10, 0.1871, 0.8129), (1, 100, 0.00025, 0.0545)],
)
def test_the_interval_is_that_of_the_tables(count: int, of: int, low: float, high: float) -> None:
    assert clopper_pearson(count, of) == pytest.approx((low, high), abs=1e-4)
