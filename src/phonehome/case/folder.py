"""The case folder: what it says, read and checked as a whole (`phonehome.case/1`).

Nothing is followed out of the folder: links are refused, and files are named without a path. What a writer left
unfinished is passed over with a warning.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from phonehome.case.annotations import annotate
from phonehome.case.case_file import CaseFile, read_case_file
from phonehome.case.places import (
    ANNOTATIONS_FILE,
    CASE_FILE,
    PROTOCOLS,
    RESULTS,
    SESSION_FILE,
    SESSIONS,
    SUBJECTS,
    list_folder,
    require_file,
    require_folder,
)
from phonehome.case.protocols import load_protocols
from phonehome.case.reading import ID_PATTERN, ID_RULE, Remarks
from phonehome.case.session_file import Known, SessionFile, read_session_file
from phonehome.case.subject import SubjectFile, load_subject
from phonehome.case.writing import find_partials
from phonehome.model.case import Case
from phonehome.model.errors import ConfigError
from phonehome.model.protocol import TestProtocol
from phonehome.model.session import Session
from phonehome.model.subject import Subject

MAX_SESSIONS = 1000
MAX_NAMED = 5
"""Files that one warning names."""
_SUBJECT_NEW = "phonehome subject new"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCase:
    """A case that was read.

    Attributes:
        root: Its folder.
        case: What it says, annotations applied.
        recorded: The sessions as they were recorded, without annotations, in the same order.
        protocols: Those that come with the program, and the case's own.
        warnings: What is odd in it, each as `FILE:LINE: text`.
        missing: What should be there and is not, likewise; empty unless it was read in spite of that.
    """

    root: Path
    case: Case
    recorded: tuple[Session, ...]
    protocols: Mapping[str, TestProtocol] = field(repr=False)
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def known(self) -> Known:
        """What sessions and annotations of this case may name."""
        return Known(
            handsets={handset.id: handset for handset in self.case.handsets},
            services=[service.id for service in self.case.services],
            protocols=self.protocols,
        )

    def session_folder(self, session: Session) -> Path:
        """Give the folder of a session."""
        return self.root / SESSIONS / session.id

    def capture_paths(self, session: Session) -> list[Path]:
        """Give the session's captures, in the order in which they are read together."""
        return [self.session_folder(session) / capture.file for capture in session.captures]

    def keylog_paths(self, session: Session) -> list[Path]:
        """Give the session's key logs, each once."""
        names = dict.fromkeys(capture.keylog for capture in session.captures)
        return [self.session_folder(session) / name for name in names if name is not None]


def is_case(path: Path) -> bool:
    """Tell whether a path is the folder of a case; whether it is sound is for `load_case`."""
    return os.path.isfile(path / CASE_FILE)  # noqa: PTH113  a folder that is closed to us is no case, and no error


def load_case(root: Path, *, evidence: bool = True) -> LoadedCase:
    """Read a case: every file that people wrote in it, with the annotations laid over its sessions.

    Captures are looked at by name and size only; `phonehome verify` says whether they are what they were.

    Args:
        root: Its folder.
        evidence: Captures and key logs must be there. Without it, those that are missing are listed in `missing`.

    Raises:
        ConfigError: Something is wrong; a line for each, with file and line.
    """
    if not os.path.isdir(root):  # noqa: PTH112  as above
        raise ConfigError(f"{root}: there is no such folder; `phonehome case new` makes a case")
    file = read_case_file(root / CASE_FILE)
    known = Known(handsets=file.handsets, services=file.services, protocols=load_protocols(root / PROTOCOLS))
    if os.path.lexists(root / RESULTS):
        require_folder(
            root / RESULTS, "there is no such folder"
        )  # what is written there must not leave the case
    remarks = Remarks()
    subjects = _read_subjects(root, file, remarks)
    sessions, missing = _read_sessions(root, known, remarks)
    if evidence:
        remarks.errors.extend(missing)
    remarks.check()
    annotated = annotate(root / ANNOTATIONS_FILE, sessions, known)
    case = Case(
        title=file.title,
        kind=file.kind,
        handsets=tuple(file.handsets.values()),
        services=tuple(file.services.values()),
        sessions=tuple(annotated.sessions.values()),
        subjects=subjects,
        annotations=annotated.annotations,
    )
    leftovers = [
        f"{path.parent}: {path.name!r} is not part of the case: a command is writing it now, or was interrupted, and "
        "then the next one that writes to the case removes it"
        for path in find_partials(root)
    ]
    return LoadedCase(
        root=root,
        case=case,
        recorded=tuple(sessions.values()),
        protocols=known.protocols,
        warnings=(*remarks.warnings, *annotated.warnings, *leftovers),
        missing=tuple(missing),
    )


def _read_subjects(root: Path, file: CaseFile, remarks: Remarks) -> dict[str, Subject]:
    subjects: dict[str, Subject] = {}
    if not file.handsets:
        return subjects
    with remarks.collecting():
        require_folder(root / SUBJECTS, "there is no such folder, and the case has handsets; make it")
        for name in file.handsets:
            with remarks.collecting():
                loaded = _read_subject(root, file, name)
                subjects[name] = loaded.subject
                remarks.warnings.extend(loaded.warnings)
    return subjects


def _read_subject(root: Path, file: CaseFile, name: str) -> SubjectFile:
    path = root / SUBJECTS / f"{name}.yaml"
    if not os.path.lexists(path):
        raise file.handset_nodes[name].error(
            f"the handset {name!r} has no subject file: {path} is not there; `phonehome subject new {path}` writes one"
        )
    require_file(path, f"{_SUBJECT_NEW} {path}")
    loaded = load_subject(path)
    for named in loaded.files:
        if not named.resolve().is_relative_to(root.resolve()):
            raise ConfigError(f"{path}: the file {named} lies outside the case; copy it into {path.parent}")
    return loaded


def _read_sessions(root: Path, known: Known, remarks: Remarks) -> tuple[dict[str, Session], list[str]]:
    folder = root / SESSIONS
    sessions: dict[str, Session] = {}
    missing: list[str] = []
    if not os.path.lexists(folder):
        return sessions, missing
    with remarks.collecting():
        require_folder(folder, "there is no such folder")
        paths = [path for path in list_folder(folder) if not path.name.startswith(".")]
        if len(paths) > MAX_SESSIONS:
            raise ConfigError(f"{folder}: holds {len(paths)} sessions, and at most {MAX_SESSIONS} are read")
        for path in paths:
            with remarks.collecting():
                if not ID_PATTERN.fullmatch(path.name):
                    raise ConfigError(
                        f"{folder}: the name of a session {ID_RULE}; rename or take away {path.name[:80]!r}"
                    )
                if path.is_file() and not path.is_symlink():
                    remarks.warnings.append(f"{path}: a file beside the sessions; it is not part of any")
                    continue
                read = _read_session(path, known)
                sessions[path.name] = read.session
                remarks.warnings.extend(read.warnings)
                missing += check_evidence(path, read)
                remarks.warnings.extend(_unnamed(path, read))
    return sessions, missing


def _read_session(path: Path, known: Known) -> SessionFile:
    require_folder(path, "there is no such folder")
    if not os.path.lexists(path / SESSION_FILE):
        raise ConfigError(
            f"{path}: a session without its {SESSION_FILE}; write it, or take the folder out of {SESSIONS}/"
        )
    return read_session_file(path / SESSION_FILE, known, path.name)


def _unnamed(folder: Path, read: SessionFile) -> list[str]:
    """Warn of files beside a session's that it does not name: what is not read must not pass for clean."""
    named = {SESSION_FILE, *(name for name, _, _ in read.named)}
    names = [path.name for path in list_folder(folder) if path.name not in named]
    if not names:
        return []
    shown = ", ".join(repr(name[:80]) for name in names[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return [f"{folder}: {SESSION_FILE} does not name {shown}{more}, so nobody audits that"]


def check_evidence(folder: Path, read: SessionFile) -> list[str]:
    """Say which captures and key logs of a session are missing, are no plain files or have another size."""
    remarks = Remarks()
    for name, node, size in read.named:
        with remarks.collecting():
            path = folder / name
            if not os.path.lexists(path):
                raise node.error(
                    f"the session's file {name!r} is missing from {folder}; put it back from a copy"
                )
            require_file(path, "phonehome case add-session")
            found = path.lstat().st_size
            if size is not None and found != size:
                raise node.error(
                    f"the session's file {name!r} has {found:,} bytes, and had {size:,} when it was copied in; "
                    "put it back from a copy"
                )
    return remarks.errors
