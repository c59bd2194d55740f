"""What the audit document says of a case and its sessions, before anything is judged over them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from phonehome.attribution import Attributor
from phonehome.audit.merge import searched_for
from phonehome.audit.text import write_time
from phonehome.documents import audit as doc
from phonehome.documents import case as casedoc
from phonehome.judge.exposure import count_exposures, types_of
from phonehome.model.case import Annotation, Case
from phonehome.model.positions import is_blind, missed_by
from phonehome.model.protocol import TestProtocol
from phonehome.model.session import Session, Step
from phonehome.reports.destinations import render_destination

Show = Callable[[str], str]
"""Masks what people wrote: notes may hold the values that they are about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One session with the document of its captures, and how its subject's values are masked."""

    session: Session
    document: doc.AuditDocument
    show: Show


def describe_case(
    case: Case, audited: list[Audited], protocols: Mapping[str, TestProtocol], attributor: Attributor
) -> casedoc.CaseDoc:
    """Describe a case with its sessions, in their order."""
    shows = {one.session.id: one.show for one in audited}
    return casedoc.CaseDoc(
        title=case.title,
        kind=case.kind.value,
        handsets=[
            casedoc.CaseHandsetDoc(
                id=handset.id,
                name=case.subjects[handset.id].name,
                make=handset.make,
                model=handset.model,
                builds=list(handset.builds),
            )
            for handset in case.handsets
        ],
        services=[
            casedoc.ServiceDoc(id=service.id, name=service.name, hosts=list(service.hosts))
            for service in case.services
        ],
        sessions=[_SessionWriter(one, protocols, attributor).write() for one in audited],
        annotations=[_annotation(one, _show_all(shows, one.session)) for one in case.annotations],
    )


def _show_all(shows: Mapping[str, Show], session: str | None) -> Show:
    """Mask by the session's subject; a remark on the whole case, by every subject in turn."""
    if session is not None and session in shows:
        return shows[session]

    def show(text: str) -> str:
        for one in shows.values():
            text = one(text)
        return text

    return show


def _annotation(annotation: Annotation, show: Show) -> casedoc.AnnotationDoc:
    return casedoc.AnnotationDoc(
        at=_time(annotation.at),
        author=annotation.author,
        reason=show(annotation.reason),
        session=annotation.session,
        corrects=list(annotation.corrects),
        note=show(annotation.note) if annotation.note is not None else None,
    )


class _SessionWriter:
    """Describes one session."""

    def __init__(
        self, audited: Audited, protocols: Mapping[str, TestProtocol], attributor: Attributor
    ) -> None:
        self._session = audited.session
        self._document = audited.document
        self._show = audited.show
        self._attributor = attributor
        self._protocol = protocols.get(audited.session.protocol or "")

    def write(self) -> casedoc.SessionDoc:
        session, document = self._session, self._document
        rows = document.coverage.by_destination
        return casedoc.SessionDoc(
            id=session.id,
            subject=session.subject,
            position=session.position.value,
            protocol=session.protocol,
            conditions=dict(session.conditions),
            clock_offset_s=session.clock_offset_s,
            steps=[self._step(step) for step in session.steps],
            consent=[
                casedoc.ConsentDoc(
                    service=entry.service,
                    at=_time(entry.at),
                    state=entry.state.value,
                    shown=self._show(entry.shown) if entry.shown is not None else None,
                )
                for entry in session.consent
            ],
            inputs=[file.path for file in document.inputs],
            first=min((file.first for file in document.inputs if file.first is not None), default=None),
            last=max((file.last for file in document.inputs if file.last is not None), default=None),
            misses=list(missed_by(session)),
            exposures=list(self._exposures()),
            not_seen=list(document.statistics.not_seen),
            coverage=casedoc.ShareDoc(
                exchanges=document.coverage.exchanges,
                bytes_up=document.coverage.bytes_up,
                read=sum(row.read for row in rows),
                closed=sum(row.closed for row in rows),
                unreadable=sum(row.unreadable for row in rows),
                lost=sum(row.lost for row in rows),
            ),
            destinations=[self._destination(row) for row in rows],
            lost_problems=sum(problem.lost for problem in document.problems),
        )

    def _step(self, step: Step) -> casedoc.StepDoc:
        return casedoc.StepDoc(
            id=step.id,
            at=_time(step.at),
            note=self._show(step.note) if step.note is not None else None,
            exposes=[kind.value for kind in types_of(step, self._protocol)],
        )

    def _exposures(self) -> Iterator[casedoc.ExposureDoc]:
        if is_blind(self._session):
            return  # whatever was sent, nothing of it could have been recorded
        document = self._document
        searched = searched_for(document)
        values = document.subject.values if document.subject is not None else []
        sent = {flow.data_type for flow in document.flows if flow.direction == "up" and not flow.weak}
        for kind, exposure in count_exposures(self._session, self._protocol).items():
            yield casedoc.ExposureDoc(
                data_type=kind.value,
                count=exposure.count,
                steps=list(exposure.steps),
                values=[value.id for value in values if value.type == kind.value and value.id in searched],
                seen=kind.value in sent,
            )

    def _destination(self, row: doc.DestinationCoverage) -> casedoc.HostShareDoc:
        # What is masked in a name is no part of who operates it, but its labels cannot be looked up.
        known = render_destination(
            self._attributor.attribute(_readable(row.host), _readable(row.address), None, None)
        )
        return casedoc.HostShareDoc(
            host=row.host,
            address=row.address,
            organisation=known.organisation.name if known.organisation is not None else None,
            country=known.country,
            read=row.read,
            closed=row.closed,
            unreadable=row.unreadable,
            lost=row.lost,
            round_trips=row.round_trips,
        )


def _readable(name: str | None) -> str | None:
    if name is None or "‹" not in name:
        return name
    return name.rpartition("›")[2].lstrip(".-") or None


def _time(moment: datetime) -> str:
    text = write_time(moment)
    assert text is not None
    return text
