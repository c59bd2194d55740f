"""Checking a case offline: is every file what the manifest has, and who signed the manifest?

Nothing in the case is believed: a signature is checked before its payload is read, and a key that came with the case
shows only that one hand made it all. Trust needs a public key that came another way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from phonehome.case.dsse import Envelope, parse_envelope
from phonehome.case.intoto import Statement, parse_statement, states
from phonehome.case.inventory import MANIFEST, SIGNATURES, Part, read_small
from phonehome.case.keys import MAX_KEY, PublicKey, parse_public
from phonehome.case.keysfile import load_keys
from phonehome.case.manifest import Difference, compare, hash_folder, load_manifest
from phonehome.case.recorded import differences_from_sessions, iter_recorded
from phonehome.case.signing import (
    ENVELOPE_SUFFIX,
    KEY_SUFFIX,
    MAX_ENVELOPE,
    MAX_STAMP,
    STAMP_SUFFIX,
    sibling,
)
from phonehome.case.strays import find_strays, sessions_without_file
from phonehome.case.timestamp import BadStamp, Stamp, check_stamp
from phonehome.case.writing import PARTIAL_PREFIX
from phonehome.documents.manifest import ManifestDocument
from phonehome.model.errors import ConfigError

MAX_SIGNATURE_FILES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One signature that holds.

    Attributes:
        fingerprint: Of the key that made it.
        trusted: The recipient gave this key.
        name: Whose it is, by the word of the case itself.
        signed_at: When, by the signer's own clock.
        present: It is over the manifest that stands there; otherwise over an earlier state of the case.
        stamp: What a time-stamp authority says of it.
        stamp_fault: Why there is a stamp that counts for nothing.
    """

    fingerprint: str
    trusted: bool
    name: str | None
    signed_at: str
    present: bool
    stamp: Stamp | None
    stamp_fault: str | None


@dataclass(kw_only=True)
class Verification:
    """What came out.

    Attributes:
        files: How many files were to be as they were.
        has_manifest: Whether that is by the word of a manifest, or (of captures alone) by that of their sessions.
        differences: Files that are not as the manifest has them.
        signatures: Those that hold.
        failures: What does not hold, as sentences.
        strays: What lies beside all that a manifest lists; nobody vouches for it.
    """

    files: int = 0
    has_manifest: bool = True
    differences: list[Difference] = field(default_factory=list)
    signatures: list[Signed] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether everything that was looked at holds."""
        return not self.failures and not any(map(is_failure, self.differences))

    @property
    def present(self) -> list[Signed]:
        """The signatures over the case as it stands."""
        return [one for one in self.signatures if one.present]


def is_failure(difference: Difference) -> bool:
    """Results may be deleted and made anew, but not differ from those that were signed."""
    return difference.part is Part.EVIDENCE or difference.kind == "changed"


def verify(
    root: Path,
    trusted: Sequence[PublicKey] = (),
    anchors: Sequence[x509.Certificate] = (),
    *,
    hash_files: bool = True,
    any_of: bool = False,
) -> Verification:
    """Check a case or a shared copy.

    Args:
        root: Its folder, as `folder_of` gives it.
        trusted: Keys that the recipient got another way; each must have signed what stands there.
        any_of: One of them is enough.
        anchors: Certificates for time stamps; empty for those of the machine.
        hash_files: Compare every file with the manifest; otherwise only who signed it is said.

    Raises:
        ConfigError: There is no manifest, it cannot be read, or is of a newer version; or a file cannot be read.
    """
    loaded = load_manifest(root)
    if loaded is None:
        return _verify_without(root, trusted)
    manifest, data = loaded
    result = Verification(files=len(manifest.evidence) + len(manifest.derived))
    if hash_files:
        there = hash_folder(root)
        result.differences = compare(manifest, there)
        result.failures = differences_from_sessions(root, there) + sessions_without_file(root)
        result.strays = find_strays(root)
    _check_signatures(root, manifest, data, trusted, anchors, result)
    if not (any_of and any(one.trusted for one in result.present)):
        _require(trusted, result)
    return result


def _verify_without(root: Path, trusted: Sequence[PublicKey]) -> Verification:
    """Check what can be checked where there is no manifest: captures against what their sessions say of them."""
    signed = (root / SIGNATURES).is_dir()
    recorded = dict(iter_recorded(root))
    without_file = sessions_without_file(root)
    if not recorded and not signed and not without_file:
        raise ConfigError(
            f"{root}: there is no {MANIFEST}, so nothing says what the evidence was; `phonehome sign` writes one"
        )
    there = hash_folder(root)
    failures = [f"missing: {MANIFEST}, though the case was signed"] if signed else []
    failures += differences_from_sessions(root, there) + without_file
    failures += [f"the key SHA256:{key.fingerprint}, which you trust, did not sign this" for key in trusted]
    return Verification(files=len(recorded), has_manifest=False, failures=failures, strays=find_strays(root))


def _check_signatures(
    root: Path,
    manifest: ManifestDocument,
    data: bytes,
    trusted: Sequence[PublicKey],
    anchors: Sequence[x509.Certificate],
    result: Verification,
) -> None:
    keyring = _Keyring(root, trusted, result.failures)
    earlier: list[Statement] = []
    prints = {key.fingerprint for key in trusted}
    for path in _iter_envelopes(root):
        try:
            body = read_small(path, MAX_ENVELOPE, "signature")
            envelope = parse_envelope(body, path)
            signers = keyring.find(envelope, path)
            statement = parse_statement(envelope.payload_type, envelope.payload, path)
        except ConfigError as error:
            result.failures.append(str(error))
            continue
        present = states(statement, manifest, data)
        if not present:
            earlier.append(statement)
        stamp, fault = _stamp_of(path, body, anchors)
        if fault is not None:
            result.failures.append(fault)
        result.signatures += [
            Signed(
                fingerprint=key.fingerprint,
                trusted=key.fingerprint in prints,
                name=keyring.names.get(key.fingerprint),
                signed_at=statement.predicate.signed_at,
                present=present,
                stamp=stamp,
                stamp_fault=fault,
            )
            for key in signers
        ]
    _judge(manifest, earlier, result)


def _judge(
    manifest: ManifestDocument,
    earlier: Sequence[Statement],
    result: Verification,
) -> None:
    """Say what is wrong with who signed."""
    if earlier and not result.present:
        latest = max(earlier, key=lambda statement: statement.predicate.signed_at)
        changed = _changes_since(latest, manifest)
        result.failures.append(
            f"{MANIFEST} is not the one that was signed: the signatures are over an earlier state{changed}"
        )


def _require(trusted: Sequence[PublicKey], result: Verification) -> None:
    """Say which of the trusted keys did not sign what stands there."""
    by = {one.fingerprint for one in result.present}
    for key in trusted:
        if key.fingerprint not in by:
            others = ", ".join(sorted(by)) or "nobody"
            result.failures.append(
                f"the key SHA256:{key.fingerprint}, which you trust, did not sign this; signed by: {others}"
            )


def _changes_since(statement: Statement, manifest: ManifestDocument) -> str:
    then = {name: digest for name, digest in statement.files.items() if name != MANIFEST}
    now = {entry.path: entry.sha256 for entry in (*manifest.evidence, *manifest.derived)}
    changes = [f"added: {name}" for name in now if name not in then]
    changes += [f"missing: {name}" for name in then if name not in now]
    changes += [f"changed: {name}" for name in now if name in then and then[name] != now[name]]
    return f" ({'; '.join(changes[:10])}{'; …' if len(changes) > 10 else ''})" if changes else ""


class _Keyring:
    """The keys that a signature may be by: those that the recipient gave, and those that came with the case."""

    def __init__(self, root: Path, trusted: Sequence[PublicKey], failures: list[str]) -> None:
        self.names: dict[str, str] = {}
        self._keys = {key.fingerprint: key for key in trusted}
        try:
            for named in load_keys(root):
                self.names[named.key.fingerprint] = named.name
                self._keys.setdefault(named.key.fingerprint, named.key)
        except ConfigError as error:
            failures.append(str(error))

    def find(self, envelope: Envelope, path: Path) -> list[PublicKey]:
        """Give the keys whose signature over the envelope holds.

        Raises:
            ConfigError: None does.
        """
        keys = dict(self._keys)
        beside = sibling(path, KEY_SUFFIX)
        if beside.is_file():
            key = parse_public(read_small(beside, MAX_KEY, "public key"), beside)
            keys.setdefault(key.fingerprint, key)
        found = [key for key in keys.values() if envelope.is_signed_by(key)]
        if not found:
            by = ", ".join(one.keyid[:64] for one in envelope.signatures if one.keyid in keys)
            raise ConfigError(
                f"{path}: the signature does not hold"
                + (
                    f" for the key that it names ({by}): it, or what it signs, was changed"
                    if by
                    else ": no key that is here made it; ask the sender for the public key"
                )
            )
        return found


def _iter_envelopes(root: Path) -> Iterator[Path]:
    folder = root / SIGNATURES
    if folder.is_symlink() or not folder.is_dir():
        return
    names = sorted(
        path
        for path in folder.iterdir()
        if path.name.endswith(ENVELOPE_SUFFIX) and not path.name.startswith(PARTIAL_PREFIX)
    )
    if len(names) > MAX_SIGNATURE_FILES:
        raise ConfigError(f"{folder}: more than {MAX_SIGNATURE_FILES} signatures; is this a case?")
    yield from names


def _stamp_of(
    path: Path, body: bytes, anchors: Sequence[x509.Certificate]
) -> tuple[Stamp | None, str | None]:
    place = sibling(path, STAMP_SUFFIX)
    if not place.exists() and not place.is_symlink():
        return None, None
    try:
        return check_stamp(read_small(place, MAX_STAMP, "time stamp"), body, anchors), None
    except (BadStamp, ConfigError) as error:
        return None, f"{place}: the time stamp does not hold: {error}"
