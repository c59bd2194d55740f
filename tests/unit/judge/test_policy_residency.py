"""A policy's statements on where data lives: what is seen elsewhere never ends in "everything is as it should be"."""

from collections.abc import Sequence
from datetime import date

import pytest
from case_documents import MadeFlow, make_case_document, make_flow, make_session

from phonehome.documents.judgement import DecisionDoc
from phonehome.judge.policy import decide
from phonehome.model.policy import Decision, Policy, PolicyRule, ResidencyStatement, Untested
from phonehome.model.subject import DataType

AT_HOME = ResidencyStatement(
    id="at-home", text="It stays in India.", data_types=(DataType.IMEI,), countries=("IN",)
)
ABROAD = make_flow("imei", session="01", country="CN", transport="tls")


def judge(
    *flows: MadeFlow,
    statement: ResidencyStatement = AT_HOME,
    exposes: Sequence[str] = ("imei",),
    untested: Untested = Untested.OPEN,
) -> DecisionDoc:
    sessions = [
        make_session("01", {"build": "b1"}, exposes=dict.fromkeys(exposes, 1)),
        make_session("02", {"build": "b2"}, exposes={"imei": 1}),
    ]
    rule = PolicyRule(
        id="in-clear", when='flow.transport == "cleartext"', decision=Decision.RESTRICT, reason="In clear."
    )
    policy = Policy(name="ours", title="Ours", rules=(rule,), residency=(statement,), untested=untested)
    older, newer = decide(policy, make_case_document(sessions, flows))
    assert newer.decision == "allow", "of another build nothing was seen"
    return older


def test_what_is_seen_elsewhere_restricts_and_is_cited() -> None:
    found = judge(ABROAD)
    assert (found.decision, found.severity) == ("restrict", "high")
    assert found.reason == "It is not so that: It stays in India."
    row = found.rules[-1]
    assert (row.id, row.outcome, row.flows, row.sessions) == (
        "residency/at-home",
        "met",
        [ABROAD.flow.id],
        ["01"],
    )
    assert row.findings == [finding.id for finding in ABROAD.findings]
    assert "1 flow not to IN: api.example.com (Example, CN)" in row.why


def test_a_statement_says_itself_what_follows() -> None:
    strict = ResidencyStatement(id="at-home", text="It stays.", countries=("IN",), decision=Decision.PROHIBIT)
    assert judge(ABROAD, statement=strict).decision == "prohibit"


def test_a_country_that_nobody_knows_leaves_it_open() -> None:
    found = judge(make_flow("imei", session="01", country=None, transport="tls"))
    assert (found.decision, found.rules[-1].outcome) == (None, "undecided")
    assert "residency/at-home (restrict) is undecided: 1 flow where sources disagree" in found.missing[0]


def test_what_stays_where_it_was_said_to_is_allowed() -> None:
    found = judge(make_flow("imei", session="01", country="IN", transport="tls"))
    assert (found.decision, found.rules[-1].outcome) == ("allow", "not_met")


@pytest.mark.parametrize(
    ("exposes", "untested", "decision"),
    [
        (("imei", "imsi"), Untested.OPEN, "allow"),
        (("imei",), Untested.OPEN, None),
        (("imei",), Untested.ACCEPT, "allow"),
    ],
)
def test_what_had_no_chance_to_be_seen_is_undecided_unless_the_policy_accepts_a_part(
    exposes: Sequence[str], untested: Untested, decision: str | None
) -> None:
    sessions = [make_session("01", {"build": "b1"}, exposes=dict.fromkeys(exposes, 1))]
    both = ResidencyStatement(
        id="both", text="It stays.", data_types=(DataType.IMEI, DataType.IMSI), countries=("IN",)
    )
    rule = PolicyRule(
        id="r", when='flow.transport == "cleartext"', decision=Decision.RESTRICT, reason="In clear."
    )
    policy = Policy(name="ours", title="Ours", rules=(rule,), residency=(both,), untested=untested)
    (found,) = decide(policy, make_case_document(sessions))
    assert found.decision == decision


def test_a_promise_for_days_that_no_session_saw_is_open() -> None:
    later = ResidencyStatement(id="later", text="It moved.", countries=("IN",), since=date(2015, 1, 1))
    sessions = [make_session("01", {"build": "b1"}, exposes={"imei": 1})]
    rule = PolicyRule(
        id="r", when='flow.transport == "cleartext"', decision=Decision.RESTRICT, reason="In clear."
    )
    policy = Policy(name="ours", title="Ours", rules=(rule,), residency=(later,))
    (found,) = decide(policy, make_case_document(sessions, [ABROAD]))
    assert found.decision is None
    assert "no session was recorded since 2015-01-01" in found.missing[0]
