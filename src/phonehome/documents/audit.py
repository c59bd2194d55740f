"""The audit document, `phonehome.audit/1`: what every view renders and every later comparison reads.

Pydantic models with no extra keys, so that a document of another tool or version is refused by name. A field
whose value is unknown is null, never missing. Everything in here is already masked (or revealed) text.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phonehome.documents.base import (
    ConsentName,
    ConsentSummary,
    Direction,
    MethodName,
    Model,
    Severity,
    Transport,
)
from phonehome.documents.case import CaseDoc, RoundTrips

SCHEMA = "phonehome.audit/1"

PartName = Literal[
    "request.url",
    "request.headers",
    "request.body",
    "response.headers",
    "response.body",
    "message",
    "stream",
]


class DataSource(Model):
    """A packed data set or a part that shaped the result, with its date and source."""

    name: str
    date: str | None
    source: str


class Tool(Model):
    """The program and the data it judged with."""

    name: str
    version: str
    data: list[DataSource]


class SubjectValue(Model):
    """One known value, by id only: whether it was searched for, and if not, why."""

    id: str
    type: str
    searched_for: bool
    why: str | None


class SubjectSummary(Model):
    """The subject without its values."""

    name: str | None
    values: list[SubjectValue]


class HandsetDoc(Model):
    """Which end of a capture of packets was taken for the handset, and why."""

    addresses: list[str]
    mac: str | None
    why: str


class InputFile(Model):
    """One input as stored; `first` and `last` are the times of its first and last exchange."""

    path: str
    format: str | None
    sha256: str | None
    size: int | None
    first: str | None
    last: str | None
    handset: HandsetDoc | None


class DestinationCoverage(Model):
    """Bytes sent upward to one destination; read + closed + unreadable + lost is all of them.

    `read` was looked into; `closed` stayed encrypted by the transport; `unreadable` is of high entropy
    without a known format, or could not be decoded; `lost` is missing from the recording. `reason` says why
    something was not read. The rest tells of TLS that stayed closed, as its first hello has it: the server
    name (the outer one of an encrypted ClientHello if so marked), JA4, the application protocol, the version,
    and the names of the server's certificate where it went in clear.
    """

    host: str | None
    address: str | None
    exchanges: int
    read: int
    closed: int
    unreadable: int
    lost: int
    reason: str | None
    sni: str | None
    sni_is_outer: bool
    ja4: str | None
    alpn: str | None
    tls_version: str | None
    certificate_names: list[str]
    round_trips: RoundTrips | None = None


class Coverage(Model):
    """How much was looked at, and what could not be read."""

    exchanges: int
    by_protocol: dict[str, int]
    bytes_up: int
    by_destination: list[DestinationCoverage]


class Sourced(Model):
    """Where an attribution comes from, and of which day it is."""

    source: str
    date: str | None


class Organisation(Sourced):
    """Who operates the service."""

    name: str
    country: str | None
    roles: list[str]


class Network(Sourced):
    """Who announces the address."""

    asn: int
    name: str | None


class Registry(Sourced):
    """Which registry the address block belongs to: never the recipient."""

    name: str


class Country(Sourced):
    """One source's assertion of a country."""

    country: str
    kind: Literal["registration", "geolocation"]


class DestinationDoc(Model):
    """Who received it, as far as it is known.

    `network` is the answer nearest to the capture's date, `networks` all of them. `hosting` names who lends
    the machine where the name tells no more, `customer_domain` the customer's own name there.
    """

    host: str | None
    address: str | None
    port: int | None
    domain: str | None
    organisation: Organisation | None
    customer_domain: str | None = None
    hosting: Organisation | None = None
    network: Network | None
    networks: list[Network] = Field(default_factory=list)
    registry: Registry | None
    countries: list[Country]
    country: str | None
    notes: list[str]


class ExchangeRef(Model):
    """Which exchange a finding stands in."""

    input: str
    index: int
    time: str | None
    method: str | None
    url: str | None
    host: str | None
    address: str | None
    port: int | None
    protocol: str
    app: str | None
    packets: list[int]
    display_filter: str | None


class LayerDoc(Model):
    r"""One layer of the evidence: a window of it, split around the place that the next layer reads.

    `text` is before + span + after, printable, with unprintable bytes as `\xNN`; masked unless revealed.
    `offset` is where the window begins in a layer of `size` bytes.
    """

    name: str
    path: str
    before: str
    span: str
    after: str
    size: int
    offset: int


class FindingDoc(Model):
    """One known value seen in one exchange.

    In a case also: its `session`, the `step` of the timeline that it follows, and the state of `consent` at its
    moment, by service, for the services that its destination serves (null where it was not recorded). Null and
    empty for a bare recording.
    """

    id: str
    value_id: str
    data_type: str
    method: MethodName
    form: str
    chain: list[str]
    part: PartName
    path: str
    offset: int | None
    length: int
    transport: Transport | None
    direction: Direction
    chance_bits: float
    weak: str | None
    count: int
    excerpt: str
    layers: list[LayerDoc]
    exchange: ExchangeRef
    destination: DestinationDoc
    session: str | None = None
    step: str | None = None
    consent: dict[str, ConsentName | None] = Field(default_factory=dict)


class FlowDoc(Model):
    """Findings of one data type to one host, by transport, direction and session.

    `consent` is the state that all its findings had for all services of the destination; `mixed` where they differ,
    null where none is known.
    """

    id: str
    data_type: str
    categories: list[str]
    value_ids: list[str]
    host: str | None
    organisation: str | None
    country: str | None
    countries: list[str]
    transport: Transport | None
    direction: Direction
    methods: list[MethodName]
    forms: list[str]
    severity: Severity
    weak: bool
    count: int
    first: str | None
    last: str | None
    session: str | None
    conditions: dict[str, str]
    consent: ConsentSummary | None
    steps: list[str]
    findings: list[str]


class ProblemDoc(Model):
    """Something that could not be read; `lost` is false where everything was still looked at."""

    where: str
    reason: str
    lost: bool


class DecoyStatistics(Model):
    """Invented strangers, matched to the subject, searched for in the same pass."""

    values: int
    hits: list[str]


class Statistics(Model):
    """The figures behind "not seen".

    `bytes_searched` counts every byte of every layer that was scanned, `bytes_recorded` those of the
    recording, both directions. `forms` and `digests` are how many patterns the subject gave.
    """

    bytes_recorded: int
    bytes_searched: int
    layers_opened: int
    forms: int
    digests: int
    findings: int
    weak_findings: int
    not_seen: list[str]
    decoys: DecoyStatistics
    digests_not_available: list[str]
    chance_threshold_bits: float


class AuditDocument(Model):
    """The result of one audit: of recordings, or of a case with its sessions."""

    schema_: Annotated[Literal["phonehome.audit/1"], Field(alias="schema")] = "phonehome.audit/1"
    tool: Tool
    subject: SubjectSummary | None
    inputs: list[InputFile]
    coverage: Coverage
    flows: list[FlowDoc]
    findings: list[FindingDoc]
    problems: list[ProblemDoc]
    statistics: Statistics
    case: CaseDoc | None = None

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
