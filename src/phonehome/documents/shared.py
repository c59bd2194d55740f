"""A shared copy, `phonehome.shared/1`: what was found, without captures and without values.

Each finding has a commitment in place of its value; the opening of one shows one value and nothing of the others.
Ids are numbers of this copy alone: those of the case would tell which findings hold the same value.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phonehome.documents.audit import PartName, Tool
from phonehome.documents.base import (
    CaseKindName,
    ConsentName,
    ConsentSummary,
    Direction,
    MethodName,
    Model,
    PositionName,
    Severity,
    Transport,
)
from phonehome.documents.case import ServiceDoc, ShareDoc
from phonehome.documents.manifest import Sha256

SHARED_SCHEMA = "phonehome.shared/1"
OPENINGS_SCHEMA = "phonehome.openings/1"
OPENING_SCHEMA = "phonehome.opening/1"


class _File(Model):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )


class SharedHandset(Model):
    """One handset."""

    id: str
    make: str | None
    model: str | None
    builds: list[str]


class SharedStep(Model):
    """One step of the timeline."""

    id: str
    at: str
    exposes: list[str]


class SharedConsent(Model):
    """The state of consent to a service from a moment on."""

    service: str
    at: str
    state: ConsentName


class SharedExposure(Model):
    """How often a session gave values of a data type the chance to be sent, and whether one was."""

    data_type: str
    count: int
    steps: list[str]
    seen: bool


class SharedSession(Model):
    """One session; `not_seen` counts the values of each type that were searched for and not seen."""

    id: str
    handset: str
    position: PositionName
    protocol: str | None
    conditions: dict[str, str]
    clock_offset_s: float
    steps: list[SharedStep]
    consent: list[SharedConsent]
    first: str | None
    last: str | None
    misses: list[str]
    exposures: list[SharedExposure]
    not_seen: dict[str, int]
    coverage: ShareDoc
    lost_problems: int


class SharedExchange(Model):
    """One request in which something was found; its time is cut to the second, its URL left out."""

    id: str
    session: str | None
    number: int
    time: str | None
    method: str | None
    protocol: str
    host: str | None
    address: str | None
    port: int | None
    organisation: str | None
    country: str | None


class SharedFinding(Model):
    """One value seen in one exchange; `place` has names of parameters, with `…` for what is no plain name."""

    id: str
    commitment: Sha256
    data_type: str
    method: MethodName
    form: str
    chain: list[str]
    part: PartName
    place: str
    transport: Transport | None
    direction: Direction
    weak: bool
    count: int
    exchange: str
    step: str | None
    consent: dict[str, ConsentName | None]


class SharedFlow(Model):
    """Findings of one data type to one host."""

    data_type: str
    host: str | None
    organisation: str | None
    country: str | None
    transport: Transport | None
    direction: Direction
    severity: Severity
    weak: bool
    count: int
    session: str | None
    consent: ConsentSummary | None
    steps: list[str]
    findings: list[str]


class SearchedFor(Model):
    """How many values of a type were known, and how many of them fit to be searched for."""

    known: int
    searched_for: int


class SharedDocument(_File):
    """What is shared of a case; `evidence` is a commitment to the SHA-256 of its manifest, null without one."""

    schema_: Annotated[Literal["phonehome.shared/1"], Field(alias="schema")] = "phonehome.shared/1"
    title: str
    kind: CaseKindName
    tool: Tool
    evidence: Sha256 | None
    handsets: list[SharedHandset]
    services: list[ServiceDoc]
    values: dict[str, SearchedFor]
    sessions: list[SharedSession]
    flows: list[SharedFlow]
    exchanges: list[SharedExchange]
    findings: list[SharedFinding]
    decoys: int
    decoy_hits: int


class KeptOpening(Model):
    """What opens one commitment, and (`original`) the id of the finding in the case's own reports."""

    original: str | None
    committed: str


class OpeningsDocument(_File):
    """All openings of one shared copy, which is named by the SHA-256 of its `shared.json`: for its owner alone."""

    schema_: Annotated[Literal["phonehome.openings/1"], Field(alias="schema")] = "phonehome.openings/1"
    shared: Sha256
    openings: dict[str, KeptOpening]


class OpeningDocument(_File):
    """The opening of one commitment: whose SHA-256 `committed` (as UTF-8) is that of the shared copy."""

    schema_: Annotated[Literal["phonehome.opening/1"], Field(alias="schema")] = "phonehome.opening/1"
    shared: Sha256
    finding: str
    committed: str
