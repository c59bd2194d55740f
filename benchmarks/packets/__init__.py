"""Reading packets: phonehome, tshark and pcapng-utils on the same recording, in one run."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "packets"
"""Recordings are kept here between runs; git ignores it."""

# The recorder is the tests'; it imports nothing of phonehome.
sys.path.append(str(ROOT / "tests" / "support"))
