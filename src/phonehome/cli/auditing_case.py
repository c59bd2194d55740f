"""The audit of a case by `phonehome audit`: what it is judged by, and where its result is kept."""

from collections.abc import Sequence
from pathlib import Path

import click

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.case.evidence import evidence_notes
from phonehome.case.folder import LoadedCase, is_case, load_case
from phonehome.case.lock import locked
from phonehome.case.places import RESULTS
from phonehome.case.writing import write_durably
from phonehome.cli.output import say
from phonehome.documents.audit import AuditDocument
from phonehome.model.errors import ConfigError
from phonehome.reports.json_report import render_json

STORED = "audit.json"


def find_case(paths: Sequence[str]) -> Path | None:
    """Give the folder of the case that was named; None if captures were.

    Raises:
        UsageError: A case was named beside something else.
    """
    cases = [path for path in paths if path != "-" and is_case(Path(path))]
    if cases and len(paths) > 1:
        raise click.UsageError(f"{cases[0]} is a case, and a case is audited by itself: name nothing else")
    return Path(cases[0]) if cases else None


def run_case(
    root: Path, options: CaseOptions, *, policy: str | None = None, handsets: Path | None = None
) -> AuditDocument:
    """Audit a case, and keep the result in its folder.

    What shows values, or was judged by something that is not part of the case, is not kept: whoever has the case could
    not repeat it.

    Args:
        root: The case's folder.
        options: How it is audited.
        policy: The name of a policy that comes with the program, or a file, instead of the case's own.
        handsets: An organisation's list of handsets.
    """
    loaded = load_case(root)
    rulings, warnings = load_rulings(loaded, policy, handsets)
    for warning in (*loaded.warnings, *warnings):
        say(f"warning: {warning}")
    document = audit_case(loaded, rulings, options)
    if options.reveal or options.geo_databases or policy is not None or handsets is not None:
        say("this result is not kept in the case, since the case alone does not give it")
    else:
        store(loaded, document)
    return _with_evidence(document, root)


def _with_evidence(document: AuditDocument, root: Path) -> AuditDocument:
    """Say beside the result what its evidence is worth: how it is signed, and since when that is known."""
    assert document.case is not None
    case = document.case.model_copy(update={"evidence": evidence_notes(root)})
    return document.model_copy(update={"case": case})


def store(loaded: LoadedCase, document: AuditDocument) -> None:
    """Keep a result as `results/audit.json`; where that cannot be written, it is said and no more."""
    try:
        folder = loaded.root / RESULTS
        with locked(loaded.root, "keeping the result of an audit"):
            folder.mkdir(exist_ok=True)
            write_durably(folder / STORED, render_json(document).encode("utf-8", "backslashreplace"))
    except (OSError, ConfigError) as error:
        say(f"the result was not kept in the case: {error}")
