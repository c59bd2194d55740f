"""`phonehome audit`: what left the phone, to whom, and how strong the proof is."""

import io
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import click
from rich.console import Console

from phonehome.audit import audit as run_audit
from phonehome.audit.case_run import CaseOptions
from phonehome.case.subject import SubjectFile, load_subject
from phonehome.cli.auditing_case import find_case, run_case
from phonehome.cli.exit_codes import ExitCode, foremost
from phonehome.cli.handset import handset_option
from phonehome.cli.keylog import keylog_option
from phonehome.cli.output import say, write_file, write_stdout
from phonehome.cli.overwriting import refuse_overwriting
from phonehome.cli.workers import workers_option
from phonehome.documents.audit import AuditDocument
from phonehome.documents.base import Severity
from phonehome.model.subject import Subject
from phonehome.readers import ReadingOptions
from phonehome.reports.csv_report import render_csv
from phonehome.reports.html import render_html
from phonehome.reports.json_report import render_json
from phonehome.reports.terminal import render_terminal
from phonehome.reports.words import count

SEVERITIES: tuple[str, ...] = get_args(Severity)  # from low to critical
FILES: dict[str, Callable[[AuditDocument], str]] = {
    "json": render_json,
    "html": render_html,
    "csv": render_csv,
}
FORMATS = ("terminal", *FILES)
FILE_WIDTH = 100
SUFFIXES = {
    ".json": "json",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".txt": "terminal",
    "": "terminal",
}

EPILOG = """\b
Examples:
  phonehome audit traffic.har --subject subject.yaml
  phonehome audit flows.mitm traffic.har --subject subject.yaml -o report.html
  phonehome audit recordings/ --subject subject.yaml --format json | jq .flows
  phonehome audit - --subject subject.yaml --fail-on high < traffic.har
  phonehome audit redmi-1s/ -o report.html
  phonehome audit redmi-1s/ --policy defence-staff --handsets ours.csv
"""


@click.command(epilog=EPILOG, short_help="Say what left the handset, to whom and where.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--subject",
    "subject_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What is known of the handset. Without it no value is searched for, only destinations are named.",
)
@keylog_option
@handset_option
@workers_option
@click.option(
    "--geo-database",
    "geo_databases",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A MaxMind-format file of your own beside the packed data; may be given more than once.",
)
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
    "--reveal",
    is_flag=True,
    help="Show the values themselves instead of their ids; a file is then for its owner only.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 if data of at least this severity left the handset.",
)
@click.option(
    "--policy",
    metavar="NAME|FILE",
    help="Of a case: decide by this policy instead of the case's own; `phonehome policy list` names some.",
)
@click.option(
    "--handsets",
    "units",
    metavar="CSV",
    type=click.Path(path_type=Path),
    help="Of a case: say which handsets of this list (columns make, model, build, unit) are affected.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 if part of the input could not be read.")
def audit(
    paths: tuple[str, ...],
    subject_file: Path | None,
    key_logs: tuple[bytes, ...],
    handset: str | None,
    workers: int,
    geo_databases: tuple[Path, ...],
    format_name: str | None,
    output: Path | None,
    reveal: bool,
    fail_on: str | None,
    policy: str | None,
    units: Path | None,
    strict: bool,
) -> ExitCode:
    """Say which known values left the handset, to whom and where, and how that is known.

    PATH is a capture (pcap, pcapng, HAR or mitmproxy flows, also compressed), a folder of them, - for
    standard input (several are audited together), or a case. The audit of a case judges its sessions
    together, and is kept in its folder as results/audit.json. What could not be read is part of the
    report: "not seen" never means "not sent".
    """
    if output == Path("-"):
        output = None
    format_name = format_name or _format_of(output)
    loaded = _load(subject_file)
    named = [path for path in (units, Path(policy) if policy is not None else None) if path is not None]
    refuse_overwriting(output, format_name, [*paths, *loaded.files, *named])
    subject = loaded.subject if subject_file is not None else None
    case = find_case(paths)
    if case is not None:
        if subject is not None or key_logs or handset is not None:
            raise click.UsageError(
                "A case says for each session what --subject, --keylog and --handset would: leave them out."
            )
        how = CaseOptions(geo_databases=geo_databases, reveal=reveal, workers=workers, progress=say)
        document = run_case(case, how, policy=policy, handsets=units)
    elif policy is not None or units is not None:
        raise click.UsageError("--policy and --handsets judge a case, and no case was named.")
    else:
        options = ReadingOptions(key_logs=key_logs, handset=handset, workers=workers)
        document = run_audit(
            paths, subject=subject, geo_databases=geo_databases, reveal=reveal, progress=say, options=options
        )
    if case is None and subject is None:
        say(
            "no --subject was given, so no known value was searched for: the report names destinations and "
            "coverage only. `phonehome subject new` starts one"
        )
    if (key_logs or handset is not None) and not any(file.format == "pcap" for file in document.inputs):
        say("--keylog and --handset are for packet captures, and no input is one: they changed nothing")
    _tell_losses(document)
    statuses = _statuses(document, fail_on, strict)
    _write(document, format_name, output, reveal)
    return foremost(statuses)


def _format_of(output: Path | None) -> str:
    suffix = "" if output is None else output.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(sorted(filter(None, SUFFIXES)))
        raise click.UsageError(
            f"No format goes with the suffix {suffix!r} ({known} do); give one with --format."
        )
    return SUFFIXES[suffix]


def _load(subject_file: Path | None) -> SubjectFile:
    """Read the subject; `files` gets all that it rests on, its own file included."""
    if subject_file is None:
        return SubjectFile(subject=Subject())
    loaded = load_subject(subject_file)
    for warning in loaded.warnings:
        say(f"warning: {warning}")
    return replace(loaded, files=(subject_file, *loaded.files))


def _tell_losses(document: AuditDocument) -> None:
    """Say on standard error what a reader of the result alone, at the end of a pipe, might not look for."""
    for file in document.inputs:
        if file.format is None:
            reasons = (problem.reason for problem in document.problems if problem.where == file.path)
            say(f"{file.path}: {next(reasons, 'could not be read')}")
    lost = sum(problem.lost for problem in document.problems)
    if lost and document.coverage.exchanges:
        say(
            f"{count(lost, 'problem')} lost something, which was not looked at: the report says where and why"
        )


def _explain_nothing(document: AuditDocument) -> str:
    """Say what there is instead of exchanges."""
    if any(problem.lost for problem in document.problems):
        return "no exchange could be read; the report says why"
    destinations = document.coverage.by_destination
    if any(one.closed for one in destinations):
        return (
            "no exchange could be read: what the handset sent is in encrypted connections that no key opens; "
            "the report lists their destinations"
        )
    if destinations:
        return (
            "no exchange could be read: the connections in it carried no data of the handset, or nothing but the "
            "beginning of TLS; the report lists their destinations"
        )
    return "no exchange could be read: nothing in it was sent by the handset"


def _statuses(document: AuditDocument, fail_on: str | None, strict: bool) -> list[ExitCode]:
    statuses = []
    if document.coverage.exchanges == 0:
        say(_explain_nothing(document))
        statuses.append(ExitCode.USAGE)
    if strict and any(problem.lost for problem in document.problems):
        statuses.append(ExitCode.INCOMPLETE)
    if fail_on is not None:
        floor = SEVERITIES.index(fail_on)
        # What the server sends back is no leak, and a weak finding may be an accident.
        left = (flow for flow in document.flows if flow.direction == "up" and not flow.weak)
        if any(SEVERITIES.index(flow.severity) >= floor for flow in left):
            statuses.append(ExitCode.FAIL_ON)
    return statuses


def _write(document: AuditDocument, format_name: str, output: Path | None, reveal: bool) -> None:
    text = _terminal_text(document, output) if format_name == "terminal" else FILES[format_name](document)
    if output is None:
        write_stdout(text, private=reveal)
    else:
        write_file(output, text, private=reveal)
        say(f"wrote {output}")


def _terminal_text(document: AuditDocument, output: Path | None) -> str:
    """Render for the terminal that will show it: its width, and colour only where there is one."""
    buffer = io.StringIO()
    on_terminal = output is None and sys.stdout.isatty()
    width = shutil.get_terminal_size((FILE_WIDTH, 0)).columns if output is None else FILE_WIDTH
    render_terminal(document, Console(file=buffer, force_terminal=on_terminal, width=width))
    return buffer.getvalue()
