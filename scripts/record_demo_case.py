"""Record the demo's case anew: run the scenario of 2014 with the demo's seed, and put its case into the package.

Run it with the lab's packages installed: `make demo-case`. What is recorded is the same each time, but for the keys of
TLS and the ports of loopback; so the audit of it is the same, too.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from phonehome.case.lock import LOCK_FILE
from phonehome.demo.story import CASE, SCENARIO, SEED
from phonehome.lab.run import RunOptions, run_scenario
from phonehome.lab.scenarios import find_scenario


def main() -> int:
    """Record, then replace."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / CASE.name
        run_scenario(find_scenario(SCENARIO), root, RunOptions(seed=SEED, progress=print))
        (root / LOCK_FILE).unlink()
        for path in root.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if CASE.exists():
            shutil.rmtree(CASE)
        shutil.copytree(root, CASE)
    print(f"recorded {CASE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
