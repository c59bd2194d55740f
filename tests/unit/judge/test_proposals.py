from case_documents import make_case_document, make_flow, make_handset, make_session

from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import SessionDoc
from phonehome.judge.proposals import MAX_PROPOSALS, propose

HOST = "api.account.xiaomi.com"


def session(name: str, build: str, messaging: str, cloud: str, *types: str) -> SessionDoc:
    conditions = {"build": build, "service.messaging": messaging, "service.cloud": cloud}
    return make_session(name, conditions, exposes=dict.fromkeys(types or ("imei",), 2), steps=["contact"])


def lab_of_2014() -> AuditDocument:
    sessions = [
        session("01", "factory", "on", "off"),
        session("02", "factory", "on", "on"),
        session("03", "update", "off", "off"),
        session("04", "update", "on", "on"),
    ]
    flows = [make_flow("imei", HOST, session=name, steps=["contact"]) for name in ("01", "02", "04")]
    return make_case_document(sessions, flows, handsets=[make_handset("handset-1", "factory", "update")])


def test_the_session_that_the_lab_of_2014_left_out_comes_first() -> None:
    first = propose(lab_of_2014())[0]
    assert first.conditions == {"build": "update", "service.cloud": "off", "service.messaging": "on"}
    assert first.steps == ["contact"]
    assert first.reasons == [
        "tells build and service.messaging apart: IMEI",
        "tells service.cloud and service.messaging apart: IMEI",
    ]


def test_nothing_that_was_recorded_is_proposed() -> None:
    document = lab_of_2014()
    assert document.case is not None
    recorded = [one.conditions for one in document.case.sessions]
    assert not [proposal for proposal in propose(document) if proposal.conditions in recorded]


def test_the_best_come_first_and_there_are_few() -> None:
    conditions = {f"factor-{number}": "a" for number in range(5)}
    sessions = [make_session("a", conditions, exposes={"imei": 1})]
    sessions.append(make_session("b", dict.fromkeys(conditions, "b"), exposes={"imei": 1}))
    proposals = propose(make_case_document(sessions, [make_flow("imei", session="a")]))
    assert 0 < len(proposals) <= MAX_PROPOSALS
    assert [one.weight for one in proposals] == sorted((one.weight for one in proposals), reverse=True)


def test_flows_that_ask_for_the_same_session_share_it_and_grave_ones_weigh_more() -> None:
    sessions = [
        session("on", "1", "on", "on", "imei", "imsi"),
        session("off", "1", "off", "off", "imei", "imsi"),
    ]
    light = [make_flow("imei", session="on", severity="low")]
    both = [*light, make_flow("imsi", session="on", severity="critical")]
    alone, together = (propose(make_case_document(sessions, flows))[0] for flows in (light, both))
    assert together.reasons == ["tells service.cloud and service.messaging apart: IMSI and IMEI"]
    assert together.weight == alone.weight * 9  # low weighs 1, critical 8


def test_a_cause_that_is_known_needs_no_split() -> None:
    sessions = [session("on", "1", "on", "off"), session("off", "1", "off", "off")]
    reasons = [
        reason
        for proposal in propose(make_case_document(sessions, [make_flow("imei", session="on")]))
        for reason in proposal.reasons
    ]
    assert not [reason for reason in reasons if "apart" in reason]


def test_what_an_older_build_sent_is_tried_under_the_newest() -> None:
    factory = session("01", "factory", "on", "off", "imei")
    document = make_case_document(
        [factory],
        [make_flow("imei", session="01")],
        handsets=[make_handset("handset-1", "factory", "update")],
    )
    first = propose(document)[0]
    assert first.conditions == {**factory.conditions, "build": "update"}
    assert first.reasons == ["tells whether update still sends it: IMEI"]


def test_a_step_that_was_left_out_is_worth_a_session_of_the_same_conditions() -> None:
    factory = make_session("01", {"build": "1"}, exposes={"location": 1}, steps=["gps"])
    update = make_session("02", {"build": "2"}, exposes={"imei": 1}, steps=["boot"])
    sent = make_flow("location", session="01", steps=["gps"])
    document = make_case_document([factory, update], [sent], handsets=[make_handset("handset-1", "1", "2")])
    first = propose(document)[0]
    assert (first.conditions, first.steps) == ({"build": "2"}, ["gps"])


def test_the_other_value_of_a_condition_is_tried_from_the_newest_build_that_sent_it() -> None:
    sessions = [
        make_session(name, {"build": name, "network": "wifi"}, exposes={"imei": 1}) for name in ("1", "2")
    ]
    flows = [make_flow("imei", session=name) for name in ("1", "2")]
    [proposal] = propose(make_case_document(sessions, flows))
    assert proposal.conditions == {"build": "2", "network": "cellular"}
    assert proposal.reasons == ["tries network=cellular, which no session has: IMEI"]


def test_a_value_that_nobody_knows_another_of_is_not_invented() -> None:
    one = make_session("a", {"network": "satellite", "mood": "good"}, exposes={"imei": 1})
    assert propose(make_case_document([one], [make_flow("imei", session="a")])) == []


def test_of_two_sessions_that_tell_the_same_the_one_with_the_newest_build_comes_first() -> None:
    sessions = [session("01", "factory", "on", "off"), session("02", "update", "off", "off")]
    flows = [make_flow("imei", session="01")]
    first, second, *_ = propose(make_case_document(sessions, flows))
    assert first.conditions == {"build": "update", "service.cloud": "off", "service.messaging": "on"}
    assert second.conditions == {"build": "factory", "service.cloud": "off", "service.messaging": "off"}
