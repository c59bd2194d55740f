"""What was really sent: `truth.yaml`, written by the sender before it sends (`phonehome.truth/1`).

The sender notes each value, then sends it; so a run that is killed has noted at least what it sent. The file is YAML
whose entries are written a line each, so that noting one is one write to its end. The words for forms and chains are
those of the documentation; nothing of the detector's code is used here, or its mistakes would be agreed with.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Protocol

import yaml
from pydantic import Field, ValidationError

from phonehome.documents.audit import PartName
from phonehome.documents.base import Model, Transport
from phonehome.documents.judgement import VerdictName
from phonehome.model.errors import ConfigError

SCHEMA = "phonehome.truth/1"
FILE = "truth.yaml"
MAX_BYTES = 64 << 20
MAX_DEPTH = 16
SEALED = "sealed"
"""The layer of the vendor's own, in a chain."""
UNTESTED = "untested"
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SentValue(Model):
    """One value that was sent, once.

    Attributes:
        value_id: Of the session's subject.
        data_type: What it is.
        session: The id of the session.
        step: The step of the timeline that it follows; null before the first.
        at: When, by the scenario's clock.
        sending: Which sending of the session it went with, from 1.
        host: To whom.
        verb: The method of the request; null of an SMS.
        digest: SHA-256 of the request, as `lab/sending.py` makes it, to look for in the recording; null of an SMS.
        size: Bytes that the request takes at the least, however it is wrapped.
        method: Whether the value itself or a digest of it went.
        form: How the value was written, as in findings: `imei`, `phone_number/e164`, `imei/sha1-16/base64url`.
        chain: Its layers from the outermost inwards, as in findings; containers included.
        part: In which part of the request; null of an SMS.
        path: Where in that, as in findings.
        transport: What protected it on its way; null of an SMS.
        service: Which service asked for it; null where none did.
        consent: What the user had said to that service; null where nobody spoke of it.
        via: By which way it left: only `wifi` passes the tap.
        recorded: It passes where the session is recorded.
        readable: The recording is to open it: its keys are there, or it needs none, and no secret of an app's own.
    """

    value_id: str
    data_type: str
    session: str
    step: str | None
    at: str
    sending: int
    host: str
    verb: str | None
    digest: str | None
    size: int
    method: Literal["decoded", "digest"]
    form: str
    chain: list[str]
    part: PartName | None
    path: str
    transport: Transport | None
    service: str | None
    consent: str | None
    via: Literal["wifi", "cellular", "sms"]
    recorded: bool
    readable: bool

    @property
    def is_sealed(self) -> bool:
        """Whether it lies under a key that no recording has."""
        return SEALED in self.chain


class AbsentValue(Model):
    """A value that is known not to have been sent in a session."""

    value_id: str
    session: str


class Described(Protocol):
    """A session, as its file or the document of an audit has it."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def subject(self) -> str:
        """Its handset."""

    @property
    def conditions(self) -> Mapping[str, str]:
        """Factor to value."""


class UnknownCell(Model):
    """Something that nobody knows, so that the only right answer is that it was not tested.

    Attributes:
        text: What.
        claim: The claim that is about it, whose verdict must be `untested`.
        sessions: Those that tell nothing of it; empty for all that have the conditions.
        subject: Only sessions of this handset.
        conditions: Only sessions that have these.
        data_types: What nobody knows of; empty for everything, where sessions, a handset or conditions are named.
    """

    text: str
    claim: str | None = None
    sessions: list[str] = Field(default_factory=list)
    subject: str | None = None
    conditions: dict[str, str] = Field(default_factory=dict)
    data_types: list[str] = Field(default_factory=list)

    @property
    def has_place(self) -> bool:
        """Whether it names sessions in which nothing may count as tested."""
        return bool(self.sessions or self.subject or self.conditions)

    def covers(self, session: "Described") -> bool:
        """Say whether it is about a session."""
        return (
            self.has_place
            and session.id in (self.sessions or [session.id])
            and session.subject == (self.subject or session.subject)
            and all(session.conditions.get(name) == value for name, value in self.conditions.items())
        )


class RightVerdict(Model):
    """The verdict that the truth allows on a claim.

    Attributes:
        id: Of the claim.
        verdict: The right one.
        confidence: How sure that is; only what is `high` is scored.
        superseded: Whether later evidence stands against it; null where that is not asked.
    """

    id: str
    verdict: VerdictName
    confidence: Literal["high", "medium", "low"] = "high"
    superseded: bool | None = None


class PlannedRecording(Model):
    """A session of the scenario; `recorded` is false where the handset's traffic passes no recorder."""

    session: str
    recorded: bool


class Receiver(Model):
    """Whose a host is; null where the lab does not know.

    `country` is that of its address in the recording: null where the address is set aside, and tells none.
    """

    host: str
    organisation: str | None
    country: str | None


class Truth(Model):
    """The whole file. `planned` are all sessions of the scenario, also those that a broken run never recorded."""

    schema_: Annotated[Literal["phonehome.truth/1"], Field(alias="schema")] = "phonehome.truth/1"
    planned: list[PlannedRecording]
    receivers: list[Receiver]
    absent: list[AbsentValue]
    unknown: list[UnknownCell]
    verdicts: list[RightVerdict]
    sent: list[SentValue]

    def check(self) -> None:
        """See that it does not contradict itself.

        Raises:
            ValueError: A value is absent and sent in one session, or a claim unknown and decided.
        """
        sent = {(one.session, one.value_id) for one in self.sent}
        for absent in self.absent:
            if (absent.session, absent.value_id) in sent:
                raise ValueError(f"{absent.value_id} is absent in {absent.session}, and was sent there")
        unknown = {cell.claim for cell in self.unknown if cell.claim is not None}
        for right in self.verdicts:
            if right.id in unknown and right.verdict != UNTESTED:
                raise ValueError(f"nobody knows of the claim {right.id}, and its verdict is {right.verdict}")


class TruthBook:
    """Notes what is about to be sent, each time to the disk before it returns."""

    def __init__(self, path: Path, head: Truth) -> None:
        """Begin the file with everything that is known before anything is sent."""
        begun = head.model_dump(exclude={"sent"}, by_alias=True)
        self._file = path.open("x", encoding="utf-8")
        self._file.write(yaml.safe_dump(begun, sort_keys=False, allow_unicode=True) + "sent:\n")
        self._count = 0

    def note(self, value: SentValue) -> None:
        """Note one value that will be sent next."""
        # JSON is YAML, and holds a whole entry in one line.
        self._file.write(f"- {json.dumps(value.model_dump(), ensure_ascii=True)}\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._count += 1

    def close(self) -> None:
        """End the file."""
        if not self._count:
            self._file.write("  []\n")
        self._file.close()

    def __enter__(self) -> "TruthBook":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def load_truth(path: Path) -> Truth:
    """Read the truth of a case.

    Raises:
        ConfigError: There is none, or it is not of this format.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror or 'cannot be read'}; only a case that the lab made has a truth"
        ) from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: is longer than the {MAX_BYTES >> 20} MiB that are read of a truth")
    try:
        _refuse_tricks(data)
        loaded = yaml.load(data, Loader=_LOADER)  # noqa: S506  the safe one
        if isinstance(loaded, dict) and loaded.get("sent", ()) is None:  # broken off before anything was sent
            loaded["sent"] = []
        truth = Truth.model_validate(loaded)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{path}: {place}: {first['msg']}; the lab writes this file, people do not"
        ) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a 32nd day
        raise ConfigError(f"{path}: is no YAML that the lab writes") from error
    try:
        truth.check()
    except ValueError as error:
        raise ConfigError(f"{path}: contradicts itself: {error}; run the scenario anew") from error
    return truth


def _refuse_tricks(data: bytes) -> None:
    """Walk the events once, since building deep nesting ends the process and aliases unfold.

    Raises:
        YAMLError: The file is no YAML, nests deeper than `MAX_DEPTH`, or has anchors.
    """
    depth = 0
    for event in yaml.parse(data, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise yaml.YAMLError("anchors and aliases are not read here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise yaml.YAMLError(f"nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def write_moment(moment: datetime) -> str:
    """Write a moment as the timeline does: RFC 3339 in UTC."""
    return moment.isoformat().replace("+00:00", "Z")
