"""Which builds are affected and which are fixed: “fixed” only where the same experiment was repeated and read."""

from collections.abc import Sequence
from typing import Any

import pytest
from case_documents import (
    MadeFlow,
    make_case_document,
    make_flow,
    make_handset,
    make_session,
    make_share,
)

from phonehome.documents.advisory import BuildDoc
from phonehome.documents.case import CaseHandsetDoc, HostShareDoc, SessionDoc
from phonehome.model.statistics import rate_bound
from phonehome.reports.advisory.builds import judge_builds
from phonehome.reports.advisory.items import gather_items

PHONE = "handset-1"
HOST = "api.example.com"


def session(build: str | None, ident: str = "", **changes: Any) -> SessionDoc:
    conditions = {"network": "wifi", **({"build": build} if build else {}), **changes.pop("conditions", {})}
    plain: dict[str, Any] = {
        "exposes": {"imei": 3},
        "destinations": [make_share(HOST, organisation="Example")],
    }
    return make_session(ident or f"session-{build}", conditions, **{**plain, **changes})


def judge(
    sessions: Sequence[SessionDoc],
    flows: Sequence[MadeFlow],
    builds: Sequence[str] = ("1", "2"),
    least: str = "low",
    handsets: Sequence[CaseHandsetDoc] | None = None,
) -> list[BuildDoc]:
    document = make_case_document(sessions, flows, handsets=handsets or [make_handset(PHONE, *builds)])
    assert document.case is not None
    items = gather_items(document, document.case, least)
    return judge_builds(document.case, items).handsets[0].builds


def states(*arguments: Any, **named: Any) -> list[str]:
    return [one.state for one in judge(*arguments, **named)]


OLD = session(
    "1",
    destinations=[make_share(HOST, organisation="Example"), make_share("far.test", 1000, organisation="Far")],
)
SENT = make_flow("imei", HOST, session="session-1")


def test_a_build_is_fixed_where_the_same_experiment_showed_nothing() -> None:
    builds = judge([OLD, session("2")], [SENT])
    assert [one.state for one in builds] == ["affected", "fixed"]
    assert (
        "Exercised 3 times under the same conditions; a rate of up to 63 % remains possible"
        in builds[1].why[0]
    )


def test_it_is_affected_where_it_was_seen() -> None:
    again = make_flow("imei", HOST, session="session-2")
    assert states([OLD, session("2")], [SENT, again]) == ["affected", "affected"]


@pytest.mark.parametrize("digest", [False, True])
def test_what_is_only_wrapped_now_is_still_sent(digest: bool) -> None:
    wrapped = make_flow("imei", HOST, session="session-2", transport="tls", digest=digest)
    builds = judge([OLD, session("2")], [SENT, wrapped])
    assert builds[1].state == "affected"
    assert any("Encrypted on the way now" in text and "It is still sent" in text for text in builds[1].why)


def test_what_goes_to_another_host_now_is_not_fixed() -> None:
    moved = make_flow("imei", "other.example.org", session="session-2", organisation="Other")
    builds = judge([OLD, session("2")], [SENT, moved])
    assert builds[1].state == "affected"
    assert any(text.startswith("Moved: IMEI") and "other.example.org" in text for text in builds[1].why)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exposes": {}}, "Not exercised"),
        ({"exposes": {"imei": 0}}, "Not exercised"),
        ({"exposes": {"imei": 3}, "values": {"imei": []}}, "Not exercised"),
        ({"exposes": {"imei": 3}, "values": {"imei": ["imei-2"]}}, "Not exercised"),
        ({"exposes": {"phone_number": 3}}, "Not exercised"),
        ({"conditions": {"network": "cellular"}}, "network=cellular instead of wifi"),
        ({"conditions": {"service.cloud": "off"}}, "service.cloud=off instead of unknown"),
        ({"position": "proxy"}, "recorded at the proxy instead of the gateway"),
        ({"lost_problems": 1}, "1 problem lost part of the recording"),
        ({"destinations": []}, "nothing that the handset sent could be read"),
        ({"destinations": [make_share(HOST, 0)]}, "nothing that the handset sent could be read"),
        ({"destinations": [make_share(HOST, 900, closed=1)]}, "1 B to api.example.com could not be read"),
        ({"destinations": [make_share("x.api.example.com", 900, unreadable=9)]}, "9 B to x.api.example.com"),
        ({"destinations": [make_share(HOST), make_share("cdn.test", 0, lost=9, organisation="Example")]}, "9 B to"),
        ({"destinations": [make_share(HOST), make_share(None, 0, closed=9)]}, "9 B to 192.0.2.10"),
        (
            {"destinations": [make_share(HOST), make_share("new.test", 0, closed=9, organisation="New")]},
            "9 B to new.test, where session session-1 sent nothing, could not be read",
        ),
        (
            {"destinations": [make_share(HOST, 900), make_share("far.test", 0, closed=100)]},
            "only 90 % of what was sent could be read, against 100 %",
        ),
    ],
)  # fmt: skip
def test_not_seen_is_no_fix_where_it_means_little(changes: dict[str, Any], reason: str) -> None:
    builds = judge([OLD, session("2", **changes)], [SENT])
    assert builds[1].state == "undecided"
    assert reason in " ".join(builds[1].why)


def test_unread_bytes_of_strangers_known_before_do_not_matter_as_long_as_they_are_few() -> None:
    far: list[HostShareDoc] = [
        make_share(HOST, 1000),
        make_share("far.test", 0, closed=40, organisation="Far"),
    ]
    assert states([OLD, session("2", destinations=far)], [SENT]) == ["affected", "fixed"]


def test_one_well_covered_session_is_enough_beside_a_poor_one() -> None:
    poor = session("2", "session-2-poor", lost_problems=3)
    assert states([OLD, session("2"), poor], [SENT]) == ["affected", "fixed"]


def test_a_build_that_nobody_recorded_is_not_tested() -> None:
    assert states([OLD], [SENT], builds=("1", "2", "3")) == ["affected", "not_tested", "not_tested"]


def test_a_build_before_one_that_sends_it_again_is_not_fixed() -> None:
    again = make_flow("imei", HOST, session="session-3")
    builds = judge([OLD, session("2"), session("3")], [SENT, again], builds=("1", "2", "3"))
    assert [one.state for one in builds] == ["affected", "undecided", "affected"]
    assert "It was seen again in build 3." in builds[1].why[0]


def test_an_older_build_that_was_clean_is_not_called_fixed() -> None:
    later = make_flow("imei", HOST, session="session-2")
    assert states([OLD, session("2")], [later]) == ["not_seen", "affected"]


def test_a_build_that_sends_something_else_is_affected_and_says_what_is_gone() -> None:
    other = make_flow("android_id", HOST, session="session-2")
    builds = judge([OLD, session("2", exposes={"imei": 3, "android_id": 1})], [SENT, other])
    assert builds[1].state == "affected"
    assert any(text.startswith("No longer seen: IMEI to api.example.com") for text in builds[1].why)


def test_a_build_outside_the_list_has_no_place_among_the_others() -> None:
    builds = judge([OLD, session("beta")], [SENT], builds=("1",))
    assert [(one.build, one.state) for one in builds] == [("1", "affected"), ("beta", "undecided")]
    assert "order of this build" in builds[1].why[0]


def test_a_session_without_a_build_is_judged_apart() -> None:
    builds = judge([OLD, session(None, "nameless")], [SENT], builds=("1",))
    assert [(one.build, one.state) for one in builds] == [("1", "affected"), (None, "undecided")]


def test_nothing_exercised_and_nothing_seen_is_undecided() -> None:
    assert states([session("1", exposes={})], [], builds=("1",)) == ["undecided"]


@pytest.mark.parametrize(("weak", "direction"), [(True, "up"), (False, "down")])
def test_weak_findings_and_answers_of_servers_affect_no_build(weak: bool, direction: Any) -> None:
    flow = make_flow("imei", HOST, session="session-1", weak=weak, direction=direction)
    assert states([OLD], [flow], builds=("1",)) == ["not_seen"]


def test_what_is_below_the_least_severity_does_not_count() -> None:
    low = make_flow("imei", HOST, session="session-1", severity="low")
    assert states([OLD], [low], builds=("1",), least="medium") == ["not_seen"]


def test_another_handset_with_the_same_build_is_judged_by_its_own_sessions() -> None:
    handsets = [make_handset("other", "1", "2"), make_handset(PHONE, "1", "2")]
    assert states([OLD, session("2")], [SENT], handsets=handsets) == ["not_tested", "not_tested"]


@pytest.mark.parametrize(("exposures", "percent"), [(1, 95), (3, 63), (59, 5)])
def test_exposures_bound_the_rate(exposures: int, percent: int) -> None:
    bound = rate_bound(exposures)
    assert bound is not None
    assert round(100 * bound) == percent
