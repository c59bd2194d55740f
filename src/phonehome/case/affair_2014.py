"""The affair of 2014 as a case that comes with the program: without recordings, with everybody's claims."""

from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "redmi-1s-2014"
"""A case folder whose sessions name captures that are not there; `README.md` in it says more."""

CLAIMS = FOLDER / "claims.yaml"
VERDICTS = FOLDER / "verdicts.yaml"
CAPTURE_NAME = "traffic.pcap"
"""The capture that each of its sessions names."""
