"""The advisory, `phonehome.advisory/1`: the notice that follows from an audited case, before any format.

Derived from the audit document and from what people decided in `advisory.yaml`. Every format renders this and nothing
else, so that they say the same. What stands in here is masked (or revealed) text, as in the audit document.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from phonehome.documents.audit import Tool
from phonehome.documents.base import (
    CaseKindName,
    ConsentName,
    MethodName,
    Model,
    Severity,
    Transport,
)
from phonehome.documents.judgement import DecisionName, VerdictName

SCHEMA = "phonehome.advisory/1"

TlpName = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
AudienceName = Literal["users", "organisations", "vendor", "testers"]
StatusName = Literal["draft", "interim", "final"]
BuildState = Literal["affected", "fixed", "undecided", "not_seen", "not_tested"]


class PublisherDoc(Model):
    """Who publishes it; not `named` where nobody said so, and the words are only a place for them."""

    name: str
    namespace: str
    contact: str | None
    category: Literal["coordinator", "discoverer", "other", "translator", "user", "vendor"]
    named: bool


class RevisionDoc(Model):
    """One version of the notice, the oldest first."""

    version: str
    date: str
    summary: str


class SeverityDoc(Model):
    """How bad it is, and on what that rests: a person's word, a policy or the worst flow; null if nothing was seen."""

    level: Severity | None
    why: str


class BuildDoc(Model):
    """What the sessions say of one build of a handset; `build` is null where a session did not name it.

    `affected`: something was seen leaving. `fixed`: newer than an affected one, everything that an older build sent was
    exercised under the same conditions, well covered, and not seen. `undecided`: not seen, but not enough was tested to
    call it fixed. `not_seen`: nothing was seen in any build of this handset so far. `not_tested`: no session.
    """

    build: str | None
    state: BuildState
    why: list[str]
    sessions: list[str]
    decision: DecisionName | None
    decision_reason: str | None


class HandsetNoticeDoc(Model):
    """One handset, its builds from the oldest to the newest."""

    id: str
    name: str
    make: str | None
    model: str | None
    builds: list[BuildDoc]


class EvidenceDoc(Model):
    """One finding that shows it: where it stands, how it was decoded, and the masked text around it.

    `moment` is RFC 3339 by the clock of the recording. `input` and `index` lead to the exchange. `consent` has the
    state of each service behind the destination; null where nobody wrote it down.
    """

    finding: str
    value_id: str
    form: str
    method: MethodName
    chain: list[str]
    part: str
    path: str
    request: str | None
    host: str | None
    address: str | None
    port: int | None
    protocol: str
    transport: Transport | None
    moment: str | None
    session: str | None
    step: str | None
    consent: dict[str, ConsentName | None]
    input: str
    index: int
    chance_bits: float
    excerpt: str


class SentOnBuildDoc(Model):
    """One build that sent it."""

    subject: str
    build: str | None
    transports: list[Transport | None]
    sessions: list[str]
    count: int


class SentDoc(Model):
    """One data type that was seen leaving to one destination, over all sessions.

    `consent` are the states that the flows had; `fixed_in` names the builds that no longer send it. `cause` is what
    the comparison of sessions says of it. `evidence` are some of its findings, of every transport and build some.
    """

    data_type: str
    categories: list[str]
    host: str | None
    addresses: list[str]
    organisation: str | None
    country: str | None
    countries: list[str]
    severity: Severity
    transports: list[Transport | None]
    methods: list[MethodName]
    forms: list[str]
    consent: list[str]
    steps: list[str]
    builds: list[SentOnBuildDoc]
    fixed_in: list[str]
    count: int
    first: str | None
    last: str | None
    sentence: str
    cause: str | None
    flows: list[str]
    evidence: list[EvidenceDoc]


class ImpactDoc(Model):
    """What the recipient, or somebody on the way, can do with data of these types."""

    data_types: list[str]
    text: str


class ActionDoc(Model):
    """What somebody should do; `source` says whether a person, a policy or the evidence says so."""

    audience: AudienceName
    text: str
    source: Literal["person", "policy", "evidence"]


class StatementDoc(Model):
    """A statement of any party, and what the evidence says of it: never that it is proved."""

    id: str
    who: str
    party: str
    date: str | None
    text: str
    source: str | None
    verdict: VerdictName
    reason: str
    superseded: str | None
    conflicts_with: list[str]
    findings: list[str]
    exposures: int
    rate_bound: float | None
    proposal: dict[str, str] | None


class GapDoc(Model):
    """Something that nobody tested or could see: what, and why; `kind` groups them."""

    kind: Literal["build", "data_type", "statement", "condition", "session", "value", "recording"]
    what: str
    why: str


class ReferenceDoc(Model):
    """Something to read elsewhere."""

    summary: str
    url: str


class InputDoc(Model):
    """A recording that it rests on."""

    path: str
    sha256: str | None


class AdvisoryDocument(Model):
    """The notice.

    `notices` must stand wherever it is shown: that it is a draft, that it is a reconstruction. `left_out` counts what
    the bounds of the notice left out, by the name of its list; the audit document has all.
    """

    schema_: Annotated[Literal["phonehome.advisory/1"], Field(alias="schema")] = "phonehome.advisory/1"
    id: str
    title: str
    status: StatusName
    kind: CaseKindName
    tlp: TlpName
    notices: list[str]
    publisher: PublisherDoc
    severity: SeverityDoc
    version: str
    issued: str
    updated: str
    overview: list[str]
    handsets: list[HandsetNoticeDoc]
    sent: list[SentDoc]
    impact: list[ImpactDoc]
    what_to_do: list[ActionDoc]
    statements: list[StatementDoc]
    not_tested: list[GapDoc]
    references: list[ReferenceDoc]
    revisions: list[RevisionDoc]
    case_title: str
    inputs: list[InputDoc]
    tool: Tool
    left_out: dict[str, int]

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
