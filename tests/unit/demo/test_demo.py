"""The demo runs anywhere: on the case that the lab recorded, and on the recording whose origin its README names."""

import hashlib
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from phonehome.case.folder import load_case
from phonehome.case.subject import load_subject
from phonehome.demo.story import CASE, SCENARIO, SEED
from phonehome.model.subject import DataType

DEMO = Path(str(files("phonehome.demo")))
LAB_ONLY = ("httpx", "httpcore", "hypercorn", "sqlalchemy", "starlette")
RUN = "import runpy; runpy.run_module('phonehome.demo', run_name='__main__')"


def run_demo(folder: Path, *arguments: str, without: tuple[str, ...] = ()) -> str:
    """Run it in a folder, as if some packages were not installed; gives what it printed."""
    blocked = f"import sys; sys.modules.update(dict.fromkeys({list(without)!r})); sys.argv[1:] = {list(arguments)!r}; "
    done = subprocess.run(
        [sys.executable, "-c", blocked + RUN],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    return run_demo(folder, without=LAB_ONLY)


def test_the_story_needs_none_of_the_labs_packages_and_tells_all_of_it(told: str) -> None:
    said = " ".join(told.split())
    for part in (
        "It shows nothing about a real handset.",
        "in clear: contact phone number, SMS phone number, phone number and carrier name as they are; IMEI and ICCID "
        "as digests, to api.account.xiaomi.com (Xiaomi); the user had not been asked",
        "With Cloud Messaging off after a reset (03-update-all-off): nothing seen, of 8 chances that its steps gave.",
        "Contact phone number to api.account.xiaomi.com: still sent, now over TLS",
        "contradicted A5 Xiaomi: No personal data is uploaded without the user's permission.",
        "conflict B1",
        "The update without a factory reset (B5-no-reset: untested)",
        "21 of 21 verdicts that are sure are right",
    ):
        assert part in said


def test_the_readme_shows_how_the_demo_begins(told: str) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("$ make demo\n")[2].partition("```")[0]
    assert "What the update of 10 August changed" in shown
    assert told.startswith(shown)


def test_report_and_notice_are_written_here_and_hold_no_value(told: str, folder: Path) -> None:
    report, notice = (
        (folder / name).read_text(encoding="utf-8") for name in ("demo-report.html", "demo-advisory.html")
    )
    assert str(folder / "demo-report.html") in told
    for text in (report, notice):
        assert "reconstruction" in text.lower()
    values = [value for subject in load_case(CASE).case.subjects.values() for value in subject.values]
    written = [value.value for value in values if value.type is not DataType.PHOTO]
    assert "" not in written
    for value in written:
        for spelled in (value, quote_plus(value)):
            assert spelled not in told + report + notice


def test_nothing_is_written_into_the_package(told: str) -> None:
    assert told
    assert not (CASE / "results").exists()


def test_the_case_is_a_reconstruction_of_the_labs_without_anything_odd() -> None:
    loaded = load_case(CASE)
    assert loaded.case.kind == "reconstruction"
    odd = [text for text in loaded.warnings if "network" not in text]  # which nobody told of two sessions
    assert odd == []
    for session in loaded.case.sessions:
        assert session.position == "tap"
        assert f"scenario {SCENARIO}, seed {SEED}" in session.tools["phonehome lab"]
        assert session.stand_ins


def test_the_app_can_still_be_audited(tmp_path: Path) -> None:
    said = run_demo(tmp_path, "--app")
    assert "graph.facebook.com" in said
    page = tmp_path / "demo-report.html"
    assert said.splitlines()[-1].endswith(str(page))
    text = page.read_text(encoding="utf-8")
    for value in load_subject(DEMO / "subject.yaml").subject.values:
        assert f"‹{value.id}›" in text
        assert value.value not in said + text


def test_the_recording_is_the_one_that_its_readme_names() -> None:
    digest = hashlib.sha256((DEMO / "android-app.har").read_bytes()).hexdigest()
    assert digest in (DEMO / "README.md").read_text(encoding="utf-8")


def test_the_subject_has_nothing_odd() -> None:
    assert load_subject(DEMO / "subject.yaml").warnings == ()
