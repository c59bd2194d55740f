"""`phonehome diff`: what changed between two builds, apps, handsets or vendors in what is sent, and to whom."""

import io
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from rich.console import Console

from phonehome.case.subject import load_subject
from phonehome.cli.diff_sides import SESSION, Loader, Source, parse_conditions
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.output import say, write_file, write_stdout
from phonehome.cli.overwriting import refuse_overwriting
from phonehome.cli.workers import workers_option
from phonehome.documents.audit import AuditDocument
from phonehome.documents.diff import ChangeDoc, DiffDocument
from phonehome.judge.diff import compare
from phonehome.judge.exercise import CONSENT
from phonehome.judge.sides import HANDSET
from phonehome.model.subject import Subject
from phonehome.model.wording import listing
from phonehome.reports.diff_html import render_diff_html
from phonehome.reports.diff_terminal import render_diff
from phonehome.reports.json_report import render_json

FILES: dict[str, Callable[[DiffDocument], str]] = {"json": render_json, "html": render_diff_html}
FORMATS = ("terminal", *FILES)
SUFFIXES = {".json": "json", ".html": "html", ".htm": "html", ".txt": "terminal", "": "terminal"}
FILE_WIDTH = 100
WORSE = frozenset({"new", "moved", "unwrapped"})
"""Changes by which something is sent that was not, or elsewhere, or more openly."""

EPILOG = """\b
Examples:
  phonehome diff redmi-1s --before build=factory --after build=update
  phonehome diff redmi-1s/sessions/01-factory redmi-1s/sessions/02-update
  phonehome diff old.json new.json --fail-on-new --format json
  phonehome diff old.har new.har --subject subject.yaml -o changes.html

\b
Exit status: 0 compared, 4 --exit-code or --fail-on-new was met, 2 wrong usage or nothing could be read.
"""


@click.command(epilog=EPILOG, short_help="Say what changed from one build, app or handset to another.")
@click.argument("before_path", metavar="A")
@click.argument("after_path", metavar="[B]", required=False)
@click.option(
    "--before",
    "before_pairs",
    metavar="FACTOR=VALUE",
    multiple=True,
    help="Take the sessions of A with this condition; handset and session are factors too. May be repeated.",
)
@click.option(
    "--after",
    "after_pairs",
    metavar="FACTOR=VALUE",
    multiple=True,
    help="Take the sessions of B with this condition, or of A if there is no B. May be repeated.",
)
@click.option(
    "--across",
    metavar="FACTOR",
    multiple=True,
    help="A condition in which the sides are meant to differ; consent is one too (default: those of --before "
    "and --after, or else the build, the handset, or the only one that differs). May be repeated.",
)
@click.option(
    "--subject",
    "subject_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What is known of the handset, for sides that are bare recordings.",
)
@workers_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    help="How to write the result (default: terminal, or by the suffix of -o).",
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option(
    "--exit-code", is_flag=True, help="Exit with 4 if the sides differ, or something was not exercised."
)
@click.option(
    "--fail-on-new",
    is_flag=True,
    help="Exit with 4 if B sends something new, to another place, or more openly.",
)
def diff(
    before_path: str,
    after_path: str | None,
    before_pairs: tuple[str, ...],
    after_pairs: tuple[str, ...],
    across: tuple[str, ...],
    subject_file: Path | None,
    workers: int,
    format_name: str | None,
    output: Path | None,
    exit_code: bool,
    fail_on_new: bool,
) -> ExitCode:
    """Say per data type and destination what B sends that A did not, and what it no longer sends.

    A and B are cases, sessions of them (CASE/sessions/ID), audit documents (JSON), or recordings. A case alone is
    compared with itself, by the conditions of --before and --after.

    What moved to another host, or into TLS or Base64, is still sent. What is not seen any more has stopped only
    if the second side had a chance to send it under the same conditions and could have been seen; otherwise it
    was not exercised.
    """
    if output == Path("-"):
        output = None
    format_name = format_name or _format_of(output)
    first = Source(path=before_path, conditions=parse_conditions(before_pairs))
    second = Source(path=after_path or before_path, conditions=parse_conditions(after_pairs))
    if after_path is None and first.conditions == second.conditions:
        raise click.UsageError(
            "One side was given: name B, or choose two groups of sessions of A with --before and --after."
        )
    subject = _load_subject(subject_file)
    evidence: list[str | Path] = [first.path, second.path, *filter(None, [subject_file])]
    refuse_overwriting(output, f"diff-{format_name}", evidence)
    loader = Loader(subject=subject, workers=workers)
    sides = loader.load(first), loader.load(second)
    if subject is not None and not loader.used_subject:
        say("--subject is for recordings, and neither side is one: it changed nothing")
    _refuse_unknown_factors(across, sides)
    document = compare(
        *sides,
        names=_name_sides(first, second),
        across=across or _find_across(first, second),
        unlike=loader.find_unlike(first, second),
    )
    _write(document, format_name, output)
    met = (exit_code and any(map(differs, document.changes))) or (
        fail_on_new and any(map(is_worse, document.changes))
    )
    return ExitCode.CHECK_FAILED if met else ExitCode.DONE


def differs(change: ChangeDoc) -> bool:
    """Say whether a change is one: anything but what is sent exactly as before."""
    return change.change != "still_sent" or bool(change.details)


def is_worse(change: ChangeDoc) -> bool:
    """Say whether the second side sends something that the first did not, or elsewhere, or more openly."""
    return change.direction == "up" and bool({change.change, *change.also} & WORSE)


def _find_across(first: Source, second: Source) -> tuple[str, ...] | None:
    """Take the conditions that were asked for as those in which the sides are meant to differ."""
    names = {*first.conditions, *second.conditions} - {SESSION}
    apart = {name for name in names if first.conditions.get(name) != second.conditions.get(name)}
    return tuple(sorted(apart)) or None


def _refuse_unknown_factors(across: Sequence[str], sides: Sequence[AuditDocument]) -> None:
    """Refuse a condition that no session declares: it is a slip of the pen."""
    sessions = [session for side in sides if side.case is not None for session in side.case.sessions]
    known = {HANDSET, CONSENT, *(name for session in sessions for name in session.conditions)}
    for name in across:
        if name not in known:
            raise click.UsageError(
                f"--across {name}: no session of either side has this condition; there are "
                f"{listing(sorted(known))}."
            )


def _name_sides(first: Source, second: Source) -> tuple[str, str]:
    if first.name != second.name:
        return first.name, second.name
    if first.path != second.path:
        return first.path, second.path
    return f"{first.name} (first side)", f"{second.name} (second side)"


def _format_of(output: Path | None) -> str:
    suffix = "" if output is None else output.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(sorted(filter(None, SUFFIXES)))
        raise click.UsageError(
            f"No format goes with the suffix {suffix!r} ({known} do); give one with --format."
        )
    return SUFFIXES[suffix]


def _load_subject(path: Path | None) -> Subject | None:
    if path is None:
        return None
    loaded = load_subject(path)
    for warning in loaded.warnings:
        say(f"warning: {warning}")
    return loaded.subject


def _write(document: DiffDocument, format_name: str, output: Path | None) -> None:
    text = _terminal_text(document, output) if format_name == "terminal" else FILES[format_name](document)
    if output is None:
        write_stdout(text)
    else:
        write_file(output, text)
        say(f"wrote {output}")


def _terminal_text(document: DiffDocument, output: Path | None) -> str:
    buffer = io.StringIO()
    on_terminal = output is None and sys.stdout.isatty()
    width = shutil.get_terminal_size((FILE_WIDTH, 0)).columns if output is None else FILE_WIDTH
    render_diff(document, Console(file=buffer, force_terminal=on_terminal, width=width))
    return buffer.getvalue()
