"""The manifest, `phonehome.manifest/1`: every file of a case (or of a shared copy) by its SHA-256."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phonehome.documents.audit import Tool
from phonehome.documents.base import Model

MANIFEST_SCHEMA = "phonehome.manifest/1"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class FileEntry(Model):
    """One file: its path from the folder on, with `/`, and what it holds."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]
    path: str


class Writer(Model):
    """The program that wrote the manifest."""

    name: str
    version: str


class ManifestDocument(Model):
    """All files of a folder, by path.

    `evidence` is what was recorded or written by people, corrections included; `derived` are the results, which may
    be deleted and made again. `audited_with` is the program, with its data, that made the stored result; null where
    there is none.
    """

    schema_: Annotated[Literal["phonehome.manifest/1"], Field(alias="schema")] = "phonehome.manifest/1"
    of: Literal["case", "shared"]
    tool: Writer
    audited_with: Tool | None
    evidence: list[FileEntry]
    derived: list[FileEntry]

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
