"""Comparisons by hand: every kind of change, and everything that a naive comparison would call fixed."""

from collections.abc import Sequence

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
from phonehome.documents.case import ConsentDoc, HostShareDoc, SessionDoc
from phonehome.documents.diff import ChangeDoc, DiffDocument
from phonehome.judge.diff import compare

HOST = "api.example.com"


def before(*flows: MadeFlow, **session: object) -> AuditDocument:
    return one_session("a", "factory", flows, session)


def after(*flows: MadeFlow, **session: object) -> AuditDocument:
    return one_session("b", "update", flows, session)


def one_session(
    name: str, build: str, flows: Sequence[MadeFlow], changes: dict[str, object]
) -> AuditDocument:
    plain: dict[str, object] = {
        "exposes": {"imei": 3, "contact_phone_number": 2},
        "steps": ["boot", "contact"],
    }
    made = make_session(name, {"build": build, "network": "wifi"}, **{**plain, **changes})  # type: ignore[arg-type]
    placed = [
        MadeFlow(flow=one.flow.model_copy(update={"session": name}), findings=one.findings) for one in flows
    ]
    return make_case_document([made], placed)


def only(document: DiffDocument) -> ChangeDoc:
    [change] = document.changes
    return change


def changes_of(document: DiffDocument) -> dict[tuple[str, str | None], str]:
    return {(change.data_type, change.host): change.change for change in document.changes}


# Still sent, in whatever way.


def test_base64_is_wrapped_and_not_fixed() -> None:
    plain = make_flow("imei")
    encoded = make_flow("imei", chains=[["form", "base64"]])
    change = only(compare(before(plain), after(encoded)))
    assert (change.change, change.still) == ("wrapped", True)
    assert change.details == ["encoded (plain before)"]
    assert change.sentence == "IMEI to api.example.com: still sent, now encoded (plain before)."


@pytest.mark.parametrize(
    ("was", "now", "what"),
    [
        (make_flow("imei"), make_flow("imei", transport="tls"), "wrapped"),
        (make_flow("imei"), make_flow("imei", digest=True), "wrapped"),
        (make_flow("imei", transport="quic"), make_flow("imei"), "unwrapped"),
        (make_flow("imei", digest=True), make_flow("imei", chains=[["query", "base64"]]), "unwrapped"),
        (make_flow("imei", transport="tls"), make_flow("imei", transport="quic"), "still_sent"),
        (make_flow("imei", transport=None), make_flow("imei", transport="tls"), "still_sent"),
        (make_flow("imei", chains=[["query"]]), make_flow("imei", chains=[["gzip", "json"]]), "still_sent"),
    ],
)
def test_how_it_travels_is_compared(was: MadeFlow, now: MadeFlow, what: str) -> None:
    assert only(compare(before(was), after(now))).change == what


def test_http_and_https_to_one_host_are_one_destination() -> None:
    both = [make_flow("imei"), make_flow("imei", transport="tls")]
    assert only(compare(before(*both), after(*both))).details == []
    partly = only(compare(before(both[0]), after(*both)))
    assert (partly.change, partly.details) == ("still_sent", ["in clear and over TLS now, in clear before"])
    assert only(compare(before(*both), after(both[1]))).change == "wrapped"


def test_one_value_of_two_that_was_wrapped_leaves_the_type_open() -> None:
    now = [
        make_flow("imei", value_ids=["imei-1"]),
        make_flow("imei", value_ids=["imei-2"], digest=True, transport="tls"),
    ]
    change = only(compare(before(make_flow("imei", value_ids=["imei-1", "imei-2"])), after(*now)))
    assert change.change == "still_sent"
    assert "written plain and as a digest now, plain before" in change.details


def test_wrapped_in_one_way_and_unwrapped_in_another_says_both() -> None:
    change = only(compare(before(make_flow("imei", transport="tls")), after(make_flow("imei", digest=True))))
    assert (change.change, change.also) == ("unwrapped", ["wrapped"])


# Moved.


def test_another_host_of_the_owner_takes_the_place_of_the_first() -> None:
    change = only(
        compare(before(make_flow("imei", HOST)), after(make_flow("imei", "sg.example.com", country="SG")))
    )
    assert (change.change, change.host) == ("moved", "sg.example.com")
    assert change.details == [
        "to another host (api.example.com before)",
        "to another country (SG, CN before)",
    ]


def test_a_host_of_the_domain_is_of_the_owner_where_no_organisation_is_known() -> None:
    was, now = (make_flow("imei", host, organisation=None) for host in (HOST, "new.example.com"))
    assert only(compare(before(was), after(now))).change == "moved"


def test_the_same_host_in_another_country_has_moved() -> None:
    change = only(compare(before(make_flow("imei")), after(make_flow("imei", country="SG", transport="tls"))))
    assert (change.change, change.also) == ("moved", ["wrapped"])


def test_a_country_beside_the_first_is_told_and_has_not_moved() -> None:
    now = make_flow("imei", country=None)
    disputed = MadeFlow(flow=now.flow.model_copy(update={"countries": ["CN", "SG"]}), findings=now.findings)
    change = only(compare(before(make_flow("imei")), after(disputed)))
    assert (change.change, change.details) == ("still_sent", ["also to SG, at least by one source"])


def test_an_unknown_country_or_owner_is_no_other_one() -> None:
    change = only(
        compare(before(make_flow("imei")), after(make_flow("imei", country=None, organisation=None)))
    )
    assert change.change == "still_sent"


def test_the_only_owner_before_is_paired_with_the_only_owner_now() -> None:
    elsewhere = make_flow("imei", "api.other.net", organisation="Other", country="US")
    change = only(compare(before(make_flow("imei")), after(elsewhere)))
    assert change.change == "moved"
    assert "to another owner (Other, Example before)" in change.details


def test_owners_are_not_paired_at_random() -> None:
    others = [make_flow("imei", f"{name}.net", organisation=name) for name in ("x", "y")]
    found = changes_of(compare(before(make_flow("imei")), after(*others)))
    assert found == {("imei", HOST): "stopped", ("imei", "x.net"): "new", ("imei", "y.net"): "new"}


def test_what_stopped_at_a_host_is_still_sent_elsewhere() -> None:
    kept = make_flow("imei", "kept.net", organisation="Kept")
    gone, still = sorted(
        compare(before(make_flow("imei"), kept), after(kept)).changes, key=lambda one: one.host or ""
    )
    assert (gone.change, gone.still) == ("stopped", True)
    assert gone.details == ["the second side sends this data type to kept.net"]
    assert still.change == "still_sent"


def test_nothing_moved_to_another_host_while_traffic_to_the_first_stays_unread() -> None:
    pinned = [make_share(HOST, read=500, closed=500), make_share("sg.example.com")]
    found = changes_of(
        compare(before(make_flow("imei")), after(make_flow("imei", "sg.example.com"), destinations=pinned))
    )
    assert found == {("imei", HOST): "not_exercised", ("imei", "sg.example.com"): "new"}


def test_nothing_moved_if_the_first_place_belongs_to_a_condition_that_was_not_tried() -> None:
    logged_in = make_session("a", {"build": "1", "account": "yes"}, exposes={"imei": 2})
    logged_out = make_session("b", {"build": "2", "account": "no"}, exposes={"imei": 2})
    first = make_case_document([logged_in], [make_flow("imei", "cloud.example.com", session="a")])
    second = make_case_document([logged_out], [make_flow("imei", "boot.example.com", session="b")])
    found = changes_of(compare(first, second))
    assert found == {("imei", "cloud.example.com"): "not_exercised", ("imei", "boot.example.com"): "new"}


# Stopped.


def test_what_had_chances_and_was_not_seen_has_stopped_and_may_still_be_sent_at_a_rate() -> None:
    change = only(compare(before(make_flow("imei")), after()))
    assert (change.change, change.still, change.exposures) == ("stopped", False, 3)
    assert change.rate_bound == pytest.approx(1 - 0.05 ** (1 / 3))
    assert change.doubts == []
    assert change.sentence == (
        "IMEI to api.example.com: stopped: not seen in the second side after 3 exposures, which still allow a rate of "
        "up to 63 %."
    )


def test_exposures_of_comparable_sessions_alone_count() -> None:
    sessions = [
        make_session("b1", {"build": "2", "account": "no"}, exposes={"imei": 4}),
        make_session("b2", {"build": "2", "account": "yes"}, exposes={"imei": 50}),
    ]
    first = make_case_document(
        [make_session("a", {"build": "1", "account": "no"}, exposes={"imei": 1})],
        [make_flow("imei", session="a")],
    )
    assert only(compare(first, make_case_document(sessions))).exposures == 4


def test_conditions_under_which_it_was_seen_and_that_were_not_tried_again_are_told() -> None:
    sessions = [
        make_session("a1", {"build": "1", "account": "no"}, exposes={"imei": 1}),
        make_session("a2", {"build": "1", "account": "yes"}, exposes={"imei": 1}),
    ]
    first = make_case_document(sessions, [make_flow("imei", session=name) for name in ("a1", "a2")])
    second = make_case_document([make_session("b", {"build": "2", "account": "no"}, exposes={"imei": 1})])
    change = only(compare(first, second))
    assert change.change == "stopped"
    assert "the conditions of a2, which saw it too, were not tried" in change.sentence


def test_new_says_how_often_the_first_side_was_silent() -> None:
    change = only(compare(before(), after(make_flow("imei"))))
    assert (change.change, change.doubts) == ("new", [])
    assert (
        change.sentence
        == "IMEI to api.example.com: new in the second side; not seen in the first side after 3 exposures."
    )


def test_a_server_that_still_sends_it_back_knows_it() -> None:
    down = make_flow("phone_number", direction="down")
    exposes = {"phone_number": 2}
    document = compare(before(make_flow("phone_number"), down, exposes=exposes), after(down, exposes=exposes))
    assert document.changes[0].change == "stopped"
    assert document.changes[0].details == ["in the second side the host still sends it back, so it knows it"]


# Not exercised.


def doubt(first: AuditDocument, second: AuditDocument) -> str:
    change = only(compare(first, second, names=("A", "B")))
    assert change.change == "not_exercised"
    assert change.rate_bound is None
    return "; ".join(change.doubts)


def test_a_type_that_no_step_exposed_was_not_exercised() -> None:
    number = make_flow("contact_phone_number")
    assert "no step of B gave contact phone number a chance" in doubt(
        before(number), after(exposes={"imei": 9})
    )


def test_a_step_that_was_left_out_was_not_exercised() -> None:
    seen = make_flow("imei", steps=["boot"])
    assert doubt(before(seen), after(steps=["contact"])) == "B did not take the step that it followed: boot"


def test_the_step_that_exposes_the_type_is_the_one_that_counts() -> None:
    contact = make_session("a", {"build": "1"}, exposes={"contact_phone_number": 1}, steps=["contact"])
    seen = make_flow("contact_phone_number", session="a", steps=["contact", "idle"])
    idle = make_session("b", {"build": "2"}, exposes={"contact_phone_number": 1}, steps=["idle"])
    assert "did not take the step that it followed: contact" in doubt(
        make_case_document([contact], [seen]), make_case_document([idle])
    )


def test_a_value_that_was_not_searched_for_was_not_exercised() -> None:
    assert "no value of the type IMEI was searched for in B" in doubt(
        before(make_flow("imei")), after(values={"imei": []})
    )


def test_one_value_of_two_that_was_not_searched_for_was_not_exercised() -> None:
    both = make_flow("imei", value_ids=["imei-1", "imei-2"])
    assert "‹imei-2›, which A sent, was not searched for" in doubt(before(both), after())


def test_the_ids_of_values_are_the_same_whether_or_not_the_case_has_other_handsets() -> None:
    prefixed = make_flow("imei", value_ids=["handset-1/imei-1"])
    assert only(compare(before(prefixed), after())).change == "stopped"


def test_without_a_timeline_nothing_has_stopped() -> None:
    bare = compare(make_bare_document([make_flow("imei")]), make_bare_document())
    assert only(bare).change == "not_exercised"
    assert only(bare).exposures is None
    assert "no timeline" in only(bare).doubts[0]
    assert "no timeline" in bare.notes[0]


def test_a_bare_recording_that_was_not_searched_says_so() -> None:
    unsearched = make_bare_document(searched=["imsi"])
    assert "no value of the type IMEI was searched for in B" in doubt(
        make_bare_document([make_flow("imei")]), unsearched
    )


def test_a_case_against_a_bare_recording_does_not_know_its_conditions() -> None:
    assert "A does not say under which conditions" in doubt(make_bare_document([make_flow("imei")]), after())


def test_a_condition_that_was_not_tried_was_not_exercised() -> None:
    on, off = (
        make_session(name, {"build": build, "service.cloud": state}, exposes={"imei": 3})
        for name, build, state in (("a", "1", "on"), ("b", "2", "off"))
    )
    first = make_case_document([on], [make_flow("imei", session="a")])
    assert doubt(first, make_case_document([off])) == "B has no session with service.cloud=on"
    both = compare(first, make_case_document([off]), across=["build", "service.cloud"])
    assert only(both).change == "stopped"


def test_the_only_condition_that_differs_is_what_is_compared() -> None:
    on, off = (make_session(state, {"service.cloud": state}, exposes={"imei": 3}) for state in ("on", "off"))
    document = compare(make_case_document([on], [make_flow("imei", session="on")]), make_case_document([off]))
    assert document.across == ["service.cloud"]
    assert only(document).change == "stopped"


def test_of_two_conditions_that_differ_nobody_can_tell_which_is_meant() -> None:
    was = make_session("a", {"network": "wifi", "account": "none"}, exposes={"imei": 3})
    now = make_session("b", {"network": "cellular", "account": "yes"}, exposes={"imei": 3})
    first, second = make_case_document([was], [make_flow("imei", session="a")]), make_case_document([now])
    assert doubt(first, second) == "B has no session with account=none and network=wifi"
    assert any("--across account" in note for note in compare(first, second).notes)


def test_a_condition_that_one_side_does_not_declare_is_not_the_same() -> None:
    was = make_session("a", {"build": "1"}, exposes={"imei": 3})
    now = make_session("b", {"build": "2", "reset": "yes"}, exposes={"imei": 3})
    said = doubt(make_case_document([was], [make_flow("imei", session="a")]), make_case_document([now]))
    assert said == "B has no session with the same conditions, and reset is stated of it alone"


def test_conditions_that_one_side_alone_declares_are_told_apart_from_those_that_it_lacks() -> None:
    was = make_session("a", {"build": "1", "network": "wifi"}, exposes={"imei": 3})
    now = make_session("b", {"build": "2", "reset": "yes"}, exposes={"imei": 3})
    said = doubt(make_case_document([was], [make_flow("imei", session="a")]), make_case_document([now]))
    assert said == "B has no session with network=wifi, and reset is stated of it alone"


def cases_of_coverage() -> list[tuple[str, list[object]]]:
    return [
        ("to the same host stayed unread: 50 % against 0 %", [make_share(HOST, 500, closed=500)]),
        ("to the same host stayed unread: 20 % against 0 %", [make_share(HOST, 800, lost=200)]),
        (
            "to hosts of Example",
            [make_share(HOST), make_share("b.cdn.net", 0, unreadable=900, organisation="Example")],
        ),
        ("to hosts under example.com", [make_share(HOST), make_share("push.example.com", 0, closed=900)]),
        ("anywhere stayed unread", [make_share(HOST), make_share("pinned.net", 0, closed=900)]),
        (
            "2 % of what B sent went unread to pinned.net",
            [make_share(HOST, 9800), make_share("pinned.net", 0, closed=200)],
        ),
    ]


@pytest.mark.parametrize(("reason", "shares"), cases_of_coverage())
def test_worse_coverage_means_not_exercised(reason: str, shares: list[object]) -> None:
    assert reason in doubt(before(make_flow("imei")), after(destinations=shares))


def test_a_session_that_stayed_closed_adds_no_exposures_to_one_that_was_read() -> None:
    sessions = [
        make_session(
            "b1", {"build": "update"}, exposes={"imei": 50}, destinations=[make_share(HOST, 1, closed=99)]
        ),
        make_session("b2", {"build": "update"}, exposes={"imei": 2}, destinations=[make_share(HOST, 90_000)]),
        make_session(
            "b3",
            {"build": "update"},
            exposes={"imei": 9},
            position="proxy",
            destinations=[make_share("x.net")],
        ),
        make_session("b4", {"build": "update"}, exposes={"imei": 9}, lost_problems=1),
    ]
    seen = make_case_document(
        [make_session("a", {"build": "factory"}, exposes={"imei": 1})], [make_flow("imei", session="a")]
    )
    change = only(compare(seen, make_case_document(sessions)))
    assert (change.change, change.exposures) == ("stopped", 2)


def test_a_host_of_which_less_is_read_than_before_is_fresh() -> None:
    was = [make_share(HOST, 90_000), make_share("x.net", 999, closed=1)]
    now = [make_share(HOST, 90_000), make_share("x.net", 0, closed=1000)]
    assert "went unread to x.net" in doubt(
        before(make_flow("imei"), destinations=was), after(destinations=now)
    )


def test_equally_bad_coverage_is_no_reason() -> None:
    shares = [make_share(HOST, 500, closed=500)]
    change = only(compare(before(make_flow("imei"), destinations=shares), after(destinations=shares)))
    assert change.change == "stopped"
    assert change.details == ["50 % of what was sent then stayed unread"]


def test_a_little_more_that_stays_unread_is_told_and_is_no_reason() -> None:
    shares = [make_share(HOST, 9999, lost=1)]
    change = only(compare(before(make_flow("imei")), after(destinations=shares)))
    assert (change.change, change.details) == ("stopped", ["0.01 % of what was sent then stayed unread"])


def test_a_session_in_which_nothing_could_be_read_exercised_nothing() -> None:
    assert "no exchange of B could be read" in doubt(before(make_flow("imei")), after(destinations=[]))


def test_problems_that_lost_something_count() -> None:
    assert "problems made the audit of B pass over" in doubt(
        before(make_flow("imei")), after(lost_problems=1)
    )
    assert (
        only(compare(before(make_flow("imei"), lost_problems=1), after(lost_problems=1))).change == "stopped"
    )


def test_positions_that_miss_what_the_first_saw() -> None:
    seen = make_flow("imei", steps=["boot"])
    elsewhere = [make_share("other.net")]
    assert "proxy" in doubt(before(seen), after(position="proxy", destinations=elsewhere))
    assert only(compare(before(seen), after(position="proxy"))).change == "stopped"  # its host was read there
    assert "early boot" in doubt(before(seen), after(position="handset"))
    later = make_flow("imei", steps=["contact"])
    assert only(compare(before(later), after(position="handset"))).change == "stopped"
    assert only(compare(before(seen, position="handset"), after(position="gateway"))).change == "stopped"


def test_a_gateway_misses_the_cellular_network_that_nobody_excluded() -> None:
    was = make_session("a", {"build": "1"}, exposes={"imei": 3}, position="handset")
    now = make_session("b", {"build": "2"}, exposes={"imei": 3}, position="gateway")
    first = make_case_document([was], [make_flow("imei", session="a")])
    assert "misses what goes over the cellular network" in doubt(first, make_case_document([now]))


def test_a_gateway_beside_the_cellular_network_shows_nothing_whatever_is_compared() -> None:
    sessions = [make_session(name, {"network": name}, exposes={"imei": 3}) for name in ("wifi", "cellular")]
    first = make_case_document(sessions[:1], [make_flow("imei", session="wifi")])
    assert "beside the cellular network" in doubt(first, make_case_document(sessions[1:]))
    proxied = make_session("cellular", {"network": "cellular"}, exposes={"imei": 3}, position="proxy")
    assert only(compare(first, make_case_document([proxied]))).change == "stopped"


@pytest.mark.parametrize(
    ("was", "now", "counts"),
    [
        ("granted", "declined", False),
        ("not_asked", "declined", False),
        ("granted", "not_asked", False),
        ("not_asked", "not_asked", True),
        ("not_asked", "granted", True),
        ("declined", "withdrawn", True),
        ("granted", None, False),
    ],
)
def test_silence_counts_only_under_as_much_consent(was: str, now: str | None, counts: bool) -> None:
    service = make_service("cloud", ".example.com")
    sessions: list[SessionDoc] = [
        make_session("a", {"build": "1"}, exposes={"imei": 3}),
        make_session("b", {"build": "2"}, exposes={"imei": 3}, consent={"cloud": now} if now else {}),  # type: ignore[dict-item]
    ]
    seen = make_flow("imei", session="a", consent=was)  # type: ignore[arg-type]
    first = make_case_document(sessions[:1], [seen], services=[service])
    change = only(compare(first, make_case_document(sessions[1:], services=[service])))
    assert change.change == ("stopped" if counts else "not_exercised")
    across = compare(first, make_case_document(sessions[1:], services=[service]), across=["build", "consent"])
    assert only(across).change == "stopped"


def test_exposures_after_less_consent_do_not_count() -> None:
    service = make_service("cloud", ".example.com")
    sessions = [
        make_session("b1", {"build": "2"}, exposes={"imei": 40}, consent={"cloud": "declined"}),
        make_session("b2", {"build": "2"}, exposes={"imei": 2}, consent={"cloud": "granted"}),
    ]
    first = make_case_document(
        [make_session("a", {"build": "1"}, exposes={"imei": 3})],
        [make_flow("imei", session="a", consent="granted")],
        services=[service],
    )
    assert only(compare(first, make_case_document(sessions, services=[service]))).exposures == 2


def test_a_weak_trace_neither_counts_as_sent_nor_lets_anything_stop() -> None:
    weak = make_flow("imei", weak=True)
    assert "weak trace" in doubt(before(make_flow("imei")), after(weak))
    document = compare(before(weak), after(weak))
    assert document.changes == []
    assert any("weak flow" in note for note in document.notes)


def test_what_servers_send_back_is_compared_apart() -> None:
    down = make_flow("phone_number", direction="down")
    up = make_flow("phone_number")
    document = compare(before(up, down), after(up))
    assert [(change.direction, change.change) for change in document.changes] == [
        ("up", "still_sent"),
        ("down", "not_exercised"),
    ]
    assert "sent back by api.example.com" in document.changes[1].sentence


# Two handsets, and what else is said.


def test_two_vendors_are_compared_by_type_whatever_their_builds_and_services() -> None:
    first = make_session(
        "a", {"build": "V1", "account": "none", "service.mi": "on"}, subject="mi", exposes={"imei": 2}
    )
    second = make_session(
        "b", {"build": "S7", "account": "none"}, subject="galaxy", exposes={"imei": 5, "imsi": 1}
    )
    was = [
        make_flow("imei", "api.mi.com", organisation="Mi", session="a", value_ids=["mi/imei-1"]),
        make_flow("imsi", "api.mi.com", organisation="Mi", session="a"),
    ]
    document = compare(make_case_document([first], was), make_case_document([second]))
    assert document.across == ["build", "handset", "service.mi"]
    assert {change.data_type: (change.change, change.exposures) for change in document.changes} == {
        "imei": ("stopped", 5),
        "imsi": ("stopped", 1),
    }
    assert any("different handsets" in note for note in document.notes)


def test_documents_of_different_versions_are_told() -> None:
    second = after(make_flow("imei"))
    newer = second.model_copy(update={"tool": second.tool.model_copy(update={"version": "9.9"})})
    assert any("0.1.0 and 9.9" in note for note in compare(before(make_flow("imei")), newer).notes)


def test_a_side_that_recorded_far_less_is_told() -> None:
    little = after(destinations=[make_share(HOST, 99)])
    notes = compare(before(make_flow("imei"), destinations=[make_share(HOST, 1000)]), little).notes
    assert any("sent far less in all (99 bytes against 1,000)" in note for note in notes)
    assert not any("far less" in note for note in compare(little, little).notes)


def test_what_is_seen_under_other_conditions_only_is_told() -> None:
    first = make_case_document(
        [make_session("a", {"build": "1", "account": "none"}, exposes={"imei": 2})],
        [make_flow("imei", session="a")],
    )
    sessions = [
        make_session("b1", {"build": "2", "account": "none"}, exposes={"imei": 4}),
        make_session("b2", {"build": "2", "account": "yes"}, exposes={"imei": 4}),
    ]
    change = only(compare(first, make_case_document(sessions, [make_flow("imei", session="b2")])))
    assert change.change == "still_sent"
    [detail] = change.details
    assert "only under other conditions (b2)" in detail
    assert "not seen after 4 exposures (b1)" in detail


def test_names_of_hosts_differ_neither_by_case_nor_by_a_final_dot() -> None:
    assert (
        only(compare(before(make_flow("imei", "API.example.com.")), after(make_flow("imei")))).change
        == "still_sent"
    )


def test_changes_stand_in_the_order_of_their_weight() -> None:
    was = [make_flow("imei"), make_flow("imsi", transport="tls"), make_flow("android_id", severity="low")]
    now = [
        make_flow("imsi"),
        make_flow("email", "x.net", organisation="X"),
        make_flow("iccid", "y.net", severity="critical"),
    ]
    found = [(change.change, change.data_type) for change in compare(before(*was), after(*now)).changes]
    assert found == [
        ("new", "iccid"),
        ("new", "email"),
        ("unwrapped", "imsi"),
        ("not_exercised", "android_id"),
        ("stopped", "imei"),
    ]


def test_counts_have_every_kind() -> None:
    counts = compare(before(make_flow("imei")), after()).counts
    assert counts["stopped"] == 1
    assert sum(counts.values()) == 1
    assert len(counts) == 7


@pytest.mark.parametrize(
    ("now", "was", "change"),
    [
        ([make_share(HOST, 500_000, unreadable=32)], [make_share(HOST, 500_000)], "not_exercised"),
        ([make_share(HOST, 500_000, closed=516)], [make_share(HOST, 500_000, closed=500)], "not_exercised"),
        ([make_share(HOST, 500_000, closed=515)], [make_share(HOST, 500_000, closed=500)], "stopped"),
        (
            [make_share(HOST, 500_000), make_share("b.test", 0, 0, 32)],
            [make_share(HOST, 500_000)],
            "not_exercised",
        ),
        ([make_share(HOST, 500_000), make_share("b.test", 0, 32)], [make_share(HOST, 500_000)], "stopped"),
        (
            [make_share(HOST, 500_000), make_share("b.test", 9, 0, 32)],
            [make_share(HOST, 500_000), make_share("b.test", 9, 0, 64)],
            "stopped",
        ),
    ],
)
def test_a_few_bytes_that_nobody_could_read_are_room_for_a_number(
    now: list[HostShareDoc], was: list[HostShareDoc], change: str
) -> None:
    found = only(compare(before(make_flow("imei"), destinations=was), after(destinations=now)))
    assert found.change == change, found.sentence


def consenting(session: SessionDoc, *entries: tuple[str, ConsentName]) -> SessionDoc:
    """Give a session these states of consent to the cloud, each from a time of its day on."""
    consent = [
        ConsentDoc(service="cloud", at=f"2014-08-07T{at}:00Z", state=state, shown=None)
        for at, state in entries
    ]
    return session.model_copy(update={"consent": consent})


@pytest.mark.parametrize(
    ("was", "now", "count"),
    [
        (["granted", "not_asked"], [("09:00", "declined")], 0),
        (["granted", "not_asked"], [("09:00", "not_asked")], 2),
        (["granted"], [("09:00", "declined"), ("10:30", "granted")], 0),
        (["granted"], [("09:00", "granted"), ("09:30", "withdrawn")], 0),
        (["granted"], [("09:00", "declined"), ("10:01", "granted")], 1),
        ([None], [("09:00", "declined")], 0),
        ([None], [("09:00", "granted")], 2),
        ([None], [], 2),
        ([None, "declined"], [("09:00", "declined")], 2),
        (["declined"], [], 0),
    ],
)
def test_consent_is_compared_whenever_there_was_a_chance(
    was: list[ConsentName | None], now: list[tuple[str, ConsentName]], count: int
) -> None:
    service = make_service("cloud", ".example.com")
    made = make_flow("imei", session="a")
    flow = made.flow.model_copy(
        update={"consents": {"cloud": was}, "consent": "mixed" if len(was) > 1 else was[0]}
    )
    steps = ["boot", "contact"]  # at 10:00 and at 10:01
    first = make_session("a", {"build": "1"}, exposes={"imei": 2}, steps=steps)
    second = consenting(make_session("b", {"build": "2"}, exposes={"imei": 2}, steps=steps), *now)
    change = only(
        compare(
            make_case_document([first], [MadeFlow(flow=flow, findings=made.findings)], services=[service]),
            make_case_document([second], services=[service]),
        )
    )
    assert (change.change, change.exposures) == ("stopped" if count else "not_exercised", count)
