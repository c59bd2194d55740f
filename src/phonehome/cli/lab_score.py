"""`phonehome lab score`: audit a case of the lab, and hold the audit against the truth."""

import io
import shutil
import sys
from pathlib import Path

import click
from rich.console import Console

from phonehome.audit.case_run import CaseOptions
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.output import say, write_stdout
from phonehome.cli.workers import workers_option
from phonehome.documents.score import ScoreDocument
from phonehome.lab.scoring import score_case
from phonehome.reports.score_terminal import render_score

MIN_WIDTH = 80
EPILOG = """\b
Examples:
  phonehome lab score redmi-1s-2014
  phonehome lab score redmi-1s-2014 --format json > score.json

\b
Exit status: 0 perfect on what is readable, 4 not, 2 wrong usage or no truth in the case.
"""


@click.command(epilog=EPILOG, short_help="Audit a case of the lab and hold the audit against the truth.")
@click.argument("case", metavar="CASE", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="How to write it.",
)
@workers_option
def score(case: Path, format_name: str, workers: int) -> ExitCode:
    """Audit CASE, which `phonehome lab run` made, and hold the audit against its truth.yaml.

    The rate of false "not seen" stands first: values that were sent and could be read, and of which the audit shows
    nothing. Then the way from what was sent to what was found; what was missed, false or misattributed; each verdict.
    """
    doc = score_case(case, CaseOptions(workers=workers, progress=say))
    if format_name == "json":
        write_stdout(doc.model_dump_json(indent=2) + "\n")
    else:
        write_stdout(_render(doc))
    return ExitCode.DONE if doc.perfect else ExitCode.CHECK_FAILED


def _render(doc: ScoreDocument) -> str:
    buffer = io.StringIO()
    is_terminal = sys.stdout.isatty()
    width = max(shutil.get_terminal_size().columns, MIN_WIDTH)
    console = Console(
        file=buffer, width=width, force_terminal=is_terminal, highlight=False, markup=False, soft_wrap=True
    )
    render_score(doc, console)
    return buffer.getvalue()
