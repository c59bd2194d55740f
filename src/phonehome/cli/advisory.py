"""`phonehome advisory`: the notice that follows from an audited case."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.details import clean_details
from phonehome.audit.rulings import load_rulings
from phonehome.audit.written import Written
from phonehome.audit.written_document import clean_document
from phonehome.case.advisory_file import ADVISORY_FILE, load_advisory_file
from phonehome.case.folder import LoadedCase, is_case, load_case
from phonehome.case.inventory import MANIFEST
from phonehome.case.keys import PublicKey, load_public
from phonehome.case.stored import read_document, read_result
from phonehome.case.verification import verify
from phonehome.cli.advisory_place import Place, find_target, make_folder, write_notice_file
from phonehome.cli.output import say
from phonehome.documents.advisory import AdvisoryDocument
from phonehome.documents.audit import AuditDocument
from phonehome.model.advisory import AdvisoryDetails, Tlp
from phonehome.model.errors import ConfigError
from phonehome.reports.advisory.formats import FORMATS, AdvisoryFormat
from phonehome.reports.advisory.notice import NoticeOptions, Vouched, write_notice

BY_NAME = {one.name: one for one in FORMATS}
BY_SUFFIX = {suffix: one for one in FORMATS for suffix in one.suffixes}
DEFAULT_FORMAT = "markdown"

EPILOG = """\b
Examples:
  phonehome advisory redmi-1s/ -o notice.html
  phonehome advisory redmi-1s/ -o notice.pdf --tlp AMBER
  phonehome advisory redmi-1s/ --format csaf -o published/
  phonehome advisory redmi-1s/ --public-key lab.pem.pub -o final.pdf
  phonehome advisory redmi-1s/results/audit.json --format stix > bundle.json

\b
What people decide (publisher, number, label, revisions, advice) stands in advisory.yaml of the
case; everything else is derived. A notice is a draft until `phonehome sign` has signed the case.
Of a bare AUDIT.json nobody knows the values: what --details says beside it is shown as written.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What the notice is made from."""

    document: AuditDocument
    details: AdvisoryDetails
    vouched: Vouched | None
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
    help="Write to this file instead of standard output; in a folder (one that is there, or FOLDER/), the file is "
    "named by the notice's number.",
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
    "--public-key",
    "public_keys",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A public key that you trust: the notice is final only if one of them signed the case as it stands.",
)
@click.option(
    "--reveal",
    is_flag=True,
    help="Show the values themselves instead of their ids; a file is then for its owner only.",
)
def advisory(
    case: Path,
    format_name: str | None,
    output: str | None,
    tlp: str | None,
    details: Path | None,
    public_keys: tuple[Path, ...],
    reveal: bool,
) -> None:
    """Write the notice that follows from a case: what was sent, by which builds, and what to do.

    CASE is the folder of a case, audited again where it keeps no result of its evidence as it stands;
    or an audit document, as `phonehome audit CASE --format json` writes it. The notice says of each
    build whether it is affected, fixed, undecided or not tested, and never calls silence a fix.
    """
    place = Place.of(output)
    chosen = _choose(format_name, place)
    source = _read(case, details, [load_public(path) for path in public_keys], reveal=reveal)
    options = NoticeOptions(
        details=source.details,
        tlp=Tlp(tlp.upper()) if tlp is not None else None,
        vouched=source.vouched,
        revealed=reveal,
    )
    notice = write_notice(source.document, options)
    target = find_target(place, chosen, notice, (case, *source.files))
    if place is not None and place.is_folder:
        make_folder(place.path)
    write_notice_file(chosen.render(notice), target, chosen, private=reveal)
    _tell(notice, chosen, target)


def _choose(format_name: str | None, place: Place | None) -> AdvisoryFormat:
    if format_name is not None:
        return BY_NAME[format_name]
    if place is None or place.is_folder or not place.path.suffix:
        return BY_NAME[DEFAULT_FORMAT]
    output = place.path
    found = BY_SUFFIX.get(output.suffix.lower())
    if found is None:
        known = ", ".join(sorted(BY_SUFFIX))
        raise click.UsageError(
            f"No format goes with the suffix {output.suffix!r} ({known} do); give one with --format."
        )
    return found


def _read(case: Path, details: Path | None, trusted: Sequence[PublicKey], *, reveal: bool) -> _Source:
    """Get the audit of a case, or the document that was named, and what people decided.

    Raises:
        ConfigError: There is neither, or it is of another kind.
    """
    if is_case(case):
        return _read_case(case, details, trusted, reveal=reveal)
    if case.is_dir():
        raise ConfigError(
            f"{case}: this folder is no case (it has no case.yaml); `phonehome case new` starts one"
        )
    if not case.exists():
        raise ConfigError(f"{case}: there is no such case and no such file; check the name")
    if trusted:
        raise click.UsageError(
            f"--public-key is for the folder of a case, and {case} is none: nothing in it is signed."
        )
    document = read_document(case)
    if document is None:
        raise ConfigError(
            f"{case}: is neither the folder of a case nor an audit document; `phonehome audit CASE "
            f"--format json` writes one"
        )
    if not reveal:
        _refuse_revealed(case, document)
    files = () if details is None else (details,)
    return _Source(document=document, details=_load(details), vouched=None, files=files)


def _read_case(case: Path, details: Path | None, trusted: Sequence[PublicKey], *, reveal: bool) -> _Source:
    """Read what people decided first: a mistake in it is told before the work of an audit."""
    own = case / ADVISORY_FILE
    named = details if details is not None else own if own.exists() or own.is_symlink() else None
    decided = _load(named)
    loaded = load_case(case)
    written = Written(loaded.case, reveal=reveal)
    decided, held = clean_details(decided, written)
    if held:
        say(f"warning: known values stand in {named}, and are masked in the notice: {', '.join(held)}")
    stored = None if reveal else read_result(loaded)
    if stored is not None:
        _refuse_revealed(case, stored)
        stored = clean_document(stored, written).document  # it may be of anybody's making
    return _Source(
        document=stored if stored is not None else _audit(loaded, written),
        details=decided,
        vouched=_vouched(case, trusted, kept=stored is not None) if details is None else None,
        files=() if named is None else (named,),
    )


def _load(path: Path | None) -> AdvisoryDetails:
    if path is None:
        return AdvisoryDetails()
    if not path.exists():
        raise ConfigError(
            f"{path}: there is no such file; `phonehome schema advisory-file` says what one may hold"
        )
    return load_advisory_file(path)


def _audit(loaded: LoadedCase, written: Written) -> AuditDocument:
    """Audit a case that keeps no result of this evidence, and change nothing in it."""
    if not written.reveal:
        say(
            f"{loaded.root} keeps no result of its evidence as it stands, so it is audited; `phonehome audit` keeps one"
        )
    rulings, warnings = load_rulings(loaded)
    for warning in (*loaded.warnings, *warnings):
        say(f"warning: {warning}")
    return audit_case(loaded, rulings, CaseOptions(reveal=written.reveal, progress=say, written=written))


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


def _vouched(root: Path, trusted: Sequence[PublicKey], *, kept: bool) -> Vouched | None:
    """Say who signed the case as it stands; None if nobody did, or nobody who is trusted. Every file is compared."""
    if not (root / MANIFEST).is_file():
        if trusted:
            say("the case is not signed, so the notice is a draft")
        return None
    try:
        result = verify(root, trusted, any_of=True)
    except ConfigError as error:
        say(f"the signature could not be checked, so the notice is a draft: {error}")
        return None
    by = [one.fingerprint for one in result.present if one.trusted or not trusted]
    if by and result.passed:
        return Vouched(by=tuple(dict.fromkeys(by)), trusted=bool(trusted), kept=kept)
    if trusted and result.present and not by:
        say("none of the keys of --public-key signed the case as it stands, so the notice is a draft")
    elif result.signatures or result.failures:
        say("the case is not what was signed, so the notice is a draft; `phonehome verify` says what differs")
    return None


def _tell(notice: AdvisoryDocument, chosen: AdvisoryFormat, target: Path | None) -> None:
    """Say what a sender should know before it leaves the house."""
    for text in notice.notices:
        say(text)
    if not notice.publisher.named:
        say(f"nobody is named as its publisher: {ADVISORY_FILE} of the case says who publishes it")
    wanted = chosen.file_name(notice)
    if chosen.name == "csaf" and target is not None and target.name != wanted:
        say(f"CSAF wants a file of this document to be called {wanted}")
