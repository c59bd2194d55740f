"""The sides of `phonehome diff`: audit documents, cases, sessions of them, and bare recordings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from phonehome.audit import audit as run_audit
from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.case.folder import is_case, load_case
from phonehome.case.places import SESSION_FILE, SESSIONS
from phonehome.case.stored import read_document, read_result
from phonehome.cli.output import say
from phonehome.documents.audit import AuditDocument
from phonehome.judge.exercise import ValueKey
from phonehome.judge.sides import HANDSET, choose_sessions, find_sessions
from phonehome.model.errors import InputError
from phonehome.model.subject import Subject
from phonehome.model.wording import listing_at_most
from phonehome.readers import ReadingOptions

SESSION = "session"
"""Chooses sessions by their name, as if it were a condition."""

NAMED = 6

Conditions = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a side comes from: a path, and the conditions by which sessions of it are chosen."""

    path: str
    conditions: Conditions

    @property
    def name(self) -> str:
        """What to call it in sentences."""
        chosen = [
            f"{name}={' or '.join(sorted(values))}"
            for name, values in self.conditions.items()
            if name != SESSION
        ]
        chosen += sorted(self.conditions.get(SESSION, ()))
        return ", ".join(chosen) or Path(self.path).resolve().name or self.path


def parse_conditions(pairs: Sequence[str]) -> Conditions:
    """Read `FACTOR=VALUE` options; values of the same factor are alternatives."""
    found: dict[str, set[str]] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name or not value:
            raise click.UsageError(f"{pair!r} is no condition; write FACTOR=VALUE, as in build=factory.")
        found.setdefault(name, set()).add(value)
    return found


class Loader:
    """Loads sides, and each document once."""

    def __init__(self, *, subject: Subject | None, workers: int) -> None:
        self._subject = subject
        self._workers = workers
        self._documents: dict[Path, AuditDocument] = {}
        self._values: dict[Path, dict[ValueKey, tuple[str, bytes | None]]] = {}
        self.used_subject = False

    def load(self, source: Source) -> AuditDocument:
        """Give the document of a side, cut down to the sessions that were asked for.

        Raises:
            InputError: It cannot be read, or no session has the conditions.
            ConfigError: The case is not sound.
        """
        path = Path(source.path)
        case = _case_of_session(path)
        if case is None:
            document = self._load_once(path)
            return _choose(document, source.path, source.conditions) if source.conditions else document
        conditions = {**source.conditions, SESSION: {path.resolve().name}}
        return _choose(self._load_once(case), source.path, conditions)

    def find_unlike(self, first: Source, second: Source) -> frozenset[ValueKey] | None:
        """Give values of loaded sides that are others on the second, though they have the same id.

        None where a side is no case on this disk, so that nobody can tell.
        """
        keys = [(_case_of_session(Path(one.path)) or Path(one.path)).resolve() for one in (first, second)]
        if keys[0] == keys[1]:
            return frozenset()
        if not all(key in self._values for key in keys):
            return None
        was, now = (self._values[key] for key in keys)
        return frozenset(key for key, value in was.items() if now.get(key, value) != value)

    def _load_once(self, path: Path) -> AuditDocument:
        key = path.resolve()
        if key not in self._documents:
            self._documents[key] = self._read(path)
        return self._documents[key]

    def _read(self, path: Path) -> AuditDocument:
        if is_case(path):
            return self._read_case(path)
        document = read_document(path) if path.is_file() else None
        if document is not None:
            return document
        self.used_subject = True
        if self._subject is None:
            say(f"{path}: no --subject was given, so no known value is searched for in it")
        options = ReadingOptions(workers=self._workers)
        document = run_audit([str(path)], subject=self._subject, progress=say, options=options)
        if document.coverage.exchanges == 0 and not document.coverage.by_destination:
            raise InputError(f"{path}: no exchange could be read, so there is nothing to compare")
        return document

    def _read_case(self, root: Path) -> AuditDocument:
        loaded = load_case(root)
        self._values[root.resolve()] = {
            (handset, value.id): (value.value, value.content)
            for handset, subject in loaded.case.subjects.items()
            for value in subject.values
        }
        for warning in loaded.warnings:
            say(f"warning: {warning}")
        kept = read_result(loaded)
        if kept is not None:
            return kept
        say(
            f"{root}: keeps no result that is of this version and younger than its evidence, so it is audited now"
        )
        return audit_case(loaded, options=CaseOptions(workers=self._workers, progress=say))


def _case_of_session(path: Path) -> Path | None:
    """Give the case to which the folder of a session belongs; None if the path is something else."""
    if not (path / SESSION_FILE).is_file():
        return None
    folder = path.resolve().parent
    return folder.parent if folder.name == SESSIONS and is_case(folder.parent) else None


def _choose(document: AuditDocument, path: str, conditions: Conditions) -> AuditDocument:
    if document.case is None:
        raise InputError(
            f"{path}: has no sessions to choose from by condition; it is no case, nor the audit of one"
        )
    others = {name: values for name, values in conditions.items() if name != SESSION}
    chosen = set(find_sessions(document, others))
    if SESSION in conditions:
        chosen &= set(conditions[SESSION])
    if not chosen:
        raise InputError(f"{path}: {_explain_none(document, conditions)}")
    return choose_sessions(document, chosen)


def _explain_none(document: AuditDocument, conditions: Conditions) -> str:
    """Say which values there are of the condition that no session has."""
    assert document.case is not None
    for name, values in conditions.items():
        if name == SESSION:
            there = {session.id for session in document.case.sessions}
        elif name == HANDSET:
            there = {session.subject for session in document.case.sessions}
        else:
            there = {one.conditions[name] for one in document.case.sessions if name in one.conditions}
        if not there & set(values):
            known = (
                listing_at_most(sorted(there), NAMED, "other", "others")
                if there
                else "nothing: no session has it"
            )
            return f"no session has {name}={' or '.join(sorted(values))}; there is {known}"
    return "no session has all of these conditions together"
