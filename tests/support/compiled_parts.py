"""What is compiled, where it is: tests that hold it against its twins in plain Python have nothing to do without it.

with compiled_parts():
    from phonehome.wire.native.pcap import walk
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def compiled_parts() -> Iterator[None]:
    """Skip a module whose compiled parts are not there; fail it in CI, unless they were switched off on purpose."""
    try:
        yield
    except ImportError as error:
        reason = f"not compiled here ({error})"
        if os.environ.get("CI") == "true" and os.environ.get("PHONEHOME_NATIVE") != "off":
            pytest.fail(f"{reason}; with PHONEHOME_NATIVE=must, `pip install -e .` says why", pytrace=False)
        pytest.skip(f"{reason}; `make dev` compiles where there is a C compiler", allow_module_level=True)
