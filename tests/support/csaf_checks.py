"""CSAF documents held against the standard's JSON Schema and its mandatory tests, by a library of others."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "csaf_validator"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the validator said of one document."""

    is_valid: bool
    ran: list[str]
    failed: list[object]


def check_csaf(documents: Sequence[object]) -> list[Checked]:
    """Run schema and mandatory tests; skips where the validator is not installed, and fails there in CI."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        reason = "the CSAF validator is not installed; `make csaf` installs it (it needs node and npm)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    done = subprocess.run(
        [node, "validate.js"],
        cwd=FOLDER,
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    return [
        Checked(is_valid=one["isValid"], ran=one["ran"], failed=one["failed"])
        for one in json.loads(done.stdout)
    ]
