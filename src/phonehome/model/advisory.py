"""What people decide about an advisory: who publishes it, who may read it, and what they say beside the evidence."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

MAX_WEB_ADDRESS = 2_000
WEB_ADDRESS_PATTERN = r"https?://[!-~]+"
_WEB_ADDRESS = re.compile(WEB_ADDRESS_PATTERN, re.ASCII)
_NOT_IN_ADDRESSES = frozenset("<>\"'\\^`{|}")


def is_web_address(text: str) -> bool:
    """Tell an address of the web that a link may lead to: http or https, in ASCII, nothing hidden or quoting in it."""
    if len(text) > MAX_WEB_ADDRESS or not _WEB_ADDRESS.fullmatch(text) or _NOT_IN_ADDRESSES & set(text):
        return False
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False


class Tlp(StrEnum):
    """A label of the Traffic Light Protocol 2.0 (https://www.first.org/tlp/): who may read the notice."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"


class PublisherCategory(StrEnum):
    """What a publisher is to the matter, in the words of CSAF 2.0, section 3.2.1.8.1."""

    COORDINATOR = "coordinator"
    DISCOVERER = "discoverer"
    OTHER = "other"
    TRANSLATOR = "translator"
    USER = "user"
    VENDOR = "vendor"


class NoticeSeverity(StrEnum):
    """How bad it is, from low to critical."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class SignedStatus(StrEnum):
    """What a notice is once it is signed: final, or interim where further versions are expected soon."""

    FINAL = "final"
    INTERIM = "interim"


class Audience(StrEnum):
    """Who is told to do something."""

    USERS = "users"
    ORGANISATIONS = "organisations"
    VENDOR = "vendor"
    TESTERS = "testers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who publishes the notice; `namespace` is a URL that is theirs."""

    name: str
    namespace: str
    contact: str | None = None
    category: PublisherCategory = PublisherCategory.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of the notice, timezone-aware UTC, and what changed in it."""

    version: str
    date: datetime
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What somebody should do."""

    audience: Audience
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Something to read elsewhere."""

    summary: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryDetails:
    """What `advisory.yaml` says; whatever is None or empty is derived from the case.

    Attributes:
        title: The title.
        id: The number under which the publisher keeps the notice.
        publisher: Who publishes it.
        tlp: Who may read it.
        severity: In place of the derived one.
        status: What the notice is once it is signed.
        least_severity: Flows below it are left out of the notice.
        overview: Paragraphs that stand before the derived ones.
        what_to_do: In place of the derived actions for the same audience.
        references: Beside those of the statements.
        revisions: By date.
    """

    title: str | None = None
    id: str | None = None
    publisher: Publisher | None = None
    tlp: Tlp | None = None
    severity: NoticeSeverity | None = None
    status: SignedStatus = SignedStatus.FINAL
    least_severity: NoticeSeverity = NoticeSeverity.LOW
    overview: tuple[str, ...] = ()
    what_to_do: tuple[Action, ...] = ()
    references: tuple[Reference, ...] = ()
    revisions: tuple[Revision, ...] = ()
