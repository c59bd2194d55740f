"""What `phonehome case show` tells of a case without auditing it, `phonehome.case-overview/1`."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phonehome.documents.base import CaseKindName, Model, PositionName
from phonehome.documents.case import AnnotationDoc, CaseHandsetDoc, ConsentDoc, ServiceDoc, StepDoc


class CaptureDoc(Model):
    """One recording: what it was when it was copied in (null where nobody said), and whether it is there."""

    file: str
    sha256: str | None
    size: int | None
    keylog: str | None
    present: bool


class SessionOverviewDoc(Model):
    """One session, annotations applied: `corrected` names the fields that they changed.

    `not_taken` are the steps of its protocol that its timeline does not have.
    """

    id: str
    subject: str
    position: PositionName
    protocol: str | None
    conditions: dict[str, str]
    clock_offset_s: float
    steps: list[StepDoc]
    consent: list[ConsentDoc]
    captures: list[CaptureDoc]
    handset: str | None
    tools: dict[str, str]
    corrected: list[str]
    not_taken: list[str]
    misses: list[str]


class CaseOverview(Model):
    """A case as its files say it; `problems` are what is missing or wrong, `warnings` what is only odd."""

    schema_: Annotated[Literal["phonehome.case-overview/1"], Field(alias="schema")] = (
        "phonehome.case-overview/1"
    )
    title: str
    kind: CaseKindName
    handsets: list[CaseHandsetDoc]
    services: list[ServiceDoc]
    sessions: list[SessionOverviewDoc]
    annotations: list[AnnotationDoc]
    problems: list[str]
    warnings: list[str]

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
