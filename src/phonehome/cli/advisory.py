"""`phonehome advisory`: the notice that follows from an audited case."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.case.advisory_file import ADVISORY_FILE, load_advisory_file
from phonehome.case.folder import is_case, load_case
from phonehome.case.inventory import MANIFEST, enclosing_case
from phonehome.case.places import RESULTS
from phonehome.case.stored import read_document, read_result
from phonehome.case.verification import verify
from phonehome.cli.output import say, write_file, write_stdout
from phonehome.documents.advisory import AdvisoryDocument
from phonehome.documents.audit import AuditDocument
from phonehome.model.advisory import AdvisoryDetails, Tlp
from phonehome.model.errors import ConfigError
from phonehome.reports.advisory.formats import FORMATS, AdvisoryFormat
from phonehome.reports.advisory.notice import NoticeOptions, write_notice

BY_NAME = {one.name: one for one in FORMATS}
BY_SUFFIX = {suffix: one for one in FORMATS for suffix in one.suffixes}
DEFAULT_FORMAT = "markdown"
MAX_OLDER = 64 << 20
"""Bytes of a file in the way that are looked at, to see whether it is an older notice."""

EPILOG = """\b
Examples:
  phonehome advisory redmi-1s/ -o notice.html
  phonehome advisory redmi-1s/ -o notice.pdf --tlp AMBER
  phonehome advisory redmi-1s/ --format csaf -o published/
  phonehome advisory redmi-1s/results/audit.json --format stix > bundle.json

\b
What people decide (publisher, number, label, revisions, advice) stands in advisory.yaml of the
case; everything else is derived. A notice is a draft until `phonehome sign` has signed the case.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What the notice is made from."""

    document: AuditDocument
    details: AdvisoryDetails
    signed: bool
    files: tuple[Path, ...]


@click.command(epilog=EPILOG, short_help="Write the notice that follows from a case.")
@click.argument("case", metavar="CASE|AUDIT.json", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(BY_NAME)),
    help=f"How to write it (default: by the suffix of -o, or {DEFAULT_FORMAT}).",
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write to this file instead of standard output; in a folder, the file is named by the notice's number.",
)
@click.option(
    "--tlp",
    type=click.Choice([label.value for label in Tlp], case_sensitive=False),
    help="The label of the Traffic Light Protocol 2.0, in place of that in advisory.yaml (default: AMBER).",
)
@click.option(
    "--details",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What people decided, in place of the case's own advisory.yaml.",
)
@click.option(
    "--reveal",
    is_flag=True,
    help="Show the values themselves instead of their ids; a file is then for its owner only.",
)
def advisory(
    case: Path,
    format_name: str | None,
    output: Path | None,
    tlp: str | None,
    details: Path | None,
    reveal: bool,
) -> None:
    """Write the notice that follows from a case: what was sent, by which builds, and what to do.

    CASE is the folder of a case, audited again where it keeps no result of its evidence as it stands;
    or an audit document, as `phonehome audit CASE --format json` writes it. The notice says of each
    build whether it is affected, fixed, undecided or not tested, and never calls silence a fix.
    """
    if output == Path("-"):
        output = None
    chosen = _choose(format_name, output)
    source = _read(case, details, reveal=reveal)
    options = NoticeOptions(
        details=source.details,
        tlp=Tlp(tlp.upper()) if tlp is not None else None,
        signed=source.signed,
        revealed=reveal,
    )
    notice = write_notice(source.document, options)
    target = _target(output, chosen, notice, (case, *source.files))
    _write(chosen.render(notice), target, chosen, private=reveal)
    _tell(notice, chosen, target)


def _choose(format_name: str | None, output: Path | None) -> AdvisoryFormat:
    if format_name is not None:
        return BY_NAME[format_name]
    if output is None or not output.suffix:
        return BY_NAME[DEFAULT_FORMAT]
    found = BY_SUFFIX.get(output.suffix.lower())
    if found is None:
        known = ", ".join(sorted(BY_SUFFIX))
        raise click.UsageError(
            f"No format goes with the suffix {output.suffix!r} ({known} do); give one with --format."
        )
    return found


def _read(case: Path, details: Path | None, *, reveal: bool) -> _Source:
    """Get the audit of a case, or the document that was named, and what people decided.

    Raises:
        ConfigError: There is neither, or it is of another kind.
    """
    if is_case(case):
        own = case / ADVISORY_FILE
        named = details if details is not None else own if own.exists() or own.is_symlink() else None
        return _Source(
            document=_audit(case, reveal=reveal),
            details=_load(named),
            signed=_is_signed(case) and details is None,
            files=() if named is None else (named,),
        )
    if case.is_dir():
        raise ConfigError(
            f"{case}: this folder is no case (it has no case.yaml); `phonehome case new` starts one"
        )
    if not case.exists():
        raise ConfigError(f"{case}: there is no such case and no such file; check the name")
    document = read_document(case)
    if document is None:
        raise ConfigError(
            f"{case}: is neither the folder of a case nor an audit document; `phonehome audit CASE "
            f"--format json` writes one"
        )
    if not reveal:
        _refuse_revealed(case, document)
    return _Source(
        document=document, details=_load(details), signed=False, files=() if details is None else (details,)
    )


def _load(path: Path | None) -> AdvisoryDetails:
    if path is None:
        return AdvisoryDetails()
    if not path.exists():
        raise ConfigError(
            f"{path}: there is no such file; `phonehome schema advisory-file` says what one may hold"
        )
    return load_advisory_file(path)


def _audit(root: Path, *, reveal: bool) -> AuditDocument:
    """Give the result that the case keeps if it is of this evidence; audit it otherwise, and change nothing in it."""
    loaded = load_case(root)
    stored = None if reveal else read_result(loaded)
    if stored is not None:
        _refuse_revealed(root, stored)
        return stored
    if not reveal:
        say(
            f"{root} keeps no result of its evidence as it stands, so it is audited; `phonehome audit` keeps one"
        )
    rulings, warnings = load_rulings(loaded)
    for warning in (*loaded.warnings, *warnings):
        say(f"warning: {warning}")
    return audit_case(loaded, rulings, CaseOptions(reveal=reveal, progress=say))


def _refuse_revealed(path: Path, document: AuditDocument) -> None:
    """Refuse a document in which values stand where their ids should: it was written with `--reveal`.

    Raises:
        ConfigError: It is one.
    """
    for finding in document.findings:
        # Whatever is masked in an excerpt, at least the finding itself is.
        if finding.excerpt and "‹" not in finding.excerpt:
            raise ConfigError(
                f"{path}: shows personal values (it was written with --reveal, or elsewhere); audit the case again "
                "without it, or give --reveal here, too, if the notice may show them"
            )


def _is_signed(root: Path) -> bool:
    """Say whether the case, as it stands, is what somebody signed; every file is compared."""
    if not (root / MANIFEST).is_file():
        return False
    try:
        result = verify(root)
    except ConfigError as error:
        say(f"the signature could not be checked, so the notice is a draft: {error}")
        return False
    if result.present and result.passed:
        return True
    if result.signatures:
        say("the case is not what was signed, so the notice is a draft; `phonehome verify` says what differs")
    return False


def _target(
    output: Path | None, chosen: AdvisoryFormat, notice: AdvisoryDocument, evidence: tuple[Path, ...]
) -> Path | None:
    """Give the file to write, which destroys nothing and does not become evidence itself.

    Raises:
        UsageError: It would be written over something else, or into the evidence of a case.
    """
    if output is None:
        return None
    target = output / chosen.file_name(notice) if output.is_dir() else output
    root = enclosing_case(target)
    if root is not None and root / RESULTS not in target.resolve().parents:
        raise click.UsageError(
            f"-o names {target}, which lies in a case, where it would count as evidence; "
            f"{root / RESULTS} is for results."
        )
    if not target.is_file():
        return target
    for path in evidence:
        if path.exists() and target.samefile(path):
            raise click.UsageError(f"-o names {path}, which this notice is made from; give another place.")
    with target.open("rb") as file:
        head = file.read(MAX_OLDER)
    if head and chosen.mark not in head:
        raise click.UsageError(
            f"-o names {target}, which is there already and is no {chosen.name} advisory of "
            f"phonehome; give another place, "
            "or move that file away."
        )
    return target


def _write(data: bytes, target: Path | None, chosen: AdvisoryFormat, *, private: bool) -> None:
    if target is not None:
        write_file(target, data, private=private)
        say(f"wrote {target}")
        return
    if chosen.is_binary and sys.stdout.isatty():
        raise click.UsageError(f"A terminal cannot show {chosen.name}; name a file with -o.")
    write_stdout(data, private=private)


def _tell(notice: AdvisoryDocument, chosen: AdvisoryFormat, target: Path | None) -> None:
    """Say what a sender should know before it leaves the house."""
    for text in notice.notices:
        say(text)
    if not notice.publisher.named:
        say(f"nobody is named as its publisher: {ADVISORY_FILE} of the case says who publishes it")
    wanted = chosen.file_name(notice)
    if chosen.name == "csaf" and target is not None and target.name != wanted:
        say(f"CSAF wants a file of this document to be called {wanted}")
