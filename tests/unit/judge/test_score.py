"""Scoring verdicts against those written beforehand."""

from pathlib import Path

from case_documents import make_case_document, make_session

from phonehome.case.claims_file import load_claims
from phonehome.documents.judgement import VerdictDoc
from phonehome.judge.claims import decide
from phonehome.judge.score import score_verdicts
from phonehome.model.claim import Confidence, ExpectedVerdict, Verdict


def unobservable(folder: Path, *names: str) -> list[VerdictDoc]:
    text = "".join(
        f"  - {{id: {name}, who: a, party: press, text: t, observable: false}}\n" for name in names
    )
    (folder / "claims.yaml").write_text(f"claims:\n{text}", encoding="utf-8")
    return decide(load_claims(folder / "claims.yaml").claims, make_case_document([make_session("01")]))


def expected(
    name: str,
    verdict: Verdict = Verdict.UNOBSERVABLE,
    confidence: Confidence = Confidence.HIGH,
    superseded: bool | None = None,
) -> ExpectedVerdict:
    return ExpectedVerdict(id=name, verdict=verdict, confidence=confidence, superseded=superseded)


def test_only_rows_of_high_confidence_count(tmp_path: Path) -> None:
    score = score_verdicts(
        [
            expected("A"),
            expected("B", Verdict.CONSISTENT),
            expected("C", Verdict.CONSISTENT, Confidence.MEDIUM),
            expected("D", confidence=Confidence.LOW),
        ],
        unobservable(tmp_path, "A", "B", "C", "D"),
    )
    assert (score.right, score.counted) == (1, 2)
    assert [row.is_right for row in score.rows] == [True, False, False, True]


def test_a_claim_that_was_not_decided_is_wrong_and_one_that_nobody_asked_for_is_named(tmp_path: Path) -> None:
    score = score_verdicts([expected("A")], unobservable(tmp_path, "B"))
    assert (score.right, score.counted, score.rows[0].came, score.unasked) == (0, 1, None, ("B",))


def test_staleness_counts_where_it_is_asked(tmp_path: Path) -> None:
    found = unobservable(tmp_path, "A")
    assert score_verdicts([expected("A", superseded=False)], found).right == 1
    assert score_verdicts([expected("A", superseded=True)], found).right == 0
