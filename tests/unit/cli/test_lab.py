"""`phonehome lab`: scenarios are listed, a case is scored, and what is missing is said."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from phonehome.cli.lab_run import RECORDERS as CHOICES
from phonehome.cli.main import main
from phonehome.demo.story import CASE
from phonehome.documents.score import ScoreDocument
from phonehome.lab.recorders import RECORDERS
from phonehome.lab.scenarios import names

KEPT = ("01-factory-no-account", "03-update-all-off")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case of the lab's: of the demo's sessions the two of the test without an account."""
    root = tmp_path / "case"
    shutil.copytree(CASE, root)
    for folder in (root / "sessions").iterdir():
        if folder.name not in KEPT:
            shutil.rmtree(folder)
    (root / "claims.yaml").unlink()
    truth = yaml.safe_load((root / "truth.yaml").read_text(encoding="utf-8"))
    for key in ("planned", "absent", "sent"):
        truth[key] = [one for one in truth[key] if one["session"] in KEPT]
    truth |= {"verdicts": [], "unknown": [one for one in truth["unknown"] if one["claim"] is None]}
    (root / "truth.yaml").write_text(yaml.safe_dump(truth), encoding="utf-8")
    return root


def test_all_scenarios_are_listed_the_affair_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "list"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in names() if f"\n{name}: " in f"\n{shown}"] == list(names())
    assert shown.startswith("redmi-1s-2014: ")
    assert main(["lab", "list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["kind"] for one in listed} == {"reconstruction"}
    assert listed[0]["sessions"][0]["conditions"]["build"] == "note-2014-07"


def test_a_perfect_audit_ends_with_0_and_shows_the_rate_first(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "score", str(case)]) == 0
    shown = capsys.readouterr().out
    assert (
        shown.index("False “not seen”: 0.0%")
        < shown.index("sent ")
        < shown.index("Perfect on what is readable.")
    )
    assert "reconstruction" in shown


def test_whatever_an_audit_misses_or_makes_up_ends_with_4(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = case / "truth.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("form: phone_number\n", "form: phone_number/elsewise\n")
    sent = text.index("\nsent:")
    text = text[:sent] + text[sent:].replace("value_id: contact-1", "value_id: callee-1")
    path.write_text(text, encoding="utf-8")
    assert main(["lab", "score", str(case), "--format", "json"]) == 4
    score = ScoreDocument.model_validate_json(capsys.readouterr().out)
    assert not score.perfect
    assert score.kind == "reconstruction"
    assert [one.value_id for one in score.missed] == ["redmi-1s/callee-1"]
    assert [one.value_id for one in score.false] == ["redmi-1s/contact-1"]
    assert [one.found_as for one in score.misattributed] == [
        "form phone_number instead of phone_number/elsewise"
    ]
    assert score.false_not_seen.count == 1
    assert main(["lab", "score", str(case)]) == 4
    shown = capsys.readouterr().out
    assert "Missed (1)" in shown
    assert "Misattributed (1)" in shown
    assert "False (1)" in shown
    assert "Not perfect." in shown


def test_a_case_that_lacks_a_session_of_its_scenario_is_incomplete_and_never_perfect(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(case / "sessions" / KEPT[1])
    assert main(["lab", "score", str(case)]) == 4
    shown = capsys.readouterr().out
    assert f"INCOMPLETE: sessions of the scenario that were not recorded: {KEPT[1]}" in shown
    assert "Perfect" not in shown


def test_a_case_of_which_no_session_was_recorded_is_said_to_be_none(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(case / "sessions")
    assert main(["lab", "score", str(case)]) == 2
    assert "no session of this case was recorded" in capsys.readouterr().err


def test_a_case_without_truth_cannot_be_scored(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "truth.yaml").unlink()
    assert main(["lab", "score", str(case)]) == 2
    assert "only a case that the lab made has a truth" in capsys.readouterr().err


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("kept")
    assert main(["lab", "run", "clean", "-o", str(tmp_path)]) == 2
    assert "not an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_recorder_that_is_not_here_is_said_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PHONEHOME_MITMDUMP", str(tmp_path / "nowhere"))
    assert main(["lab", "run", "clean", "-o", str(tmp_path / "case"), "--recorder", "mitmproxy"]) == 2
    assert "mitmdump is not installed here" in capsys.readouterr().err
    assert not (tmp_path / "case").exists()


def test_the_recorders_on_the_command_line_are_those_that_there_are() -> None:
    assert list(CHOICES) == list(RECORDERS)


def test_without_the_labs_packages_it_says_how_to_install_them(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['httpx'] = None; import importlib.util as u; find = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name == 'httpx' else find(name, *a); "
        "from phonehome.cli.main import main; sys.exit(main(['lab', 'run', 'clean']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install '.[lab]'" in done.stderr
    assert list(tmp_path.iterdir()) == []
