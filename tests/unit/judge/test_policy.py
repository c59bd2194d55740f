"""Rules over handsets and builds: the strictest wins, and nothing is allowed for want of evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from case_documents import (
    HANDSET,
    MadeFlow,
    make_case_document,
    make_flow,
    make_handset,
    make_session,
    make_share,
)
from hypothesis import given
from hypothesis import strategies as st

from phonehome.case.policies import NAMES, find_policy
from phonehome.documents.audit import AuditDocument
from phonehome.documents.base import ConsentName, Transport
from phonehome.documents.case import HostShareDoc, SessionDoc
from phonehome.documents.judgement import DecisionDoc
from phonehome.judge.policy import MAX_CITED, decide, override_severities
from phonehome.model.policy import (
    Decision,
    Enforcement,
    Policy,
    PolicyRule,
    PolicySeverity,
    Requirement,
    Untested,
)
from phonehome.model.subject import DataType

IN_CLEAR = 'flow.data_type == "imei" && flow.transport == "cleartext"'


def rule(
    ident: str,
    when: str,
    decision: Decision = Decision.PROHIBIT,
    severity: PolicySeverity | None = None,
    advice: Sequence[str] = (),
) -> PolicyRule:
    return PolicyRule(
        id=ident,
        when=when,
        decision=decision,
        severity=severity,
        reason=f"Because of {ident}.",
        advice=tuple(advice),
    )


def policy(*rules: PolicyRule, requires: Sequence[Requirement] = (), minimum_read: float = 0.9) -> Policy:
    return Policy(name="ours", title="Ours", rules=rules, requires=tuple(requires), minimum_read=minimum_read)


def session(ident: str = "01", *, build: str | None = "b1", **conditions: str) -> SessionDoc:
    named = {"build": build} if build is not None else {}
    return make_session(ident, {**named, **conditions}, exposes={"imei": 3}, steps=("first-boot",))


def case(
    *flows: MadeFlow, sessions: Sequence[SessionDoc] = (), builds: Sequence[str] = ("b1",)
) -> AuditDocument:
    handset = make_handset(HANDSET, *builds, make="Xiaomi", model="Redmi 1S")
    return make_case_document(list(sessions) or [session()], flows, handsets=[handset])


def one(rules: Policy, document: AuditDocument) -> DecisionDoc:
    (decision,) = decide(rules, document)
    return decision


def test_a_rule_that_is_met_decides_and_cites_its_findings() -> None:
    found = one(
        policy(rule("imei-in-clear", IN_CLEAR, severity=PolicySeverity.CRITICAL, advice=["Return it."])),
        case(make_flow("imei", session="01"), make_flow("imsi", session="01")),
    )
    assert (found.make, found.model, found.build) == ("Xiaomi", "Redmi 1S", "b1")
    assert (found.decision, found.severity, found.reason) == (
        "prohibit",
        "critical",
        "Because of imei-in-clear.",
    )
    assert (found.advice, found.missing, found.enforced) == (["Return it."], [], True)
    (outcome,) = found.rules
    assert (outcome.outcome, outcome.flows) == ("met", ["01/imei/api.example.com/cleartext/up"])
    assert outcome.findings == ["01/imei/api.example.com/cleartext/up/imei-1/0"]
    assert outcome.why == "1 flow in session 01: IMEI to api.example.com (CN) in clear"


def test_the_strictest_of_several_wins_whatever_their_order() -> None:
    rules = [
        rule("a", IN_CLEAR, Decision.RESTRICT),
        rule("b", IN_CLEAR),
        rule("c", IN_CLEAR, Decision.ALLOW),
    ]
    for order in (rules, rules[::-1]):
        found = one(policy(*order), case(make_flow("imei", session="01")))
        assert (found.decision, found.reason) == ("prohibit", "Because of b.")


def test_what_meets_no_rule_and_was_tested_is_allowed() -> None:
    rules = policy(rule("a", IN_CLEAR, severity=PolicySeverity.CRITICAL))
    found = one(rules, case(make_flow("imei", session="01", transport="tls")))
    assert (found.decision, found.missing, found.severity) == ("allow", [], None)
    assert (found.rules[0].outcome, found.rules[0].severity) == ("not_met", None)


def test_a_rule_that_meets_an_unknown_never_allows() -> None:
    rules = policy(rule("abroad", 'flow.country != "IN"'))
    found = one(rules, case(make_flow("imei", session="01", country=None)))
    assert (found.decision, found.rules[0].outcome) == (None, "undecided")
    assert found.missing == [
        "rule abroad (prohibit) is undecided: 1 flow in session 01 cannot be judged by it: flow.country is unknown"
    ]


def test_an_undecided_rule_beside_one_that_is_met_is_said_if_it_is_stricter() -> None:
    abroad = 'flow.country != "IN"'
    document = case(make_flow("imei", session="01", country=None))
    stricter = one(policy(rule("abroad", abroad), rule("any", IN_CLEAR, Decision.RESTRICT)), document)
    assert (stricter.decision, len(stricter.missing)) == ("restrict", 1)
    milder = one(policy(rule("abroad", abroad, Decision.RESTRICT), rule("any", IN_CLEAR)), document)
    assert (milder.decision, milder.missing) == ("prohibit", [])


def test_an_undecided_rule_that_would_allow_takes_nothing_away() -> None:
    rules = policy(rule("home", 'flow.country == "IN"', Decision.ALLOW))
    assert one(rules, case(make_flow("imei", session="01", country=None))).decision == "allow"


def test_a_misread_rule_is_undecided_and_never_passes() -> None:
    found = one(policy(rule("a", 'flow.kuntry == "IN"')), case())
    assert (found.decision, found.rules[0].outcome) == (None, "undecided")
    assert "kuntry" in found.missing[0]


@pytest.mark.parametrize(
    ("share", "why"),
    [
        (make_share("x", read=899, closed=101), "of what was sent in session 01, 89.9 % could be read"),
        (
            make_share("x", read=8_999_999, lost=1_000_001),
            "89.9 % could be read, and the policy asks for 90 %",
        ),
        (make_share("x", read=0), "session 01 holds nothing that was sent"),
    ],
)
def test_poor_coverage_never_allows(share: HostShareDoc, why: str) -> None:
    poor = make_session("01", {"build": "b1"}, exposes={"imei": 3}, destinations=[share])
    found = one(policy(rule("a", IN_CLEAR)), case(sessions=[poor]))
    assert found.decision is None
    assert why in found.missing[0]


def test_coverage_at_the_threshold_is_enough() -> None:
    fair = make_session(
        "01", {"build": "b1"}, exposes={"imei": 3}, destinations=[make_share("x", read=900, closed=100)]
    )
    assert one(policy(rule("a", IN_CLEAR)), case(sessions=[fair])).decision == "allow"


def test_one_session_that_was_read_badly_is_enough_not_to_allow() -> None:
    poor = make_session(
        "02", {"build": "b1"}, exposes={"imei": 3}, destinations=[make_share("x", read=1, closed=9)]
    )
    assert one(policy(rule("a", IN_CLEAR)), case(sessions=[session(), poor])).decision is None


def test_problems_that_hid_entries_never_allow() -> None:
    broken = session().model_copy(update={"lost_problems": 2})  # of ten exchanges
    found = one(policy(rule("a", IN_CLEAR)), case(sessions=[broken]))
    assert (found.decision, found.missing) == (
        None,
        ["in session 01, 2 problems hid parts of 10 exchanges"],
    )


def test_poor_coverage_does_not_hide_what_was_seen() -> None:
    poor = make_session(
        "01", {"build": "b1"}, exposes={"imei": 3}, destinations=[make_share("x", read=1, closed=9)]
    )
    found = one(policy(rule("a", IN_CLEAR)), case(make_flow("imei", session="01"), sessions=[poor]))
    assert (found.decision, len(found.missing)) == ("prohibit", 1)


def need(exposures: int = 1, *kinds: DataType, **conditions: str) -> Requirement:
    return Requirement(conditions=conditions, data_types=kinds, exposures=exposures)


@pytest.mark.parametrize(
    ("requirement", "missing"),
    [
        (need(3, DataType.IMEI, network="wifi"), None),
        (need(1, network="wifi"), None),
        (need(1, DataType.IMEI, network="cellular"), "no session was recorded with network=cellular"),
        (need(4, DataType.IMEI), "IMEI had 3 chances to be sent, and the policy asks for 4"),
        (
            need(1, DataType.IMSI, DataType.PHOTO, network="wifi"),
            "IMSI and photo had no chance to be seen with network=wifi",
        ),
    ],
)
def test_what_the_policy_wants_tested_must_have_been(requirement: Requirement, missing: str | None) -> None:
    document = case(sessions=[session(network="wifi")])
    found = one(policy(rule("a", IN_CLEAR), requires=[requirement]), document)
    assert found.decision == ("allow" if missing is None else None)
    assert found.missing == ([missing] if missing is not None else [])


def test_an_exposure_of_values_that_nobody_searched_for_is_no_test() -> None:
    blind = make_session("01", {"build": "b1"}, exposes={"imei": 3}, values={"imei": []})
    found = one(policy(rule("a", IN_CLEAR), requires=[need(1, DataType.IMEI)]), case(sessions=[blind]))
    assert (found.decision, found.missing) == (
        None,
        ["rule a (prohibit) is undecided: IMEI had no chance to be seen", "IMEI had no chance to be seen"],
    )


def test_a_test_of_another_build_does_not_count_for_this_one() -> None:
    sessions = [session("01", build="b1", network="cellular"), session("02", build="b2")]
    rules = policy(rule("a", IN_CLEAR), requires=[need(1, DataType.IMEI, network="cellular")])
    found = decide(rules, case(sessions=sessions, builds=("b1", "b2")))
    assert [(row.build, row.decision) for row in found] == [("b1", "allow"), ("b2", None)]


def test_each_build_has_a_decision_of_its_own_from_the_oldest_on() -> None:
    sessions = [session("01", build="b2"), session("02", build="b1"), session("03", build=None)]
    document = case(make_flow("imei", session="02"), sessions=sessions, builds=("b1", "b2", "never tested"))
    found = decide(policy(rule("a", IN_CLEAR)), document)
    assert [(row.build, row.decision) for row in found] == [
        ("b1", "prohibit"),
        ("b2", "allow"),
        (None, "allow"),
    ]


IDENTITY = 'flow.data_type in ["imei", "imsi"]'


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ('flow.data_type == "photo" || flow.data_type == "sms_text"', "SMS text and photo had no chance"),
        ('flow.data_type == "imsi" && flow.country != "IN"', "IMSI had no chance to be seen"),
        ('flow.data_type == "imsi" && has(flow.consent) && flow.consent == "declined"', "IMSI had no chance"),
        ('flow.data_type == "imsi" && !has(flow.country)', "IMSI had no chance to be seen"),
        ('flow.data_type == "imsi" && flow.host.endsWith(".cn")', "IMSI had no chance to be seen"),
        ('flow.data_type == "imsi" && "cloud" in flow.services', "IMSI had no chance to be seen"),
        ('flow.data_type == "imsi" && flow.consents["cloud"] == "declined"', "IMSI had no chance"),
        ('flow.data_type == "imsi" && at_least(flow.severity, "high")', "IMSI had no chance"),
        ('flows.exists(f, f.data_type == "imsi")', "IMSI had no chance to be seen"),
        (
            f'{IN_CLEAR} && session.conditions.network == "cellular"',
            "no session was recorded with network=cellular",
        ),
        ('session.conditions.network == "cellular"', "no session was recorded with network=cellular"),
        (
            f'{IN_CLEAR} && flow.conditions.network == "cellular"',
            "no session has the conditions that it asks for",
        ),
        (
            f'{IN_CLEAR} && !(session.conditions.network in ["wifi"])',
            "no session has the conditions that it asks for",
        ),
        (
            'flows.exists(f, f.data_type == "imei") && session.conditions.network in ["cellular", "lan"]',
            "no session was recorded with network=cellular",
        ),
        (
            f'{IN_CLEAR} || flow.data_type == "photo" && session.conditions.network == "cellular"',
            "no session has the conditions that it asks for",
        ),
    ],
)
def test_a_rule_that_was_not_put_to_the_test_never_allows(when: str, why: str) -> None:
    document = case(make_flow("imei", session="01", transport="tls"), sessions=[session(network="wifi")])
    found = one(policy(rule("a", when)), document)
    assert (found.decision, found.rules[0].outcome) == (None, "undecided")
    assert why in found.missing[0]


def test_of_several_data_types_each_must_have_had_its_chance_unless_one_meets_the_rule() -> None:
    silent = one(policy(rule("a", IDENTITY)), case())
    assert (silent.decision, "IMSI had no chance to be seen" in silent.missing[0]) == (None, True)
    assert one(policy(rule("a", IDENTITY)), case(make_flow("imei", session="01"))).decision == "prohibit"


@pytest.mark.parametrize(
    "when",
    [
        IN_CLEAR,
        f'session.conditions.build == "other" && {IN_CLEAR}',
        f'{IN_CLEAR} && flow.conditions.build == "other" && session.conditions.network == "cellular"',
        f'{IN_CLEAR} && session.conditions.network in ["cellular", "wifi"]',
        'session.conditions.build == "other"',
        'flow.data_type != "carrier_name" && flow.transport == "cleartext"',
        'flow.country == "CN" && flow.transport == "cleartext"',
        "!has(flow.country)",
    ],
)
def test_a_rule_that_was_put_to_the_test_or_is_about_another_build_is_not_met(when: str) -> None:
    document = case(make_flow("imei", session="01", transport="tls"), sessions=[session(network="wifi")])
    assert one(policy(rule("a", when)), document).decision == "allow"


def test_without_any_exposure_no_rule_on_flows_is_tested() -> None:
    idle = make_session("01", {"build": "b1"})
    for when in (IN_CLEAR, 'flow.transport == "cleartext"'):
        assert one(policy(rule("a", when)), case(sessions=[idle])).decision is None
    assert one(policy(rule("a", "coverage.exchanges > 99")), case(sessions=[idle])).decision == "allow"


def test_a_policy_may_accept_that_some_of_its_data_types_were_tested_and_never_that_none_was() -> None:
    def accepting(when: str) -> DecisionDoc:
        return one(Policy(name="x", title="X", untested=Untested.ACCEPT, rules=(rule("a", when),)), case())

    found = accepting(IDENTITY)
    assert found.decision == "allow"
    assert found.rules[0].why.endswith("IMSI had no chance to be seen, which this policy accepts")
    assert accepting('flow.data_type == "imsi"').decision is None


def test_a_rule_without_flow_is_asked_of_sessions() -> None:
    rules = policy(rule("few", "coverage.exchanges < 20", Decision.RESTRICT))
    found = one(rules, case())
    assert (found.decision, found.rules[0].sessions, found.rules[0].why) == (
        "restrict",
        ["01"],
        "it holds in session 01",
    )


def test_a_rule_over_all_flows_that_sees_none_is_not_met() -> None:
    rules = policy(rule("any", 'flows.exists(f, f.data_type == "imei" && f.transport == "cleartext")'))
    assert one(rules, case(make_flow("imei", session="01", transport="tls"))).decision == "allow"
    assert one(rules, case(make_flow("imei", session="01"))).decision == "prohibit"


def test_weak_findings_meet_no_rule_and_answers_only_one_that_asks_for_them() -> None:
    weak = make_flow("imei", session="01", weak=True)
    down = make_flow("imei", session="01", direction="down")
    assert one(policy(rule("a", IN_CLEAR)), case(weak, down)).decision == "allow"
    asked = policy(rule("a", 'flow.direction == "down"'))
    assert one(asked, case(weak, down)).decision == "prohibit"


def test_a_policy_of_advice_says_that_nobody_enforces_it() -> None:
    rules = Policy(name="x", title="X", enforcement=Enforcement.ADVICE, rules=(rule("a", IN_CLEAR),))
    assert one(rules, case(make_flow("imei", session="01"))).enforced is False


def test_citations_are_bounded() -> None:
    flows = [make_flow("imei", f"h{number}.example", session="01") for number in range(MAX_CITED + 50)]
    (outcome,) = one(policy(rule("a", IN_CLEAR)), case(*flows)).rules
    assert (len(outcome.flows), len(outcome.findings)) == (MAX_CITED, MAX_CITED)
    assert outcome.why.startswith(f"{MAX_CITED + 50} flows")


def test_severities_of_rules_replace_those_of_the_flows_that_meet_them() -> None:
    rules = policy(
        rule("a", IN_CLEAR, severity=PolicySeverity.CRITICAL),
        rule("b", 'flow.data_type == "imei"', severity=PolicySeverity.MEDIUM),
        rule("c", 'flow.data_type == "carrier_name"', Decision.ALLOW, PolicySeverity.LOW),
    )
    document = case(
        make_flow("imei", session="01", severity="high"),
        make_flow("carrier_name", session="01", severity="high"),
        make_flow("imsi", session="01", severity="high"),
    )
    after = override_severities(rules, document)
    assert [flow.severity for flow in after.flows] == ["critical", "low", "high"]
    assert [flow.severity for flow in document.flows] == ["high"] * 3


def test_a_recording_without_a_case_is_not_decided() -> None:
    bare = case().model_copy(update={"case": None})
    assert decide(policy(rule("a", IN_CLEAR)), bare) == []
    assert override_severities(policy(rule("a", IN_CLEAR)), bare) is bare


KINDS = st.sampled_from(["imei", "imsi", "photo"])
RULES = st.sampled_from(
    [
        rule("clear", IN_CLEAR),
        rule("photo", 'flow.data_type == "photo"', Decision.RESTRICT),
        rule("abroad", 'flow.country != "IN"', Decision.RESTRICT),
        rule("fine", 'flow.data_type == "imsi"', Decision.ALLOW),
        rule("busy", "coverage.exchanges > 5 && coverage.closed > 100", Decision.RESTRICT),
    ]
)


@given(
    rules=st.lists(RULES, min_size=1, unique_by=lambda one: one.id),
    sent=st.lists(
        st.tuples(KINDS, st.sampled_from(["tls", "cleartext"]), st.sampled_from(["IN", "CN", None]))
    ),
    exposed=st.sets(KINDS),
    closed=st.integers(0, 300),
)
def test_less_evidence_never_allows_what_more_did_not(
    rules: list[PolicyRule], sent: list[tuple[str, Transport, str | None]], exposed: set[str], closed: int
) -> None:
    def decided(*, exposes: set[str], closed: int, unknown: bool = False) -> str | None:
        shares = [make_share("x", read=900, closed=closed)]
        one_session = make_session(
            "01", {"build": "b1"}, exposes=dict.fromkeys(sorted(exposes), 1), destinations=shares
        )
        flows = [
            make_flow(
                kind,
                f"h{number}.example",
                session="01",
                transport=transport,
                country=None if unknown else country,
            )
            for number, (kind, transport, country) in enumerate(sent)
        ]
        return one(policy(*rules), case(*flows, sessions=[one_session])).decision

    whole = decided(exposes=exposed, closed=closed)
    assert whole == "allow" or "allow" not in (
        decided(exposes=set(), closed=closed),
        decided(exposes=exposed, closed=closed + 100_000),
        decided(exposes=exposed, closed=closed, unknown=True) if whole is None else None,
    )
    if closed * 9 > 900:
        assert whole != "allow"


def under(states: Mapping[str, Sequence[ConsentName | None]]) -> MadeFlow:
    """A flow that was sent under several states of consent, to one service or several."""
    made = make_flow("imei", session="01", transport="tls")
    consents = {service: list(found) for service, found in states.items()}
    return replace(made, flow=made.flow.model_copy(update={"consents": consents, "consent": "mixed"}))


@pytest.mark.parametrize(
    "states",
    [
        {"cloud": ["granted", "withdrawn"]},
        {"cloud": ["declined"], "push": ["granted"]},
        {"cloud": ["declined"], "push": [None]},
        {"cloud": ["declined", None]},
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_more_that_was_sent_with_consent_never_loosens_what_was_sent_against_it(
    name: str, states: Mapping[str, Sequence[ConsentName | None]]
) -> None:
    shipped = find_policy(name)
    against = next(rule.id for rule in shipped.rules if "withdrawn" in rule.when)
    found = one(shipped, case(under(states)))
    (outcome,) = [row for row in found.rules if row.id == against]
    assert (outcome.outcome, len(outcome.flows)) == ("met", 1)
    assert found.decision == ("restrict" if name == "families" else "prohibit")


@pytest.mark.parametrize(
    ("when", "country", "decision"),
    [
        ('"CN" in flow.countries', None, None),
        ('"CN" in flow.countries', "IN", "allow"),
        ('!flow.countries.all(c, c in ["IN"])', None, None),
        ("flow.registries == []", "IN", "allow"),
    ],
)
def test_a_country_that_nobody_names_is_none_that_a_rule_may_pass(
    when: str, country: str | None, decision: str | None
) -> None:
    document = case(make_flow("imei", session="01", country=country))
    assert one(policy(rule("a", f'flow.data_type == "imei" && {when}')), document).decision == decision


def tried(**consent: ConsentName) -> SessionDoc:
    return make_session(
        "01", {"build": "b1"}, exposes={"imei": 3}, steps=("first-boot", "send-sms"), consent=consent
    )


@pytest.mark.parametrize(
    ("when", "consent", "why"),
    [
        (f'{IN_CLEAR} && "receive-mms" in flow.steps', {}, "no session took receive-mms"),
        (f'{IN_CLEAR} && flow.steps == ["receive-mms"]', {}, "no session took receive-mms"),
        (f'{IN_CLEAR} && flow.steps.exists(s, s == "receive-mms")', {}, "no session took receive-mms"),
        (f'{IN_CLEAR} && "receive-mms" in session.steps', {}, "no session took receive-mms"),
        ('"receive-mms" in session.steps', {}, "no session took receive-mms"),
        (
            f'{IN_CLEAR} && "send-sms" in flow.steps && "receive-mms" in flow.steps',
            {},
            "no session took receive-mms",
        ),
        (
            f'{IN_CLEAR} && ("send-sms" in flow.steps || "receive-mms" in flow.steps)',
            {},
            "no session took receive-mms",
        ),
        (
            'flows.exists(f, f.data_type == "imei" && "receive-mms" in f.steps)',
            {},
            "no session took receive-mms",
        ),
        ('flow.consent == "declined"', {}, "in no session consent was declined"),
        ('flow.consent == "declined"', {"cloud": "granted"}, "in no session consent was declined"),
        (f'{IN_CLEAR} && has(flow.consent) && flow.consent == "declined"', {}, "consent was declined"),
        (
            'has(flow.consent) && flow.consent in ["declined", "withdrawn"]',
            {"cloud": "declined"},
            "consent was withdrawn",
        ),
        (
            'flow.consents.cloud == "declined"',
            {"push": "declined", "cloud": "granted"},
            "in no session consent to cloud was declined",
        ),
        (
            f'session.consents.cloud == "declined" && {IN_CLEAR}',
            {"cloud": "granted"},
            "in no session consent to cloud was declined",
        ),
        (
            'session.consents.cloud == "declined" && coverage.read > 0',
            {"cloud": "granted"},
            "in no session consent to cloud was declined",
        ),
        ('flows.exists(f, "declined" in f.consent_states)', {}, "consent was declined"),
        ('"declined" in flow.consent_states', {}, "consent was declined"),
        (
            'has(flow.consents.cloud) && flow.consents.cloud == "declined"',
            {},
            "consent to cloud was declined",
        ),
    ],
)
def test_a_step_or_a_state_of_consent_that_no_session_tried_leaves_a_rule_undecided(
    when: str, consent: Mapping[str, ConsentName], why: str
) -> None:
    found = one(policy(rule("a", when)), case(sessions=[tried(**consent)]))
    assert (found.decision, found.rules[0].outcome) == (None, "undecided")
    assert why in found.missing[0]


@pytest.mark.parametrize(
    ("when", "consent"),
    [
        (f'{IN_CLEAR} && "send-sms" in flow.steps', {}),
        (f'{IN_CLEAR} && !("receive-mms" in flow.steps)', {}),
        ('flow.consent == "declined"', {"cloud": "declined"}),
        (f'{IN_CLEAR} && flow.consents.cloud == "declined"', {"cloud": "declined"}),
        (f'{IN_CLEAR} && !(has(flow.consent) && flow.consent == "granted")', {"cloud": "granted"}),
        (f'{IN_CLEAR} && (flow.consent == "granted" || flow.host == "x.example")', {}),
    ],
)
def test_a_step_and_a_state_that_were_tried_put_a_rule_to_the_test(
    when: str, consent: Mapping[str, ConsentName]
) -> None:
    found = one(policy(rule("a", when)), case(sessions=[tried(**consent)]))
    assert (found.decision, found.missing) == ("allow", [])


def test_consent_that_changed_outside_of_the_recording_was_not_tried() -> None:
    rules = policy(rule("a", 'flow.consent == "declined"'))
    declined = tried(cloud="declined")
    for at, later in (("2014-08-07T11:00:01Z", None), ("2014-08-07T08:00:00Z", "2014-08-07T09:00:00Z")):
        entries = [declined.consent[0].model_copy(update={"at": at})]
        if later is not None:
            entries.append(declined.consent[0].model_copy(update={"at": later, "state": "granted"}))
        document = case(sessions=[declined.model_copy(update={"consent": entries})])
        assert one(rules, document).decision is None


def test_a_policy_may_accept_that_a_state_was_not_tried_where_its_data_was() -> None:
    rules = policy(rule("a", f'{IN_CLEAR} && has(flow.consent) && flow.consent == "declined"'))
    found = one(replace(rules, untested=Untested.ACCEPT), case(sessions=[tried()]))
    assert found.decision == "allow"
    assert "in no session consent was declined, which this policy accepts" in found.rules[0].why
