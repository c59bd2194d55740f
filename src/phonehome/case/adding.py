"""Adding a session to a case: whole or not at all, its evidence copied in, hashed and read-only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from phonehome.case.copying import Copied, copy_evidence
from phonehome.case.folder import LoadedCase, load_case
from phonehome.case.lock import locked
from phonehome.case.places import SESSION_FILE, SESSIONS, bad_name
from phonehome.case.reading import ID_PATTERN, ID_RULE
from phonehome.case.session_file import Known, read_session_file
from phonehome.case.writing import (
    READ_ONLY,
    explaining,
    remove_partials,
    sync_folder,
    whole_folder,
    write_durably,
)
from phonehome.case.yamltext import write_session
from phonehome.model.errors import ConfigError
from phonehome.model.session import Session, SessionCapture


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One capture to copy in, with the key log that belongs to it.

    `sha256` and `keylog_sha256` are what somebody said that they are; what is not so is not added.
    """

    capture: Path
    keylog: Path | None = None
    sha256: str | None = None
    keylog_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What was added; `removed` are the leftovers of an interrupted writer that went away before."""

    session: Session
    warnings: tuple[str, ...]
    removed: tuple[str, ...]


def add_session(root: Path, session: Session, recordings: Sequence[Recording], doing: str) -> Added:
    """Copy the recordings into a new session of the case.

    Args:
        root: The folder of the case.
        session: What its file shall say; its captures are those of `recordings`.
        recordings: At least one.
        doing: What this is, as another writer shall be told.

    Raises:
        ConfigError: The case or the session is wrong, another process writes to the case, a recording cannot be read,
            or something cannot be written. The case is then as it was.
    """
    if not ID_PATTERN.fullmatch(session.id):
        raise ConfigError(f"the id of a session {ID_RULE}; this is {session.id[:80]!r}")
    sources = _name_sources(recordings)
    loaded = load_case(root, evidence=False)  # wrong before there is a lock: leave nothing behind
    with locked(root, doing):
        removed = remove_partials(root)
        loaded = load_case(root, evidence=False)
        folder = _make_sessions_folder(root)
        _refuse_existing(loaded, session, folder)
        session = replace(session, captures=_captures(recordings, {}))
        with whole_folder(folder / session.id) as partial:
            _write_and_read(partial, session, loaded.known)  # before hours are spent on copying
            copies = {name: copy_evidence(source, partial / name) for name, source in sources.items()}
            _refuse_changed(recordings, copies)
            session = replace(session, captures=_captures(recordings, copies))
            warnings = _write_and_read(partial, session, loaded.known)
    return Added(session=session, warnings=warnings, removed=tuple(removed))


def _name_sources(recordings: Sequence[Recording]) -> dict[str, Path]:
    """Give each file to copy by the name that it will have."""
    if not recordings:
        raise ConfigError("a session is a recording: name at least one capture")
    sources: dict[str, Path] = {}
    captures: set[str] = set()
    for recording in recordings:
        if recording.capture.name in captures:
            raise ConfigError(f"two captures are called {recording.capture.name!r}; give one another name")
        captures.add(recording.capture.name)
        for path in (recording.capture, recording.keylog):
            if path is None:
                continue
            wrong = bad_name(path.name)
            if wrong is not None:
                raise ConfigError(f"{path}: its name {wrong}; give it another")
            if not _is_same(sources.setdefault(path.name, path), path):
                raise ConfigError(f"{sources[path.name]} and {path} have one name; give one of them another")
    return sources


def _is_same(one: Path, other: Path) -> bool:
    return one == other or one.resolve() == other.resolve()


def _make_sessions_folder(root: Path) -> Path:
    folder = root / SESSIONS
    if not folder.exists():
        with explaining(folder):
            folder.mkdir()
            sync_folder(root)
    return folder


def _refuse_existing(loaded: LoadedCase, session: Session, folder: Path) -> None:
    if (folder / session.id).exists() or (folder / session.id).is_symlink():
        names = ", ".join(known.id for known in loaded.case.sessions[-5:])
        raise ConfigError(
            f"{folder / session.id} is there already, and evidence is never changed; give another --id (the last "
            f"are: {names}), or correct it with `phonehome case annotate`"
        )


def _refuse_changed(recordings: Sequence[Recording], copies: dict[str, Copied]) -> None:
    for recording in recordings:
        for path, said in (
            (recording.capture, recording.sha256),
            (recording.keylog, recording.keylog_sha256),
        ):
            if path is not None and said is not None and copies[path.name].sha256 != said:
                raise ConfigError(
                    f"{path}: its SHA-256 is {copies[path.name].sha256}, and the session says {said}: it was changed "
                    "since; get it again from where it was recorded"
                )


def _captures(recordings: Sequence[Recording], copies: dict[str, Copied]) -> tuple[SessionCapture, ...]:
    captures = []
    for recording in recordings:
        keylog = recording.keylog.name if recording.keylog is not None else None
        copied = copies.get(recording.capture.name)
        copied_log = copies.get(keylog) if keylog is not None else None
        captures.append(
            SessionCapture(
                file=recording.capture.name,
                sha256=copied.sha256 if copied else None,
                size=copied.size if copied else None,
                keylog=keylog,
                keylog_sha256=copied_log.sha256 if copied_log else None,
                keylog_size=copied_log.size if copied_log else None,
            )
        )
    return tuple(captures)


def _write_and_read(partial: Path, session: Session, known: Known) -> tuple[str, ...]:
    """Write the session's file and read it as everybody will; give what is odd in it."""
    path = partial / SESSION_FILE
    write_durably(path, write_session(session).encode(), mode=READ_ONLY)
    place = re.compile(re.escape(str(path)) + r":\d+: ")  # a file that the user never saw
    try:
        read = read_session_file(path, known, session.id)
    except ConfigError as error:
        raise ConfigError(place.sub("", str(error))) from error
    return tuple(place.sub("", warning) for warning in read.warnings)
