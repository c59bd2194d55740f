"""Audit documents that were written to files: results kept in a case, and reports as JSON."""

import json
from pathlib import Path

from pydantic import ValidationError

from phonehome import __version__
from phonehome.case.folder import LoadedCase
from phonehome.case.inventory import Part, hash_file, iter_files
from phonehome.case.places import RESULTS
from phonehome.documents.audit import SCHEMA, AuditDocument
from phonehome.model.errors import InputError

MAX_DOCUMENT = 1 << 30
"""Bytes of an audit document that is read."""

STORED = "audit.json"

_FAMILY = "phonehome."


def read_document(path: Path) -> AuditDocument | None:
    """Read an audit document; None if the file is something else: a capture, perhaps.

    Raises:
        InputError: It is a document of phonehome, but of another kind or version, or it is not sound.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1)
            if head != b"{" or path.stat().st_size > MAX_DOCUMENT:
                return None
            data = head + file.read(MAX_DOCUMENT)
    except (OSError, ValueError):
        return None  # whoever reads captures says what is wrong with it
    if f'"{_FAMILY}'.encode() not in data:
        return None
    schema = _read_schema(data)
    if schema is None:
        return None
    if schema != SCHEMA:
        raise InputError(
            f"{path}: holds {schema}, and {SCHEMA} was expected: give what `phonehome audit` wrote as JSON"
        )
    try:
        document = AuditDocument.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise InputError(
            f"{path}: no audit document as this version writes it: {place}: {first['msg']}; audit the evidence again"
        ) from error
    _check_sessions(path, document)
    return document


def _read_schema(data: bytes) -> str | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    schema = value.get("schema") if isinstance(value, dict) else None
    return schema if isinstance(schema, str) and schema.startswith(_FAMILY) else None


def _check_sessions(path: Path, document: AuditDocument) -> None:
    """Check that a case's flows name its own sessions, each of which is there once."""
    if document.case is None:
        return
    names = [session.id for session in document.case.sessions]
    strangers = {flow.session for flow in document.flows} - set(names)
    if strangers:
        stranger = min(strangers, key=str)
        raise InputError(f"{path}: a flow is of session {stranger!r}, which the document does not describe")
    if len(set(names)) < len(names):
        raise InputError(f"{path}: describes a session twice")


def read_result(loaded: LoadedCase) -> AuditDocument | None:
    """Give the result kept in a case, if it is of this version, of this evidence, and younger than all of it.

    None otherwise; `phonehome repeat` says what comes out differently.

    Raises:
        ConfigError: The folder holds what no case holds.
    """
    path = loaded.root / RESULTS / STORED
    try:
        made = path.lstat().st_mtime_ns
    except OSError:
        return None
    files = {found.name: found.path for found in iter_files(loaded.root) if found.part is Part.EVIDENCE}
    if any(file.lstat().st_mtime_ns > made for file in files.values()):
        return None
    try:
        document = read_document(path)
    except InputError:
        return None
    if document is None or document.case is None or document.tool.version != __version__:
        return None
    if [session.id for session in document.case.sessions] != [session.id for session in loaded.case.sessions]:
        return None
    for file in document.inputs:
        if file.path not in files or file.sha256 != hash_file(files[file.path]).sha256:
            return None
    return document
