"""What the audit document says of a case: its sessions, and what was judged over all of them."""

from pydantic import Field

from phonehome.documents.base import CaseKindName, ConsentName, Model, PositionName
from phonehome.documents.judgement import JudgementDoc


class CaseHandsetDoc(Model):
    """One handset: `id` is its subject's; `builds` from the oldest to the newest."""

    id: str
    name: str | None
    make: str | None
    model: str | None
    builds: list[str]


class ServiceDoc(Model):
    """A service that a user can agree to, and the hosts (or suffixes, with a leading dot) that serve it."""

    id: str
    name: str | None
    hosts: list[str]


class StepDoc(Model):
    """One step of the timeline, annotations applied.

    `recorded` is false where the recording cannot hold what followed the step: it ended before or began too late, or
    was made where that does not pass. Such a step exposes nothing.
    """

    id: str
    at: str
    note: str | None
    exposes: list[str]
    recorded: bool = True


class ConsentDoc(Model):
    """The state of consent to a service from a moment on."""

    service: str
    at: str
    state: ConsentName
    shown: str | None


class ExposureDoc(Model):
    """How often a session gave values of a data type the chance to be sent, by which steps.

    `values` are the ids of the subject's searched-for values of this type; without one, nothing could be seen.
    `seen` is true if a flow of the session carries it up.
    """

    data_type: str
    count: int
    steps: list[str]
    values: list[str]
    seen: bool


class RoundTrips(Model):
    """Round-trip times in milliseconds, of handshakes of TCP: from a SYN to the answer to it, each first of its kind.

    `p10` and `p90` are the tenth and the ninetieth percentile.
    """

    count: int
    minimum: float
    p10: float
    median: float
    p90: float
    maximum: float


class ShareDoc(Model):
    """Bytes sent upward in a session, by what became of them."""

    exchanges: int
    bytes_up: int
    read: int
    closed: int
    unreadable: int
    lost: int


class HostShareDoc(Model):
    """The same for one destination of a session; `country` and `organisation` as for destinations of findings."""

    host: str | None
    address: str | None
    organisation: str | None
    country: str | None
    read: int
    closed: int
    unreadable: int
    lost: int
    round_trips: RoundTrips | None


class SessionDoc(Model):
    """One session: declared conditions, timeline, exposures and coverage.

    `misses` are sentences on what its recording position cannot see. `not_seen` are value ids that were searched
    for and not seen in this session. `lost_problems` counts problems through which something was not looked at.
    `first` and `last` are by the recording's clock, `recorded_from` and `recorded_to` (what it covers) by the
    timeline's.
    """

    id: str
    subject: str
    position: PositionName
    protocol: str | None
    conditions: dict[str, str]
    clock_offset_s: float
    steps: list[StepDoc]
    consent: list[ConsentDoc]
    inputs: list[str]
    first: str | None
    last: str | None
    misses: list[str]
    exposures: list[ExposureDoc]
    not_seen: list[str]
    coverage: ShareDoc
    destinations: list[HostShareDoc]
    lost_problems: int
    recorded_from: str | None = None
    recorded_to: str | None = None


class AnnotationDoc(Model):
    """A later correction, as it was appended."""

    at: str
    author: str
    reason: str
    session: str | None
    corrects: list[str]
    note: str | None


class CaseDoc(Model):
    """A case: what was recorded under which conditions, and what follows from it.

    `evidence` are sentences on manifest, signatures and time stamps at the time of the report. They are no part of the
    result that is kept in the case, since signing it would change that.
    """

    title: str
    kind: CaseKindName
    handsets: list[CaseHandsetDoc]
    services: list[ServiceDoc]
    sessions: list[SessionDoc]
    annotations: list[AnnotationDoc]
    judgement: JudgementDoc | None = None
    evidence: list[str] = Field(default_factory=list)
