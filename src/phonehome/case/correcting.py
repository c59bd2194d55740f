"""Appending a correction to a case: what stands there already keeps every byte."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from phonehome.case.annotations import CORRECTIONS, NEW, SCHEMA, annotate
from phonehome.case.folder import LoadedCase, load_case
from phonehome.case.lock import locked
from phonehome.case.places import ANNOTATIONS_FILE
from phonehome.case.reading import open_file
from phonehome.case.writing import remove_partials, write_durably
from phonehome.case.yamlfile import suggest
from phonehome.case.yamltext import start_annotations, write_annotation
from phonehome.model.case import Annotation
from phonehome.model.errors import ConfigError
from phonehome.model.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The annotation that was appended; `removed` are the leftovers of an interrupted writer."""

    annotation: Annotation
    removed: tuple[str, ...]


def correct(
    root: Path, annotation: Annotation, change: Callable[[Session], Session], doing: str
) -> Corrected:
    """Append an annotation to a case.

    Args:
        root: The folder of the case.
        annotation: Who, why, and of which session; the date and the fields that it corrects are found here.
        change: Makes the session as it shall be, from what it is by the annotations so far.
        doing: What this is, as another writer shall be told.

    Raises:
        ConfigError: The case or the correction is wrong, another process writes to the case, or it cannot be written.
            The case is then as it was.
    """
    load_case(root, evidence=False)  # wrong before there is a lock: leave nothing behind
    with locked(root, doing):
        removed = remove_partials(root)
        loaded = load_case(root, evidence=False)
        annotation = replace(annotation, at=_moment(loaded))
        corrected: Session | None = None
        if annotation.session is not None:
            present = _find(loaded, annotation.session)
            corrected = change(present)
            fields = tuple(name for name in CORRECTIONS if getattr(corrected, name) != getattr(present, name))
            annotation = replace(annotation, corrects=fields)
        if not annotation.corrects and annotation.note is None:
            raise ConfigError(
                "this annotation would change nothing: the case says the same already; to say that it was checked, "
                "give a --note"
            )
        _append(loaded, annotation, corrected)
    return Corrected(annotation=annotation, removed=tuple(removed))


def _moment(loaded: LoadedCase) -> datetime:
    """Give the present second, or the last annotation's where this computer's clock is behind it."""
    now = datetime.now(UTC).replace(microsecond=0)
    return max([now, *(annotation.at for annotation in loaded.case.annotations[-1:])])


def _find(loaded: LoadedCase, name: str) -> Session:
    sessions = {session.id: session for session in loaded.case.sessions}
    if name not in sessions:
        listed = ", ".join(sessions) or "none"
        raise ConfigError(
            f"{loaded.root} has no session {name[:80]!r}{suggest(name, sessions)}; it has: {listed}"
        )
    return sessions[name]


def _append(loaded: LoadedCase, annotation: Annotation, corrected: Session | None) -> None:
    path = loaded.root / ANNOTATIONS_FILE
    text, indent = start_annotations(), 0
    if path.exists():
        listed = open_file(path, SCHEMA, "the file of annotations", ("annotations",), NEW)["annotations"]
        indent = int(listed.raw.start_mark.column)
        text = path.read_bytes().decode("utf-8")
        text += "" if text.endswith("\n") else "\n"
    text += write_annotation(annotation, corrected, indent)
    expected = {session.id: session for session in loaded.case.sessions}
    if corrected is not None:
        expected[corrected.id] = corrected

    def check(draft: Path) -> None:
        recorded = {session.id: session for session in loaded.recorded}
        try:
            read = annotate(draft, recorded, loaded.known)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(draft), str(path))) from error
        if read.annotations != (*loaded.case.annotations, annotation) or read.sessions != expected:
            raise ConfigError(
                f"{path}: nothing can be appended to it, because its list is not the last thing in it, each entry "
                "beginning with '- ' on a line of its own; write it so, then run again"
            )

    write_durably(path, text.encode(), check=check)
