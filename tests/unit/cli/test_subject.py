"""`phonehome subject`: the template can be filled in, and the check says what matters."""

import stat
from pathlib import Path

import pytest

from phonehome.cli.main import main


def test_new_writes_a_private_file_that_check_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "subject.yaml"
    assert main(["subject", "new", str(target)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "phonehome subject check" in err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert main(["subject", "check", str(target)]) == 0
    assert "0 values" in capsys.readouterr().out


def test_new_without_a_path_writes_subject_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["subject", "new"]) == 0
    assert (tmp_path / "subject.yaml").exists()


def test_new_replaces_a_file_only_when_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "subject.yaml"
    target.write_text("mine")
    assert main(["subject", "new", str(target)]) == 2
    assert target.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert main(["subject", "new", "--force", str(target)]) == 0
    assert target.read_text() != "mine"


def test_new_shows_the_template_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["subject", "new", "-"]) == 0
    out, err = capsys.readouterr()
    assert "type: imei" in out
    assert err == ""


def test_check_names_what_is_not_searched_for_and_what_is_odd(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "s.yaml"
    target.write_text(
        'values:\n  - {id: one, type: imei, value: "490154203237519"}\n'
        '  - {id: two, type: text, value: "47"}\n'
    )
    assert main(["subject", "check", str(target)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    head, one, two, _, count, warning = out.splitlines()
    assert head.endswith("2 values, 1 of them searched for")
    assert one.split() == ["one", "imei", "searched", "for"]
    assert "two" in two
    assert "NOT searched for (" in two
    assert count == "Warnings: 1"
    assert f"{target}:2: 'one': the check digit" in warning
    assert "490154203237519" not in out


def test_check_counts_one_value_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "s.yaml"
    target.write_text('values:\n  - {id: one, type: imei, value: "490154203237518"}\n')
    assert main(["subject", "check", str(target)]) == 0
    assert capsys.readouterr().out.startswith(f"{target}: 1 value, 1 of them searched for\n")


def test_check_of_a_wrong_file_ends_with_2_and_names_each_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "s.yaml"
    target.write_text("values:\n  - {id: a, type: imie, value: '1'}\n  - {id: b, type: text, value: 1}\n")
    assert main(["subject", "check", str(target)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [
        line.startswith(f"phonehome: {target}:{number}: ") for number, line in enumerate(err.splitlines(), 2)
    ] == [
        True,
        True,
    ]
