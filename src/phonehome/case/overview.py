"""The overview of a case: what its files say, as a document."""

from collections.abc import Callable

from phonehome.case.folder import LoadedCase
from phonehome.case.times import write_time
from phonehome.documents.case import AnnotationDoc, CaseHandsetDoc, ConsentDoc, ServiceDoc, StepDoc
from phonehome.documents.case_overview import CaptureDoc, CaseOverview, SessionOverviewDoc
from phonehome.model.case import Annotation
from phonehome.model.positions import missed_by
from phonehome.model.protocol import TestProtocol
from phonehome.model.session import Session

Show = Callable[[str], str]
"""Masks what people wrote: a note may hold the value that it is about."""


def make_overview(loaded: LoadedCase, show: Show) -> CaseOverview:
    """Describe a case that was read."""
    case = loaded.case
    names = {name: subject.name for name, subject in case.subjects.items()}
    return CaseOverview(
        title=show(case.title),
        kind=case.kind.value,
        handsets=[
            CaseHandsetDoc(
                id=one.id, name=names.get(one.id), make=one.make, model=one.model, builds=list(one.builds)
            )
            for one in case.handsets
        ],
        services=[ServiceDoc(id=one.id, name=one.name, hosts=list(one.hosts)) for one in case.services],
        sessions=[_session(loaded, session, show) for session in case.sessions],
        annotations=[_annotation(annotation, show) for annotation in case.annotations],
        problems=[show(text) for text in loaded.missing],
        warnings=[show(text) for text in loaded.warnings],
    )


def exposed_by(session: Session, protocol: TestProtocol | None) -> list[list[str]]:
    """Say for each step of a session which data types it gave a chance to be sent."""
    known = {step.id: step.exposes for step in protocol.steps} if protocol is not None else {}
    return [
        [str(kind) for kind in (known.get(step.id, ()) if step.exposes is None else step.exposes)]
        for step in session.steps
    ]


def _session(loaded: LoadedCase, session: Session, show: Show) -> SessionOverviewDoc:
    protocol = loaded.protocols[session.protocol] if session.protocol is not None else None
    taken = {step.id for step in session.steps}
    folder = loaded.session_folder(session)
    corrections = [one.corrects for one in loaded.case.annotations if one.session == session.id]
    return SessionOverviewDoc(
        id=session.id,
        subject=session.subject,
        position=session.position.value,
        protocol=session.protocol,
        conditions=dict(session.conditions),
        clock_offset_s=session.clock_offset_s,
        steps=[
            StepDoc(id=step.id, at=write_time(step.at), note=_shown(step.note, show), exposes=exposes)
            for step, exposes in zip(session.steps, exposed_by(session, protocol), strict=True)
        ],
        consent=[
            ConsentDoc(
                service=entry.service,
                at=write_time(entry.at),
                state=entry.state.value,
                shown=_shown(entry.shown, show),
            )
            for entry in session.consent
        ],
        captures=[
            CaptureDoc(
                file=show(capture.file),
                sha256=capture.sha256,
                size=capture.size,
                keylog=_shown(capture.keylog, show),
                present=(folder / capture.file).is_file(),
            )
            for capture in session.captures
        ],
        handset=session.handset,
        tools=dict(session.tools),
        corrected=list(dict.fromkeys(name for names in corrections for name in names)),
        not_taken=[] if protocol is None else [step.id for step in protocol.steps if step.id not in taken],
        misses=list(missed_by(session)),
    )


def _annotation(annotation: Annotation, show: Show) -> AnnotationDoc:
    return AnnotationDoc(
        at=write_time(annotation.at),
        author=annotation.author,
        reason=show(annotation.reason),
        session=annotation.session,
        corrects=list(annotation.corrects),
        note=_shown(annotation.note, show),
    )


def _shown(text: str | None, show: Show) -> str | None:
    return None if text is None else show(text)
