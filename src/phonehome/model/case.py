"""A case: handsets, the services they talk to, and the sessions recorded with them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from phonehome.model.session import Session
from phonehome.model.subject import Subject


class CaseKind(StrEnum):
    """Whether the evidence was observed, or made to a description or a scenario."""

    OBSERVATION = "observation"
    RECONSTRUCTION = "reconstruction"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHandset:
    """One handset of a case.

    `id` names `subjects/ID.yaml`; `builds` are in the order of their release, the oldest first.
    """

    id: str
    make: str | None = None
    model: str | None = None
    builds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Something that a user can agree to or switch off, and the hosts that serve it.

    `hosts` are names, or suffixes that begin with a dot: `.micloud.xiaomi.net` is every host below it.
    """

    id: str
    name: str | None = None
    hosts: tuple[str, ...] = ()

    def is_served_by(self, host: str) -> bool:
        """Say whether a host name (in lower case, without a trailing dot) belongs to it."""
        return any(host == name or (name.startswith(".") and host.endswith(name)) for name in self.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A later correction: who made it, when and why, and what it says; it overlays the session, which stays as it was.

    Attributes:
        at: When it was written, timezone-aware UTC.
        author: Who wrote it.
        reason: Why.
        session: The session that it corrects; None for a remark on the case as a whole.
        corrects: The fields of the session that it replaces: `clock_offset_s`, `steps`, `consent`, `conditions`.
        note: A remark that changes nothing.
    """

    at: datetime
    author: str
    reason: str
    session: str | None = None
    corrects: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the folder of a case says, annotations applied; evidence and results stay on disk.

    `sessions` are in the order of their folders' names. `subjects` are by the id of their handset.
    """

    title: str
    kind: CaseKind
    handsets: tuple[CaseHandset, ...]
    services: tuple[Service, ...]
    sessions: tuple[Session, ...]
    subjects: dict[str, Subject]
    annotations: tuple[Annotation, ...] = ()
