"""What `-o` may replace: an older report of the same format, and nothing else.

A recording cannot be made again. So a file that is an input, or that the subject rests on, is never written over,
and neither is any other that does not look like what is about to be written.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import click

from phonehome.reports.csv_report import COLUMNS

HEAD_BYTES = 256 << 10
"""How much of a file is looked at: in a page, the style sheet stands before what tells it."""

_MARKS = {
    "json": re.compile(rb'\A\s*\{\s*"schema":\s*"phonehome\.audit/'),
    "html": re.compile(rb'(?s)\A\s*<!doctype html>.*<p class="kicker">phonehome [0-9]'),
    "csv": re.compile(re.escape(",".join(COLUMNS[:4]).encode()) + rb",[a-z_,]+\r?\n"),
    "terminal": re.compile(rb"\Aphonehome [0-9]+\.[0-9]"),
    "diff-json": re.compile(rb'\A\s*\{\s*"schema":\s*"phonehome\.diff/'),
    "diff-html": re.compile(
        rb'(?s)\A\s*<!doctype html>.*<p class="kicker">phonehome [0-9][^<]*<span>Comparison'
    ),
    "diff-terminal": re.compile(rb"\Aphonehome [0-9]+\.[0-9][^ ]* compares "),
}


def refuse_overwriting(output: Path | None, format_name: str, evidence: Iterable[str | Path]) -> None:
    """Check that writing to `output` destroys nothing.

    Args:
        output: Where the result shall go; None for standard output.
        format_name: The format that it will have.
        evidence: Inputs, the subject file and the files that it names.

    Raises:
        UsageError: It would write over evidence, or over a file that is no report of this format.
    """
    if output is None or not output.is_file():
        return
    for path in map(Path, evidence):
        if path.exists() and output.samefile(path):
            raise click.UsageError(f"-o names {path}, which is an input of this audit; give another place.")
    if not _is_report(output, format_name):
        raise click.UsageError(
            f"-o names {output}, which is there already and is no {format_name} report of phonehome; "
            "give another place, or move that file away."
        )


def _is_report(path: Path, format_name: str) -> bool:
    """Tell a report of ours by its beginning; an empty file holds nothing to lose."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return not head or _MARKS[format_name].match(head) is not None
