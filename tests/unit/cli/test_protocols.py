"""`phonehome protocols`: the step lists that come with the program."""

import json

import pytest

from phonehome.case.protocols import PROTOCOLS, shipped_file
from phonehome.cli.main import main


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protocols"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PROTOCOLS)


def test_one_is_shown_with_its_steps_in_order_and_what_they_expose(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["protocols", "handset-2014"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.index(" 1. start-up:") < shown.index(" 6. send-sms:") < shown.index("13. repeat:")
    assert "exposes contact name, contact phone number and contact email" in shown


def test_yaml_is_the_file_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protocols", "idle-night", "--format", "yaml"]) == 0
    assert capsys.readouterr().out == shipped_file("idle-night").read_text()
    assert main(["protocols", "--format", "yaml"]) == 2


def test_json_tells_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protocols", "first-boot", "--format", "json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert [step["id"] for step in one["steps"]] == [step.id for step in PROTOCOLS["first-boot"].steps]
    assert main(["protocols", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(PROTOCOLS)


def test_an_unknown_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protocols", "nap"]) == 2
    assert "handset-2014" in capsys.readouterr().err
