"""What was judged over the sessions of a case: causes, verdicts on claims, residency, decisions on handsets."""

from typing import Literal

from pydantic import Field

from phonehome.documents.base import Model, Severity, Transport

VerdictName = Literal["unobservable", "conflict", "untested", "contradicted", "consistent"]
DecisionName = Literal["allow", "restrict", "prohibit"]
OutcomeName = Literal["met", "not_met", "undecided"]
UnitState = Literal["affected", "not_affected", "not_tested"]
ResidencyState = Literal["inside", "outside", "undecided", "not_seen"]


class LevelDoc(Model):
    """One value of a factor, for one flow: in which sessions it was tried, and in which the flow was seen.

    `undecided` are those that cannot tell: the data type had no chance, or too much stayed unread. `exposures`
    counts the chances that the others gave the data type; `rate_bound` is the highest rate of sending per
    exposure that they still allow (95 %) where nothing was seen, else null.
    """

    value: str
    sessions: list[str]
    seen: list[str]
    undecided: list[str]
    exposures: int
    rate_bound: float | None


class FactorDoc(Model):
    """One condition as a possible cause of one flow.

    `verdict`: `causes` (sessions that differ in nothing else show it: the pairs in `contrasts`, seen before not
    seen), `explains` (splits seen from not seen, but other factors differ as well: `confounded_with`),
    `irrelevant` (not needed: seen under several of its values), `undecided` (sessions disagree under one of its
    values, or too few can tell), `untried` (only one value was tried).
    """

    name: str
    verdict: Literal["causes", "explains", "irrelevant", "undecided", "untried"]
    levels: list[LevelDoc]
    confounded_with: list[str]
    contrasts: list[list[str]]


class CauseDoc(Model):
    """What causes one data type to go to one destination, as far as the sessions of one handset tell.

    `seen`, `not_seen` and `undecided` are sessions: a session that gave it no chance, or that could not have
    shown it, decides nothing. `mixed` is true where sessions of the same conditions disagree. `steps` are those
    that it followed.
    """

    data_type: str
    host: str | None
    organisation: str | None
    subject: str
    severity: Severity
    seen: list[str]
    not_seen: list[str]
    undecided: list[str]
    mixed: bool
    steps: list[str]
    factors: list[FactorDoc]
    sentence: str


class ProposalDoc(Model):
    """A session to record next: its conditions, and what it would tell; `weight` orders proposals.

    `steps` are those to take without fail: they gave the data types in question their chance before.
    """

    subject: str
    conditions: dict[str, str]
    steps: list[str]
    reasons: list[str]
    weight: float


class MatrixCellDoc(Model):
    """One data type of one handset to one country.

    `country` is null where unknown or disputed. `state` says whether it was seen; `not_seen` counts its
    exposures, `not_exercised` had none.
    """

    data_type: str
    subject: str
    country: str | None
    state: Literal["seen", "not_seen", "not_exercised"]
    transports: list[Transport]
    organisations: list[str]
    count: int
    exposures: int
    unread_share: float | None
    sessions: list[str]


class ScopeDoc(Model):
    """What a claim speaks of; null or empty where it does not limit itself."""

    handset: str | None
    build: str | None
    services: list[str]
    data_types: list[str]
    note: str | None


class VerdictDoc(Model):
    """A claim of any party, and what the evidence says of it: never that it is proved.

    `superseded` names the newer evidence where the claim is about an older build. `exposures` and `rate_bound`
    (the rate that they still allow, 95 %) say how much a `consistent` rests on; `proposal` gives the conditions
    of the session that would test an `untested` one.
    """

    id: str
    who: str
    party: Literal["vendor", "accuser", "authority", "press", "regulator", "other"]
    date: str | None
    text: str
    source: str | None
    scope: ScopeDoc
    verdict: VerdictName
    reason: str
    superseded: str | None
    conflicts_with: list[str]
    sessions: list[str]
    flows: list[str]
    findings: list[str]
    exposures: int
    rate_bound: float | None
    coverage: str | None
    proposal: dict[str, str] | None


class ResidencyDoc(Model):
    """Flows of one service or data type against one statement on where its data lives.

    `stated` are the countries said, `seen` those of the flows (null among them: unknown or disputed),
    `seen_before` those of flows older than `since`. `state`: `inside`, `outside`, `undecided` (sources disagree
    or do not say), `not_seen`.
    """

    id: str
    source: str | None
    text: str
    since: str | None
    until: str | None
    services: list[str]
    data_types: list[str]
    hosts: list[str] = Field(default_factory=list)
    stated: list[str]
    seen: list[str | None]
    seen_before: list[str | None] = Field(default_factory=list)
    organisations: list[str]
    state: ResidencyState
    reason: str
    flows: list[str]
    sessions: list[str]


class LatencyDoc(Model):
    """Round-trip times in milliseconds to one host in one session, from handshakes that were really made.

    Null numbers, and a `reason`, where the recording cannot tell (a tap or a proxy makes handshakes of its own).
    """

    session: str
    host: str | None
    address: str | None
    country: str | None
    organisation: str | None
    count: int
    minimum: float | None
    p10: float | None
    median: float | None
    p90: float | None
    maximum: float | None
    reason: str | None


class LatencyChangeDoc(Model):
    """The change of the median round-trip time to a host between two groups of sessions, with its spread.

    `by` says in what the groups differ, as in `network: 3g → wifi`. Of several sessions, a median is the
    geometric mean of theirs. `low` and `high` bound the change in percent (95 %); null where there are too few
    handshakes to say.
    """

    host: str
    by: str = ""
    before: list[str]
    after: list[str]
    before_median: float
    after_median: float
    change_percent: float
    low: float | None
    high: float | None


class RuleOutcomeDoc(Model):
    """What one rule of a policy says of one handset build, and on what it rests."""

    id: str
    outcome: OutcomeName
    decision: DecisionName
    severity: Severity | None
    reason: str
    why: str
    sessions: list[str]
    flows: list[str]
    findings: list[str]


class DecisionDoc(Model):
    """The decision on one handset build; null where nothing decides it, with what is missing.

    The strictest rule that is met wins; what is undecided, badly covered or untested never gives `allow`.
    `enforced` is false where the policy only advises: the handsets are their owners' own.
    """

    policy: str
    subject: str
    make: str | None
    model: str | None
    build: str | None
    decision: DecisionName | None
    severity: Severity | None
    reason: str
    advice: list[str]
    rules: list[RuleOutcomeDoc]
    missing: list[str]
    enforced: bool = True


class UnitDoc(Model):
    """One line of an organisation's list of handsets, and whether the case says something of it."""

    line: int
    unit: str | None
    make: str
    model: str
    build: str | None
    state: UnitState
    decision: DecisionName | None
    why: str


class JudgementDoc(Model):
    """Everything that was judged over the sessions of a case."""

    causes: list[CauseDoc]
    proposals: list[ProposalDoc]
    matrix: list[MatrixCellDoc]
    verdicts: list[VerdictDoc]
    residency: list[ResidencyDoc]
    latency: list[LatencyDoc]
    latency_changes: list[LatencyChangeDoc]
    policy: str | None
    decisions: list[DecisionDoc]
    units: list[UnitDoc]
