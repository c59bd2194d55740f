"""`phonehome verify`: is a case what was signed, and by whom? Offline."""

from pathlib import Path

import click

from phonehome.case.evidence import describe
from phonehome.case.inventory import SHARED_FILE, folder_of
from phonehome.case.keys import load_public
from phonehome.case.openings import check_opening
from phonehome.case.timestamp import load_anchors
from phonehome.case.verification import verify as verify_folder
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.output import write_stdout
from phonehome.reports.text import visible

EPILOG = """\b
Examples:
  phonehome verify redmi-1s/ --public-key lab.pem.pub
  phonehome verify redmi-1s/                 says who signed, without trust in it
  phonehome verify shared/ --public-key lab.pem.pub --opening f7.opening.json

\b
Exit status: 0 all that was checked holds, 4 something does not, 2 nothing could be checked.
"""


@click.command(epilog=EPILOG, short_help="Check a case against its manifest and signatures.")
@click.argument("case", type=click.Path(path_type=Path))
@click.option(
    "--public-key",
    "public_keys",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A public key that you trust, got from the signer another way than with the case. Each must have signed.",
)
@click.option(
    "--tsa-certificate",
    "tsa_certificates",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A root certificate (PEM) of time-stamp services, instead of those that this machine trusts.",
)
@click.option(
    "--opening",
    "openings",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="What `phonehome prove` wrote: check that it opens a commitment of this shared copy.",
)
@click.option("--reveal", is_flag=True, help="Show the values that the openings open.")
def verify(
    case: Path,
    public_keys: tuple[Path, ...],
    tsa_certificates: tuple[Path, ...],
    openings: tuple[Path, ...],
    reveal: bool,
) -> ExitCode:
    """Check that every file of the CASE is what its manifest has, and that the manifest was signed.

    Works offline, changes nothing, and names each file that was changed, added or is missing, and what lies in the
    folder that no manifest lists. CASE is the folder of a
    case, or a copy of `phonehome case share`.
    """
    root = folder_of(case)
    if openings and not (root / SHARED_FILE).is_file():
        raise click.UsageError(f"--opening is for a copy of `phonehome case share`, and {case} is a case.")
    if reveal and not openings:
        raise click.UsageError("--reveal shows what an opening opens: give --opening FILE, too.")
    result = verify_folder(root, [load_public(path) for path in public_keys], load_anchors(tsa_certificates))
    lines = describe(result)
    passed = result.passed
    for path in openings:
        fits, sentence = check_opening(root, path, reveal=reveal)
        passed = passed and fits
        lines.append(sentence)
    lines.append("All that was checked holds." if passed else "The check FAILED.")
    write_stdout("".join(f"{visible(line)}\n" for line in lines), private=reveal)
    return ExitCode.DONE if passed else ExitCode.CHECK_FAILED
