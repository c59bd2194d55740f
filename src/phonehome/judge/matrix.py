"""The control group: every handset of a case against every data type, by country.

One handset alone says little about its maker: of twelve makes that a regulator once tested, all twelve sent
user data to their makers' countries. So the same data types are laid beside each other for all handsets, and
what one of them was never given a chance to send is told from what it did not send.
"""

from collections import defaultdict
from collections.abc import Iterable

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.documents.case import CaseDoc, SessionDoc
from phonehome.documents.judgement import MatrixCellDoc
from phonehome.judge.sending import is_strong

MAX_CELLS = 20_000

MOSTLY_UNREAD = 0.5
"""From this share on, what stayed unread makes silence worthless."""


def make_matrix(document: AuditDocument) -> list[MatrixCellDoc]:
    """Give the cells by data type, handset and country.

    A data type that a handset sent has one cell for each country; one that it did not send has one cell without
    a country, as has one that was never recorded. Data types that no handset was ever seen to send, nor given a chance
    to, have no cells.
    """
    case = document.case
    if case is None:
        return []
    flows: dict[tuple[str, str], list[FlowDoc]] = defaultdict(list)
    subjects = {session.id: session.subject for session in case.sessions}
    for flow in document.flows:
        if is_strong(flow) and flow.session in subjects:
            flows[flow.data_type, subjects[flow.session]].append(flow)
    handsets = {handset.id for handset in case.handsets} | set(subjects.values())
    exposed = _index_exposures(case)
    sessions = {session.id: session for session in case.sessions}
    data_types = sorted({data_type for data_type, _ in [*flows, *exposed]})
    cells = [
        cell
        for data_type in data_types
        for subject in sorted(handsets)
        for cell in _make_cells(
            (data_type, subject),
            flows.get((data_type, subject), []),
            exposed.get((data_type, subject), {}),
            sessions,
        )
    ]
    return cells[:MAX_CELLS]


def _index_exposures(case: CaseDoc) -> dict[tuple[str, str], dict[str, int]]:
    """Count exposures by data type and handset, and there by session, where a value was searched for."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for session in case.sessions:
        for exposure in session.exposures:
            if exposure.count and exposure.values:
                found[exposure.data_type, session.subject][session.id] = exposure.count
    return found


def _was_read(session: SessionDoc) -> bool:
    """Say whether a session would have shown something."""
    unread = _unread_share([session])
    return session.coverage.exchanges > 0 and unread is not None and unread < MOSTLY_UNREAD


def _unread_share(sessions: Iterable[SessionDoc]) -> float | None:
    shares = [session.coverage for session in sessions]
    total = sum(share.bytes_up for share in shares)
    return sum(share.closed + share.unreadable + share.lost for share in shares) / total if total else None


def _make_cells(
    key: tuple[str, str], flows: list[FlowDoc], exposed: dict[str, int], sessions: dict[str, SessionDoc]
) -> list[MatrixCellDoc]:
    data_type, subject = key
    readable = {name: count for name, count in exposed.items() if _was_read(sessions[name])}
    total = sum(readable.values())
    unread = _unread_share(sessions[name] for name in exposed)
    if not flows:
        return [
            MatrixCellDoc(
                data_type=data_type,
                subject=subject,
                country=None,
                state="not_seen" if total else "not_exercised",
                transports=[],
                organisations=[],
                count=0,
                exposures=total,
                unread_share=unread,
                sessions=sorted(readable),
            )
        ]
    by_country: dict[str | None, list[FlowDoc]] = defaultdict(list)
    for flow in flows:
        by_country[flow.country].append(flow)
    return [
        MatrixCellDoc(
            data_type=data_type,
            subject=subject,
            country=country,
            state="seen",
            transports=sorted({flow.transport for flow in found if flow.transport is not None}),
            organisations=sorted({flow.organisation for flow in found if flow.organisation is not None}),
            count=sum(flow.count for flow in found),
            exposures=total,
            unread_share=unread,
            sessions=sorted({flow.session for flow in found if flow.session is not None}),
        )
        for country, found in sorted(by_country.items(), key=lambda item: item[0] or "~")
    ]
