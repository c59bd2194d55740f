"""Causes by hand, the lab of 2014 first: what its sessions tell, and what they do not."""

import pytest
from case_documents import (
    MadeFlow,
    make_bare_document,
    make_case_document,
    make_flow,
    make_service,
    make_session,
    make_share,
)

from phonehome.documents.audit import AuditDocument
from phonehome.documents.base import ConsentName
from phonehome.documents.case import ConsentDoc, SessionDoc
from phonehome.documents.judgement import CauseDoc, FactorDoc
from phonehome.judge.factors import find_causes

HOST = "api.account.xiaomi.com"


def session(name: str, build: str, messaging: str, cloud: str, **changes: object) -> SessionDoc:
    plain: dict[str, object] = {"exposes": {"contact_phone_number": 2, "imsi": 1}, "steps": ["contact"]}
    conditions = {"build": build, "network": "wifi", "service.messaging": messaging, "service.cloud": cloud}
    return make_session(name, conditions, **{**plain, **changes})  # type: ignore[arg-type]


def number(session: str) -> MadeFlow:
    return make_flow("contact_phone_number", HOST, session=session, steps=["contact"])


def cause_of(document: AuditDocument, data_type: str = "contact_phone_number") -> CauseDoc:
    [cause] = [cause for cause in find_causes(document) if cause.data_type == data_type]
    return cause


def factor(cause: CauseDoc, name: str) -> FactorDoc:
    return next(one for one in cause.factors if one.name == name)


def verdicts(cause: CauseDoc) -> dict[str, str]:
    return {one.name: one.verdict for one in cause.factors}


def lab_of_2014() -> AuditDocument:
    sessions = [
        session("01-factory", "factory", "on", "off"),
        session("02-factory-cloud", "factory", "on", "on"),
        session("03-update", "update", "off", "off"),
        session("04-update-both", "update", "on", "on"),
    ]
    return make_case_document(
        sessions,
        [*map(number, ("01-factory", "02-factory-cloud", "04-update-both")), imsi("02-factory-cloud")],
    )


def imsi(session: str) -> MadeFlow:
    return make_flow("imsi", HOST, session=session, steps=["contact"])


def test_services_that_were_only_switched_on_together_are_confounded() -> None:
    both = make_case_document(
        [session("off", "update", "off", "off"), session("on", "update", "on", "on")], [number("on")]
    )
    cause = cause_of(both)
    assert verdicts(cause) == {
        "build": "untried",
        "network": "untried",
        "service.cloud": "explains",
        "service.messaging": "explains",
    }
    assert factor(cause, "service.cloud").confounded_with == ["service.messaging"]
    assert factor(cause, "service.messaging").confounded_with == ["service.cloud"]
    assert cause.sentence == (
        "Contact phone number to api.account.xiaomi.com: goes with service.cloud=on and service.messaging=on, but "
        "no session tells what causes it: service.cloud and service.messaging changed together between off and on."
    )


def test_the_lab_of_2014_cannot_tell_messaging_from_what_changed_beside_it() -> None:
    cause = cause_of(lab_of_2014())
    assert (cause.seen, cause.not_seen) == (
        ["01-factory", "02-factory-cloud", "04-update-both"],
        ["03-update"],
    )
    messaging = factor(cause, "service.messaging")
    assert (messaging.verdict, messaging.confounded_with) == ("explains", ["build", "service.cloud"])
    assert factor(cause, "build").verdict == "irrelevant"


def test_everything_that_changed_between_telling_sessions_is_named() -> None:
    sessions = [
        make_session(
            name,
            dict(zip(("build", "account", "messaging", "cloud"), values, strict=True)),
            exposes={"imei": 1},
        )
        for name, values in {
            "01": ("factory", "none", "on", "off"),
            "02": ("factory", "yes", "on", "on"),
            "03": ("update", "none", "off", "off"),
            "04": ("update", "yes", "on", "on"),
        }.items()
    ]
    flows = [make_flow("imei", session=name) for name in ("01", "02", "04")]
    messaging = factor(cause_of(make_case_document(sessions, flows), "imei"), "messaging")
    # 01 against 03 leaves build, 04 against 03 account and cloud; 02 against 03 says no more than these.
    assert messaging.confounded_with == ["account", "build", "cloud"]


def test_many_conditions_and_sessions_are_no_work_for_a_lifetime() -> None:
    conditions = [
        {f"factor-{number}": str(row >> number % 5 & 1) for number in range(60)} for row in range(250)
    ]
    sessions = [
        make_session(f"{row:03}", values, exposes={"imei": 1}) for row, values in enumerate(conditions)
    ]
    flows = [make_flow("imei", f"h{row % 40}.net", session=f"{row:03}") for row in range(250)]
    causes = find_causes(make_case_document(sessions, flows))
    assert len(causes) == 40
    assert all(len(cause.factors) == 40 for cause in causes)


def test_the_missing_session_makes_it_a_cause() -> None:
    document = lab_of_2014()
    assert document.case is not None
    sessions = [*document.case.sessions, session("05-messaging", "update", "on", "off")]
    flows = [*map(number, ("01-factory", "02-factory-cloud", "04-update-both", "05-messaging"))]
    cause = cause_of(make_case_document(sessions, flows))
    messaging = factor(cause, "service.messaging")
    assert (messaging.verdict, messaging.contrasts) == ("causes", [["05-messaging", "03-update"]])
    assert verdicts(cause)["service.cloud"] == "irrelevant"
    assert (
        "service.messaging=on causes it: 05-messaging and 03-update differ in nothing else" in cause.sentence
    )
    assert "not needed: build and service.cloud" in cause.sentence


def test_the_table_says_how_often_each_value_was_tried() -> None:
    off, on = factor(cause_of(lab_of_2014()), "service.messaging").levels[::-1]
    assert (on.value, on.sessions, on.seen, on.exposures, on.rate_bound) == (
        "on",
        ["01-factory", "02-factory-cloud", "04-update-both"],
        ["01-factory", "02-factory-cloud", "04-update-both"],
        6,
        None,
    )
    assert (off.value, off.seen, off.exposures) == ("off", [], 2)
    assert off.rate_bound == pytest.approx(1 - 0.05**0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"exposes": {"imsi": 1}},
        {"steps": ["call"]},
        {"values": {"contact_phone_number": []}},
        {"destinations": [make_share(HOST, 100, closed=900)]},
        {"destinations": []},
        {"lost_problems": 3},
    ],
    ids=["no exposure", "no step", "not searched for", "closed", "nothing read", "lost"],
)
def test_a_session_that_could_not_show_it_is_no_negative(changes: dict[str, object]) -> None:
    sessions = [session("on", "update", "on", "off"), session("off", "update", "off", "off", **changes)]
    cause = cause_of(make_case_document(sessions, [number("on")]))
    assert (cause.not_seen, cause.undecided) == ([], ["off"])
    assert factor(cause, "service.messaging").verdict == "undecided"
    assert "seen in every session that tells (1 session; 1 other cannot tell)" in cause.sentence


def test_a_weak_trace_decides_nothing() -> None:
    sessions = [session("on", "update", "on", "off"), session("off", "update", "off", "off")]
    weak = make_flow("contact_phone_number", HOST, session="off", weak=True)
    assert cause_of(make_case_document(sessions, [number("on"), weak])).undecided == ["off"]


def test_sessions_of_the_same_conditions_that_disagree_are_no_contrast() -> None:
    sessions = [
        session("on-1", "update", "on", "off"),
        session("on-2", "update", "on", "off"),
        session("off", "update", "off", "off"),
    ]
    cause = cause_of(make_case_document(sessions, [number("on-1")]))
    assert cause.mixed
    assert factor(cause, "service.messaging").verdict == "undecided"
    assert "sessions of the same conditions disagree" in cause.sentence


def test_a_condition_that_one_session_does_not_declare_is_no_contrast() -> None:
    declared = make_session("a", {"service.cloud": "on", "reset": "yes"}, exposes={"imei": 1})
    silent = make_session("b", {"service.cloud": "off"}, exposes={"imei": 1})
    cause = cause_of(make_case_document([declared, silent], [make_flow("imei", session="a")]), "imei")
    assert verdicts(cause) == {"reset": "untried", "service.cloud": "explains"}
    assert factor(cause, "service.cloud").confounded_with == ["reset"]


def test_where_it_was_recorded_is_a_condition_where_it_differs() -> None:
    here = make_session("a", {"service.cloud": "on"}, exposes={"imei": 1}, steps=["boot", "contact"])
    there = make_session(
        "b", {"service.cloud": "off"}, exposes={"imei": 1}, steps=["boot", "contact"], position="tap"
    )
    seen = make_flow("imei", session="a", steps=["contact"])
    cause = cause_of(make_case_document([here, there], [seen]), "imei")
    assert verdicts(cause) == {"position": "explains", "service.cloud": "explains"}
    assert factor(cause, "service.cloud").confounded_with == ["position"]


def test_handsets_are_experiments_of_their_own() -> None:
    one, other = (
        make_session(name, {"service.cloud": state}, exposes={"imei": 1}, subject=name)
        for name, state in (("mi", "on"), ("galaxy", "off"))
    )
    cause = cause_of(make_case_document([one, other], [make_flow("imei", session="mi")]), "imei")
    assert (cause.subject, verdicts(cause)) == ("mi", {"service.cloud": "untried"})


def test_what_comes_back_and_what_is_weak_has_no_cause() -> None:
    one = make_session("a", {"service.cloud": "on"}, exposes={"imei": 1})
    made = [make_flow("imei", session="a", direction="down"), make_flow("imsi", session="a", weak=True)]
    assert find_causes(make_case_document([one], made)) == []


def test_a_recording_without_a_case_has_no_causes() -> None:
    assert find_causes(make_bare_document([make_flow("imei")])) == []


def test_the_gravest_flows_come_first() -> None:
    one = make_session("a", {"service.cloud": "on"}, exposes={"imei": 1})
    made = [
        make_flow("imei", session="a", severity="low"),
        make_flow("imsi", session="a", severity="critical"),
    ]
    assert [cause.data_type for cause in find_causes(make_case_document([one], made))] == ["imsi", "imei"]


def test_what_a_service_had_been_told_is_a_condition_of_what_goes_to_its_hosts() -> None:
    def told(session: SessionDoc, state: ConsentName | None) -> SessionDoc:
        entry = state and ConsentDoc(service="cloud", at="2014-08-07T09:00:00Z", state=state, shown=None)
        return session.model_copy(update={"consent": [entry] if entry else []})

    def case(was: ConsentName | None, now: ConsentName | None, build: str, host: str = HOST) -> CauseDoc:
        seen = told(session("01", "factory", "on", "off"), was)
        silent = told(session("02", build, "on", "off"), now)
        services = [make_service("cloud", host)]
        return cause_of(make_case_document([seen, silent], [number("01")], services=services))

    both = case("granted", "declined", "update")
    assert {name for name, verdict in verdicts(both).items() if verdict == "explains"} == {
        "build",
        "consent.cloud",
    }
    assert "build and consent.cloud changed together" in both.sentence
    alone = case("granted", "declined", "factory")
    assert factor(alone, "consent.cloud").verdict == "causes"
    assert "consent.cloud=granted causes it" in alone.sentence
    assert factor(case("granted", None, "update"), "build").verdict == "explains"
    assert factor(case("granted", "granted", "update"), "build").verdict == "causes"
    assert factor(case("granted", "declined", "update", "other.test"), "build").verdict == "causes"
    assert "consent.cloud" not in verdicts(case(None, None, "update"))
