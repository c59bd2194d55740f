"""`phonehome repeat`: audit a case again from its evidence, and compare with the stored result."""

from pathlib import Path

import click

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.case.folder import load_case
from phonehome.case.inventory import Part, folder_of, read_small
from phonehome.case.manifest import MAX_RESULT, STORED_RESULT, names_of
from phonehome.case.places import CASE_FILE
from phonehome.case.repetition import Repetition, compare_results
from phonehome.case.verification import verify
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.output import say, write_stdout
from phonehome.cli.workers import workers_option
from phonehome.model.errors import ConfigError
from phonehome.reports.json_report import render_json
from phonehome.reports.text import visible

MAX_NAMED = 50
"""Files that are named where the evidence is not what it was."""

EPILOG = """\b
Example:
  phonehome repeat redmi-1s/

\b
Exit status: 0 the same came out, 4 something else did (or the evidence is not that of the manifest), 2 not compared.
"""


@click.command(epilog=EPILOG, short_help="Audit a case again, and compare with its stored result.")
@click.argument("case", type=click.Path(path_type=Path))
@workers_option
def repeat(case: Path, workers: int) -> ExitCode:
    """Audit the CASE again from its evidence and compare with results/audit.json, which stays as it is.

    Byte for byte where program and data are the same; where they differ, what differs is named and the contents are
    compared. The evidence is checked against the manifest first.
    """
    root = folder_of(case)
    if not (root / CASE_FILE).is_file():
        raise click.UsageError(f"{case} is a shared copy: it has no evidence to audit again.")
    stored = root / STORED_RESULT
    if not stored.is_file():
        raise ConfigError(f"{stored}: there is no result to compare with; `phonehome audit {case}` makes one")
    before = read_small(stored, MAX_RESULT, "result")
    if not _evidence_is_sound(root):
        return ExitCode.CHECK_FAILED
    loaded = load_case(root)
    rulings, _ = load_rulings(loaded)
    document = audit_case(loaded, rulings, CaseOptions(workers=workers, progress=say))
    again = render_json(document).encode("utf-8", "backslashreplace")
    result = compare_results(before, again)
    write_stdout("".join(f"{visible(line)}\n" for line in _describe(result)))
    return ExitCode.DONE if result.holds else ExitCode.CHECK_FAILED


def _evidence_is_sound(root: Path) -> bool:
    try:
        result = verify(root)
    except ConfigError as error:
        say(f"the evidence was not checked: {error}")
        return True
    if not result.has_manifest:
        say("the case has no manifest, so only its captures were checked, by what their sessions say of them")
    wrong = [*map(str, names_of(result.differences, Part.EVIDENCE)), *result.failures]
    if wrong:
        lines = wrong[:MAX_NAMED] + ["…"] * (len(wrong) > MAX_NAMED)
        write_stdout("".join(f"{visible(line)}\n" for line in lines))
        say("the evidence does not pass `phonehome verify`, so it was not audited again")
    return not wrong


def _describe(result: Repetition) -> list[str]:
    if result.same_bytes:
        return ["The same result, byte for byte."]
    lines = [f"other version: {change}" for change in result.versions]
    lines += result.differences
    if result.more:
        lines.append(f"and {result.more:,} differences more")
    if result.holds:
        return [*lines, "The same result, apart from the versions."]
    return [
        *lines,
        "The result DIFFERS"
        + (" (other versions may be why)." if result.versions else ", with the same versions."),
    ]
