"""The statement that is signed: in-toto Statement v1, whose subjects are the files of the case.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md. The predicate says which manifest was signed
and by which program; other tools of supply chains can read the subjects without knowing it.
"""

import json
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, ValidationError

from phonehome import __version__
from phonehome.case.inventory import MANIFEST
from phonehome.case.manifest import digest_of
from phonehome.documents.audit import Tool
from phonehome.documents.base import Model
from phonehome.documents.manifest import ManifestDocument, Sha256, Writer
from phonehome.model.errors import ConfigError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:phonehome:predicate:evidence:1"


class Digest(Model):
    """The digests of a subject; this program writes and reads SHA-256."""

    sha256: Sha256


class Subject(Model):
    """One file."""

    name: str
    digest: Digest


class Predicate(Model):
    """What the signer states about the files: `signed_at` is by the signer's own clock."""

    of: Literal["case", "shared"]
    signed_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    tool: Writer
    audited_with: Tool | None


class Statement(Model):
    """An in-toto statement whose first subject is the manifest, and the others the files in it."""

    type_: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")] = STATEMENT_TYPE
    subject: list[Subject]
    predicate_type: Annotated[Literal["urn:phonehome:predicate:evidence:1"], Field(alias="predicateType")] = (
        PREDICATE_TYPE
    )
    predicate: Predicate

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    @property
    def files(self) -> dict[str, str]:
        """Digest by name, the manifest among them."""
        return {subject.name: subject.digest.sha256 for subject in self.subject}


def make_statement(manifest: ManifestDocument, data: bytes, signed_at: str) -> Statement:
    """State a manifest (and its bytes) at a moment of the signer's clock, RFC 3339."""
    digests = {MANIFEST: digest_of(data)} | _files(manifest)
    return Statement(
        subject=[Subject(name=name, digest=Digest(sha256=digest)) for name, digest in digests.items()],
        predicate=Predicate(
            of=manifest.of,
            signed_at=signed_at,
            tool=Writer(name="phonehome", version=__version__),
            audited_with=manifest.audited_with,
        ),
    )


def _files(manifest: ManifestDocument) -> dict[str, str]:
    return {entry.path: entry.sha256 for entry in (*manifest.evidence, *manifest.derived)}


def states(statement: Statement, manifest: ManifestDocument, data: bytes) -> bool:
    """Say whether a statement is about this manifest, and names the files that are in it."""
    return statement.files == {MANIFEST: digest_of(data)} | _files(manifest)


def render_statement(statement: Statement) -> bytes:
    """Write a statement as JSON without spaces; the same statement gives the same bytes."""
    return json.dumps(statement.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":")).encode()


def parse_statement(payload_type: str, payload: bytes, path: Path) -> Statement:
    """Read what an envelope holds.

    Raises:
        ConfigError: It is no statement of ours, or of a newer version; the sentence names `path`.
    """
    if payload_type != PAYLOAD_TYPE:
        raise ConfigError(
            f"{path}: signs {payload_type[:60]!r}, and not an in-toto statement ({PAYLOAD_TYPE})"
        )
    try:
        found = json.loads(payload)
        kind = found["predicateType"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConfigError(f"{path}: what it signs is no in-toto statement") from error
    if kind != PREDICATE_TYPE:
        raise ConfigError(
            f"{path}: states {str(kind)[:60]!r}, and this phonehome reads {PREDICATE_TYPE}; a newer one may read it"
        )
    try:
        return Statement.model_validate(found)
    except ValidationError as error:
        raise ConfigError(
            f"{path}: what it signs is no statement of phonehome's: {error.errors()[0]['msg']}"
        ) from error
