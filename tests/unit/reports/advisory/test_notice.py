"""The notice: what is derived, what people decide, and what every copy must say."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from advisory_samples import DETAILS, FACTORY, UPDATE, affair_document, affair_notice
from case_documents import make_bare_document, make_case_document, make_flow, make_handset, make_session
from jsonschema import Draft202012Validator

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.model.advisory import (
    Action,
    AdvisoryDetails,
    Audience,
    NoticeSeverity,
    Revision,
    SignedStatus,
    Tlp,
)
from phonehome.model.errors import ConfigError
from phonehome.reports.advisory.json_notice import render_json_notice
from phonehome.reports.advisory.notice import GAPS_HELD, ITEMS_HELD, NoticeOptions, Vouched, write_notice
from phonehome.reports.advisory.schema import advisory_schema


def derived() -> AdvisoryDocument:
    return write_notice(affair_document(), NoticeOptions())


def test_title_severity_number_and_dates_follow_from_the_case() -> None:
    notice = derived()
    assert notice.title == (
        "Xiaomi Redmi 1S: contact phone number, SMS phone number, carrier name, IMEI and 2 more data types sent to "
        "Xiaomi"
    )
    assert (notice.severity.level, notice.severity.why) == ("critical", "by the policy defence")
    assert notice.id.startswith("PH-2014-")
    assert (notice.issued, notice.updated, notice.version) == ("2014-08-14T11:00:00Z",) * 2 + ("1",)
    assert notice.tlp == "AMBER"
    assert not notice.publisher.named


def test_a_handset_that_was_not_seen_sending_is_not_named_beside_one_that_was() -> None:
    sending, silent = (
        make_session("s1", {"build": "b1"}),
        make_session("s2", {"build": "h1"}, subject="clean"),
    )
    document = make_case_document(
        [sending, silent],
        [make_flow("imei", "x.vendor.example", session="s1", organisation=None)],
        handsets=[
            make_handset(sending.subject, "b1", make="M", model="N"),
            make_handset("clean", "h1", make="Honest", model="Phone"),
        ],
    )
    notice = write_notice(document, NoticeOptions())
    assert notice.title == "M N: IMEI sent to x.vendor.example"
    assert notice.overview[0].startswith("In 1 of 2 sessions, IMEI left M N, to x.vendor.example;")


def test_no_derived_text_has_marks_of_markdown() -> None:
    notice = derived()
    texts = [*notice.overview, *notice.notices, *(one.text for one in notice.what_to_do)]
    assert not [text for text in texts if "`" in text]


def test_handsets_that_sent_different_things_are_not_said_to_have_sent_both() -> None:
    sessions = [make_session("s1", {"build": "b1"}), make_session("s2", {"build": "h1"}, subject="other")]
    flows = [
        make_flow("imei", "x.vendor.example", session="s1", organisation=None),
        make_flow("sms_text", "y.vendor.example", session="s2", organisation=None),
    ]
    handsets = [
        make_handset(sessions[0].subject, "b1", make="M", model="N"),
        make_handset("other", "h1", make="P", model="Q"),
    ]
    notice = write_notice(make_case_document(sessions, flows, handsets=handsets), NoticeOptions())
    assert notice.title == "M N: IMEI sent to x.vendor.example; P Q: SMS text sent to y.vendor.example"


def test_the_number_is_that_of_the_evidence() -> None:
    other = affair_document()
    inputs = [other.inputs[0].model_copy(update={"sha256": "1" * 64}), *other.inputs[1:]]
    changed = other.model_copy(update={"inputs": inputs})
    assert derived().id == derived().id
    assert write_notice(changed, NoticeOptions()).id != derived().id


def test_what_people_decide_takes_the_place_of_what_is_derived() -> None:
    details = replace(
        DETAILS,
        title="A title",
        id="CIAD-2014-0001",
        severity=NoticeSeverity.MEDIUM,
        overview=("First of all.",),
        what_to_do=(Action(audience=Audience.USERS, text="Do this."),),
    )
    notice = affair_notice(details=details)
    assert (notice.title, notice.id, notice.tlp) == ("A title", "CIAD-2014-0001", "GREEN")
    assert (notice.severity.level, notice.severity.why) == ("medium", "set by the publisher")
    assert notice.overview[0] == "First of all."
    assert len(notice.overview) > 1
    assert [one.text for one in notice.what_to_do if one.audience == "users"] == ["Do this."]
    assert any(one.audience == "vendor" and one.source == "evidence" for one in notice.what_to_do)
    assert (notice.issued, notice.updated, notice.version) == (
        "2014-08-08T00:00:00Z",
        "2014-08-15T00:00:00Z",
        "2",
    )


def test_a_label_of_the_caller_beats_that_of_the_file() -> None:
    assert write_notice(affair_document(), NoticeOptions(details=DETAILS, tlp=Tlp.RED)).tlp == "RED"


@pytest.mark.parametrize(
    ("signed", "status", "version", "expected"),
    [
        (False, SignedStatus.FINAL, "1", "draft"),
        (True, SignedStatus.FINAL, "1", "final"),
        (True, SignedStatus.INTERIM, "1", "interim"),
        (True, SignedStatus.FINAL, "0", "draft"),
        (True, SignedStatus.FINAL, "0.2.0", "draft"),
    ],
)
def test_it_is_a_draft_until_signed(signed: bool, status: SignedStatus, version: str, expected: str) -> None:
    revision = Revision(version=version, date=datetime(2014, 8, 8, tzinfo=UTC), summary="First")
    notice = affair_notice(signed=signed, details=replace(DETAILS, status=status, revisions=(revision,)))
    assert notice.status == expected
    assert any(text.startswith("DRAFT:") for text in notice.notices) == (expected == "draft")


def test_a_reconstruction_says_so_even_when_signed() -> None:
    assert [text.split(":")[0] for text in affair_notice(signed=True).notices] == ["SIGNED", "RECONSTRUCTION"]


def test_a_signed_notice_says_by_which_key_and_whether_anybody_trusts_it() -> None:
    for trusted, said in ((False, "nobody checked whose that is"), (True, "made this notice trusts")):
        vouched = Vouched(by=("ab" * 32,), trusted=trusted)
        first = write_notice(affair_document(), NoticeOptions(vouched=vouched)).notices[0]
        assert f"SHA256:{'ab' * 32}" in first
        assert said in first
        assert "“phonehome repeat”" in first
    own = NoticeOptions(vouched=Vouched(by=("ab" * 32,), kept=False))
    assert "repeat" not in write_notice(affair_document(), own).notices[0]


def test_builds_of_the_affair_are_called_what_they_are() -> None:
    (handset,) = derived().handsets
    assert [(build.build, build.state) for build in handset.builds][:2] == [
        (FACTORY, "affected"),
        (UPDATE, "undecided"),  # the service that caused it was off: nobody tried it on
    ]
    assert handset.builds[2].state == "not_tested"
    assert handset.builds[0].decision == "prohibit"


def test_each_item_has_its_sentence_and_its_evidence() -> None:
    imei = next(one for one in derived().sent if one.data_type == "imei")
    assert imei.sentence == (
        "IMEI went to api.account.xiaomi.com (Xiaomi), in China, in cleartext: 6 times in 2 of 3 sessions; the user "
        "had not been asked."
    )
    assert {one.session for one in imei.evidence} == {"01-factory", "02-factory-account"}
    assert all("‹imei-1›" in one.excerpt for one in imei.evidence)
    assert [one.sessions for one in imei.builds] == [["01-factory", "02-factory-account"]]


def test_statements_keep_verdicts_and_nothing_is_called_proved() -> None:
    notice = derived()
    assert {one.id: one.verdict for one in notice.statements}["A5"] == "contradicted"
    assert any("“Consistent” does not mean proved." in text for text in notice.overview)


def test_what_was_not_tested_names_builds_data_types_statements_and_blind_spots() -> None:
    gaps = {(gap.kind, gap.what): gap.why for gap in derived().not_tested}
    assert gaps["build", "Xiaomi Redmi 1S JHCMIBL53.0"] == "no session was recorded with this build"
    assert (
        "a session with build=JHCMIBL50.0, reset=no"
        in gaps["statement", "B5, “Messaging is opt-in for users who did not reset”"]
    )
    assert gaps["value", "‹nick› (username)"] == "3 characters are too few"
    assert ("condition", "account and service.cloud_messaging") in gaps
    assert any(kind == "session" and "neither cellular" in why for (kind, _), why in gaps.items())


def test_advice_follows_from_causes_and_policy() -> None:
    texts = {(one.audience, one.source): [] for one in derived().what_to_do}  # type: dict[tuple[str, str], list[str]]
    for one in derived().what_to_do:
        texts[one.audience, one.source].append(one.text)
    assert any(text.startswith("Switch off cloud messaging") for text in texts["users", "evidence"])
    assert texts["organisations", "policy"] == [
        "Collect handsets with this build and update them before they are handed out again."
    ]
    assert any("service.cloud_messaging=on" in text for text in texts["testers", "evidence"])


def test_sources_of_statements_become_references_only_where_they_are_addresses() -> None:
    document = affair_document()
    assert document.case is not None
    assert document.case.judgement is not None
    bad = [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a b",
        'https://a/"x',
        "the newspaper",
        "https://",
    ]
    verdicts = [one.model_copy(update={"source": source}) for one, source in
                zip(document.case.judgement.verdicts, bad, strict=True)]  # fmt: skip
    judgement = document.case.judgement.model_copy(update={"verdicts": verdicts})
    case = document.case.model_copy(update={"judgement": judgement})
    notice = write_notice(document.model_copy(update={"case": case}), NoticeOptions())
    assert [one.url for one in notice.references] == ["https://www.first.org/tlp/"]


def test_a_case_in_which_nothing_left_says_how_little_that_means() -> None:
    document = make_case_document([make_session("one", {"build": "1"}, exposes={"imei": 2})])
    notice = write_notice(document, NoticeOptions())
    assert notice.title == "handset-1: no known value was seen leaving"
    assert notice.severity.level is None
    assert "“Not seen” is not “not sent”" in notice.overview[0]
    assert not [one for one in notice.what_to_do if one.audience in ("users", "vendor")]


def test_the_bounds_say_what_they_left_out() -> None:
    number = ITEMS_HELD + 5
    session = make_session(
        "one", {"build": "1"}, exposes={"imei": 1}, misses=[f"blind {n}" for n in range(GAPS_HELD)]
    )
    flows = [make_flow("imei", f"h{n}.example", session="one") for n in range(number)]
    notice = write_notice(make_case_document([session], flows), NoticeOptions())
    assert len(notice.sent) == ITEMS_HELD
    assert notice.left_out["sent"] == 5
    assert notice.left_out["not_tested"] > 0
    assert len(notice.title) <= 300


def test_single_recordings_give_no_advisory() -> None:
    with pytest.raises(ConfigError, match="an advisory needs a case"):
        write_notice(make_bare_document(), NoticeOptions())


def test_a_case_without_any_date_asks_for_one() -> None:
    document = make_case_document([make_session("one", {"build": "1"})])
    assert document.case is not None
    session = document.case.sessions[0].model_copy(update={"last": None})
    inputs = [one.model_copy(update={"last": None}) for one in document.inputs]
    case = document.case.model_copy(update={"sessions": [session]})
    undated = document.model_copy(update={"case": case, "inputs": inputs})
    with pytest.raises(ConfigError, match=r"give one in advisory\.yaml"):
        write_notice(undated, NoticeOptions())
    dated = AdvisoryDetails(revisions=DETAILS.revisions)
    assert write_notice(undated, NoticeOptions(details=dated)).version == "2"


def test_the_json_keeps_to_its_schema_and_reads_back() -> None:
    schema = advisory_schema()
    Draft202012Validator.check_schema(schema)
    text = render_json_notice(affair_notice())
    read = AdvisoryDocument.model_validate_json(text)
    assert read == affair_notice()
    Draft202012Validator(schema).validate(affair_notice().model_dump(mode="json"))
    with_extra = affair_notice().model_dump(mode="json") | {"extra": 1}
    assert not Draft202012Validator(schema).is_valid(with_extra)
