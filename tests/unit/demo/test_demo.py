"""The demo runs anywhere, on the recording whose origin its README names."""

import hashlib
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from phonehome.case.subject import load_subject

DEMO = Path(str(files("phonehome.demo")))


def test_the_demo_prints_the_table_and_writes_the_page_here(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "phonehome.demo"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "graph.facebook.com" in done.stdout
    page = tmp_path / "demo-report.html"
    assert done.stdout.splitlines()[-1].endswith(str(page))
    text = page.read_text(encoding="utf-8")
    for value in load_subject(DEMO / "subject.yaml").subject.values:
        assert f"‹{value.id}›" in text
        assert value.value not in done.stdout + text


def test_the_recording_is_the_one_that_its_readme_names() -> None:
    digest = hashlib.sha256((DEMO / "android-app.har").read_bytes()).hexdigest()
    assert digest in (DEMO / "README.md").read_text(encoding="utf-8")


def test_the_subject_has_nothing_odd() -> None:
    assert load_subject(DEMO / "subject.yaml").warnings == ()
