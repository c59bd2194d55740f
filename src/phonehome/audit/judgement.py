"""Judging a case: every judge in its turn, over the document of all sessions."""

from dataclasses import dataclass

from phonehome.documents import audit as doc


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """What people want a case to be judged by."""


def judge_case(document: doc.AuditDocument, rulings: Rulings) -> doc.AuditDocument:
    """Add what was judged to the document of a case."""
    return document
