"""A case decided from its packets by the command itself: decisions, the organisation's handsets, residency, speed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from affair import write_affair
from pcap_writer import CLIENT, SERVER, Conversation, Packet, pcap

from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.main import main

PHONE = "192.168.7.20"
IN_CHINA, IN_SINGAPORE = "42.62.48.181", "203.116.1.1"
SYN, ACK = 2, 16
LEAK = b"/pass/user@id?type=MXPH&externalId=%2B12025550143&imei=490154203237518"
CASE = """
title: Redmi 1S
kind: reconstruction
handsets: [{id: redmi-1s, make: Xiaomi, model: Redmi 1S, builds: [JHCMIBH43.0, JHCMIBH45.0]}]
services: [{id: messaging, hosts: [.account.xiaomi.com]}]
"""
SUBJECT = """
values:
  - {id: imei-1, type: imei, value: "490154203237518"}
  - {id: contact-1, type: contact_phone_number, value: "+12025550143", origin: planted}
"""
POLICY = """
title: Ours
requires: [{conditions: {account: none, network: wifi}, data_types: [imei, contact_phone_number], exposures: 1}]
rules:
  - id: numbers-in-clear
    when: flow.data_type == "contact_phone_number" && flow.transport == "cleartext"
    severity: critical
    decision: prohibit
    reason: Anybody on the way can read whom its owner knows.
    advice: [Return it.]
residency:
  - {id: moved, text: Accounts live in Singapore., services: [messaging], countries: [SG], since: 2014-10-31}
"""
UNITS = """\
make;model;build;unit
xiaomi;REDMI 1S;jhcmibh43.0;17
Xiaomi;Redmi 1S;JHCMIBH45.0;18
Xiaomi;Redmi 1S;JHCMIBH47.0;19
"""


def visits(day: datetime, peer: str, round_trip_ms: int, target: bytes) -> Iterator[Packet]:
    for number in range(12):
        talk = Conversation(ends=((PHONE, 40_000 + number), (peer, 80)))
        talk.time_ns = int(day.timestamp() + number) * 10**9
        yield talk._next(CLIENT, SYN)
        talk.time_ns += (round_trip_ms - 1 + number % 3) * 10**6
        yield from (talk._next(SERVER, SYN | ACK), talk._next(CLIENT, ACK))
        yield from talk.send(CLIENT, b"GET %b HTTP/1.1\r\nHost: api.account.xiaomi.com\r\n\r\n" % target)
        yield from (*talk.send(SERVER, b"HTTP/1.1 204 No Content\r\n\r\n"), *talk.close())


def add(case: Path, name: str, build: str, day: datetime, packets: Iterator[Packet]) -> None:
    capture = case.parent / f"{name}.pcap"
    capture.write_bytes(pcap(list(packets)))
    conditions = [f"build={build}", "account=none", "network=wifi"]
    command = ["case", "add-session", str(case), str(capture), "--id", name, "--position", "gateway"]
    command += ["--protocol", "handset-2014", "--handset", PHONE]
    command += [word for condition in conditions for word in ("--condition", condition)]
    command += ["--step", f"add-contact@{day.isoformat()}"]
    assert main(command) == ExitCode.DONE


@pytest.fixture
def case(tmp_path: Path) -> Path:
    root = tmp_path / "case"
    assert main(["case", "new", str(root), "--handset", "redmi-1s"]) == ExitCode.DONE
    (root / "case.yaml").write_text(CASE, encoding="utf-8")
    (root / "subjects" / "redmi-1s.yaml").write_text(SUBJECT, encoding="utf-8")
    (root / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "ours.csv").write_text(UNITS, encoding="utf-8-sig")
    before, after = datetime(2014, 8, 7, 10, tzinfo=UTC), datetime(2014, 11, 7, 10, tzinfo=UTC)
    add(root, "01-factory", "JHCMIBH43.0", before, visits(before, IN_CHINA, 200, LEAK))
    add(root, "02-update", "JHCMIBH45.0", after, visits(after, IN_SINGAPORE, 100, b"/time"))
    return root


def audit(case: Path, capsys: pytest.CaptureFixture[str], *options: str) -> Any:  # the program's own JSON
    capsys.readouterr()
    assert main(["audit", str(case), "--format", "json", *options]) == ExitCode.DONE
    return json.loads(capsys.readouterr().out)


def test_a_case_says_what_to_do_about_which_of_ours(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = audit(case, capsys, "--handsets", str(case.parent / "ours.csv"))
    judged = document["case"]["judgement"]
    factory, update = judged["decisions"]
    assert (factory["build"], factory["decision"], factory["severity"]) == (
        "JHCMIBH43.0",
        "prohibit",
        "critical",
    )
    assert (update["build"], update["decision"], update["missing"]) == ("JHCMIBH45.0", "allow", [])
    (rule,) = factory["rules"]
    cited = {
        finding["id"] for finding in document["findings"] if finding["data_type"] == "contact_phone_number"
    }
    assert set(rule["findings"]) == cited
    assert len(cited) == 12
    assert [(row["unit"], row["state"]) for row in judged["units"]] == [
        ("17", "affected"),
        ("18", "not_affected"),
        ("19", "not_tested"),
    ]
    severities = {flow["data_type"]: flow["severity"] for flow in document["flows"]}
    assert severities == {"contact_phone_number": "critical", "imei": "high"}


def test_before_and_after_a_move_countries_and_speed_are_measured(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = audit(case, capsys)["case"]["judgement"]
    (statement,) = judged["residency"]
    assert (statement["state"], statement["seen"], statement["seen_before"]) == ("not_seen", [], ["CN"])
    assert [(row["session"], row["country"], row["count"]) for row in judged["latency"]] == [
        ("01-factory", "CN", 12),
        ("02-update", "SG", 12),
    ]
    moved = next(row for row in judged["latency_changes"] if "2014-10-31" in row["by"])
    assert (moved["before_median"], moved["after_median"]) == (201.0, 101.0)
    assert moved["low"] < moved["change_percent"] < moved["high"] < -30, "at least 30 % faster is decided"


def test_what_the_claims_say_of_residency_counts_whatever_the_policy(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statement = "{id: never-abroad, text: It stays in India., countries: [IN], data_types: [imei]}"
    (case / "claims.yaml").write_text(f"residency: [{statement}]\n", encoding="utf-8")
    (own,) = audit(case, capsys, "--policy", "families")["case"]["judgement"]["residency"]
    assert (own["id"], own["state"], own["seen"]) == ("never-abroad", "outside", ["CN"])
    (case / "claims.yaml").write_text(
        f"residency: [{statement.replace('IN]', 'INDIA]')}]\n", encoding="utf-8"
    )
    assert main(["audit", str(case)]) == ExitCode.USAGE
    assert "claims.yaml:1: 'INDIA' is no country code" in capsys.readouterr().err


def test_the_policy_of_defence_staff_allows_nothing_that_was_barely_tested(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = audit(case, capsys, "--policy", "defence-staff")["case"]["judgement"]
    factory, update = judged["decisions"]
    assert factory["decision"] == "prohibit"
    assert update["decision"] is None
    assert any(
        "no session was recorded with account=none and network=cellular" in one for one in update["missing"]
    )


def test_advice_for_families_binds_nobody(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    factory, _ = audit(case, capsys, "--policy", "families")["case"]["judgement"]["decisions"]
    assert (factory["decision"], factory["enforced"]) == ("prohibit", False)
    assert any("newest update" in text for text in factory["advice"])


@pytest.mark.parametrize(
    ("policy", "update"), [("defence-staff", "prohibit"), ("enterprise-fleet", None), ("families", None)]
)
def test_the_affair_of_2014_is_decided_and_what_was_not_tested_stays_open(
    policy: str, update: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = audit(write_affair(tmp_path), capsys, "--policy", policy)["case"]["judgement"]
    decided = {(row["subject"], row["build"]): row for row in judged["decisions"]}
    assert {key: row["decision"] for key, row in decided.items()} == {
        ("redmi-1s", "factory"): "prohibit",
        ("redmi-1s", "update-2014-08-10"): update,
        ("redmi-note", "note-2014-07"): None,
    }
    assert decided["redmi-1s", "factory"]["severity"] == "critical"
    note = decided["redmi-note", "note-2014-07"]["missing"]
    assert any("of what was sent in session 05-note-wifi, 0 % could be read" in one for one in note)
    assert any("no session was recorded with account=logged-in" in one for one in note)


@pytest.mark.parametrize(
    ("name", "text", "options", "part"),
    [
        ("policy.yaml", POLICY.replace("transport", "transprot"), [], "policy.yaml:6: "),
        ("policy.yaml", POLICY.replace("messaging", "mesaging"), [], "did you mean 'messaging'"),
        ("../ours.csv", "make,model\n", ["--handsets", "ours.csv"], "ours.csv:1: "),
    ],
)
def test_a_mistake_ends_with_its_place_before_anything_is_audited(
    case: Path,
    name: str,
    text: str,
    options: list[str],
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (case / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(case.parent)
    capsys.readouterr()
    assert main(["audit", str(case), *options]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert part in err
