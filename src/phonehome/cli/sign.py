"""`phonehome sign`: write the manifest of a case, and sign it."""

from collections.abc import Sequence
from pathlib import Path

import click
from cryptography.x509 import Certificate

from phonehome.case.folder import is_case, load_case
from phonehome.case.inventory import folder_of, read_small
from phonehome.case.keys import MAX_KEY, SigningKey, parse_private, refuse_inside_case
from phonehome.case.lock import locked
from phonehome.case.signing import Renewed, renew_manifest, sign_manifest, stamp_signature, summary_of
from phonehome.case.timestamp import check_address, load_anchors
from phonehome.case.writing import remove_partials
from phonehome.cli.output import say
from phonehome.cli.passphrase import PassphraseSource, passphrase_options, warn_if_shown
from phonehome.model.errors import ConfigError

EPILOG = """\b
Examples:
  phonehome key new ~/keys/lab.pem
  phonehome sign redmi-1s/ --key ~/keys/lab.pem
  phonehome sign redmi-1s/ --key ~/keys/lab.pem --timestamp-url https://tsa.example/tsr
  phonehome sign redmi-1s/ --manifest-only   hashes without a signature
"""


@click.command(epilog=EPILOG, short_help="Write the manifest of a case and sign it.")
@click.argument("case", type=click.Path(path_type=Path))
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The private key of `phonehome key new`.",
)
@click.option("--manifest-only", is_flag=True, help="Write manifest.json, and sign nothing.")
@click.option(
    "--timestamp-url",
    metavar="URL",
    help="Have the signature stamped by this RFC 3161 service; only a digest is sent. Without it nothing is.",
)
@click.option(
    "--tsa-certificate",
    "tsa_certificates",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A root certificate (PEM) to check the stamp against, instead of those that this machine trusts.",
)
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Take evidence of sessions as it is, though the last manifest has it otherwise.",
)
@passphrase_options
def sign(
    case: Path,
    key_file: Path | None,
    manifest_only: bool,
    timestamp_url: str | None,
    tsa_certificates: tuple[Path, ...],
    accept_changes: bool,
    passphrase_env: str | None,
    passphrase_fd: int | None,
) -> None:
    """Write manifest.json (SHA-256 of all evidence of the CASE) and sign it with an Ed25519 key.

    CASE is the folder of a case, or a copy of `phonehome case share`. Signatures of several keys stand side by
    side; sign again, with another key, to add one. A change to the case needs a new signature, and the old one is kept.
    """
    root = folder_of(case)
    if (key_file is None) != manifest_only:
        raise click.UsageError(
            "Give --key FILE to sign with (`phonehome key new` makes one), or --manifest-only."
        )
    if timestamp_url is not None and key_file is None:
        raise click.UsageError("--timestamp-url stamps a signature: give --key, too.")
    if timestamp_url is not None:
        check_address(timestamp_url)
    anchors = load_anchors(tsa_certificates)
    key = (
        _open_key(key_file, PassphraseSource(passphrase_env, passphrase_fd)) if key_file is not None else None
    )
    with locked(root, "phonehome sign"):
        for name in remove_partials(root):
            say(f"removed {name}, which an interrupted command had left")
        _warn_of_bad_case(root)
        renewed = renew_manifest(root, accept_changes=accept_changes)
        _tell_manifest(renewed)
        if key is not None:
            _sign(root, renewed, key, timestamp_url, anchors)


def _sign(
    root: Path, renewed: Renewed, key: SigningKey, url: str | None, anchors: Sequence[Certificate]
) -> None:
    path, new = sign_manifest(root, renewed, key)
    say(
        f"{'signed' if new else 'it was signed already'} with the key SHA256:{key.public.fingerprint}: "
        f"{path.relative_to(root)}"
    )
    if url is None:
        say("no time-stamp service was given, so only your own clock says when it was signed")
        return
    try:
        stamp = stamp_signature(path, url, anchors)
    except ConfigError as error:
        raise ConfigError(f"{error}; the signature stands, without a stamp: run the command again") from error
    doubt = f"; {stamp.doubt}" if stamp.doubt else ""
    say(f"stamped {stamp.at:%Y-%m-%d %H:%M:%SZ} by {stamp.authority}{doubt}")


def _warn_of_bad_case(root: Path) -> None:
    """A case with a mistake in it can be signed, but who does so should know."""
    if is_case(root):
        try:
            load_case(root)
        except ConfigError as error:
            say(f"warning: the case is signed as it is, and has a mistake: {error}")


def _open_key(path: Path, source: PassphraseSource) -> SigningKey:
    refuse_inside_case(path, "the private key")
    data = read_small(path, MAX_KEY, "private key")
    warn_if_shown(path)
    return parse_private(data, source.read(f"of {path.name}"), path)


def _tell_manifest(renewed: Renewed) -> None:
    manifest = renewed.manifest
    say(
        f"manifest.json: {len(manifest.evidence)} files of evidence, {len(manifest.derived)} derived"
        + ("" if renewed.first else f"; since the last one: {summary_of(renewed.differences)}")
    )
