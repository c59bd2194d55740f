"""What was not tested, and what nobody could see: a part of every notice, because silence is never clean."""

from collections.abc import Sequence

from phonehome.documents.advisory import GapDoc, HandsetNoticeDoc
from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import CaseDoc
from phonehome.documents.judgement import VerdictDoc
from phonehome.reports import words
from phonehome.reports.advisory import phrases
from phonehome.reports.advisory.items import build_of

TYPES_NAMED = 8
SESSIONS_NAMED = 8


def find_gaps(doc: AuditDocument, case: CaseDoc, handsets: Sequence[HandsetNoticeDoc]) -> list[GapDoc]:
    """Give everything that the evidence leaves open, the widest gaps first."""
    gaps = [
        *_builds(handsets),
        *_data_types(doc, case, handsets),
        *_conditions(case),
        *_statements(case),
        *_sessions(case),
        *_values(doc),
        *_recordings(doc),
    ]
    return list({(gap.kind, gap.what, gap.why): gap for gap in gaps}.values())


def _builds(handsets: Sequence[HandsetNoticeDoc]) -> list[GapDoc]:
    return [
        GapDoc(
            kind="build", what=f"{handset.name} {build.build}", why="no session was recorded with this build"
        )
        for handset in handsets
        for build in handset.builds
        if build.state == "not_tested"
    ]


def _data_types(doc: AuditDocument, case: CaseDoc, handsets: Sequence[HandsetNoticeDoc]) -> list[GapDoc]:
    """Name the data types of known values that a build was given no chance to send."""
    gaps = []
    exposed = [e.data_type for s in case.sessions for e in s.exposures if e.values]
    searched = [v.type for v in (doc.subject.values if doc.subject is not None else []) if v.searched_for]
    known = dict.fromkeys([*exposed, *searched])
    for handset in handsets:
        mine = [session for session in case.sessions if session.subject == handset.id]
        for build in handset.builds:
            sessions = [session for session in mine if build_of(session) == build.build]
            if not sessions:
                continue
            chances = {e.data_type for s in sessions for e in s.exposures if e.count and e.values}
            seen = {e.data_type for s in sessions for e in s.exposures if e.seen}
            missing = [words.data_type(name) for name in known if name not in chances | seen]
            if missing:
                gaps.append(
                    GapDoc(
                        kind="data_type",
                        what=words.listing_at_most(missing, TYPES_NAMED, "more data type", "more data types"),
                        why=f"not exercised on {handset.name} {build.build or '(build not recorded)'}: no step gave it "
                        "the chance to be sent",
                    )
                )
    return gaps


def _conditions(case: CaseDoc) -> list[GapDoc]:
    """Name factors that only ever changed together, so that nobody can tell which of them matters."""
    gaps = []
    for cause in case.judgement.causes if case.judgement is not None else []:
        for factor in cause.factors:
            if factor.confounded_with:
                together = words.listing(sorted([factor.name, *factor.confounded_with]))
                gaps.append(
                    GapDoc(
                        kind="condition",
                        what=together,
                        why="always changed together, so the sessions cannot tell which of them matters",
                    )
                )
    return gaps


def _statements(case: CaseDoc) -> list[GapDoc]:
    return [
        GapDoc(
            kind="statement",
            what=f"{verdict.id}, “{verdict.text.rstrip('.')}”",
            why=_open(verdict),
        )
        for verdict in (case.judgement.verdicts if case.judgement is not None else [])
        if verdict.verdict in ("untested", "unobservable")
    ]


def _open(verdict: VerdictDoc) -> str:
    """Say in short what leaves a statement open; the reason stands beside its verdict."""
    if verdict.verdict == "unobservable":
        return "cannot be observed from a handset"
    if verdict.proposal:
        return f"untested; a session with {phrases.conditions(verdict.proposal)} would test it"
    return "untested"


def _sessions(case: CaseDoc) -> list[GapDoc]:
    """Say what sessions could not see, those that say the same together; then what of each stayed unread."""
    misses: dict[str, list[str]] = {}
    for session in case.sessions:
        for text in session.misses:
            misses.setdefault(text, []).append(session.id)
    gaps = [
        GapDoc(
            kind="session",
            what=words.listing_at_most(names, SESSIONS_NAMED, "more session", "more sessions"),
            why=text,
        )
        for text, names in misses.items()
    ]
    for session in case.sessions:
        unread = session.coverage.bytes_up - session.coverage.read
        if unread > 0:
            share = words.percent(unread, session.coverage.bytes_up)
            why = f"{words.size(unread)} of what was sent ({share}) could not be read"
            gaps.append(GapDoc(kind="session", what=session.id, why=why))
    return gaps


def _values(doc: AuditDocument) -> list[GapDoc]:
    values = doc.subject.values if doc.subject is not None else []
    return [
        GapDoc(
            kind="value",
            what=f"‹{value.id}› ({words.data_type(value.type)})",
            why=value.why or "not searched for",
        )
        for value in values
        if not value.searched_for
    ]


def _recordings(doc: AuditDocument) -> list[GapDoc]:
    gaps = [GapDoc(kind="recording", what="every session", why=words.NOT_COVERED)]
    lost = sum(problem.lost for problem in doc.problems)
    if lost:
        gaps.append(
            GapDoc(
                kind="recording",
                what=words.count(lost, "problem"),
                why="lost part of the recordings; the audit document says where",
            )
        )
    return gaps
