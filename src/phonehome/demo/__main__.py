"""`python -m phonehome.demo`: audit the recording that comes with the package."""

import sys
from importlib.resources import as_file, files
from pathlib import Path

from phonehome.cli.main import main

REPORT = "demo-report.html"


def run() -> int:
    """Print the table, write the page into the current folder, and say where it is."""
    with as_file(files("phonehome.demo")) as folder:
        audit = ["audit", str(folder / "android-app.har"), "--subject", str(folder / "subject.yaml")]
        status = main(audit) or main([*audit, "-o", REPORT])
    if status == 0:
        print(f"\nThe same as a page with its evidence: {Path(REPORT).resolve()}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(run())
