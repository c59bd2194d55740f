"""What an organisation rules: where data may live, which handsets may be carried, and which it has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from phonehome.model.subject import DataType

DEFAULT_MINIMUM_READ = 0.9
"""Share of the bytes sent upward that must have been looked into before a handset may be allowed."""


class Decision(StrEnum):
    """What is decided of a handset and its build, from the mildest to the strictest."""

    ALLOW = "allow"
    RESTRICT = "restrict"
    PROHIBIT = "prohibit"


class Enforcement(StrEnum):
    """Whether the decision binds, or is advice to people with handsets of their own."""

    REQUIRED = "required"
    ADVICE = "advice"


class Untested(StrEnum):
    """What it is worth that a rule was not met, if only some of its data types had a chance to be seen."""

    OPEN = "open"
    ACCEPT = "accept"


class PolicySeverity(StrEnum):
    """How bad a rule says that it is, from the mildest on."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidencyStatement:
    """Where somebody says that data lives.

    Attributes:
        id: Its name.
        text: What was said.
        source: Who said it, and where.
        services: Ids of services of the case that it speaks of.
        hosts: Hosts that it speaks of: names, or suffixes with a leading dot.
        data_types: Data types that it speaks of. Without any of the three it speaks of everything.
        countries: Where the data is said to live (ISO 3166 alpha-2).
        since: The first day on which it is said to be so.
        until: The last.
    """

    id: str
    text: str
    source: str | None = None
    services: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    data_types: tuple[DataType, ...] = ()
    countries: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What must have been tested before a handset may be allowed.

    Attributes:
        conditions: Under which conditions: factor to value; none for any.
        data_types: Which data types must have had the chance to be sent there; none asks for a session alone.
        exposures: How often each of them.
    """

    conditions: Mapping[str, str] = field(default_factory=dict)
    data_types: tuple[DataType, ...] = ()
    exposures: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One rule: when it is met, and what follows.

    Attributes:
        id: Its name.
        when: A rule in CEL over `flow`, `session` and `coverage`.
        decision: What follows for the handset and its build.
        severity: Of the flows that meet it, instead of the table's; None to leave theirs.
        reason: Why, for people.
        advice: What to do, for people.
    """

    id: str
    when: str
    decision: Decision
    severity: PolicySeverity | None = None
    reason: str
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An organisation's rules.

    Attributes:
        name: What it is called in reports: the name of its file, or of a policy that comes with the program.
        title: For people.
        audience: Whom it is for.
        enforcement: Whether it binds.
        minimum_read: Share of the bytes sent upward, in each session, below which nothing is allowed.
        untested: Whether a rule that names data types is open until each had a chance to be seen, or some are enough.
        requires: What must have been tested before anything is allowed.
        rules: The strictest that is met decides.
        residency: Where data is said to live.
    """

    name: str
    title: str
    audience: str | None = None
    enforcement: Enforcement = Enforcement.REQUIRED
    minimum_read: float = DEFAULT_MINIMUM_READ
    untested: Untested = Untested.OPEN
    requires: tuple[Requirement, ...] = ()
    rules: tuple[PolicyRule, ...] = ()
    residency: tuple[ResidencyStatement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One handset of an organisation, as its list names it; `line` is that of the list."""

    line: int
    unit: str | None
    make: str
    model: str
    build: str | None
