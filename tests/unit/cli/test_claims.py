"""`phonehome claims`: the file of what people said."""

from pathlib import Path

from command_line import run

from phonehome.case.affair_2014 import CLAIMS, FOLDER


def test_a_new_file_is_one_that_passes_the_check(tmp_path: Path) -> None:
    made = run("claims", "new", cwd=tmp_path)
    assert (made.status, made.out) == (0, "")
    checked = run("claims", "check", "claims.yaml", cwd=tmp_path)
    assert checked.status == 0
    assert "claims.yaml: 3 claims" in checked.out
    assert "V2  Example Phones      unobservable" in checked.out
    assert "--case" in checked.out


def test_a_file_that_is_there_is_replaced_only_with_force(tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text("claims: []\n", encoding="utf-8")
    refused = run("claims", "new", cwd=tmp_path)
    assert refused.status == 2
    assert "--force" in refused.err
    assert (tmp_path / "claims.yaml").read_text(encoding="utf-8") == "claims: []\n"
    assert run("claims", "new", "--force", cwd=tmp_path).status == 0


def test_the_claims_of_2014_can_be_begun_with(tmp_path: Path) -> None:
    shown = run("claims", "new", "-", "--from", "redmi-1s-2014", cwd=tmp_path)
    assert shown.out == CLAIMS.read_text(encoding="utf-8")


def test_a_case_is_checked_with_its_own_names() -> None:
    checked = run("claims", "check", FOLDER)
    assert checked.status == 0
    assert "26 claims" in checked.out
    assert "--case" not in checked.out


def test_a_file_is_checked_with_the_names_of_a_case(tmp_path: Path) -> None:
    text = CLAIMS.read_text(encoding="utf-8").replace('conditions.reset == "no"', 'conditions.reset == "non"')
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    assert run("claims", "check", tmp_path / "c.yaml").status == 0
    checked = run("claims", "check", tmp_path / "c.yaml", "--case", FOLDER)
    assert (checked.status, checked.out) == (2, "")
    line = text[: text.index('"non"')].count("\n") + 1
    assert f"c.yaml:{line}: testable_when: 'non' is not a value of the condition reset" in checked.err


def test_a_case_needs_no_other_case() -> None:
    assert run("claims", "check", FOLDER, "--case", FOLDER).status == 2


def test_a_folder_that_is_no_case_is_said_to_be_none(tmp_path: Path) -> None:
    checked = run("claims", "check", tmp_path)
    assert checked.status == 2
    assert "is no case" in checked.err


def test_what_steers_a_terminal_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    text = (
        'claims:\n  - {id: a, who: "\\e[31m", party: press, text: "\\u202e", observable: false, because: b}\n'
    )
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    shown = run("claims", "check", tmp_path / "c.yaml").out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1B[31m" in shown
