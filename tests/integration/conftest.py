"""A subject and a recording that most runs use."""

from pathlib import Path

import pytest
from command_line import IMEI, SUBJECT_TEXT, entry, har


@pytest.fixture
def subject(tmp_path: Path) -> Path:
    """A subject file with one IMEI."""
    path = tmp_path / "subject.yaml"
    path.write_text(SUBJECT_TEXT)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A recording in which that IMEI leaves twice."""
    path = tmp_path / "good.har"
    path.write_bytes(har(entry(f"https://a.example.com/?imei={IMEI}"), entry(body=f'{{"id": "{IMEI}"}}')))
    return path
