"""What every view says of a case first: per build, what was seen leaving, and what was not after how many chances.

Derived from the audit document alone; the terminal and the HTML page share it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.documents.case import CaseDoc, CaseHandsetDoc, SessionDoc
from phonehome.documents.judgement import JudgementDoc
from phonehome.model.policy import DEFAULT_MINIMUM_READ
from phonehome.model.statistics import rate_bound
from phonehome.reports import words

UNKNOWN_BUILD = "build unknown"
RECONSTRUCTION = (
    "This case is a reconstruction: its recordings were made to a description or a scenario, observe nothing, "
    "and show nothing about a real handset."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A data type that was exposed and not seen: how often, and the rate per exposure that this still allows."""

    data_type: str
    exposures: int

    @property
    def rate_bound(self) -> float | None:
        """The highest rate of sending that as many silent exposures still allow with a confidence of 95 %."""
        return rate_bound(self.exposures)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLine:
    """One build of one handset over its sessions.

    `sent` are data types by their worst flow; `clear` those of them that left in cleartext; `absent` were exposed and
    not seen in sessions of which enough could be read, and `dim` are the sessions of which it could not.
    """

    handset: str
    build: str
    sessions: tuple[str, ...]
    sent: tuple[str, ...]
    clear: tuple[str, ...]
    absent: tuple[Absence, ...]
    dim: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CaseSummary:
    """The case of an audit document with its figures put together."""

    doc: AuditDocument
    case: CaseDoc

    @cached_property
    def judgement(self) -> JudgementDoc | None:
        """What was judged, if anything was."""
        return self.case.judgement

    @cached_property
    def sent(self) -> list[FlowDoc]:
        """Flows that left a handset and are no accident."""
        return [flow for flow in self.doc.flows if flow.direction == "up" and not flow.weak]

    @cached_property
    def builds(self) -> list[BuildLine]:
        """Builds that were recorded: by handset, the oldest first."""
        return [
            self._build_line(handset, build)
            for handset in self.case.handsets
            for build in self._recorded_builds(handset)
        ]

    @property
    def first(self) -> str | None:
        """When the first exchange of all was recorded."""
        return min((session.first for session in self.case.sessions if session.first), default=None)

    @property
    def last(self) -> str | None:
        """When the last one was."""
        return max((session.last for session in self.case.sessions if session.last), default=None)

    def handset_name(self, subject: str) -> str:
        """Name a handset as people do."""
        handset = next((one for one in self.case.handsets if one.id == subject), None)
        if handset is None:
            return subject
        made = " ".join(filter(None, (handset.make, handset.model)))
        return handset.name or made or handset.id

    @property
    def many_handsets(self) -> bool:
        """True for a control group."""
        return len({session.subject for session in self.case.sessions}) > 1

    @cached_property
    def misses(self) -> list[tuple[str, list[str]]]:
        """What recording positions miss, with the sessions that it holds for."""
        found: dict[str, list[str]] = {}
        for session in self.case.sessions:
            for sentence in session.misses:
                found.setdefault(sentence, []).append(session.id)
        return list(found.items())

    def sent_in(self, session: SessionDoc) -> list[str]:
        """Data types that left in a session."""
        return list(dict.fromkeys(flow.data_type for flow in self.sent if flow.session == session.id))

    def _recorded_builds(self, handset: CaseHandsetDoc) -> list[str]:
        recorded = {
            session.conditions.get("build", UNKNOWN_BUILD)
            for session in self.case.sessions
            if session.subject == handset.id
        }
        known = [build for build in handset.builds if build in recorded]
        return known + sorted(recorded - set(known))

    def _build_line(self, handset: CaseHandsetDoc, build: str) -> BuildLine:
        sessions = [
            session
            for session in self.case.sessions
            if session.subject == handset.id and session.conditions.get("build", UNKNOWN_BUILD) == build
        ]
        names = {session.id for session in sessions}
        flows = [flow for flow in self.sent if flow.session in names]
        flows.sort(key=lambda flow: words.SEVERITIES.index(flow.severity))
        sent = tuple(dict.fromkeys(flow.data_type for flow in flows))
        return BuildLine(
            handset=self.handset_name(handset.id),
            build=build,
            sessions=tuple(session.id for session in sessions),
            sent=sent,
            clear=tuple(dict.fromkeys(flow.data_type for flow in flows if flow.transport == "cleartext")),
            absent=tuple(_absences(sessions, set(sent))),
            dim=tuple(session.id for session in sessions if not _was_read(session)),
        )


def _was_read(session: SessionDoc) -> bool:
    """Say whether enough of a session was looked at for its silence to mean anything; of an empty one nothing was."""
    return (
        session.coverage.bytes_up > 0
        and session.coverage.read >= DEFAULT_MINIMUM_READ * session.coverage.bytes_up
    )


def _absences(sessions: list[SessionDoc], sent: set[str]) -> Iterator[Absence]:
    counts: dict[str, int] = {}
    for session in sessions:
        if not _was_read(session):
            continue
        for exposure in session.exposures:
            if exposure.values and exposure.data_type not in sent:
                counts[exposure.data_type] = counts.get(exposure.data_type, 0) + exposure.count
    for data_type, exposures in counts.items():
        yield Absence(data_type=data_type, exposures=exposures)


def conditions(pairs: dict[str, str]) -> str:
    """Write conditions in one line: `build=factory, account=none`."""
    return ", ".join(f"{name}={value}" for name, value in pairs.items()) or "none declared"


def rate(bound: float | None) -> str:
    """Write the rate that silence still allows: `up to 63 % of exposures`."""
    return f"up to {100 * bound:.0f} % of exposures" if bound is not None else "rate unknown"
