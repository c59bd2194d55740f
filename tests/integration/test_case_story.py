"""The affair of 2014 from end to end with the real program: what it says was worked out by hand beforehand."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from affair import write_affair
from command_line import Ended, run

HOST = "api.account.xiaomi.com"
FACTORY, UPDATE = "factory", "update-2014-08-10"
PASSPHRASE = "a heron in the reeds"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_affair(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="module")
def judged(root: Path) -> Mapping[str, Any]:
    ended = run("audit", root, "--format", "json")
    assert ended.status == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def test_the_flows_are_those_that_were_reported(judged: Mapping[str, Any]) -> None:
    flows = {(flow["session"], flow["data_type"], flow["transport"]) for flow in judged["flows"]}
    first = {"carrier_name", "imei", "phone_number", "contact_phone_number", "sms_phone_number"}
    assert flows == {
        *(("01-factory-no-account", kind, "cleartext") for kind in first),
        *(("02-factory-mi-cloud", kind, "cleartext") for kind in ("imsi", "imei", "phone_number")),
        *(("04-update-all-on", kind, "tls") for kind in ("contact_phone_number", "imei")),
    }
    assert {flow["host"] for flow in judged["flows"]} == {HOST}


def test_messaging_and_cloud_are_named_as_confounded(judged: Mapping[str, Any]) -> None:
    causes = {cause["data_type"]: cause for cause in judged["case"]["judgement"]["causes"]}
    explains = [
        factor for factor in causes["contact_phone_number"]["factors"] if factor["verdict"] == "explains"
    ]
    assert [factor["name"] for factor in explains] == ["service.cloud_messaging"]
    assert "service.mi_cloud" in explains[0]["confounded_with"]
    assert not any(factor["verdict"] == "causes" for cause in causes.values() for factor in cause["factors"])


def test_the_next_sessions_switch_on_one_service_alone(judged: Mapping[str, Any]) -> None:
    first, second = judged["case"]["judgement"]["proposals"][:2]
    switches = {
        (proposal["conditions"]["service.cloud_messaging"], proposal["conditions"]["service.mi_cloud"])
        for proposal in (first, second)
    }
    assert switches == {("on", "off"), ("off", "on")}
    assert {proposal["conditions"]["build"] for proposal in (first, second)} == {UPDATE}


def test_the_claims_that_are_sure_come_out_as_the_facts_have_them(judged: Mapping[str, Any]) -> None:
    verdicts = {row["id"]: row for row in judged["case"]["judgement"]["verdicts"]}
    came = {
        name: verdicts[name]["verdict"]
        for name in ("X1", "X3", "X4", "A2", "A5", "B1", "B2", "B5", "B6", "B7")
    }
    assert came == {
        "X1": "untested",
        "X3": "contradicted",
        "X4": "consistent",
        "A2": "contradicted",
        "A5": "contradicted",
        "B1": "conflict",
        "B2": "unobservable",
        "B5": "consistent",
        "B6": "consistent",
        "B7": "untested",
    }
    assert verdicts["X4"]["superseded"] is not None, "it cites the first test and not the update"
    assert verdicts["A5"]["findings"]


def test_the_diff_calls_nothing_stopped_that_was_only_wrapped_or_never_tried(root: Path) -> None:
    ended = run(
        "diff", root, "--before", f"build={FACTORY}", "--after", f"build={UPDATE}", "--format", "json"
    )
    changes = {change["data_type"]: change["change"] for change in json.loads(ended.out)["changes"]}
    assert changes == {
        "contact_phone_number": "wrapped",
        "imei": "wrapped",
        "sms_phone_number": "not_exercised",
        "imsi": "not_exercised",
        "phone_number": "not_exercised",
        "carrier_name": "not_exercised",
    }


def test_the_advisory_affects_both_builds_and_calls_none_fixed(root: Path) -> None:
    ended = run("advisory", root, "--format", "json")
    notice = json.loads(ended.out)
    assert (notice["status"], notice["kind"]) == ("draft", "reconstruction")
    text = json.dumps(notice)
    assert FACTORY in text
    assert UPDATE in text
    statuses = {
        build["build"]: build["state"] for handset in notice["handsets"] for build in handset["builds"]
    }
    assert (statuses[FACTORY], statuses[UPDATE]) == ("affected", "affected")


def verify(root: Path, *arguments: str | Path) -> Ended:
    return run("verify", root, *arguments)


def test_another_lab_can_check_it_all_and_sees_a_single_changed_byte(
    root: Path, judged: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged  # the result is kept
    assert run("repeat", root).status == 0
    monkeypatch.setenv("PASS", PASSPHRASE)
    key, public = tmp_path / "lab.pem", tmp_path / "lab.pem.pub"
    assert run("key", "new", key, "--passphrase-env", "PASS").status == 0
    signed = run("sign", root, "--key", key, "--passphrase-env", "PASS")
    assert signed.status == 0, signed.err
    assert verify(root, "--public-key", public).status == 0
    capture = root / "sessions" / "04-update-all-on" / "traffic.har"
    whole = capture.read_bytes()
    capture.chmod(0o600)
    capture.write_bytes(whole.replace(b"greeting", b"greetinG"))
    broken = verify(root, "--public-key", public)
    assert broken.status == 4
    assert "sessions/04-update-all-on/traffic.har" in broken.out + broken.err
    capture.write_bytes(whole)
    assert verify(root, "--public-key", public).status == 0
