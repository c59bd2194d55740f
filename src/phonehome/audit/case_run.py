"""The audit of a case: each session by its captures, then what follows from all of them.

The document names everything from the case's folder on and holds no time of its own making: the same evidence and the
same versions give the same bytes, wherever and whenever it is audited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phonehome.attribution import Attributor
from phonehome.audit.case_document import Audited, Show, describe_case
from phonehome.audit.judgement import Rulings, judge_case
from phonehome.audit.merge import merge_documents
from phonehome.audit.recorded import find_apart, find_span
from phonehome.audit.run import Progress, audit
from phonehome.audit.session import Place, SessionView
from phonehome.audit.written import Written, name_apart
from phonehome.audit.written_document import clean_document
from phonehome.case.folder import LoadedCase
from phonehome.detect import Detector
from phonehome.documents import audit as doc
from phonehome.model.errors import ConfigError
from phonehome.model.session import Session
from phonehome.model.subject import Subject
from phonehome.readers import ReadingOptions

MAX_PLACES = 12
"""Places that a warning names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOptions:
    """How a case is audited.

    Attributes:
        geo_databases: MaxMind-format files of the user's own, beside the packed data.
        reveal: Show values instead of their ids.
        workers: How many processes share the work.
        progress: Called with a sentence now and then.
        sessions: Only these; empty for all.
        written: What masks the texts of the case, if the caller has it already.
    """

    geo_databases: Sequence[Path] = ()
    reveal: bool = False
    workers: int = 1
    progress: Progress | None = None
    sessions: Sequence[str] = ()
    written: Written | None = None


DEFAULTS = CaseOptions()


def audit_case(
    loaded: LoadedCase, rulings: Rulings | None = None, options: CaseOptions = DEFAULTS
) -> doc.AuditDocument:
    """Audit a case: its sessions, then what was judged over them.

    Args:
        loaded: The case.
        rulings: Claims, policy and list of handsets to judge by; None to judge by the evidence alone.
        options: How.

    Raises:
        ConfigError: The case has no session, or a database of the user's cannot be read.
    """
    case = loaded.case
    sessions = [one for one in case.sessions if not options.sessions or one.id in options.sessions]
    if not sessions:
        raise ConfigError(
            f"{loaded.root}: the case has no session to audit; `phonehome case add-session` adds one"
        )
    subjects = name_apart(case.subjects)
    shows = {name: _make_show(subjects[name], options.reveal) for name in {one.subject for one in sessions}}
    audited = []
    for session in sessions:
        if options.progress is not None:
            options.progress(f"session {session.id}")
        document = _audit_session(loaded, session, subjects[session.subject], options)
        audited.append(Audited(session=session, document=document, show=shows[session.subject]))
    merged = merge_documents([one.document for one in audited], case.title)
    attributor = Attributor(options.geo_databases)
    try:
        described = describe_case(case, audited, loaded.protocols, attributor)
    finally:
        attributor.close()
    judged = judge_case(merged.model_copy(update={"case": described}), rulings or Rulings())
    cleaned = clean_document(judged, options.written or Written(case, reveal=options.reveal))
    if cleaned.places and options.progress is not None:
        options.progress(_warn(cleaned.places))
    return cleaned.document


def _warn(places: Sequence[str]) -> str:
    more = f" and {len(places) - MAX_PLACES} places more" if len(places) > MAX_PLACES else ""
    return (
        "warning: known values stand in what people wrote; they are masked in the result, and stay in the files of the "
        f"case: {', '.join(places[:MAX_PLACES])}{more}"
    )


def _make_show(subject: Subject, reveal: bool) -> Show:
    masker = Detector(subject).make_masker(reveal=reveal)
    return lambda text: masker.text(text.encode("utf-8", "backslashreplace"))


def _audit_session(
    loaded: LoadedCase, session: Session, subject: Subject, options: CaseOptions
) -> doc.AuditDocument:
    view = SessionView(session, loaded.case.services)
    document = audit(
        [str(path) for path in loaded.capture_paths(session)],
        subject=subject,
        geo_databases=options.geo_databases,
        reveal=options.reveal,
        progress=options.progress,
        options=ReadingOptions(
            key_logs=tuple(path.read_bytes() for path in loaded.keylog_paths(session)),
            handset=session.handset,
            workers=options.workers,
        ),
        place=Place(root=loaded.root, view=view),
    )
    apart = find_apart(session, find_span(session, document))
    if apart is None:
        return document
    return document.model_copy(update={"problems": [*document.problems, apart]})
