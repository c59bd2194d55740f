"""mitmproxy in an environment of its own, for it pins old libraries; made where it is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / ".tools" / "mitmproxy"
REQUIREMENT = "mitmproxy==11.0.2"


def install_mitmproxy() -> Path:
    """Give the folder of its programs; skips the test where it cannot be installed, and fails it in CI."""
    programs = TOOLS / "bin"
    if (programs / "mitmdump").exists():
        return programs
    uv = shutil.which("uv")
    python = str(programs / "python")
    steps = (
        [
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(TOOLS)],
            [uv, "pip", "install", "--quiet", "--python", python, REQUIREMENT],
        ]
        if uv
        else [
            [sys.executable, "-m", "venv", "--clear", str(TOOLS)],
            [python, "-m", "pip", "install", "--quiet", REQUIREMENT],
        ]
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            shutil.rmtree(TOOLS, ignore_errors=True)
            reason = f"{REQUIREMENT} cannot be installed: {done.stderr.strip()[-300:]}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
    return programs
