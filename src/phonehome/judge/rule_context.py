"""Sessions and flows of an audit document as rules see them (`rules/fields.py` declares the same names).

What is unknown is None, which a rule meets as undecided; None as the item of a list says that there is another item.

A flow gathers what was sent while one had agreed and what was sent after one had declined. A rule on consent is
therefore asked of it once for every state (`RuleContexts.each_consent`): more that was granted hides no other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from phonehome.documents.audit import AuditDocument, DestinationDoc, FindingDoc, FlowDoc
from phonehome.documents.base import ConsentName
from phonehome.documents.case import CaseDoc, CaseHandsetDoc, HostShareDoc, ServiceDoc, SessionDoc
from phonehome.model.case import Service
from phonehome.model.subject import DataType
from phonehome.rules import Rule
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

    def each_consent(self, flow: FlowDoc, rule: Rule) -> list[Record]:
        """Give what `flow` is to a rule, once for every state of consent that it was sent under if the rule asks."""
        record = self.flow(flow)
        if not any(name.startswith("flow.consent") for name in rule.fields):
            return [record]
        if flow.id not in self._by_consent:
            self._by_consent[flow.id] = _by_consent(record, self._states(flow))
        return self._by_consent[flow.id]

    @cached_property
    def _by_consent(self) -> dict[str, list[Record]]:
        return {}

    def _states(self, flow: FlowDoc) -> dict[str, list[ConsentName | None]]:
        """Give the states that a flow was sent under by service, of its findings where it does not say."""
        if flow.consents:
            return flow.consents
        states: dict[str, list[ConsentName | None]] = {}
        for name in flow.findings:
            for service, state in self._findings[name].consent.items() if name in self._findings else ():
                states.setdefault(service, [])
                states[service] += [state] if state not in states[service] else []
        return states

    def _flow(self, flow: FlowDoc, findings: list[FindingDoc]) -> Record:
        places = [finding.destination for finding in findings]
        ahead = self._clock_offsets.get(flow.session or "", 0.0)
        states = self._states(flow)
        met = list(dict.fromkeys(state for found in states.values() for state in found)) or [_plain(flow)]
        return {
            "id": flow.id,
            "data_type": flow.data_type,
            "host": flow.host,
            "domain": _one(place.domain for place in places),
            "addresses": _each(place.address for place in places),
            "organisation": flow.organisation,
            "registries": _each(place.registry.name if place.registry else None for place in places),
            "country": flow.country,
            "countries": _countries(flow, places),
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
            "consent": _agreed(met),
            "consents": {service: _agreed(found) for service, found in states.items()},
            "consent_states": met,
            "conditions": dict(flow.conditions),
            "session": flow.session,
            "steps": list(flow.steps) if flow.steps or flow.first is not None else None,
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


def _each(values: Iterable[str | None]) -> list[str | None]:
    """Give every value once, and None behind them if one is not known."""
    found = set(values)
    known = sorted(value for value in found if value is not None)
    return [*known, None] if None in found else [*known]


def _countries(flow: FlowDoc, places: Sequence[DestinationDoc]) -> list[str | None]:
    """Give all countries that sources name, and None behind them if none is named of one of the places."""
    is_partial = any(not place.countries for place in places) or not flow.countries
    return [*flow.countries, None] if is_partial else list(flow.countries)


def _one(values: Iterable[str | None]) -> str | None:
    """Give the value on which all agree."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _agreed(states: Iterable[ConsentName | None]) -> ConsentName | None:
    """Give the state that all are; None where they differ, or one is not known."""
    found = set(states)
    return found.pop() if len(found) == 1 else None


def _plain(flow: FlowDoc) -> ConsentName | None:
    """Give the state of a flow that names no services."""
    return None if flow.consent == "mixed" else flow.consent


def _by_consent(record: Record, states: Mapping[str, Sequence[ConsentName | None]]) -> list[Record]:
    """Split a flow by service and state; of the other services, only what all of it had is known then."""
    whole = {service: _agreed(found) for service, found in states.items()}
    split = [
        {**record, "consent": state, "consents": {**whole, service: state}}
        for service, found in states.items()
        for state in found
    ]
    return split or [record]
