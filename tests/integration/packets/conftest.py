"""Recordings of real traffic, made once a session."""

import os
from collections.abc import Mapping

import pytest
from recorded import Recording, record_everything
from recording import why_not


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Recording]:
    """Every scenario, recorded; skipped where a machine cannot, and failed in CI, where each must."""
    if reason := why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return record_everything(tmp_path_factory.mktemp("recordings"))
