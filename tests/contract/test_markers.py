"""A test whose program is missing is skipped on somebody's machine, and fails in CI."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
import pytest

@pytest.mark.needs_tool("no-such-program-anywhere")
def test_missing():
    raise AssertionError("ran all the same")

@pytest.mark.needs_tool("sh")
def test_there():
    pass
"""


@pytest.mark.parametrize(
    ("in_ci", "closing"), [("", "1 passed, 1 skipped"), ("true", "1 passed, 1 error")], ids=["here", "CI"]
)
def test_a_missing_program_skips_here_and_fails_in_ci(tmp_path: Path, in_ci: str, closing: str) -> None:
    shutil.copy(Path(__file__).parents[1] / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = needs_tool(name): x\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "CI": in_ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert closing in done.stdout
    assert "no-such-program-anywhere" in done.stdout or not in_ci
    assert (done.returncode == 0) == (not in_ci)
