"""Scoring a case of the lab: it is audited anew, and the audit held against the truth that lies in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.case.folder import load_case
from phonehome.documents.audit import AuditDocument
from phonehome.documents.judgement import VerdictDoc
from phonehome.documents.score import ScoreDocument, VerdictRowDoc
from phonehome.judge.score import score_verdicts
from phonehome.lab.score import score
from phonehome.lab.truth import FILE, RightVerdict, Truth, load_truth
from phonehome.model.claim import Confidence, ExpectedVerdict, Verdict


def score_case(root: Path, options: CaseOptions) -> ScoreDocument:
    """Audit a case of the lab and score the audit.

    Raises:
        ConfigError: The case is wrong, or has no truth.
    """
    truth = load_truth(root / FILE)
    loaded = load_case(root)
    rulings, _ = load_rulings(loaded)
    return score_document(truth, audit_case(loaded, rulings, options))


def score_document(truth: Truth, document: AuditDocument) -> ScoreDocument:
    """Score an audit that was made already, its verdicts too."""
    return score(truth, document, list(_rows(truth.verdicts, document)))


def _rows(right: Sequence[RightVerdict], document: AuditDocument) -> Iterator[VerdictRowDoc]:
    judgement = document.case.judgement if document.case is not None else None
    came: Sequence[VerdictDoc] = judgement.verdicts if judgement is not None else ()
    for row in score_verdicts(map(_expected, right), came).rows:
        yield VerdictRowDoc(
            id=row.expected.id,
            expected=row.expected.verdict.value,
            came=row.came,
            is_right=row.is_right,
            counts=row.counts,
        )


def _expected(one: RightVerdict) -> ExpectedVerdict:
    return ExpectedVerdict(
        id=one.id,
        verdict=Verdict(one.verdict),
        confidence=Confidence(one.confidence),
        superseded=one.superseded,
        why=None,
    )
