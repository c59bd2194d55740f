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

    @property
    def is_on_speed(self) -> bool:
        """Whether it is about round-trip times alone, and not about anything that is sent."""
        spoken = self.holds_if.variables if self.holds_if is not None else frozenset[str]()
        return "latency_changes" in spoken and spoken.isdisjoint({"flow", "flows"})
