"""A claim whose rules were checked."""

from dataclasses import dataclass

from phonehome.model.claim import Claim
from phonehome.rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaim:
    """A claim with its rules; they are None where it cannot be observed."""

    claim: Claim
    testable_when: Rule | None
    holds_if: Rule | None
