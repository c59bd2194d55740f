"""Renewing the manifest of a case and signing it.

What is in `signatures/` has a name made of the manifest and the key: `MANIFEST-KEY.dsse.json`, the public key
`.pub` and the time stamp `.tsr` beside it. So signatures of several keys, and those over earlier states of the case,
stand side by side, and each file is written once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from phonehome.case.dsse import parse_envelope, render_envelope, sign_payload
from phonehome.case.intoto import PAYLOAD_TYPE, make_statement, render_statement
from phonehome.case.inventory import MANIFEST, SIGNATURES, Part, read_small
from phonehome.case.keys import SigningKey
from phonehome.case.manifest import (
    Difference,
    compare,
    contents_of,
    digest_of,
    load_manifest,
    make_manifest,
    render_manifest,
)
from phonehome.case.recorded import differences_from_sessions
from phonehome.case.timestamp import BadStamp, Stamp, check_stamp, request_stamp
from phonehome.case.writing import explaining, write_durably
from phonehome.documents.manifest import ManifestDocument
from phonehome.model.errors import ConfigError

ENVELOPE_SUFFIX = ".dsse.json"
KEY_SUFFIX = ".pub"
STAMP_SUFFIX = ".tsr"
MAX_ENVELOPE = 96 << 20
MAX_STAMP = 1 << 20
MAX_NAMED = 10
_KEPT = "sessions/"
"""Evidence that nobody may change once it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """A manifest that stands on the disk, and how it differs from the one before (empty for the first)."""

    manifest: ManifestDocument
    data: bytes
    first: bool
    differences: list[Difference] = field(default_factory=list)


def renew_manifest(root: Path, *, accept_changes: bool = False) -> Renewed:
    """Write `manifest.json` anew; the caller holds the lock of the case.

    Args:
        root: The folder of a case or of a shared copy.
        accept_changes: Take evidence of sessions as it is now, though it is not what the manifest has.

    Raises:
        ConfigError: Evidence of a session was changed or is missing, a file cannot be read, or the manifest written.
    """
    before = load_manifest(root)
    manifest = make_manifest(root)
    data = render_manifest(manifest)
    differences = compare(before[0], contents_of(manifest)) if before is not None else []
    _refuse_changed(root, differences_from_sessions(root, contents_of(manifest)), "put it back")
    if not accept_changes:
        touched = [str(one) for one in differences if one.name.startswith(_KEPT) and one.kind != "added"]
        _refuse_changed(root, touched, "put it back, or say with --accept-changes that it shall be so")
    if before is None or data != before[1]:
        write_durably(root / MANIFEST, data)
    return Renewed(manifest=manifest, data=data, first=before is None, differences=differences)


def _refuse_changed(root: Path, changed: Sequence[str], advice: str) -> None:
    if changed:
        shown = "; ".join(changed[:MAX_NAMED]) + "; …" * (len(changed) > MAX_NAMED)
        raise ConfigError(f"{root}: evidence of sessions is not what it was ({shown}); {advice}")


def signature_file(root: Path, data: bytes, key: SigningKey) -> Path:
    """Name the file for the signature of a key over the manifest with these bytes."""
    stem = f"{digest_of(data)[:16]}-{key.public.fingerprint[:16]}"
    return root / SIGNATURES / f"{stem}{ENVELOPE_SUFFIX}"


def sibling(envelope: Path, suffix: str) -> Path:
    """Name the public key or the time stamp beside an envelope."""
    return envelope.with_name(envelope.name.removesuffix(ENVELOPE_SUFFIX) + suffix)


def sign_manifest(root: Path, renewed: Renewed, key: SigningKey) -> tuple[Path, bool]:
    """Sign the manifest, unless the key's signature over it is there already; say where it is, and whether it is new.

    The caller holds the lock of the case.

    Raises:
        ConfigError: It cannot be written.
    """
    path = signature_file(root, renewed.data, key)
    with explaining(path):
        path.parent.mkdir(exist_ok=True)
    if path.parent.is_symlink():
        raise ConfigError(f"{path.parent}: is a link, and a case holds files only; remove it")
    if _holds(path, key):
        return path, False
    now = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    statement = make_statement(renewed.manifest, renewed.data, now)
    envelope = sign_payload(PAYLOAD_TYPE, render_statement(statement), [key])
    write_durably(sibling(path, KEY_SUFFIX), key.public.as_pem())
    write_durably(path, render_envelope(envelope))
    with explaining(path):
        sibling(path, STAMP_SUFFIX).unlink(missing_ok=True)  # of an envelope that did not hold
    return path, True


def _holds(path: Path, key: SigningKey) -> bool:
    try:
        return parse_envelope(read_small(path, MAX_ENVELOPE, "signature"), path).is_signed_by(key.public)
    except ConfigError:
        return False


def stamp_signature(path: Path, url: str, anchors: Sequence[x509.Certificate]) -> Stamp:
    """Have a signature stamped, unless a stamp that fits is there already.

    Raises:
        ConfigError: The service cannot be used, or its reply not written; the signature stands all the same.
    """
    data = read_small(path, MAX_ENVELOPE, "signature")
    place = sibling(path, STAMP_SUFFIX)
    try:
        return check_stamp(read_small(place, MAX_STAMP, "time stamp"), data, anchors)
    except (BadStamp, ConfigError):
        reply, stamp = request_stamp(url, data, anchors)
        write_durably(place, reply)
        return stamp


def summary_of(differences: Sequence[Difference]) -> str:
    """Say how many files of which part differ in which way: `2 added, 1 changed`."""
    counts = {
        kind: sum(one.kind == kind and one.part is not Part.ABOUT for one in differences)
        for kind in ("added", "changed", "missing")
    }
    return ", ".join(f"{number} {kind}" for kind, number in counts.items() if number) or "nothing changed"
