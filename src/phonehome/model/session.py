"""A session: one recording under fixed conditions, with the steps taken and the consent given meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from phonehome.model.subject import DataType


class Position(StrEnum):
    """Where the recording was made; each place misses something."""

    GATEWAY = "gateway"
    HANDSET = "handset"
    PROXY = "proxy"
    TAP = "tap"


class ConsentState(StrEnum):
    """What the user had said to a service at a moment."""

    NOT_ASKED = "not_asked"
    DECLINED = "declined"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action of the test protocol.

    Attributes:
        id: Which action; where the session names a protocol, one of its steps.
        at: When it began, timezone-aware UTC, by the clock of the timeline.
        note: What the tester wrote beside it.
        exposes: Data types that it gave a chance to be sent; None where the protocol says it.
    """

    id: str
    at: datetime
    note: str | None = None
    exposes: tuple[DataType, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a service was told, from a moment on.

    Attributes:
        service: The id of a service of the case.
        at: From when it holds, timezone-aware UTC.
        state: What the user had said.
        shown: What the screen said, in its own words.
    """

    service: str
    at: datetime
    state: ConsentState
    shown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCapture:
    """One recording of a session; `file` and `keylog` are names in the session's folder.

    `sha256` (hexadecimal) and `size` are what they were when the evidence was copied in; None where a folder was
    filled by hand.
    """

    file: str
    keylog: str | None = None
    sha256: str | None = None
    size: int | None = None
    keylog_sha256: str | None = None
    keylog_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A server that stood for a host of a scenario, where a recording was made in a laboratory.

    Attributes:
        host: The host's name.
        port: Its port in the scenario.
        address: Its address in the scenario.
        server: Address and port of what stood for it.
        relay: Address and port that the handset connected to instead, where a recorder stood between.
    """

    host: str
    port: int
    address: str
    server: str
    relay: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """When a recorder ran, timezone-aware UTC, by the clock of the timeline."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One recording under fixed conditions.

    Attributes:
        id: Its folder's name, such as `01-factory-no-account`.
        subject: The id of the handset: `subjects/ID.yaml`.
        position: Where it was recorded.
        protocol: The id of the test protocol that was followed; None if none was.
        conditions: Factor to value: `build`, `account`, `network`, `service.NAME`, and others.
        clock_offset_s: Seconds by which the recording's clock was ahead of the timeline's.
        steps: By time.
        consent: By time.
        captures: Read together, in this order.
        handset: The handset's address in captures of packets, where the tester says it.
        tools: What it was recorded with: name to version.
        recorded: When the recorder ran, where the tester says it: a quiet handset leaves nothing that would tell.
        stand_ins: Servers of a laboratory that stood for the hosts; none where the hosts themselves answered.
    """

    id: str
    subject: str
    position: Position
    protocol: str | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)
    clock_offset_s: float = 0.0
    steps: tuple[Step, ...] = ()
    consent: tuple[Consent, ...] = ()
    captures: tuple[SessionCapture, ...] = ()
    handset: str | None = None
    tools: Mapping[str, str] = field(default_factory=dict)
    stand_ins: tuple[StandIn, ...] = ()
    recorded: Recorded | None = None
