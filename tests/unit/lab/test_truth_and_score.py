"""The truth is on the disk before anything is sent; the score tells every way in which an audit can miss it."""

from pathlib import Path

import pytest
from case_documents import make_case_document, make_flow, make_session, make_share

from phonehome.documents.audit import AuditDocument
from phonehome.documents.score import ScoreDocument, VerdictRowDoc
from phonehome.lab.interval import clopper_pearson
from phonehome.lab.score import score
from phonehome.lab.truth import (
    AbsentValue,
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
        "session": SESSION,
        "step": "start-up",
        "at": "2014-08-07T10:00:00Z",
        "host": HOST,
        "form": "imei",
        "chain": ["query"],
        "path": "query:id",
        "consent": None,
    }
    return SentValue.model_validate(said | changes)


def truth(*values: SentValue) -> Truth:
    return Truth(absent=[], unknown=[], verdicts=[], sent=list(values))


def audited(*types: str, closed: int = 0) -> AuditDocument:
    session = make_session(
        SESSION, {}, steps=["start-up"], destinations=[make_share(HOST, 100, closed=closed)]
    )
    flows = [make_flow(kind, HOST, session=SESSION, steps=["start-up"]) for kind in types]
    return make_case_document([session], flows)


def test_what_was_noted_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "truth.yaml"
    with TruthBook(
        path,
        absent=[AbsentValue(value_id="sms-1", session=SESSION)],
        unknown=[UnknownCell(text="messages on the mobile network", claim="A1")],
        verdicts=[RightVerdict(id="A1", verdict="untested")],
    ) as book:
        book.note(sent())
        book.note(sent("phone: #1 \u2028\u00e9", consent="granted"))
    read = load_truth(path)
    assert [one.value_id for one in read.sent] == ["imei-1", "phone: #1 \u2028\u00e9"]
    assert read.verdicts == [RightVerdict(id="A1", verdict="untested")]
    assert (read.unknown[0].claim, read.absent[0].value_id) == ("A1", "sms-1")


def test_a_truth_without_anything_sent_reads_back(tmp_path: Path) -> None:
    with TruthBook(tmp_path / "truth.yaml"):
        pass
    assert load_truth(tmp_path / "truth.yaml").sent == []


def test_a_value_is_on_the_disk_before_note_returns(tmp_path: Path) -> None:
    book = TruthBook(tmp_path / "truth.yaml")
    book.note(sent())
    assert [one.value_id for one in load_truth(tmp_path / "truth.yaml").sent] == ["imei-1"]
    book.close()


def test_an_older_truth_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "truth.yaml").write_text("kept", encoding="utf-8")
    with pytest.raises(FileExistsError):
        TruthBook(tmp_path / "truth.yaml")


@pytest.mark.parametrize(
    "text", ["sent: [", "schema: phonehome.truth/1\nsent: []", "{}", "!!python/object:x {}"]
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
    assert [one.value_id for one in result.false] == ["imsi-1"]
    assert not result.perfect


def test_what_stays_closed_must_be_owned_up_to() -> None:
    pinned = sent(readable=False)
    told = score(truth(pinned), audited(closed=500))
    assert told.perfect
    assert [(one.host, one.said) for one in told.blind_spots] == [(HOST, True)]
    untold = score(truth(pinned), audited())
    assert not untold.perfect


def test_what_passed_no_recorder_counts_as_sent_alone() -> None:
    result = score(truth(sent(via="cellular", recorded=False, readable=False)), audited())
    assert result.perfect
    assert funnel(result) == (1, 0, 0, 0)
    assert result.false_not_seen.rate is None


def test_only_wrong_verdicts_that_count_spoil_the_score() -> None:
    row = VerdictRowDoc(id="A1", expected="untested", came="consistent", is_right=False, counts=False)
    assert score(truth(sent()), audited("imei"), [row]).perfect
    counting = row.model_copy(update={"counts": True})
    result = score(truth(sent()), audited("imei"), [counting])
    assert not result.perfect
    assert (result.verdicts_right, result.verdicts_counted) == (0, 1)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0, 0.3085), (10, 10, 0.6915, 1), (5, 10, 0.1871, 0.8129), (1, 100, 0.00025, 0.0545)],
)
def test_the_interval_is_that_of_the_tables(count: int, of: int, low: float, high: float) -> None:
    assert clopper_pearson(count, of) == pytest.approx((low, high), abs=1e-4)
