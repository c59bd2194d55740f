"""How well an audit told the truth of a case whose truth is known: `phonehome.score/1`."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phonehome.documents.base import Model


class FunnelDoc(Model):
    """From what was sent to what was found, counted value by value."""

    sent: int
    recorded: int
    readable: int
    found: int


class RateDoc(Model):
    """A rate, with the interval that holds it with a confidence of 95 % (Clopper-Pearson)."""

    count: int
    of: int
    rate: float | None
    low: float | None
    high: float | None


class MissDoc(Model):
    """Something that was sent, could be read, and was not found as it was sent.

    `found_as` says how it was found instead, where it was: form and chain, step or consent differ.
    """

    value_id: str
    session: str
    step: str | None
    host: str
    form: str
    chain: list[str]
    path: str
    count: int
    found_as: str | None


class FalseDoc(Model):
    """A finding of something that was not sent there."""

    finding: str
    value_id: str
    session: str | None
    host: str | None
    form: str
    chain: list[str]


class VerdictRowDoc(Model):
    """One claim: the verdict that the truth allows, and the one that came (null if none did)."""

    id: str
    expected: str
    came: str | None
    is_right: bool
    counts: bool


class BlindSpotDoc(Model):
    """A host to which something unreadable was sent in a session, and whether coverage says so."""

    session: str
    host: str
    said: bool


class ScoreDocument(Model):
    """The score of one case.

    `false_not_seen` comes first: of the values that were sent to a host in a session and could be read, those of which
    the audit shows nothing.
    """

    schema_: Annotated[Literal["phonehome.score/1"], Field(alias="schema")] = "phonehome.score/1"
    case: str
    perfect: bool
    false_not_seen: RateDoc
    funnel: FunnelDoc
    missed: list[MissDoc]
    misattributed: list[MissDoc]
    false: list[FalseDoc]
    blind_spots: list[BlindSpotDoc]
    verdicts: list[VerdictRowDoc]
    verdicts_right: int
    verdicts_counted: int

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
