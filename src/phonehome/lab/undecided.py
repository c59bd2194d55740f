"""What an audit must leave open: sessions whose traffic passed no recorder, and what nobody knows.

"Untested" is an answer there, and "not seen" is none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import SessionDoc
from phonehome.documents.score import UnknownDoc, UnseenDoc
from phonehome.lab.truth import UNTESTED, Truth, UnknownCell

_OPEN = frozenset({UNTESTED, "unobservable", "conflict"})
"""Verdicts that decide nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What an audit counts as tested: data types by session, and sessions on which a verdict rests."""

    types: Mapping[str, frozenset[str]]
    judged: frozenset[str]
    verdicts: Mapping[str, str]

    @classmethod
    def of(cls, document: AuditDocument) -> "_Decided":
        assert document.case is not None
        types = {
            session.id: {one.data_type for one in session.exposures if one.count}
            for session in document.case.sessions
        }
        judged: set[str] = set()
        verdicts: dict[str, str] = {}
        judgement = document.case.judgement
        if judgement is not None:
            for cause in judgement.causes:
                for session in cause.not_seen:
                    types.setdefault(session, set()).add(cause.data_type)
            for cell in judgement.matrix:
                for session in cell.sessions if cell.state == "not_seen" else ():
                    types.setdefault(session, set()).add(cell.data_type)
            verdicts = {one.id: one.verdict for one in judgement.verdicts}
            judged = {
                session for one in judgement.verdicts if one.verdict not in _OPEN for session in one.sessions
            }
        return cls(
            types={session: frozenset(found) for session, found in types.items()},
            judged=frozenset(judged),
            verdicts=verdicts,
        )


def check_unseen(truth: Truth, document: AuditDocument) -> Iterator[UnseenDoc]:
    """Say of each session that passed no recorder whether the audit leaves it open."""
    assert document.case is not None
    decided = _Decided.of(document)
    there = {session.id for session in document.case.sessions}
    for one in truth.planned:
        if not one.recorded and one.session in there:
            is_open = not decided.types.get(one.session) and one.session not in decided.judged
            yield UnseenDoc(session=one.session, is_open=is_open)


def check_unknown(truth: Truth, document: AuditDocument) -> Iterator[UnknownDoc]:
    """Say of each cell that nobody knows whether the audit leaves it open."""
    assert document.case is not None
    decided = _Decided.of(document)
    for cell in truth.unknown:
        wrong = []
        if cell.claim is not None and decided.verdicts.get(cell.claim) != UNTESTED:
            wrong.append(
                f"the claim {cell.claim} came out as {decided.verdicts.get(cell.claim) or 'nothing'}"
            )
        wrong += [
            f"{session.id} counts as a test of {', '.join(tested)}"
            for session in document.case.sessions
            if cell.covers(session) and (tested := _tested(cell, session, decided))
        ]
        yield UnknownDoc(
            text=cell.text,
            claim=cell.claim,
            is_checked=cell.claim is not None or cell.has_place,
            wrong="; ".join(wrong) or None,
        )


def _tested(cell: UnknownCell, session: SessionDoc, decided: _Decided) -> list[str]:
    tested = decided.types.get(session.id, frozenset())
    return sorted(tested & set(cell.data_types) if cell.data_types else tested)
