"""What every test shares: the marker for programs outside Python, and how Hypothesis searches."""

import os
import shutil

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI") == "true"

# Shared machines are slow at times, so no deadline; in CI the same examples every time, because there a
# failure must be the change's own. `make fuzz` looks further.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "here")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing on somebody's machine; fail it in CI, where none may be."""
    for mark in item.iter_markers("needs_tool"):
        for name in mark.args:
            if shutil.which(name) is not None:
                continue
            reason = f"needs the program {name!r}, which is not on this machine"
            if IN_CI:
                pytest.fail(f"{reason}; scripts/packages.txt must list its package", pytrace=False)
            pytest.skip(f"{reason}; `make packages` installs it")
