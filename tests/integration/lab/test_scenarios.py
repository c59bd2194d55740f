"""Every scenario runs against the real cloud, and the audit of what it leaves tells the whole truth."""

import re
from pathlib import Path

import pytest

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.case.folder import load_case
from phonehome.demo.story import CASE, SEED
from phonehome.documents.audit import AuditDocument
from phonehome.documents.score import ScoreDocument
from phonehome.judge.diff import compare
from phonehome.judge.sides import choose_sessions, find_sessions
from phonehome.lab.run import RunOptions, run_scenario
from phonehome.lab.scenario import Scenario
from phonehome.lab.scenarios import find_scenario, load_scenario, names
from phonehome.lab.scoring import score_document
from phonehome.lab.truth import FILE, Truth, load_truth

QUICK = ("redmi-1s-2014", "encodes", "pinned")
SCENARIOS = [name if name in QUICK else pytest.param(name, marks=pytest.mark.heavy) for name in names()]


def run(name: str, root: Path, **options: object) -> tuple[AuditDocument, ScoreDocument]:
    run_scenario(find_scenario(name), root, RunOptions(**options))  # type: ignore[arg-type]  # a test's own
    return audited(root)


def audited(root: Path) -> tuple[AuditDocument, ScoreDocument]:
    loaded = load_case(root)
    document = audit_case(loaded, load_rulings(loaded)[0], CaseOptions())
    return document, score_document(load_truth(root / FILE), document, loaded)


CHANGES = {
    # Of the number of the contact, the one thing that all of them are about.
    "encodes": ("contact_phone_number", {"wrapped"}),
    "digests": ("contact_phone_number", {"wrapped"}),
    "clean": ("contact_phone_number", {"stopped"}),
    "wifi-only": ("contact_phone_number", {"still_sent"}),
    "keeps-sending": ("contact_phone_number", {"wrapped"}),
    "sealed": ("contact_phone_number", {"not_exercised"}),
    "pinned": ("contact_phone_number", {"not_exercised"}),
    # Which the carrier writes into the requests of either build: nothing new of the second.
    "carrier-header": ("imsi", {"still_sent", "not_exercised"}),
    "other-owner": ("contact_phone_number", {"moved"}),
    "messages": ("sms_text", {"new"}),
    "talkative": ("installed_app", {"new"}),
    "mi-cloud": ("call_phone_number", {"new"}),
}


NUMBERS = {"phone_number", "contact_phone_number", "sms_phone_number"}
OF_THE_OWNER = NUMBERS | {"imei", "imsi", "iccid"}
VENDORS = ("xiaomi.com", "xiaomi.net", "miui.com")


def broken_by_truth(truth: Truth, scenario: Scenario) -> set[str]:
    """Which claims on a second build what it really sent breaks, where a recording shows it."""
    added = {one.session.id for one in scenario.sessions if one.carrier_adds}
    builds = {one.session.id: one.build for one in scenario.sessions}
    sent = [
        one
        for one in truth.sent
        if builds[one.session] == scenario.build
        and one.session not in added
        and one.recorded
        and one.readable
    ]
    numbers = [one for one in sent if one.data_type in NUMBERS]
    of_owner = [one for one in sent if one.data_type in OF_THE_OWNER]
    return {
        *(["stopped"] if numbers else []),
        *(["consent"] if any(one.consent != "granted" for one in numbers) else []),
        *(["encrypted"] if any(one.transport == "cleartext" for one in of_owner) else []),
        *(["owner"] if any(not one.host.endswith(VENDORS) for one in of_owner) else []),
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_scores_perfectly_on_what_is_readable(name: str, tmp_path: Path) -> None:
    document, score = run(name, tmp_path / "case", seed=5)
    assert (score.missed, score.misattributed, score.false) == ([], [], [])
    assert [row.id for row in score.verdicts if row.counts and not row.is_right] == []
    assert [spot for spot in score.blind_spots if not spot.said] == []
    assert score.perfect
    assert score.funnel.found == score.funnel.readable > 0
    assert document.case is not None
    assert document.case.kind == "reconstruction"
    if find_scenario(name).build is not None:
        right = {one.id for one in find_scenario(name).verdicts if one.verdict == "contradicted"}
        assert right == broken_by_truth(load_truth(tmp_path / "case" / FILE), find_scenario(name))
    if name in CHANGES:
        kind, allowed = CHANGES[name]
        build = find_scenario(name).build
        sides = [
            choose_sessions(document, set(find_sessions(document, {"build": {one}})))
            for one in ("factory", build or "")
        ]
        came = {
            change.change
            for change in compare(sides[0], sides[1], across=("build",)).changes
            if change.direction == "up" and change.data_type == kind
        }
        assert came
        assert came <= allowed


def test_the_example_of_a_scenario_of_ones_own_runs_and_scores_perfectly(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "lab.md").read_text(encoding="utf-8")
    for name, text in re.findall(r'```yaml title="([a-z/.-]+)"\n(.*?)```', page, re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    run_scenario(load_scenario(tmp_path / "apps.yaml"), tmp_path / "case", RunOptions())
    document, score = audited(tmp_path / "case")
    assert score.perfect
    chains = {tuple(found.chain) for found in document.findings if found.data_type == "installed_app"}
    assert chains == {("json", "base64", "base16")}


def test_what_a_user_switched_off_can_be_switched_on_again(tmp_path: Path) -> None:
    done = (("on", "on", "granted"), ("off", "off", "withdrawn"), ("again", "on", "granted"))
    sessions = "".join(
        f"""
  - id: 0{day}-{name}
    subject: redmi-1s
    begin: 2014-08-1{day}T10:00:00Z
    protocol: service-switch
    conditions: {{build: update-2014-08-10, network: wifi, service.cloud_messaging: "{switch}"}}
    steps: [switch-{switch}, add-contact]
    consent: [{{service: cloud_messaging, state: {state}, step: switch-{switch}}}]"""
        for day, (name, switch, state) in enumerate(done, 1)
    )
    (tmp_path / "again.yaml").write_text(
        "schema: phonehome.lab-scenario/1\nid: again\ntitle: On, off, on\nabout: Of one user.\n"
        f"skeleton: two-builds\nbuild: update-2014-08-10\nsessions:{sessions}\n"
    )
    run_scenario(load_scenario(tmp_path / "again.yaml"), tmp_path / "case", RunOptions())
    document, _ = audited(tmp_path / "case")
    seen = {found.session for found in document.findings if found.data_type == "contact_phone_number"}
    assert seen == {"01-on", "03-again"}


def test_a_run_repeats_from_its_seed_and_the_demos_case_is_such_a_run(tmp_path: Path) -> None:
    document, score = run("redmi-1s-2014", tmp_path / "case", seed=SEED)
    shipped, shipped_score = audited(CASE)

    def seen(one: AuditDocument) -> list[tuple[object, ...]]:
        # To the hundredth of a second: how many records a TLS handshake takes is not for the lab to say.
        return [
            (found.session, found.id, found.value_id, found.exchange.index, (found.exchange.time or "")[:22])
            for found in one.findings
        ]

    assert seen(document) == seen(shipped)
    assert score.model_dump() == shipped_score.model_dump()


def test_no_timing_is_read_from_the_handshakes_that_the_tap_made_up() -> None:
    document, _ = audited(CASE)
    assert document.case is not None
    assert document.case.judgement is not None
    assert {one.median for one in document.case.judgement.latency} == {None}
    assert all("own" in (one.reason or "") for one in document.case.judgement.latency)


def test_what_nobody_knows_comes_out_as_untested() -> None:
    document, _ = audited(CASE)
    assert document.case is not None
    assert document.case.judgement is not None
    verdicts = {one.id: one.verdict for one in document.case.judgement.verdicts}
    unknown = [cell.claim for cell in load_truth(CASE / FILE).unknown if cell.claim is not None]
    assert len(unknown) == 7
    assert {verdicts[claim] for claim in unknown} == {"untested"}
    assert verdicts["B1"] == "conflict"


def test_call_log_and_position_of_the_factory_build_are_known_to_nobody_and_checked() -> None:
    _, score = audited(CASE)
    cells = {cell.text: cell for cell in score.unknown}
    assert all(cell.is_checked for cell in score.unknown)
    assert cells["Call log and position, factory build, without an account"].wrong is None
    absent = {(one.session, one.value_id) for one in load_truth(CASE / FILE).absent}
    assert ("01-factory-no-account", "callee-1") not in absent
    assert ("03-update-all-off", "callee-1") in absent


def test_what_is_absent_in_truth_is_found_nowhere() -> None:
    document, _ = audited(CASE)
    truth = load_truth(CASE / FILE)
    sessions = {session.id: session.subject for session in document.case.sessions} if document.case else {}
    absent = {(one.session, f"{sessions[one.session]}/{one.value_id}") for one in truth.absent}
    assert absent
    sent = {(found.session, found.value_id) for found in document.findings if found.direction == "up"}
    assert sent
    assert not absent & sent
