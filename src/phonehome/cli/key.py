"""`phonehome key`: keys to sign cases with, and keys to open sealed ones with."""

from pathlib import Path

import click

from phonehome.case.keys import (
    check_passphrase,
    load_public,
    new_signing_key,
    refuse_inside_case,
    render_private,
)
from phonehome.case.sealing import new_identity
from phonehome.case.writing import OWNER_ONLY, write_durably
from phonehome.cli.output import say, write_stdout
from phonehome.cli.passphrase import PassphraseSource, passphrase_options
from phonehome.model.errors import ConfigError

NEW_EPILOG = """\b
Examples:
  phonehome key new ~/keys/lab.pem           to sign with; writes lab.pem.pub, too
  phonehome key new ~/keys/lab.age --for opening
  PASS=… phonehome key new lab.pem --passphrase-env PASS
"""
SHOW_EPILOG = """\b
Example:
  phonehome key show lab.pem.pub
"""


@click.group(short_help="Make a key to sign or to open with.")
def key() -> None:
    """Make keys, always encrypted with a passphrase and never inside a case; show their fingerprints."""


@key.command(epilog=NEW_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["signing", "opening"]),
    default="signing",
    show_default=True,
    help="signing: Ed25519 for `phonehome sign`; opening: an age identity, to whose recipient others seal.",
)
@passphrase_options
def new(file: Path, purpose: str, passphrase_env: str | None, passphrase_fd: int | None) -> None:
    """Make a key and write it to FILE, encrypted with a passphrase; print its public half.

    The public half goes to FILE.pub, and is what others need: to check what you signed, or to seal a case so
    that you can open it. Give them its fingerprint another way than the file.
    """
    if file.is_dir() or not file.name:
        raise ConfigError(f"{file} is a folder; name the file to write, as in {file / 'lab.pem'}")
    public = file.with_name(f"{file.name}.pub")
    for path in (file, public):
        if path.exists() or path.is_symlink():
            raise ConfigError(f"{path} is there already; give another name (a lost key cannot be made again)")
    refuse_inside_case(file, "the private key")
    if not file.parent.is_dir():
        raise ConfigError(f"{file.parent}: there is no such folder to write the key to")
    source = PassphraseSource(passphrase_env, passphrase_fd)
    passphrase = source.read(f"for the new key {file.name}", twice=True)
    check_passphrase(passphrase)
    if purpose == "signing":
        made = new_signing_key()
        private, shown = render_private(made, passphrase), made.public.as_pem()
        about = f"fingerprint SHA256:{made.public.fingerprint}"
    else:
        private, recipient = new_identity(passphrase)
        shown, about = f"{recipient}\n".encode(), f"recipient {recipient}"
    write_durably(file, private, mode=OWNER_ONLY)
    write_durably(public, shown)
    write_stdout(shown.decode())
    say(f"wrote {file} (keep it, and its passphrase, to yourself) and {public} (give it to others)")
    say(about)


@key.command(epilog=SHOW_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Print the fingerprint of the public key in FILE, to compare with what its owner says."""
    write_stdout(f"SHA256:{load_public(file).fingerprint}\n")
