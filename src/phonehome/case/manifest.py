"""`manifest.json`: the SHA-256 of all evidence, so that anybody can say which file was changed.

The same folder gives the same bytes. Each file stands on a line of its own, with its digest first, so that
`sha256sum` can check it after one `sed` (docs/evidence.md shows how).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import ValidationError

from phonehome import __version__
from phonehome.case.inventory import (
    MANIFEST,
    SHARED_FILE,
    Content,
    Part,
    hash_file,
    iter_files,
    read_small,
)
from phonehome.case.places import RESULTS
from phonehome.case.refusals import refuse_name, refuse_secret
from phonehome.documents.audit import Tool
from phonehome.documents.manifest import MANIFEST_SCHEMA, FileEntry, ManifestDocument, Writer
from phonehome.model.errors import ConfigError

STORED_RESULT = f"{RESULTS}/audit.json"
MAX_MANIFEST = 64 << 20
MAX_RESULT = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One file that is not as the manifest has it."""

    name: str
    kind: Literal["changed", "missing", "added"]
    part: Part

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


def make_manifest(root: Path) -> ManifestDocument:
    """Hash every file of a case or a shared copy.

    Raises:
        ConfigError: A file cannot be read, is a link, has a name that no list can hold, or is a private key.
    """
    evidence: list[FileEntry] = []
    derived: list[FileEntry] = []
    for found in iter_files(root):
        refuse_name(root, found.name)
        refuse_secret(found.path)
        if found.part is Part.ABOUT:
            continue
        content = hash_file(found.path)
        entry = FileEntry(sha256=content.sha256, size=content.size, path=found.name)
        (evidence if found.part is Part.EVIDENCE else derived).append(entry)
    return ManifestDocument(
        of="shared" if (root / SHARED_FILE).is_file() else "case",
        tool=Writer(name="phonehome", version=__version__),
        audited_with=read_tool(root / STORED_RESULT),
        evidence=evidence,
        derived=derived,
    )


def read_tool(stored: Path) -> Tool | None:
    """Say which program, with which data, made a stored result; None if there is no result that says so."""
    try:
        return Tool.model_validate(json.loads(read_small(stored, MAX_RESULT, "result"))["tool"])
    except (ConfigError, ValueError, TypeError, KeyError, RecursionError):
        return None  # `phonehome repeat` says what is wrong with it


def render_manifest(manifest: ManifestDocument) -> bytes:
    """Write a manifest as JSON, one file a line; the same manifest gives the same bytes."""
    head = manifest.model_dump(mode="json", exclude={"evidence", "derived"})
    lines = [f'  "{key}": {_write(value)},' for key, value in head.items()]
    lists = (("evidence", manifest.evidence, ","), ("derived", manifest.derived, ""))
    for name, entries, end in lists:
        rows = ",\n".join(f"    {_write(entry.model_dump())}" for entry in entries)
        lines.append(f'  "{name}": [\n{rows}\n  ]{end}' if rows else f'  "{name}": []{end}')
    return ("{\n" + "\n".join(lines) + "\n}\n").encode()


def _write(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def load_manifest(root: Path) -> tuple[ManifestDocument, bytes] | None:
    """Read `manifest.json`, and give it with its bytes; None if there is none.

    Raises:
        ConfigError: It is of a newer version, or is no manifest.
    """
    path = root / MANIFEST
    if not path.exists() and not path.is_symlink():
        return None
    data = read_small(path, MAX_MANIFEST, "manifest")
    return parse_manifest(data, path), data


def parse_manifest(data: bytes, path: Path) -> ManifestDocument:
    """Read a manifest.

    Raises:
        ConfigError: It is of a newer version, or is no manifest; the sentence names `path`.
    """
    try:
        found = json.loads(data)
        version = found.get("schema") if isinstance(found, dict) else None
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path}: this is no JSON, so it was damaged; take it from the sender again"
        ) from error
    if version != MANIFEST_SCHEMA:
        shown = repr(version)[:60]
        hint = "; a newer phonehome may read it" if str(version).startswith("phonehome.manifest/") else ""
        raise ConfigError(f"{path}: its schema is {shown}, and this phonehome reads {MANIFEST_SCHEMA}{hint}")
    try:
        manifest = ManifestDocument.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: this is no manifest: {place}: {first['msg']}") from error
    names = [entry.path for entry in (*manifest.evidence, *manifest.derived)]
    if len(set(names)) != len(names):
        raise ConfigError(f"{path}: a file stands in it twice, so it was not written by phonehome")
    return manifest


def digest_of(data: bytes) -> str:
    """Give the SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


Contents: TypeAlias = Mapping[str, tuple[Part, Content]]
"""What files hold, by name."""


def hash_folder(root: Path) -> Contents:
    """Hash what is there, without manifest and signatures.

    Raises:
        ConfigError: A file cannot be read, or something is a link.
    """
    return {
        found.name: (found.part, hash_file(found.path))
        for found in iter_files(root)
        if found.part is not Part.ABOUT
    }


def contents_of(manifest: ManifestDocument) -> Contents:
    """Say what files hold by the word of a manifest."""
    return {
        entry.path: (part, Content(entry.sha256, entry.size))
        for part, entries in ((Part.EVIDENCE, manifest.evidence), (Part.DERIVED, manifest.derived))
        for entry in entries
    }


def compare(manifest: ManifestDocument, there: Contents) -> list[Difference]:
    """Name every file that is not as the manifest has it, by the order of their names."""
    before = contents_of(manifest)
    differences = [
        Difference(name=name, kind="changed" if name in there else "missing", part=part)
        for name, (part, content) in before.items()
        if name not in there or there[name][1] != content
    ]
    differences += [
        Difference(name=name, kind="added", part=part)
        for name, (part, _) in there.items()
        if name not in before
    ]
    return sorted(differences, key=lambda difference: difference.name)


def names_of(differences: Iterable[Difference], part: Part) -> list[Difference]:
    """Give the differences in files of one part."""
    return [difference for difference in differences if difference.part is part]
