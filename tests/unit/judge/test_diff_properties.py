"""What holds of every comparison, whatever the documents."""

from collections.abc import Sequence
from typing import get_args

from case_documents import MadeFlow, make_case_document, make_flow, make_session, make_share
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonehome.documents.audit import AuditDocument
from phonehome.documents.base import Direction, Transport
from phonehome.documents.case import SessionDoc
from phonehome.documents.diff import ChangeDoc, ChangeName, DiffDocument
from phonehome.judge.diff import compare

TYPES = ("imei", "contact_phone_number", "location")
HOSTS = ("api.example.com", "sg.example.com", "api.other.net", None)
OWNERS = {"api.other.net": "Other", None: None}
CHAINS = (["query"], ["form", "base64"], ["gzip", "json"])
STEPS = ("boot", "contact")
SWAPPED = {"wrapped": "unwrapped", "unwrapped": "wrapped", "moved": "moved"}


@st.composite
def sessions(draw: st.DrawFn, name: str) -> SessionDoc:
    host = draw(st.sampled_from(HOSTS))
    return make_session(
        name,
        {"build": draw(st.sampled_from("12")), "account": draw(st.sampled_from(("none", "yes")))},
        exposes={kind: draw(st.integers(1, 4)) for kind in draw(st.sets(st.sampled_from(TYPES)))},
        steps=draw(st.lists(st.sampled_from(STEPS), unique=True)),
        position=draw(st.sampled_from(("gateway", "handset", "proxy"))),
        destinations=[make_share("api.example.com"), make_share(host, 100, closed=draw(st.integers(0, 100)))],
    )


@st.composite
def flows(draw: st.DrawFn, session: str) -> MadeFlow:
    host = draw(st.sampled_from(HOSTS))
    transports: tuple[Transport | None, ...] = ("cleartext", "tls", "quic", None)
    directions: tuple[Direction, ...] = get_args(Direction)
    return make_flow(
        draw(st.sampled_from(TYPES)),
        host,
        session=session,
        organisation=OWNERS.get(host, "Example"),
        country=draw(st.sampled_from(("CN", "SG", None))),
        transport=draw(st.sampled_from(transports)),
        direction=draw(st.sampled_from(directions)),
        chains=draw(st.lists(st.sampled_from(CHAINS), min_size=1, max_size=2)),
        digest=draw(st.booleans()),
        weak=draw(st.integers(0, 5)) == 0,
        steps=draw(st.lists(st.sampled_from(STEPS), unique=True)),
    )


@st.composite
def documents(draw: st.DrawFn) -> AuditDocument:
    names = [f"s{number}" for number in range(draw(st.integers(1, 3)))]
    made: list[MadeFlow] = []
    for name in names:
        found = draw(st.lists(flows(name), max_size=4))
        made += {one.flow.id: one for one in found}.values()  # one flow of each kind, as audits have
    return make_case_document([draw(sessions(name)) for name in names], made)


def keys(changes: Sequence[ChangeDoc], kind: ChangeName) -> set[tuple[str, str, str | None]]:
    return {(one.direction, one.data_type, one.host) for one in changes if one.change == kind}


def kinds(change: ChangeDoc) -> set[str]:
    return {change.change, *change.also}


def is_sent(document: AuditDocument, data_type: str, host: str | None, direction: str) -> bool:
    return any(
        (flow.data_type, flow.host, flow.direction, flow.weak) == (data_type, host, direction, False)
        for flow in document.flows
    )


run = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@run
@given(documents())
def test_a_document_against_itself_is_still_sent_and_nothing_else(document: AuditDocument) -> None:
    assert all(
        (change.change, change.details) == ("still_sent", [])
        for change in compare(document, document).changes
    )


@run
@given(documents(), documents())
def test_what_is_still_seen_at_a_host_is_never_said_to_have_stopped(
    one: AuditDocument, other: AuditDocument
) -> None:
    for change in compare(one, other).changes:
        if change.change in ("stopped", "not_exercised"):
            assert not is_sent(other, change.data_type, change.host, change.direction)
            assert is_sent(one, change.data_type, change.host, change.direction)
        if change.change == "stopped":
            assert change.exposures
            assert change.rate_bound is not None
            assert not change.doubts
        if change.change == "not_exercised":
            assert change.doubts
            assert change.rate_bound is None


@run
@given(documents(), documents())
def test_every_strong_flow_of_both_sides_stands_in_exactly_one_change(
    one: AuditDocument, other: AuditDocument
) -> None:
    changes = compare(one, other).changes
    was = [flow for change in changes if change.before is not None for flow in change.before.flows]
    now = [flow for change in changes if change.after is not None for flow in change.after.flows]
    assert sorted(was) == sorted(flow.id for flow in one.flows if not flow.weak)
    assert sorted(now) == sorted(flow.id for flow in other.flows if not flow.weak)


@run
@given(documents(), documents())
def test_swapping_the_sides_swaps_what_is_new_and_what_is_gone_and_what_is_wrapped(
    one: AuditDocument, other: AuditDocument
) -> None:
    forth, back = compare(one, other).changes, compare(other, one).changes
    assert keys(forth, "new") == keys(back, "stopped") | keys(back, "not_exercised")
    assert keys(back, "new") == keys(forth, "stopped") | keys(forth, "not_exercised")
    by_flows = {
        tuple(change.before.flows): kinds(change) for change in back if change.before and change.after
    }
    for change in forth:
        if change.before and change.after:
            swapped = {SWAPPED.get(kind, kind) for kind in kinds(change)}
            assert by_flows[tuple(change.after.flows)] == swapped


@run
@given(documents(), documents())
def test_the_document_of_a_comparison_is_read_back_as_it_was_and_always_comes_out_the_same(
    one: AuditDocument, other: AuditDocument
) -> None:
    document = compare(one, other)
    assert DiffDocument.model_validate_json(document.model_dump_json()) == document
    shuffled = other.model_copy(update={"flows": other.flows[::-1]})
    assert [change.sentence for change in compare(one, shuffled).changes] == [
        change.sentence for change in document.changes
    ]
