"""What the notice is about: one data type to one destination, over all sessions of the case."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from phonehome.documents.audit import AuditDocument, FindingDoc, FlowDoc
from phonehome.documents.case import CaseDoc, SessionDoc
from phonehome.reports import words

BUILD = "build"
"""The condition that names the build of a session."""


def build_of(session: SessionDoc) -> str | None:
    """Give the build that a session was recorded with; None where it does not say."""
    return session.conditions.get(BUILD)


def severity_rank(severity: str) -> int:
    """Order severities: 0 is the worst."""
    return words.SEVERITIES.index(severity)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One data type to one destination: its flows, each with its session, and their findings."""

    data_type: str
    host: str | None
    flows: tuple[tuple[FlowDoc, SessionDoc], ...]
    findings: tuple[FindingDoc, ...]

    @cached_property
    def organisation(self) -> str | None:
        """Who operates the destination."""
        return next((flow.organisation for flow, _ in self.flows if flow.organisation is not None), None)

    @cached_property
    def domains(self) -> frozenset[str]:
        """Registrable domains of the destination."""
        return frozenset(f.destination.domain for f in self.findings if f.destination.domain is not None)

    @cached_property
    def value_ids(self) -> frozenset[str]:
        """The values that were seen."""
        return frozenset(name for flow, _ in self.flows for name in flow.value_ids)

    @cached_property
    def severity(self) -> str:
        """That of its worst flow."""
        return min((flow.severity for flow, _ in self.flows), key=severity_rank)

    @cached_property
    def transports(self) -> tuple[str | None, ...]:
        """How it travelled; cleartext first, unknown last."""
        order = ("cleartext", "tls", "quic", None)
        return tuple(sorted({flow.transport for flow, _ in self.flows}, key=order.index))

    @cached_property
    def label(self) -> str:
        """The data type and the destination, in words."""
        return f"{words.data_type(self.data_type)} to {self.destination}"

    @cached_property
    def destination(self) -> str:
        """The host with its operator, in words."""
        if self.host is None:
            return self.organisation or "an unknown destination"
        return f"{self.host} ({self.organisation})" if self.organisation else self.host

    def sessions_of(self, subject: str, builds: Iterable[str | None]) -> list[SessionDoc]:
        """Give the sessions of a handset with one of these builds in which it was seen."""
        wanted = set(builds)
        found = {
            session.id: session
            for _, session in self.flows
            if session.subject == subject and build_of(session) in wanted
        }
        return list(found.values())

    def transports_of(self, subject: str, builds: Iterable[str | None]) -> set[str | None]:
        """Give how it travelled from a handset with one of these builds."""
        wanted = set(builds)
        return {
            flow.transport
            for flow, session in self.flows
            if session.subject == subject and build_of(session) in wanted
        }


def gather_items(doc: AuditDocument, case: CaseDoc, least_severity: str) -> list[Item]:
    """Group what was sent, the worst first; weak flows and what servers sent back do not count."""
    sessions = {session.id: session for session in case.sessions}
    findings = {finding.id: finding for finding in doc.findings}
    groups: dict[tuple[str, str | None], list[tuple[FlowDoc, SessionDoc]]] = {}
    for flow in doc.flows:
        session = sessions.get(flow.session or "")
        counts = flow.direction == "up" and not flow.weak
        if counts and session is not None and severity_rank(flow.severity) <= severity_rank(least_severity):
            groups.setdefault((flow.data_type, flow.host), []).append((flow, session))
    items = [
        Item(
            data_type=data_type,
            host=host,
            flows=tuple(flows),
            findings=tuple(findings[f] for flow, _ in flows for f in flow.findings if f in findings),
        )
        for (data_type, host), flows in groups.items()
    ]
    return sorted(items, key=lambda item: (severity_rank(item.severity), item.data_type, item.host or ""))
