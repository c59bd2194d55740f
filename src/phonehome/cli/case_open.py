"""`phonehome case open`: open a sealed case, and say what its check comes to."""

from pathlib import Path

import click

from phonehome.case.evidence import describe
from phonehome.case.inventory import folder_of
from phonehome.case.keys import load_public
from phonehome.case.sealing import Identities, is_locked_by_passphrase, load_identities, open_sealed
from phonehome.case.verification import verify
from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.output import say, write_stdout
from phonehome.cli.passphrase import PassphraseSource, passphrase_options, warn_if_shown
from phonehome.model.errors import ConfigError
from phonehome.reports.text import visible

EPILOG = """\b
Examples:
  phonehome case open redmi-1s.age --identity ~/keys/lab.age
  phonehome case open redmi-1s.age --passphrase -o received/
  phonehome case open redmi-1s.age --identity ~/keys/lab.age --public-key lab-a.pem.pub

\b
Exit status: 0 opened, and what its check looked at holds; 4 opened, but the check failed; 2 not opened.
"""


@click.command("open", epilog=EPILOG, short_help="Open a sealed case, and check it.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The folder to write, which must not exist; FILE without its suffix, here, if left out.",
)
@click.option(
    "--identity",
    "identities",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A file with your age identity, as `phonehome key new --for opening` or age-keygen makes it.",
)
@click.option("--passphrase", is_flag=True, help="It was sealed with a passphrase: ask for it.")
@click.option(
    "--public-key",
    "public_keys",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A public key that you trust: the case must be signed by it.",
)
@passphrase_options
def open_(
    file: Path,
    output: Path | None,
    identities: tuple[Path, ...],
    passphrase: bool,
    public_keys: tuple[Path, ...],
    passphrase_env: str | None,
    passphrase_fd: int | None,
) -> ExitCode:
    """Open the sealed case in FILE into a new folder, whole or not at all, and check it as `phonehome verify` does."""
    source = PassphraseSource(passphrase_env, passphrase_fd)
    trusted = [load_public(path) for path in public_keys]
    target = output or Path(file.name.removesuffix(file.suffix) or file.name)
    if output is None and target.exists():
        raise ConfigError(f"{target} is there already; name the folder to write with -o")
    key: Identities | str
    if is_locked_by_passphrase(file):
        if identities:
            raise click.UsageError(
                f"{file} was sealed with a passphrase: give --passphrase instead of --identity."
            )
        key = source.read(f"of {file.name}")
    elif not identities:
        raise click.UsageError(f"{file} was not sealed with a passphrase: give --identity FILE.")
    else:
        for path in identities:
            warn_if_shown(path)
        key = [one for path in identities for one in load_identities(path, source.read)]
    open_sealed(file, target, key)
    say(f"opened {file} into {target}")
    try:
        result = verify(folder_of(target), trusted)
    except ConfigError as error:
        say(f"it was not checked: {error}")
        return ExitCode.CHECK_FAILED if trusted else ExitCode.DONE
    lines = [*describe(result), "All that was checked holds." if result.passed else "The check FAILED."]
    write_stdout("".join(f"{visible(line)}\n" for line in lines))
    return ExitCode.DONE if result.passed else ExitCode.CHECK_FAILED


open = open_  # noqa: A001  the name by which `phonehome case` finds it
