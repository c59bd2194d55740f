"""`phonehome claims`: start and check the file of what people said of a handset."""

from pathlib import Path

import click

from phonehome.case.affair_2014 import CLAIMS
from phonehome.case.claims_file import ClaimsFile, load_claims
from phonehome.case.folder import LoadedCase, is_case, load_case
from phonehome.case.places import CLAIMS_FILE
from phonehome.cli.output import say, write_file, write_stdout
from phonehome.model.errors import ConfigError
from phonehome.model.wording import count
from phonehome.reports.text import visible
from phonehome.rules.claim import CheckedClaim

TEMPLATE = Path(__file__).parents[1] / "case" / "data" / "claims-template.yaml"
EXAMPLES = {"template": TEMPLATE, "redmi-1s-2014": CLAIMS}
MAX_TEXT = 60
NEW_EPILOG = """\b
Examples:
  phonehome claims new redmi-1s/claims.yaml
  phonehome claims new - --from redmi-1s-2014 | less    the claims of 2014, as an example
"""
CHECK_EPILOG = """\b
Examples:
  phonehome claims check redmi-1s                       a case: names are those of the case
  phonehome claims check claims.yaml                    a file: names of conditions and services are not checked
  phonehome claims check claims.yaml --case redmi-1s
"""


@click.group(short_help="Start or check the file of what people said of a handset.")
def claims() -> None:
    """Start and check the file of what vendor, accusers and authorities said of a handset.

    `phonehome audit CASE` decides each claim by the evidence: unobservable, conflict, untested, contradicted
    or consistent.
    """


@claims.command(epilog=NEW_EPILOG)
@click.argument("path", default=CLAIMS_FILE)
@click.option(
    "--from",
    "example",
    type=click.Choice(sorted(EXAMPLES)),
    default="template",
    show_default=True,
    help="What to begin with: a commented template, or the claims of the affair of 2014.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def new(path: str, example: str, force: bool) -> None:
    """Write a file of claims to fill in.

    PATH is the file to write (claims.yaml if it is left out), or - for standard output.
    """
    text = EXAMPLES[example].read_text(encoding="utf-8")
    if path == "-":
        write_stdout(text)
        return
    target = Path(path)
    if target.exists() and not force:
        raise ConfigError(f"{path} is there already; give another name, or --force to replace it")
    write_file(target, text)
    say(f"wrote {path}; fill it in, then run: phonehome claims check {path}")


@claims.command(epilog=CHECK_EPILOG)
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--case",
    "case_path",
    type=click.Path(path_type=Path),
    metavar="CASE",
    help="The folder of the case whose handsets, builds, services, conditions and steps the claims may name.",
)
def check(path: Path, case_path: Path | None) -> None:
    """Check a file of claims, or that of a case, and list what it holds.

    Every mistake is named with its line: a misspelt field, condition or value, a comparison that can never be met, a
    name that the case does not know.
    """
    loaded: LoadedCase | None = None
    if is_case(path):
        if case_path is not None:
            raise click.UsageError(f"{path} is a case itself; name its claims file, or leave out --case")
        case_path, path = path, path / CLAIMS_FILE
    elif path.is_dir():
        raise ConfigError(
            f"{path}: this folder is no case, since it has no case.yaml; name a case or a file of claims"
        )
    if case_path is not None:
        loaded = load_case(case_path, evidence=False)
    file = load_claims(path) if loaded is None else load_claims(path, loaded.case, loaded.protocols)
    write_stdout(_explain(path, file, checked_names=loaded is not None))


def _explain(path: Path, file: ClaimsFile, *, checked_names: bool) -> str:
    lines = [f"{path}: {count(len(file.claims), 'claim')}"]
    id_width = max((len(one.claim.id) for one in file.claims), default=0)
    who_width = max((len(one.claim.who) for one in file.claims), default=0)
    for one in file.claims:
        text = " ".join(one.claim.text.split())
        shown = text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
        lines.append(
            f"  {one.claim.id:<{id_width}}  {one.claim.who:<{who_width}}  {_asked(one):<18}  {shown}"
        )
    if not checked_names:
        lines += [
            "",
            "Names of conditions, services and the like were not checked: name the case with --case.",
        ]
    if file.warnings:
        lines += ["", f"Warnings: {len(file.warnings)}", *(f"  {warning}" for warning in file.warnings)]
    return "\n".join(map(visible, lines)) + "\n"


def _asked(one: CheckedClaim) -> str:
    if one.holds_if is None:
        return "unobservable"
    return "asked of each flow" if "flow" in one.holds_if.variables else "asked per session"
