"""Sessions and flows of an audit document as rules see them (`rules/fields.py` declares the same names).

What is unknown is None, which a rule meets as undecided.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from phonehome.documents.audit import AuditDocument, FindingDoc, FlowDoc
from phonehome.documents.case import CaseDoc, CaseHandsetDoc, HostShareDoc, ServiceDoc, SessionDoc
from phonehome.model.case import Service
from phonehome.model.subject import DataType
from phonehome.rules.times import parse_time

Record = dict[str, object]


def is_sent(flow: FlowDoc) -> bool:
    """Say whether a flow counts as sent: strong, and from the handset upward."""
    return flow.direction == "up" and not flow.weak


@dataclass
class RuleContexts:
    """Makes the contexts of rules over one document with a case; a record is made once."""

    document: AuditDocument

    @cached_property
    def case(self) -> CaseDoc:
        """The case; a document of bare recordings has none, and is refused."""
        if self.document.case is None:
            raise ValueError("rules are judged over a case, and this document holds bare recordings")
        return self.document.case

    @cached_property
    def _services(self) -> list[Service]:
        return [_service(service) for service in self.case.services]

    @cached_property
    def _findings(self) -> Mapping[str, FindingDoc]:
        return {finding.id: finding for finding in self.document.findings}

    @cached_property
    def _clock_offsets(self) -> Mapping[str, float]:
        return {session.id: session.clock_offset_s for session in self.case.sessions}

    @cached_property
    def _sent(self) -> Mapping[str, list[FlowDoc]]:
        flows: dict[str, list[FlowDoc]] = {session.id: [] for session in self.case.sessions}
        for flow in self.document.flows:
            if is_sent(flow) and flow.session in flows:
                flows[flow.session].append(flow)
        return flows

    def sent(self, session: SessionDoc) -> list[FlowDoc]:
        """Give the flows of a session that count as sent."""
        return self._sent[session.id]

    def services_of(self, host: str | None) -> list[str] | None:
        """Give the services that a host serves; None if the host is not known."""
        if host is None:
            return None
        name = host.lower().rstrip(".")
        if name not in self._served:
            self._served[name] = [service.id for service in self._services if service.is_served_by(name)]
        return self._served[name]

    @cached_property
    def _served(self) -> dict[str, list[str]]:
        return {}

    def session(self, session: SessionDoc) -> Record:
        """Give the variables of a session: `session`, `coverage`, `destinations`, `flows`."""
        if session.id not in self._sessions:
            self._sessions[session.id] = {
                "session": self._session(session),
                "coverage": _coverage(session),
                "destinations": [self._destination(row) for row in session.destinations],
                "flows": [self.flow(flow) for flow in self.sent(session)],
            }
        return self._sessions[session.id]

    @cached_property
    def _sessions(self) -> dict[str, Record]:
        return {}

    @cached_property
    def _flows(self) -> dict[str, Record]:
        return {}

    def flow(self, flow: FlowDoc) -> Record:
        """Give what `flow` is to a rule."""
        if flow.id not in self._flows:
            findings = [self._findings[name] for name in flow.findings if name in self._findings]
            self._flows[flow.id] = self._flow(flow, findings)
        return self._flows[flow.id]

    def _flow(self, flow: FlowDoc, findings: list[FindingDoc]) -> Record:
        places = [finding.destination for finding in findings]
        ahead = self._clock_offsets.get(flow.session or "", 0.0)
        return {
            "id": flow.id,
            "data_type": flow.data_type,
            "host": flow.host,
            "domain": _one(place.domain for place in places),
            "addresses": _each(place.address for place in places),
            "organisation": flow.organisation,
            "registries": _each(place.registry.name if place.registry else None for place in places),
            "country": flow.country,
            "countries": list(flow.countries),
            "transport": flow.transport,
            "direction": flow.direction,
            "methods": list(flow.methods),
            "forms": list(flow.forms),
            "encodings": _each(layer for finding in findings for layer in finding.chain),
            "paths": _each(finding.path for finding in findings),
            "severity": flow.severity,
            "weak": flow.weak,
            "count": flow.count,
            "first": _moment(flow.first, ahead),
            "last": _moment(flow.last, ahead),
            "services": self.services_of(flow.host),
            "consent": flow.consent,
            "consents": _consents(findings),
            "conditions": dict(flow.conditions),
            "session": flow.session,
            "steps": list(flow.steps),
        }

    def _session(self, session: SessionDoc) -> Record:
        handset = self.handset(session.subject)
        exposures: Record = dict.fromkeys((str(kind) for kind in DataType), 0)
        exposures.update({row.data_type: row.count for row in session.exposures})
        return {
            "id": session.id,
            "subject": session.subject,
            "make": handset.make if handset else None,
            "model": handset.model if handset else None,
            "position": session.position,
            "protocol": session.protocol,
            "conditions": dict(session.conditions),
            "consents": {consent.service: consent.state for consent in session.consent},
            "exposures": exposures,
            "steps": [step.id for step in session.steps],
            "first": _moment(session.first, session.clock_offset_s),
            "last": _moment(session.last, session.clock_offset_s),
        }

    def handset(self, subject: str) -> CaseHandsetDoc | None:
        """Give the handset of a subject, if the case names it."""
        return next((handset for handset in self.case.handsets if handset.id == subject), None)

    def _destination(self, row: HostShareDoc) -> Record:
        return {
            "host": row.host,
            "address": row.address,
            "organisation": row.organisation,
            "country": row.country,
            "services": self.services_of(row.host),
            "bytes_up": row.read + row.closed + row.unreadable + row.lost,
            "read": row.read,
            "closed": row.closed,
            "unreadable": row.unreadable,
            "lost": row.lost,
        }


def _service(service: ServiceDoc) -> Service:
    return Service(id=service.id, name=service.name, hosts=tuple(service.hosts))


def _coverage(session: SessionDoc) -> Record:
    share = session.coverage
    return {
        "exchanges": share.exchanges,
        "bytes_up": share.bytes_up,
        "read": share.read,
        "closed": share.closed,
        "unreadable": share.unreadable,
        "lost": share.lost,
        "lost_problems": session.lost_problems,
        "read_share": share.read / share.bytes_up if share.bytes_up else None,
    }


def _moment(written: str | None, ahead: float) -> datetime | None:
    """Give a moment by the clock of the timeline; None where there is none, or none that a calendar holds."""
    moment = None if written is None else parse_time(written)
    try:
        return None if moment is None else moment - timedelta(seconds=ahead)
    except OverflowError:
        return None


def _each(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value is not None})


def _one(values: Iterable[str | None]) -> str | None:
    """Give the value on which all agree."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _consents(findings: list[FindingDoc]) -> Record:
    """Give the state of each service on which all findings agree, else `mixed`; None where one is not known."""
    states: dict[str, set[str | None]] = {}
    for finding in findings:
        for service, state in finding.consent.items():
            states.setdefault(service, set()).add(state)
    return {
        service: None if None in found else found.pop() if len(found) == 1 else "mixed"
        for service, found in states.items()
    }
