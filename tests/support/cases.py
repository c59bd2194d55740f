"""The real captures among the cases, and the key logs that lie beside them."""

from pathlib import Path

CASES = Path(__file__).parents[1] / "cases"
CAPTURES = sorted(
    path
    for folder in CASES.glob("pcap-*")
    for path in folder.iterdir()
    if path.suffix in (".pcap", ".pcapng", ".cap")
)


def keylog_of(capture: Path) -> Path | None:
    """The key log that lies beside a capture."""
    return next((path for path in capture.parent.iterdir() if path.suffix in (".keylog", ".log")), None)
