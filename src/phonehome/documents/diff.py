"""The comparison of two sides, `phonehome.diff/1`: what became of each data type at each destination.

A side is what one or several sessions recorded, or bare recordings. Nothing here holds a value: only ids, names
and counts.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phonehome.documents.audit import Tool
from phonehome.documents.base import CaseKindName, Direction, Model, PositionName, Severity, Transport

DIFF_SCHEMA = "phonehome.diff/1"

ChangeName = Literal["stopped", "still_sent", "new", "moved", "wrapped", "unwrapped", "not_exercised"]
Writing = Literal["plain", "encoded", "digest"]


class DiffSideDoc(Model):
    """One side of a comparison: what it is made of, and how much of it was read.

    `sessions` is empty, `timeline` false and `kind` null for bare recordings. `conditions` are the values of
    each factor over its sessions. `closed`, `unreadable` and `lost` are the bytes sent upward that nobody could
    look into.
    """

    name: str
    kind: CaseKindName | None
    tool: Tool
    timeline: bool
    sessions: list[str]
    subjects: list[str]
    positions: list[PositionName]
    conditions: dict[str, list[str]]
    exchanges: int
    bytes_up: int
    read: int
    closed: int
    unreadable: int
    lost: int


class EndDoc(Model):
    """How one side sent a data type to the destination, or to the destinations, of a change.

    `transports` and `writings` are all that were met; what counts is the most open of them. `countries` are
    those that any source named. `flows` are the ids in that side's audit document.
    """

    hosts: list[str | None]
    organisations: list[str]
    countries: list[str]
    transports: list[Transport | None]
    writings: list[Writing]
    forms: list[str]
    value_ids: list[str]
    severity: Severity
    count: int
    sessions: list[str]
    flows: list[str]


class ChangeDoc(Model):
    """What became of one data type at one destination, from the first side to the second.

    `also` names what is true beside `change`: what moved may be wrapped as well. `still` says that the second
    side sends the data type, here or elsewhere. `exposures` are those of the second side that count against it
    (null where no timeline tells), `rate_bound` the highest rate per exposure that they still allow (95 %)
    where it `stopped`. `doubts` say why it is not decided: of `not_exercised`, why silence says nothing; of
    `new`, why the first side may have sent it unseen.
    """

    data_type: str
    host: str | None
    organisation: str | None
    direction: Direction
    change: ChangeName
    also: list[ChangeName]
    still: bool
    severity: Severity
    sentence: str
    details: list[str]
    doubts: list[str]
    exposures: int | None
    rate_bound: float | None
    before: EndDoc | None
    after: EndDoc | None


class DiffDocument(Model):
    """The comparison of two sides.

    `across` are the conditions in which the sides are meant to differ: differences in them are what is
    compared, any other is a reason why silence says nothing. `counts` has every kind of change.
    """

    schema_: Annotated[Literal["phonehome.diff/1"], Field(alias="schema")] = "phonehome.diff/1"
    before: DiffSideDoc
    after: DiffSideDoc
    across: list[str]
    counts: dict[ChangeName, int]
    changes: list[ChangeDoc]
    notes: list[str]

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
