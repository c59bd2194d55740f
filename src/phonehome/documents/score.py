"""How well an audit told the truth of a case whose truth is known: `phonehome.score/1`."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phonehome.documents.base import CaseKindName, Direction, Model


class FunnelDoc(Model):
    """From what was sent to what was found, counted value by value.

    `recorded` and `readable` are measured: by what the captures hold, and not by what the sender meant them to.
    """

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
    """Something that was sent and is not where it should be: not recorded, not read, or not found as it was sent.

    `found_as` says how it was found instead, where it was: what of it differs.
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
    """A finding of something that was not sent there; `why` it cannot be right."""

    finding: str
    value_id: str
    session: str | None
    host: str | None
    form: str
    chain: list[str]
    direction: Direction
    why: str


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


class UnseenDoc(Model):
    """A session whose traffic passed no recorder, and whether the audit leaves open what was sent in it."""

    session: str
    is_open: bool


class UnknownDoc(Model):
    """Something that nobody knows; `wrong` says how the audit decides it all the same.

    `is_checked` is false where it names neither a claim nor sessions, so that nothing could be wrong.
    """

    text: str
    claim: str | None
    is_checked: bool
    wrong: str | None


class ScoreDocument(Model):
    """The score of one case.

    `false_not_seen` comes first: of the values that were sent to a host in a session and could be read, those of which
    the audit shows nothing. `not_there` are sessions of the scenario that the case does not have: with one of them
    missing, nothing is perfect. `lost` was to be recorded, and the captures do not hold it; `unread` was to be read,
    and is closed in them. `weak` are findings of what was not sent there, which the audit itself calls weak. `flows`
    are sentences on flows that disagree with their findings. `consent_untold` counts values at hosts of which the case
    does not say that the service that asked for them uses them. `unheld` are verdicts against which nobody holds
    anything.
    """

    schema_: Annotated[Literal["phonehome.score/1"], Field(alias="schema")] = "phonehome.score/1"
    case: str
    kind: CaseKindName
    perfect: bool
    not_there: list[str]
    false_not_seen: RateDoc
    funnel: FunnelDoc
    lost: list[MissDoc]
    unread: list[MissDoc]
    missed: list[MissDoc]
    misattributed: list[MissDoc]
    false: list[FalseDoc]
    weak: list[FalseDoc]
    flows: list[str]
    consent_untold: int
    blind_spots: list[BlindSpotDoc]
    unseen: list[UnseenDoc]
    unknown: list[UnknownDoc]
    verdicts: list[VerdictRowDoc]
    verdicts_right: int
    verdicts_counted: int
    unheld: list[str]

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
