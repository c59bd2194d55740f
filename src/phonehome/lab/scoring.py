"""Scoring a case of the lab: it is audited anew, and the audit held against the truth that lies in it."""

from collections.abc import Sequence
from pathlib import Path

from phonehome.audit.case_run import CaseOptions, audit_case
from phonehome.audit.rulings import load_rulings
from phonehome.case.folder import LoadedCase, load_case
from phonehome.documents.audit import AuditDocument
from phonehome.documents.judgement import VerdictDoc
from phonehome.documents.score import ScoreDocument, VerdictRowDoc
from phonehome.judge.score import score_verdicts
from phonehome.lab.measuring import measure
from phonehome.lab.score import Verdicts, score
from phonehome.lab.truth import FILE, RightVerdict, Truth, load_truth
from phonehome.model.claim import Confidence, ExpectedVerdict, Verdict
from phonehome.model.errors import ConfigError


def score_case(root: Path, options: CaseOptions) -> ScoreDocument:
    """Audit a case of the lab and score the audit.

    Raises:
        ConfigError: The case is wrong, has no truth, or none of its sessions was recorded.
    """
    truth = load_truth(root / FILE)
    loaded = load_case(root)
    if not loaded.case.sessions:
        raise ConfigError(
            f"{root}: no session of this case was recorded, so there is nothing to score; delete it, and run its "
            "scenario again"
        )
    rulings, _ = load_rulings(loaded)
    return score_document(truth, audit_case(loaded, rulings, options), loaded)


def score_document(truth: Truth, document: AuditDocument, loaded: LoadedCase) -> ScoreDocument:
    """Score an audit of a case that was made already, its verdicts too."""
    return score(truth, document, measure(loaded, truth), _hold(truth, document))


def _hold(truth: Truth, document: AuditDocument) -> Verdicts:
    judgement = document.case.judgement if document.case is not None else None
    came: Sequence[VerdictDoc] = judgement.verdicts if judgement is not None else ()
    scored = score_verdicts(map(_expected, truth.verdicts), came)
    rows = [
        VerdictRowDoc(
            id=row.expected.id,
            expected=row.expected.verdict.value,
            came=row.came,
            is_right=row.is_right,
            counts=row.counts,
        )
        for row in scored.rows
    ]
    unsure = [row.id for row in rows if not row.counts]
    known_unknown = {cell.claim for cell in truth.unknown}
    return Verdicts(
        rows=rows, unheld=[name for name in (*unsure, *scored.unasked) if name not in known_unknown]
    )


def _expected(one: RightVerdict) -> ExpectedVerdict:
    return ExpectedVerdict(
        id=one.id,
        verdict=Verdict(one.verdict),
        confidence=Confidence(one.confidence),
        superseded=one.superseded,
        why=None,
    )
