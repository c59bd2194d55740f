"""Scoring verdicts against those that somebody wrote down beforehand; only what is sure counts."""

from collections.abc import Iterable
from dataclasses import dataclass

from phonehome.documents.judgement import VerdictDoc
from phonehome.model.claim import Confidence, ExpectedVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredVerdict:
    """One expected verdict, and what came; `came` is None where the claim was not decided at all."""

    expected: ExpectedVerdict
    came: str | None
    is_right: bool
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictScore:
    """Rows in the order of what was expected; `unasked` are ids decided that nobody wrote a verdict for."""

    rows: tuple[ScoredVerdict, ...]
    unasked: tuple[str, ...]

    @property
    def counted(self) -> int:
        """How many rows count."""
        return sum(row.counts for row in self.rows)

    @property
    def right(self) -> int:
        """How many of those are right."""
        return sum(row.counts and row.is_right for row in self.rows)


def score_verdicts(expected: Iterable[ExpectedVerdict], verdicts: Iterable[VerdictDoc]) -> VerdictScore:
    """Hold verdicts against the expected ones: rows of high confidence count, the others are only listed.

    A row is right if the verdict is the expected one and, where that is asked, it is said to be superseded or not.
    """
    came = {verdict.id: verdict for verdict in verdicts}
    rows = []
    for one in expected:
        found = came.pop(one.id, None)
        is_right = (
            found is not None
            and found.verdict == one.verdict.value
            and one.superseded in (None, found.superseded is not None)
        )
        rows.append(
            ScoredVerdict(
                expected=one,
                came=found.verdict if found is not None else None,
                is_right=is_right,
                counts=one.confidence is Confidence.HIGH,
            )
        )
    return VerdictScore(rows=tuple(rows), unasked=tuple(came))
