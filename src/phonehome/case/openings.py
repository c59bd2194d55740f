"""The file of openings that is kept back, one opening out of it, and its check against the shared copy."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from phonehome.case.commitments import EVIDENCE, digest, parse_committed
from phonehome.case.inventory import SHARED_FILE, read_small
from phonehome.case.manifest import digest_of
from phonehome.documents.shared import OpeningDocument, OpeningsDocument, SharedDocument
from phonehome.model.errors import ConfigError, DecodeError

MAX_SHARED = 1 << 30
MAX_OPENING = 16 << 20
_Document = TypeVar("_Document", bound=BaseModel)


def load_shared(root: Path) -> tuple[SharedDocument, bytes]:
    """Read `shared.json` of a shared copy, and give it with its bytes.

    Raises:
        ConfigError: It cannot be read, or is of a newer version.
    """
    return _load(SharedDocument, root / SHARED_FILE, MAX_SHARED, "shared copy")


def prove(openings: Path, finding: str) -> OpeningDocument:
    """Take one opening out of those that were kept.

    Args:
        openings: The file that `phonehome case share` kept back.
        finding: An id of the shared copy (`f7`), of the case's own report, or `evidence`.

    Raises:
        ConfigError: The file cannot be read, or has no such finding.
    """
    kept, _ = _load(OpeningsDocument, openings, MAX_SHARED, "file of openings")
    matches = [name for name, one in kept.openings.items() if finding in (name, one.original)]
    if len(matches) != 1:
        raise ConfigError(
            f"{openings}: has no finding {finding[:80]!r}; give an id of the shared copy, as f1, or the one that the "
            "report of the case has"
        )
    return OpeningDocument(
        shared=kept.shared, finding=matches[0], committed=kept.openings[matches[0]].committed
    )


def check_opening(root: Path, path: Path, *, reveal: bool = False) -> tuple[bool, str]:
    """Check an opening against a shared copy; say whether it fits, in a sentence.

    Args:
        root: The folder of the copy.
        path: The opening, from anybody.
        reveal: Show the value that it opens.

    Raises:
        ConfigError: One of the files cannot be read.
    """
    shared, data = load_shared(root)
    opening, _ = _load(OpeningDocument, path, MAX_OPENING, "opening")
    findings = {finding.id: finding for finding in shared.findings}
    found = findings.get(opening.finding)
    commitment = shared.evidence if opening.finding == EVIDENCE else found.commitment if found else None
    if commitment is None:
        return False, f"WRONG: {path}: opens {opening.finding[:80]!r}, which is not in this copy"
    try:
        committed = parse_committed(opening.committed)
    except DecodeError as error:
        return False, f"WRONG: {path}: {error}"
    if digest(opening.committed) != commitment or committed.finding != opening.finding:
        other = "" if opening.shared == digest_of(data) else " (it is of another copy)"
        return False, f"WRONG: {path}: does not open {opening.finding} of this copy{other}"
    if found is None:
        return True, f"{path}: opens the commitment to the manifest of the case: SHA-256 {committed.value}"
    if (committed.data_type, committed.form) != (found.data_type, found.form):
        return (
            False,
            f"WRONG: {path}: opens {found.id}, but as {committed.data_type} in the form {committed.form}",
        )
    return True, (
        f"{path}: opens {found.id}: the {found.data_type} in it, in the form {found.form}, is what the owner of the "
        f"copy committed to (exchange {found.exchange}); "
        + (f"the value is {committed.value}" if reveal else "--reveal shows the value")
    )


def _load(kind: type[_Document], path: Path, limit: int, what: str) -> tuple[_Document, bytes]:
    data = read_small(path, limit, what)
    try:
        return kind.model_validate_json(data), data
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigError(
            f"{path}: is no {what} that this phonehome reads: {place}: {first['msg']}"
        ) from error
