"""`phonehome policy`: what comes along can be listed, printed and started from, and mistakes are named."""

import shutil
from pathlib import Path

import pytest

from phonehome.case.policies import NAMES, shipped_file
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.main import main

OWN = """
title: Ours
rules:
  - {id: a, when: 'session.conditions["service.cloud"] == "on"', decision: restrict, reason: It is on.}
"""


def test_list_names_each_policy_and_its_readers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list"]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert all("For: " in line for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_what_show_prints_is_a_file_that_check_takes(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "show", name]) == ExitCode.DONE
    printed = capsys.readouterr().out
    assert printed == shipped_file(name).read_text(encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(printed, encoding="utf-8")
    assert main(["policy", "check", str(tmp_path / "policy.yaml")]) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "prohibit:\n  " in said
    assert ("advises" if name == "families" else "binds") in said


def test_check_names_each_mistake_and_prints_no_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("title: X\nrules:\n  - {id: a, when: flow.hots == 'x', decision: no, reason: R}\n")
    assert main(["policy", "check", str(path)]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("policy.yaml:3: ") == 2
    assert "did you mean 'host'" in err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["policy", "check", "families"], "`phonehome policy show families` prints"),
        (["policy", "check", "missing.yaml"], "there is no such file"),
        (["policy", "check", "."], "must be a plain file"),
        (["policy", "show", "nobody"], "'nobody' is not one of"),
        (["policy", "check", "missing.yaml", "--case", "missing"], "there is no such folder"),
    ],
)
def test_what_is_not_there_is_said(
    arguments: list[str],
    part: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == ExitCode.USAGE
    assert part in capsys.readouterr().err


def test_with_a_case_its_services_are_conditions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy, case = tmp_path / "policy.yaml", tmp_path / "case"
    policy.write_text(OWN, encoding="utf-8")
    assert main(["policy", "check", str(policy)]) == ExitCode.USAGE
    assert "unknown condition 'service.cloud'" in capsys.readouterr().err
    assert main(["case", "new", str(case), "--handset", "phone"]) == ExitCode.DONE
    file = case / "case.yaml"
    capsys.readouterr()
    for services, status in (("", ExitCode.USAGE), ("services: [{id: cloud}]\n", ExitCode.DONE)):
        shutil.copy(file, tmp_path / "before.yaml")
        text = "".join(
            line
            for line in file.read_text(encoding="utf-8").splitlines(keepends=True)
            if "services" not in line
        )
        file.write_text(text + services, encoding="utf-8")
        assert main(["policy", "check", str(policy), "--case", str(case)]) == status
    shutil.copy(policy, case / "policy.yaml")
    assert main(["policy", "check", str(case / "policy.yaml")]) == ExitCode.DONE


def test_what_a_file_says_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        'title: "A\\e[2JB"\nrules:\n  - {id: a, when: flow.count > 1, decision: allow, reason: "x\\r\\u202e\\ny"}\n'
    )
    assert main(["policy", "check", str(path)]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert all(letter.isprintable() or letter == "\n" for letter in out)
