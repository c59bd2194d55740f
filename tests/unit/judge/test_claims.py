"""Verdicts on claims, each over a document written by hand."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from case_documents import (
    MadeFlow,
    make_bare_document,
    make_case_document,
    make_flow,
    make_handset,
    make_service,
    make_session,
    make_share,
)

from phonehome.case.claims_file import load_claims
from phonehome.documents.audit import AuditDocument
from phonehome.documents.base import ConsentName
from phonehome.documents.case import HostShareDoc, SessionDoc
from phonehome.documents.judgement import LatencyChangeDoc, VerdictDoc
from phonehome.judge.claims import decide

OLD, NEW = "1.0", "2.0"
HOST, OTHER = "api.example.com", "cdn.other.example"
PER_FLOW = 'testable_when: session.conditions.account == "none"\n    holds_if: flow.transport == "tls"'
SENT = 'testable_when: "true"\n    holds_if: flows.exists(f, f.data_type == "imei")'


def verdicts(
    folder: Path, claims: str, document: AuditDocument, **more: Sequence[LatencyChangeDoc]
) -> list[VerdictDoc]:
    path = folder / "claims.yaml"
    path.write_text("claims:\n" + claims, encoding="utf-8")
    return decide(load_claims(path).claims, document, **more)


def claim(rules: str, ident: str = "V1", scope: str = "{data_types: [imei]}", more: str = "") -> str:
    return (
        f"  - id: {ident}\n    who: Example\n    party: vendor\n    text: It is so.\n    date: 2014-08\n"
        f"    scope: {scope}\n    {rules}\n{more}"
    )


def session(
    ident: str = "01",
    build: str = OLD,
    exposes: int = 3,
    destinations: Sequence[HostShareDoc] | None = None,
    lost_problems: int = 0,
    account: str = "none",
) -> SessionDoc:
    return make_session(
        ident,
        {"build": build, "account": account},
        exposes={"imei": exposes} if exposes else {},
        destinations=destinations,
        lost_problems=lost_problems,
        steps=["start-up"],
    )


def document(sessions: Sequence[SessionDoc], flows: Sequence[MadeFlow] = ()) -> AuditDocument:
    return make_case_document(
        sessions,
        flows,
        handsets=[make_handset("handset-1", OLD, NEW)],
        services=[make_service("cloud", HOST), make_service("shop", ".shop.example")],
    )


def flow(session: str = "01", data_type: str = "imei", **more: object) -> MadeFlow:
    return make_flow(data_type, str(more.pop("host", HOST)), session=session, **more)  # type: ignore[arg-type]  # as make_flow has them


def one(folder: Path, claims: str, made: AuditDocument) -> VerdictDoc:
    (verdict,) = verdicts(folder, claims, made)
    return verdict


def test_a_flow_that_breaks_the_rule_contradicts_and_is_cited(tmp_path: Path) -> None:
    bad, good = flow(transport="cleartext", chains=[["query"], ["json"]]), flow("02", transport="tls")
    found = one(tmp_path, claim(PER_FLOW), document([session(), session("02")], [bad, good]))
    assert found.verdict == "contradicted"
    assert found.flows == [bad.flow.id]
    assert found.findings == [finding.id for finding in bad.findings]
    assert found.sessions == ["01"]
    assert "IMEI to api.example.com in clear" in found.reason


def test_silence_is_consistent_with_its_chances_and_the_rate_that_they_allow(tmp_path: Path) -> None:
    found = one(tmp_path, claim(PER_FLOW), document([session(exposes=1), session("02", exposes=2)]))
    assert (found.verdict, found.exposures) == ("consistent", 3)
    assert found.rate_bound == pytest.approx(0.632, abs=0.001)
    assert "3 chances to see the contrary still allow it at a rate of 63 %" in found.reason
    assert found.coverage == "all of 2,000 bytes sent in 2 sessions could be read"


def test_flows_that_keep_the_rule_are_consistent_and_never_proof(tmp_path: Path) -> None:
    found = one(tmp_path, claim(PER_FLOW), document([session()], [flow(transport="tls")]))
    assert (found.verdict, found.exposures) == ("consistent", 3)
    assert found.rate_bound is not None
    assert "prove" not in found.reason


def test_without_exposures_silence_is_untested(tmp_path: Path) -> None:
    found = one(tmp_path, claim(PER_FLOW), document([session(exposes=0)]))
    assert found.verdict == "untested"
    assert "no step gave IMEI the chance" in found.reason
    assert found.proposal == {"build": OLD, "account": "none", "exposes": "imei"}


def test_an_exposure_of_no_searched_value_is_none(tmp_path: Path) -> None:
    blind = make_session("01", {"account": "none"}, exposes={"imei": 3}, values={"imei": []})
    assert one(tmp_path, claim(PER_FLOW), document([blind])).verdict == "untested"


def test_every_data_type_of_the_scope_needs_its_exposure(tmp_path: Path) -> None:
    found = one(tmp_path, claim(PER_FLOW, scope="{data_types: [imei, sms_text]}"), document([session()]))
    assert found.verdict == "untested"
    assert "SMS text" in found.reason
    assert found.proposal is not None
    assert found.proposal["exposes"] == "sms_text"


@pytest.mark.parametrize(
    ("shares", "problems", "scope", "why"),
    [
        ([], 0, "{data_types: [imei]}", "recorded nothing that was sent"),
        ([make_share(HOST, 900, closed=100)], 0, "{data_types: [imei]}", "only 90 %"),
        ([make_share(HOST, 900, unreadable=100)], 0, "{}", "only 90 %"),
        ([make_share(HOST)], 1, "{}", "1 problem left part of it unread"),
        (
            [make_share(HOST, 0, lost=5), make_share(OTHER, 10**6)],
            0,
            "{services: [cloud]}",
            "5 bytes to api.example.com",
        ),
        (
            [make_share(None, 0, closed=5), make_share(OTHER, 10**6)],
            0,
            "{services: [cloud]}",
            "5 bytes to 192.0.2.10",
        ),
    ],
)
def test_what_could_not_be_read_makes_nothing_consistent(
    tmp_path: Path, shares: list[HostShareDoc], problems: int, scope: str, why: str
) -> None:
    made = document([session(destinations=shares, lost_problems=problems)])
    found = one(tmp_path, claim(PER_FLOW, scope=scope), made)
    assert found.verdict == "untested"
    assert why in found.reason


def test_what_could_not_be_read_at_hosts_of_other_services_does_not_matter(tmp_path: Path) -> None:
    shares = [make_share(OTHER, 0, closed=10), make_share(HOST, 10**6)]
    made = document([session(destinations=shares)])
    assert one(tmp_path, claim(PER_FLOW, scope="{services: [cloud]}"), made).verdict == "consistent"


def test_a_badly_read_session_contradicts_all_the_same(tmp_path: Path) -> None:
    made = document([session(destinations=[make_share(HOST, 1, closed=999)])], [flow(transport="cleartext")])
    assert one(tmp_path, claim(PER_FLOW), made).verdict == "contradicted"


def test_a_badly_read_session_is_not_counted_beside_a_good_one(tmp_path: Path) -> None:
    made = document([session(), session("02", destinations=[make_share(HOST, 1, closed=999)])])
    found = one(tmp_path, claim(PER_FLOW), made)
    assert (found.verdict, found.exposures, found.sessions) == ("consistent", 3, ["01"])
    assert "not counted: 02: only" in found.reason


def test_without_a_session_that_can_test_it_a_claim_is_untested_with_a_proposal(tmp_path: Path) -> None:
    rules = (
        'testable_when: session.conditions.account == "none" && session.conditions["service.cloud"] == "off"\n'
        "    holds_if: flow.weak"
    )
    found = one(tmp_path, claim(rules, scope=f'{{build: "{NEW}"}}'), document([session(account="logged-in")]))
    assert found.verdict == "untested"
    assert "account=none, service.cloud=off and build=2.0" in found.reason
    assert found.proposal == {"account": "none", "service.cloud": "off", "build": NEW}


def test_a_condition_that_a_session_does_not_state_leaves_it_untested(tmp_path: Path) -> None:
    rules = 'testable_when: session.conditions.network == "cellular"\n    holds_if: flow.weak'
    found = one(tmp_path, claim(rules), document([session()], [flow()]))
    assert found.verdict == "untested"
    assert "session.conditions.network is unknown" in found.reason
    assert found.proposal == {"build": OLD, "account": "none", "network": "cellular"}


def test_a_claim_about_a_later_time_is_untested_by_earlier_sessions(tmp_path: Path) -> None:
    rules = 'testable_when: session.first >= timestamp("2015-01-01T00:00:00Z")\n    holds_if: flow.country == "US"'
    found = one(tmp_path, claim(rules), document([session()], [flow(country="CN")]))
    assert found.verdict == "untested"
    assert found.proposal == {"recorded": "from 2015-01-01 on"}


def test_a_rule_that_meets_an_unknown_is_untested_with_the_reason(tmp_path: Path) -> None:
    rules = 'testable_when: "true"\n    holds_if: flow.country == "US"'
    made = document([session()], [flow(country=None), flow(country="US", host=OTHER)])
    found = one(tmp_path, claim(rules), made)
    assert found.verdict == "untested"
    assert "flow.country is unknown" in found.reason


def test_a_breach_outweighs_an_unknown(tmp_path: Path) -> None:
    rules = 'testable_when: "true"\n    holds_if: flow.country == "US"'
    made = document([session()], [flow(country=None), flow(country="CN", host=OTHER)])
    assert one(tmp_path, claim(rules), made).verdict == "contradicted"


@pytest.mark.parametrize(
    "ignored", [flow(weak=True), flow(direction="down"), flow(data_type="android_id"), flow("02")]
)
def test_what_is_weak_received_or_out_of_scope_does_not_contradict(tmp_path: Path, ignored: MadeFlow) -> None:
    made = document([session(), session("02", account="logged-in")], [ignored])
    assert one(tmp_path, claim(PER_FLOW), made).verdict == "consistent"


def test_a_flow_to_another_service_is_out_of_scope_and_one_to_a_nameless_host_undecided(
    tmp_path: Path,
) -> None:
    scope = "{services: [shop], data_types: [imei]}"
    assert (
        one(tmp_path, claim(PER_FLOW, scope=scope), document([session()], [flow()])).verdict == "consistent"
    )
    nameless = make_flow("imei", None, session="01")
    found = one(tmp_path, claim(PER_FLOW, scope=scope), document([session()], [nameless]))
    assert found.verdict == "untested"
    assert "which service" in found.reason


def test_that_it_is_sent_is_consistent_once_it_was_seen(tmp_path: Path) -> None:
    seen = flow()
    found = one(tmp_path, claim(SENT), document([session(), session("02")], [seen]))
    assert (found.verdict, found.flows, found.rate_bound) == ("consistent", [seen.flow.id], None)
    assert "not seen in 02" in found.reason


def test_that_it_is_sent_is_untested_and_never_contradicted_by_silence(tmp_path: Path) -> None:
    found = one(tmp_path, claim(SENT), document([session()]))
    assert found.verdict == "untested"
    assert "3 chances to see it still allow a rate of 63 %" in found.reason


def test_a_rule_on_a_session_cites_the_flows_that_break_it(tmp_path: Path) -> None:
    rules = 'testable_when: "true"\n    holds_if: flows.all(f, f.transport == "tls")'
    bad = flow(transport="cleartext")
    made = document([session()], [bad, flow(transport="tls")])
    found = one(tmp_path, claim(rules, scope="{}"), made)
    assert (found.verdict, found.flows) == ("contradicted", [bad.flow.id])


def test_a_rule_on_destinations_names_the_hosts_that_break_it(tmp_path: Path) -> None:
    rules = 'testable_when: "true"\n    holds_if: destinations.all(d, d.organisation != "Example")'
    shares = [make_share(HOST, 0, closed=9, organisation="Example"), make_share(OTHER, organisation="Other")]
    found = one(tmp_path, claim(rules, scope="{}"), document([session(destinations=shares)]))
    assert found.verdict == "contradicted"
    assert "api.example.com at 192.0.2.10 (Example)" in found.reason
    assert OTHER not in found.reason


def test_flows_to_destinations_that_break_a_rule_are_cited(tmp_path: Path) -> None:
    rules = 'testable_when: "true"\n    holds_if: destinations.all(d, d.country == "US")'
    shares = [make_share(HOST, country="CN"), make_share(OTHER, country="US")]
    there, elsewhere = flow(), flow(host=OTHER, data_type="imsi")
    found = one(
        tmp_path, claim(rules, scope="{}"), document([session(destinations=shares)], [there, elsewhere])
    )
    assert (found.verdict, found.flows) == ("contradicted", [there.flow.id])


def test_what_cannot_be_observed_is_said_before_anything_else(tmp_path: Path) -> None:
    rules = "observable: false\n    because: it stays on the server\n    conflicts_with: [a report says otherwise]"
    found = one(tmp_path, claim(rules), document([session()], [flow()]))
    assert (found.verdict, found.reason) == ("unobservable", "it stays on the server")


def test_sources_that_disagree_are_a_conflict_which_says_what_sessions_alone_would(tmp_path: Path) -> None:
    rules = PER_FLOW + "\n    conflicts_with: [a report of the same day says otherwise]"
    found = one(tmp_path, claim(rules), document([session()], [flow(transport="cleartext")]))
    assert found.verdict == "conflict"
    assert "a report of the same day" in found.reason
    assert "what was recorded (01) would alone say contradicted: " in found.reason
    assert found.flows


def test_a_conflict_that_no_recorded_session_exercises_rests_on_words_alone_and_says_so(
    tmp_path: Path,
) -> None:
    rules = PER_FLOW + "\n    conflicts_with: [a report of the same day says otherwise]"
    found = one(tmp_path, claim(rules), document([session(account="logged-in")], [flow()]))
    assert (found.verdict, found.sessions, found.exposures) == ("conflict", [], 0)
    assert "no recorded session exercises it, so that rests on what they said alone" in found.reason
    assert found.proposal is not None
    assert found.proposal["account"] == "none"


def test_a_conflict_of_two_claims_is_one_of_both(tmp_path: Path) -> None:
    text = claim(PER_FLOW, "V1") + claim(SENT, "P1", more="    conflicts_with: [V1]\n")
    found = verdicts(tmp_path, text, document([session()]))
    assert [(one.verdict, one.conflicts_with) for one in found] == [
        ("conflict", ["P1"]),
        ("conflict", ["V1"]),
    ]


@pytest.mark.parametrize(
    ("scope", "builds", "superseded"),
    [
        (f'{{build: "{OLD}"}}', [OLD, NEW], True),
        (f'{{build: "{OLD}"}}', [OLD], False),
        (f'{{build: "{NEW}"}}', [OLD, NEW], False),
        ("{}", [OLD, NEW], False),
    ],
)
def test_a_claim_about_an_older_build_than_the_newest_tested_is_superseded(
    tmp_path: Path, scope: str, builds: list[str], superseded: bool
) -> None:
    made = document([session(f"0{number}", build) for number, build in enumerate(builds)])
    found = one(tmp_path, claim(PER_FLOW, scope=scope), made)
    assert (found.superseded is not None) is superseded
    if found.superseded:
        assert NEW in found.superseded
        assert "01" in found.superseded


def test_the_build_that_a_test_asks_for_counts_as_the_claims(tmp_path: Path) -> None:
    rules = f'testable_when: session.conditions.build == "{OLD}"\n    holds_if: flow.weak'
    found = one(tmp_path, claim(rules), document([session(), session("02", NEW)]))
    assert found.superseded is not None


def test_speed_is_judged_by_what_was_measured(tmp_path: Path) -> None:
    rules = 'testable_when: "true"\n    holds_if: latency_changes.all(c, c.high <= -20.0)'
    change = LatencyChangeDoc(
        host=HOST, before=["01"], after=["02"], before_median=300.0, after_median=200.0, change_percent=-33.3,
        low=-40.0, high=-25.0,
    )  # fmt: skip
    slow = change.model_copy(update={"high": -5.0})
    made = document([session()])
    (fast,) = verdicts(tmp_path, claim(rules), made, latency_changes=[change])
    (late,) = verdicts(tmp_path, claim(rules), made, latency_changes=[change, slow])
    assert (fast.verdict, late.verdict) == ("consistent", "contradicted")
    assert (fast.exposures, fast.rate_bound) == (0, None)
    assert fast.reason == "measured in 1 change of round-trip times, and nothing speaks against it"


def test_speed_that_nobody_measured_is_untested(tmp_path: Path) -> None:
    rules = 'testable_when: "true"\n    holds_if: latency_changes.all(c, c.high <= -20.0)'
    found = one(tmp_path, claim(rules), document([session()]))
    assert (found.verdict, found.exposures) == ("untested", 0)
    assert "no change of round-trip times was measured" in found.reason


def test_an_empty_recording_of_a_newer_build_supersedes_nothing(tmp_path: Path) -> None:
    made = document([session(), session("02", NEW, destinations=[])])
    assert one(tmp_path, claim(PER_FLOW, scope=f'{{build: "{OLD}"}}'), made).superseded is None


def test_times_are_those_of_the_timeline(tmp_path: Path) -> None:
    rules = 'testable_when: session.first >= timestamp("2014-08-07T10:00:00Z")\n    holds_if: flow.weak'
    ahead = session().model_copy(update={"clock_offset_s": 60.0})
    assert one(tmp_path, claim(rules), document([ahead])).verdict == "untested"
    assert one(tmp_path, claim(rules), document([session()])).verdict == "consistent"


def test_bare_recordings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bare recordings"):
        verdicts(tmp_path, claim(PER_FLOW), make_bare_document())


def test_the_verdict_repeats_the_claim(tmp_path: Path) -> None:
    found = one(
        tmp_path, claim(PER_FLOW, more="    because: read so\n    source: a page\n"), document([session()])
    )
    assert (found.who, found.party, found.date, found.source) == ("Example", "vendor", "2014-08", "a page")
    assert found.reason.endswith("(read so)")


def test_costly_rules_of_a_whole_file_end_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.judge.claim_evidence.MAX_STEPS", 1_000)
    text = "".join(claim(PER_FLOW, f"V{number}") for number in range(100))
    found = verdicts(tmp_path, text, document([session()], [flow(transport="tls")]))
    assert found[0].verdict == "consistent"
    assert found[-1].verdict == "untested"
    assert "too many steps" in found[-1].reason


def of_consent(rule: str) -> str:
    return claim(f'testable_when: "true"\n    holds_if: {rule}')


def under(*states: ConsentName | None, service: str = "cloud") -> MadeFlow:
    """A flow that was sent under several states of consent to one service."""
    made = flow()
    consent = "mixed" if len(states) > 1 else states[0]
    return replace(
        made, flow=made.flow.model_copy(update={"consents": {service: list(states)}, "consent": consent})
    )


@pytest.mark.parametrize(
    ("rule", "states", "verdict"),
    [
        ('flow.consent != "withdrawn"', ("granted", "withdrawn"), "contradicted"),
        ('flow.consents.cloud != "withdrawn"', ("granted", "withdrawn"), "contradicted"),
        ('flow.consent == "granted"', ("granted", "not_asked"), "contradicted"),
        ('flow.consent == "granted"', ("granted", None), "untested"),
        ('flow.consent != "declined"', ("granted", None), "untested"),
        ('flow.consent == "granted"', ("granted",), "consistent"),
        ('flows.all(f, f.consent != "withdrawn")', ("granted", "withdrawn"), "untested"),
        ('flows.all(f, !("withdrawn" in f.consent_states))', ("granted", "withdrawn"), "contradicted"),
        ('flows.all(f, !("withdrawn" in f.consent_states))', ("granted", None), "untested"),
    ],
)
def test_what_was_sent_under_one_state_of_consent_hides_nothing_that_was_sent_under_another(
    tmp_path: Path, rule: str, states: tuple[ConsentName | None, ...], verdict: str
) -> None:
    assert one(tmp_path, of_consent(rule), document([session()], [under(*states)])).verdict == verdict


@pytest.mark.parametrize(
    "rule", ['flow.countries.all(c, c == "IN")', "'!(\"CN\" in flow.countries)'", 'flow.country == "IN"']
)
def test_a_country_that_nobody_names_leaves_a_claim_on_countries_untested(tmp_path: Path, rule: str) -> None:
    found = one(tmp_path, of_consent(rule), document([session()], [flow(country=None)]))
    assert found.verdict == "untested"
