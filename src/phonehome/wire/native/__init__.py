"""The innermost loops, compiled with Cython where there was a compiler; everything here is an addition.

Each has a twin in plain Python beside its users in `wire`, which gives the same and runs where nothing was compiled,
or where the environment says `PHONEHOME_NATIVE=off`. Indexes are checked here as in Python; `octets.pxd` alone has
pointers.
"""

import os
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

if os.environ.get("PHONEHOME_NATIVE") == "off":
    raise ImportError("PHONEHOME_NATIVE=off keeps compiled parts from being used")


def is_stale(folder: Path) -> bool:
    """Whether a checkout's sources are newer than what was compiled of them; an installation has none."""
    written = [path.stat().st_mtime for kind in ("pyx", "pxd") for path in folder.glob(f"*.{kind}")]
    compiled = [path.stat().st_mtime for path in folder.glob(f"*{EXTENSION_SUFFIXES[0]}")]
    return bool(written and compiled) and max(written) > min(compiled)


if is_stale(Path(__file__).parent):
    raise ImportError("compiled parts are older than their sources: `make dev` compiles them anew")
