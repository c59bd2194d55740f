"""`phonehome case seal`: a case as one encrypted file."""

import os
from contextlib import nullcontext
from pathlib import Path

import click

from phonehome.case.evidence import is_signed
from phonehome.case.inventory import folder_of
from phonehome.case.lock import locked
from phonehome.case.sealing import Recipients, parse_recipients
from phonehome.case.sealing import seal as seal_folder
from phonehome.cli.output import say
from phonehome.cli.passphrase import PassphraseSource, passphrase_options

EPILOG = """\b
Examples:
  phonehome case seal redmi-1s -o redmi-1s.age --recipient age1…
  phonehome case seal redmi-1s -o redmi-1s.age --recipient lab.age.pub
  phonehome case seal redmi-1s -o redmi-1s.age --passphrase
"""


@click.command(epilog=EPILOG, short_help="Encrypt a case into one file.")
@click.argument("case", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The file to write.")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="AGE1…",
    help="Who may open it: a recipient of age, or a file of them. Several may be given, and each can open it.",
)
@click.option(
    "--passphrase", is_flag=True, help="Encrypt with a passphrase instead, which is asked for twice."
)
@passphrase_options
def seal(
    case: Path,
    output: Path,
    recipients: tuple[str, ...],
    passphrase: bool,
    passphrase_env: str | None,
    passphrase_fd: int | None,
) -> None:
    """Encrypt the CASE with age into one file, for storage or transport.

    Everything in the folder goes into it: evidence, results, manifest and signatures. `phonehome case open`
    opens it, and so does `age -d` with `tar`. The case itself stays as it is.
    """
    root = folder_of(case)
    source = PassphraseSource(passphrase_env, passphrase_fd)
    if bool(recipients) == (passphrase or source.is_given):
        raise click.UsageError("Give either --recipient (one or several) or --passphrase.")
    lock: Recipients | str
    if recipients:
        lock = [one for text in recipients for one in parse_recipients(text)]
    else:
        lock = source.read(f"for {output.name}", twice=True)
    # A case on a disk that cannot be written has no other writer to wait for.
    with locked(root, "phonehome case seal") if os.access(root, os.W_OK) else nullcontext():
        if not is_signed(root):
            say("the case as it stands is not signed; `phonehome sign` lets its recipient check it")
        seal_folder(root, output, lock)
    say(f"sealed {case} into {output}")
