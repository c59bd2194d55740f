"""Flows by country and owner against where somebody says that data lives."""

from datetime import date

import pytest
from case_documents import MadeFlow, make_case_document, make_flow, make_service, make_session, make_share

from phonehome.documents.audit import AuditDocument, Registry
from phonehome.documents.case import HostShareDoc
from phonehome.documents.judgement import ResidencyDoc
from phonehome.judge.residency import judge_residency, moves_of
from phonehome.model.policy import ResidencyStatement
from phonehome.model.subject import DataType

HOST = "api.cloud.example"
MOVE = date(2014, 10, 31)
STATEMENT = ResidencyStatement(
    id="moved", text="Accounts live in Singapore.", services=("cloud",), countries=("SG",), since=MOVE
)


def case(*flows: MadeFlow, shares: tuple[HostShareDoc, ...] = ()) -> AuditDocument:
    sessions = [
        make_session("before", day="2014-10-01"),
        make_session("after", day="2014-11-20", destinations=shares or None),
    ]
    return make_case_document(sessions, flows, services=[make_service("cloud", ".cloud.example")])


def sent(session: str, country: str | None, data_type: str = "imei", host: str = HOST) -> MadeFlow:
    time = "2014-10-01T10:00:00Z" if session == "before" else "2014-11-20T10:00:00Z"
    return make_flow(data_type, host, session=session, country=country, organisation="Vendor", time=time)


def judge(document: AuditDocument, statement: ResidencyStatement = STATEMENT) -> ResidencyDoc:
    (found,) = judge_residency([statement], document)
    return found


def test_after_the_move_all_of_it_is_inside_and_before_it_was_elsewhere() -> None:
    found = judge(case(sent("before", "CN"), sent("after", "SG")))
    assert (found.state, found.seen, found.seen_before) == ("inside", ["SG"], ["CN"])
    assert (found.sessions, found.organisations) == (["after"], ["Vendor"])
    assert "before 2014-10-31: 1 flow to api.cloud.example (Vendor, CN)" in found.reason


def test_one_flow_elsewhere_is_outside_and_is_cited() -> None:
    found = judge(case(sent("after", "SG"), sent("after", "CN", "imsi")))
    assert (found.state, found.seen) == ("outside", ["CN", "SG"])
    assert found.flows[0] == "after/imsi/api.cloud.example/cleartext/up"
    assert "1 flow not to SG: api.cloud.example (Vendor, CN)" in found.reason


def test_where_sources_disagree_or_say_nothing_it_is_undecided() -> None:
    unknown = case(sent("after", None))
    disputed = unknown.model_copy(
        update={"flows": [unknown.flows[0].model_copy(update={"countries": ["SG", "US"]})]}
    )
    assert judge(unknown).state == judge(disputed).state == "undecided"
    assert judge(disputed).seen == [None]
    assert "SG/US" in judge(disputed).reason


def test_an_undecided_flow_does_not_hide_one_that_is_outside() -> None:
    assert judge(case(sent("after", None), sent("after", "CN", "imsi"))).state == "outside"


def test_what_was_not_seen_is_not_inside() -> None:
    found = judge(case(sent("before", "CN")))
    assert (found.state, found.seen) == ("not_seen", [])
    assert "none of it was seen in 1 session" in found.reason


def test_without_a_session_in_its_days_nothing_was_seen() -> None:
    later = ResidencyStatement(id="x", text="…", countries=("SG",), since=date(2015, 1, 1))
    found = judge(case(sent("after", "CN")), later)
    assert (found.state, found.reason.split(";")[0]) == ("not_seen", "no session was recorded in these days")


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        (ResidencyStatement(id="x", text="…", countries=("SG",), until=date(2014, 10, 30)), "outside"),
        (ResidencyStatement(id="x", text="…", countries=("SG",), data_types=(DataType.IMSI,)), "inside"),
        (ResidencyStatement(id="x", text="…", countries=("SG",), hosts=("other.example",)), "not_seen"),
        (ResidencyStatement(id="x", text="…", countries=("SG", "CN")), "inside"),
        (ResidencyStatement(id="x", text="…", countries=("SG",), services=("gone",)), "not_seen"),
    ],
)
def test_a_statement_speaks_of_its_days_data_types_and_hosts_alone(
    statement: ResidencyStatement, state: str
) -> None:
    assert judge(case(sent("before", "CN"), sent("after", "SG", "imsi")), statement).state == state


@pytest.mark.parametrize(("closed", "lost"), [(400, 0), (0, 7)])
def test_what_went_elsewhere_unread_leaves_undecided_what_would_be_inside(closed: int, lost: int) -> None:
    elsewhere = make_share("push.cloud.example", read=0, closed=closed, lost=lost, country="CN")
    found = judge(case(sent("after", "SG"), shares=(elsewhere,)))
    assert found.state == "undecided"
    assert f"{closed + lost} bytes that nobody could read went to push.cloud.example (CN)" in found.reason


def test_what_went_unread_into_the_stated_country_or_to_other_hosts_changes_nothing() -> None:
    shares = (
        make_share(HOST, closed=400, country="SG"),
        make_share("cdn.example.net", closed=400, country="US"),
    )
    assert judge(case(sent("after", "SG"), shares=shares)).state == "inside"


def test_weak_findings_and_answers_do_not_count() -> None:
    weak = make_flow("imei", HOST, session="after", country="CN", weak=True)
    down = make_flow("imsi", HOST, session="after", country="CN", direction="down")
    assert judge(case(weak, down)).state == "not_seen"


def test_the_clock_of_the_timeline_says_when_a_flow_was() -> None:
    document = case(sent("before", "CN"))
    assert document.case is not None
    # The recorder's clock was 40 days behind: by the timeline it was on 10 November.
    late = document.case.sessions[0].model_copy(update={"clock_offset_s": -40 * 86_400.0})
    moved = document.case.model_copy(update={"sessions": [late, document.case.sessions[1]]})
    assert judge(document.model_copy(update={"case": moved})).state == "outside"


def test_a_registry_is_never_the_recipient() -> None:
    made = sent("after", "SG")
    registry = Registry(name="CNNIC", source="made by hand", date=None)
    to = made.findings[0].destination.model_copy(update={"registry": registry, "organisation": None})
    finding = made.findings[0].model_copy(update={"destination": to})
    flow = made.flow.model_copy(update={"organisation": None})
    found = judge(case(MadeFlow(flow=flow, findings=[finding])))
    assert (found.state, found.organisations) == ("inside", [])
    assert "CNNIC" not in found.model_dump_json()


def test_moves_are_the_days_from_which_statements_hold() -> None:
    ever = ResidencyStatement(id="x", text="…", countries=("SG",))
    assert moves_of([STATEMENT, ever, STATEMENT]) == [MOVE]


def test_a_recording_without_a_case_has_none() -> None:
    assert judge_residency([STATEMENT], case().model_copy(update={"case": None})) == []
