"""`phonehome case show`: what a case holds, before it is audited."""

import shutil
from collections.abc import Callable
from pathlib import Path

import click

from phonehome.case.folder import LoadedCase, load_case
from phonehome.case.overview import make_overview
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.output import say, write_stdout
from phonehome.detect.detector import Detector
from phonehome.reports.case_overview import render_overview
from phonehome.reports.json_report import render_json

EPILOG = """\b
Examples:
  phonehome case show redmi-1s
  phonehome case show redmi-1s --format json | jq '.sessions[].conditions'
"""


@click.command(epilog=EPILOG, short_help="Show handsets, sessions, timelines and corrections.")
@click.argument("case_", metavar="CASE", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="How to write it.",
)
@click.option("--reveal", is_flag=True, help="Show known values in notes and names instead of their ids.")
def show(case_: Path, format_name: str, reveal: bool) -> ExitCode:
    """Show what CASE holds: handsets, sessions with conditions, timeline and consent, corrections, problems.

    Corrections are applied; each session says which of its fields they changed, and what a recording made at its
    position cannot show. A capture that is missing is a problem, and the exit status is then 2.
    """
    loaded = load_case(case_, evidence=False)
    overview = make_overview(loaded, str if reveal else _mask(loaded))
    if format_name == "json":
        write_stdout(render_json(overview), private=reveal)
    else:
        write_stdout(render_overview(overview, shutil.get_terminal_size().columns), private=reveal)
    for problem in overview.problems:
        say(problem)
    return ExitCode.USAGE if overview.problems else ExitCode.DONE


def _mask(loaded: LoadedCase) -> Callable[[str], str]:
    """Make what puts ids in the place of known values, of all subjects in turn."""
    maskers = [
        Detector(subject).make_masker(reveal=False)
        for subject in loaded.case.subjects.values()
        if subject.values
    ]

    def mask(text: str) -> str:
        for masker in maskers:
            text = masker.path(text)
        return text

    return mask
