"""A build of the handset: what it sends at which step, under which conditions, as data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from phonehome.lab.handset.expressions import Expression, Template
from phonehome.model.subject import DataType

ANY_STEP = "*"
FINE = (200, 201, 204)
"""How a request is answered where all is well."""

Part: TypeAlias = "Expression | Mapping[str, Part] | tuple[Part, ...]"
"""What a field holds: an expression, or a structure of them, which is sent as JSON."""


class BodyKind(StrEnum):
    """How the fields of a request are written."""

    FORM = "form"
    JSON = "json"
    SEALED = "sealed"
    """The vendor's "base-64" layer, under the key of a session: in the query of a GET, else as a form."""
    FILE = "file"
    """The content of one value that is kept in a file, such as a photo."""


class Account(StrEnum):
    """Sessions that a handset may have with the vendor's cloud."""

    SIM = "sim"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request carries; `file` is set for the kind of that name only."""

    kind: BodyKind
    fields: Mapping[str, Part] = field(default_factory=dict)
    file: DataType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request of HTTP.

    Attributes:
        method: Its method.
        url: Scheme, host and path; expressions stand in braces, in the path only.
        query: Fields of its query.
        headers: Fields beside those that every client sends.
        body: What it carries.
        session: Whose cookies go with it.
        keeps: The session that its answer opens.
        stores: It asks the cloud to keep something, so it has an idempotency key.
        status: The status that it is answered with; a scenario in which it is not is broken.
    """

    method: str
    url: Template
    query: Mapping[str, Expression] = field(default_factory=dict)
    headers: Mapping[str, Expression] = field(default_factory=dict)
    body: Body | None = None
    session: Account | None = None
    keeps: Account | None = None
    stores: bool = False
    status: tuple[int, ...] = FINE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage:
    """An SMS to the vendor's short code: it never goes over IP."""

    to: str
    text: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class PushTalk:
    """Opening the push stream: who the handset is, then messages, sealed under the SIM's key.

    Attributes:
        host: Whose stream.
        model: What the opening says of the model.
        os: What it says of the build.
        messages: How many messages are sent, to a number that nobody has.
        size: Characters of each; invented text, of no known value.
    """

    host: str
    model: str
    os: str
    messages: int = 0
    size: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Something that a build does by itself.

    Attributes:
        id: Its name.
        on: The steps at which it does so; `*` is every step.
        when: Conditions of the handset's state, each with the values under which it does.
        service: The service that it belongs to, whose consent it should have; None for none.
        percent: At how many of a hundred such steps it happens, drawn from the scenario's seed.
        act: What it sends.
        place: File and line of it, for messages.
    """

    id: str
    on: tuple[str, ...]
    when: Mapping[str, tuple[str, ...]]
    service: str | None
    percent: int
    act: Request | ShortMessage | PushTalk
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build.

    Attributes:
        id: Its name, as in the condition `build`.
        title: One line.
        about: What it is for.
        behaviours: In the order in which they happen at one step.
        pinned: Hosts whose certificates it pins: nobody gets the keys of its connections to them.
    """

    id: str
    title: str
    about: str
    behaviours: tuple[Behaviour, ...]
    pinned: frozenset[str] = frozenset()

    @property
    def data_types(self) -> frozenset[DataType]:
        """Every data type that it may send."""
        found = {one.source for one in self._expressions() if isinstance(one.source, DataType)}
        files = {
            behaviour.act.body.file
            for behaviour in self.behaviours
            if isinstance(behaviour.act, Request) and behaviour.act.body and behaviour.act.body.file
        }
        return frozenset(found | files)

    def _expressions(self) -> Iterator[Expression]:
        for behaviour in self.behaviours:
            match behaviour.act:
                case Request() as request:
                    yield from request.url.expressions
                    yield from request.query.values()
                    yield from request.headers.values()
                    if request.body is not None:
                        for part in request.body.fields.values():
                            yield from iter_expressions(part)
                case ShortMessage() as message:
                    yield from message.text.expressions
                case PushTalk():
                    pass


def iter_expressions(part: Part) -> Iterator[Expression]:
    """Give the expressions of a field, those in structures too."""
    if isinstance(part, Expression):
        yield part
        return
    for inner in part.values() if isinstance(part, Mapping) else part:
        yield from iter_expressions(inner)
