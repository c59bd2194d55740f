"""Round-trip times by session and host, and changes between sessions that are alike but for one thing."""

import math
import random
from datetime import date

import pytest
from case_documents import HANDSET, make_case_document, make_handset, make_session, make_share

from phonehome.audit.round_trips import RoundTripTally
from phonehome.documents.base import PositionName
from phonehome.documents.case import RoundTrips, SessionDoc
from phonehome.judge.latency import MIN_HANDSHAKES, measure

HOST = "shop.example.com"


def trips(median: float, count: int = 30, spread: float = 10.0) -> RoundTrips:
    return RoundTrips(
        count=count,
        minimum=median - spread,
        p10=median - spread / 2,
        median=median,
        p90=median + spread / 2,
        maximum=median + 3 * spread,
    )


def visit(
    ident: str,
    median: float | None,
    *,
    count: int = 30,
    day: str = "2014-08-07",
    position: PositionName = "gateway",
    host: str = HOST,
    **conditions: str,
) -> SessionDoc:
    found = trips(median, count) if median is not None else None
    share = make_share(host, country="SG", organisation="Shop", round_trips=found)
    return make_session(ident, conditions, destinations=[share], day=day, position=position)


def test_each_session_has_the_times_of_each_host() -> None:
    times, changes = measure(make_case_document([visit("01", 120.0), visit("02", 80.0)]))
    assert [(row.session, row.host, row.country, row.median) for row in times] == [
        ("01", HOST, "SG", 120.0),
        ("02", HOST, "SG", 80.0),
    ]
    assert {row.reason for row in times} == {None}
    assert changes == [], "nothing says in what these two differ"


@pytest.mark.parametrize("position", ["tap", "proxy"])
def test_where_the_recorder_makes_handshakes_of_its_own_nothing_is_read(position: PositionName) -> None:
    before = visit("01", 120.0, network="3g", position=position)
    after = visit("02", 20.0, network="wifi", position=position)
    times, changes = measure(make_case_document([before, after]))
    assert [(row.session, row.host, row.count, row.median) for row in times] == [
        ("01", None, 0, None),
        ("02", None, 0, None),
    ]
    assert all(row.reason is not None and position in row.reason for row in times)
    assert changes == []


def test_a_session_without_handshakes_says_so() -> None:
    (row,) = measure(make_case_document([visit("01", None)]))[0]
    assert (row.count, row.median) == (0, None)
    assert "no handshake" in (row.reason or "")


def test_a_gain_in_speed_comes_with_its_bounds() -> None:
    sessions = [
        visit("01", 200.0, place="SG", servers="Beijing"),
        visit("02", 100.0, place="SG", servers="Singapore"),
        visit("03", 150.0, place="IN", servers="Beijing"),
    ]
    _, changes = measure(make_case_document(sessions))
    (change,) = (one for one in changes if one.by.startswith("servers"))
    assert (change.host, change.before, change.after) == (HOST, ["01"], ["02"])
    assert (change.before_median, change.after_median, change.change_percent) == (200.0, 100.0, -50.0)
    assert change.low is not None
    assert change.high is not None
    assert change.low < -50.0 < change.high < -30.0, "at least 30 % faster is decided"


def test_too_few_handshakes_give_no_bounds() -> None:
    few = MIN_HANDSHAKES - 1
    sessions = [visit("01", 200.0, servers="a", count=few), visit("02", 100.0, servers="b")]
    (change,) = measure(make_case_document(sessions))[1]
    assert (change.change_percent, change.low, change.high) == (-50.0, None, None)


def test_sessions_that_scatter_widen_the_bounds_whatever_their_handshakes_say() -> None:
    def bounds(*medians: float) -> tuple[float, float]:
        sessions = [visit(f"a{number}", median, servers="a") for number, median in enumerate(medians)]
        sessions += [visit(f"b{number}", median / 2, servers="b") for number, median in enumerate(medians)]
        (change,) = measure(make_case_document(sessions))[1]
        assert change.low is not None
        assert change.high is not None
        assert change.change_percent == -50.0
        return change.low, change.high

    steady, scattered = bounds(200.0, 200.0, 200.0), bounds(100.0, 200.0, 400.0)
    assert steady[1] < -45.0
    assert scattered[1] > 0.0, "with medians from 100 to 400 ms nobody can say that it got faster"
    # By hand: variance of the logarithms ln(2)², 4 degrees of freedom, t = 2.776, two groups of three.
    reach = 2.776 * math.log(2) * math.sqrt(2 / 3)
    assert scattered[1] == pytest.approx(100 * math.expm1(-math.log(2) + reach), abs=0.1)


def test_sessions_that_differ_in_more_than_one_thing_are_not_compared() -> None:
    sessions = [
        visit("01", 200.0, servers="a", network="3g"),
        visit("02", 100.0, servers="b", network="wifi"),
    ]
    assert measure(make_case_document(sessions))[1] == []


def test_a_proxy_is_not_held_against_a_gateway() -> None:
    sessions = [visit("01", 200.0, servers="a"), visit("02", 100.0, servers="b", position="handset")]
    assert measure(make_case_document(sessions))[1] == []


def test_builds_go_in_the_order_of_their_release() -> None:
    sessions = [visit("01", 90.0, build="newer"), visit("02", 100.0, build="older")]
    handset = make_handset(HANDSET, "older", "newer")
    (change,) = measure(make_case_document(sessions, handsets=[handset]))[1]
    assert (change.by, change.change_percent) == ("build: older → newer", -10.0)


def test_before_and_after_a_day_builds_may_differ_and_conditions_may_not() -> None:
    sessions = [
        visit("01", 200.0, day="2014-10-01", network="wifi", build="a"),
        visit("02", 300.0, day="2014-10-01", network="3g", build="a"),
        visit("03", 100.0, day="2014-11-02", network="wifi", build="b"),
    ]
    changes = measure(make_case_document(sessions), [date(2014, 10, 31)])[1]
    assert [(one.by, one.before, one.after, one.change_percent) for one in changes if "2014" in one.by] == [
        ("before 2014-10-31 → from then on", ["01"], ["03"], -50.0)
    ]


def test_several_addresses_of_a_host_count_by_their_handshakes() -> None:
    rows = [make_share(HOST, round_trips=trips(100.0, 30)), make_share(HOST, round_trips=trips(200.0, 10))]
    before = make_session("01", {"servers": "a"}, destinations=rows)
    (change,) = measure(make_case_document([before, visit("02", 125.0, servers="b")]))[1]
    assert (change.before_median, change.change_percent) == (125.0, 0.0)


def test_a_recording_without_a_case_has_none() -> None:
    document = make_case_document([visit("01", 100.0)]).model_copy(update={"case": None})
    assert measure(document) == ([], [])


def test_the_bounds_hold_the_truth_about_as_often_as_they_say() -> None:
    source = random.Random(11)

    def session(ident: str, median: float, servers: str) -> SessionDoc:
        tally = RoundTripTally()
        for _ in range(60):
            tally.add(int(1000 * median * math.exp(source.gauss(0, 0.3))))
        share = make_share(HOST, round_trips=tally.describe())
        return make_session(ident, {"servers": servers}, destinations=[share])

    held = 0
    for _ in range(200):
        document = make_case_document([session("01", 150.0, "a"), session("02", 105.0, "b")])
        (change,) = measure(document)[1]
        assert change.low is not None
        assert change.high is not None
        held += change.low <= -30.0 <= change.high
    assert 180 <= held <= 200
