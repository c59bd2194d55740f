"""What was really sent: `truth.yaml`, written by the sender before it sends (`phonehome.truth/1`).

The sender notes each value, then sends it; so a run that is killed has noted at least what it sent. The file is YAML
whose entries are written a line each, so that noting one is one write to its end. The words for forms and chains are
those of the documentation; nothing of the detector's code is used here, or its mistakes would be agreed with.
"""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError

from phonehome.documents.base import Model
from phonehome.documents.judgement import VerdictName
from phonehome.model.errors import ConfigError

SCHEMA = "phonehome.truth/1"
FILE = "truth.yaml"
MAX_BYTES = 64 << 20
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SentValue(Model):
    """One value that was sent, once.

    Attributes:
        value_id: Of the session's subject.
        session: The id of the session.
        step: The step of the timeline that it follows; null before the first.
        at: When, by the scenario's clock.
        host: To whom.
        form: How the value was written, as in findings: `imei`, `phone_number/e164`, `imei/sha1-16/base64url`.
        chain: Its layers from the outermost inwards, as in findings; containers included.
        path: Where in the request, as in findings.
        consent: The state for the service that asked for it; null where no service did.
        via: By which way it left: only `wifi` passes the tap.
        recorded: It passed where the session was recorded.
        readable: The recording opens it: its keys are there, or it needs none, and no secret of an app's own.
    """

    value_id: str
    session: str
    step: str | None
    at: str
    host: str
    form: str
    chain: list[str]
    path: str
    consent: str | None
    via: Literal["wifi", "cellular", "sms"] = "wifi"
    recorded: bool = True
    readable: bool = True


class AbsentValue(Model):
    """A value that is known not to have been sent in a session."""

    value_id: str
    session: str


class UnknownCell(Model):
    """Something that nobody knows, so that the only right answer is that it was not tested."""

    text: str
    claim: str | None = None


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


class Truth(Model):
    """The whole file."""

    schema_: Annotated[Literal["phonehome.truth/1"], Field(alias="schema")] = "phonehome.truth/1"
    absent: list[AbsentValue]
    unknown: list[UnknownCell]
    verdicts: list[RightVerdict]
    sent: list[SentValue]


class TruthBook:
    """Notes what is about to be sent, each time to the disk before it returns."""

    def __init__(
        self,
        path: Path,
        *,
        absent: Sequence[AbsentValue] = (),
        unknown: Sequence[UnknownCell] = (),
        verdicts: Sequence[RightVerdict] = (),
    ) -> None:
        head = {
            "schema": SCHEMA,
            "absent": [one.model_dump() for one in absent],
            "unknown": [one.model_dump() for one in unknown],
            "verdicts": [one.model_dump() for one in verdicts],
        }
        self._file = path.open("x", encoding="utf-8")
        self._file.write(yaml.safe_dump(head, sort_keys=False, allow_unicode=True) + "sent:\n")
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
        return Truth.model_validate(yaml.load(data, Loader=_LOADER))  # noqa: S506  the safe one
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is no YAML") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{path}: {place}: {first['msg']}; the lab writes this file, people do not"
        ) from error


def write_moment(moment: datetime) -> str:
    """Write a moment as the timeline does: RFC 3339 in UTC."""
    return moment.isoformat().replace("+00:00", "Z")
