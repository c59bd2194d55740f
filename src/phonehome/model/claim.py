"""A claim: what somebody said about a handset, and how evidence would speak for or against it."""

from dataclasses import dataclass, field
from enum import StrEnum

from phonehome.model.subject import DataType


class Party(StrEnum):
    """Whose side somebody speaks for."""

    VENDOR = "vendor"
    ACCUSER = "accuser"
    AUTHORITY = "authority"
    PRESS = "press"
    REGULATOR = "regulator"
    OTHER = "other"


class Verdict(StrEnum):
    """What evidence says of a claim, in the order in which it is asked; never that the claim is proved."""

    UNOBSERVABLE = "unobservable"
    CONFLICT = "conflict"
    UNTESTED = "untested"
    CONTRADICTED = "contradicted"
    CONSISTENT = "consistent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimScope:
    """What a claim speaks of; None or empty where it does not limit itself.

    Attributes:
        handset: The id of a handset of the case.
        build: A build of it.
        services: Ids of services: a flow is meant if its host serves one of them.
        data_types: A flow is meant if it carries one of them; each needs an exposure before the claim is consistent.
        note: What else limits it, in words.
    """

    handset: str | None = None
    build: str | None = None
    services: tuple[str, ...] = ()
    data_types: tuple[DataType, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement of any party: the accuser's as well as the vendor's.

    Attributes:
        id: Its name in reports.
        who: Who said it.
        party: For which side.
        text: What was said.
        date: When: `2014-08-10`, `2014-08`, a span `2014-08/2014-10`; with `~` behind where that is not sure.
        source: Where it can be read.
        scope: What it speaks of.
        observable: Whether a recording of the handset's traffic could ever speak for or against it.
        because: How it is read, or why it cannot be observed; said beside the verdict.
        testable_when: The rule on a session that must be met before it can test the claim.
        holds_if: The rule that is met as long as the claim holds: of every flow, or once per session.
        conflicts_with: Ids of claims, and other sources in words, that disagree with it.
    """

    id: str
    who: str
    party: Party
    text: str
    date: str | None = None
    source: str | None = None
    scope: ClaimScope = field(default_factory=ClaimScope)
    observable: bool = True
    because: str | None = None
    testable_when: str | None = None
    holds_if: str | None = None
    conflicts_with: tuple[str, ...] = ()


class Confidence(StrEnum):
    """How sure it is that a verdict written by hand is right."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedVerdict:
    """The verdict on a claim that somebody wrote down beforehand.

    `superseded` says whether the claim speaks of an older build than the newest evidence; None where that is not asked.
    """

    id: str
    verdict: Verdict
    confidence: Confidence
    superseded: bool | None = None
    why: str | None = None
