"""`python -m phonehome.demo`: audit the case of 2014 that comes with the package, and tell its story.

`python -m phonehome.demo --app` audits the recording of a real Android app instead.
"""

import shutil
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.case.folder import load_case
from phonehome.case.stored import read_result
from phonehome.cli.main import main
from phonehome.cli.output import write_stdout
from phonehome.demo.story import CASE, tell
from phonehome.lab.scoring import score_document
from phonehome.lab.truth import FILE, load_truth
from phonehome.reports.text import visible

REPORT = "demo-report.html"
NOTICE = "demo-advisory.html"
APP = "--app"


def run(arguments: list[str]) -> int:
    """Tell a story, write its pages into the current folder, and say where they are."""
    return run_app() if APP in arguments else run_case()


def run_case() -> int:
    """Audit the case of 2014."""
    with tempfile.TemporaryDirectory(prefix="phonehome-demo-") as folder:
        # A copy, since an audit keeps its result in the case, and the package may be read-only.
        case = Path(folder) / CASE.name
        shutil.copytree(CASE, case)
        status = main(["audit", str(case), "-o", REPORT]) or main(["advisory", str(case), "-o", NOTICE])
        if status != 0:
            return status
        loaded, truth = load_case(case), load_truth(case / FILE)
        document = read_result(loaded)
        if document is None:
            document = audit_case(loaded, load_rulings(loaded)[0], CaseOptions())
        lines = tell(
            document,
            score_document(truth, document, loaded),
            truth.unknown,
            shutil.get_terminal_size().columns,
        )
        write_stdout("".join(f"{visible(line)}\n" for line in lines))
    write_stdout(
        f"\nThe report, with the evidence of each finding: {Path(REPORT).resolve()}\n"
        f"The notice that follows: {Path(NOTICE).resolve()}\n"
        f"The case itself: {CASE}\n"
    )
    return 0


def run_app() -> int:
    """Audit the recording of a real app."""
    with as_file(files("phonehome.demo")) as folder:
        audit = ["audit", str(folder / "android-app.har"), "--subject", str(folder / "subject.yaml")]
        status = main(audit) or main([*audit, "-o", REPORT])
    if status == 0:
        write_stdout(f"\nThe same as a page with its evidence: {Path(REPORT).resolve()}\n")
    return status


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
