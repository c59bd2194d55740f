"""A scenario: which builds do what, in which sessions, and what everybody can know of it afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from phonehome.lab.handset.build import Build
from phonehome.lab.handset.expressions import Expression
from phonehome.lab.truth import RightVerdict, UnknownCell
from phonehome.model.session import Session
from phonehome.model.subject import DataType


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSession:
    """One session to record.

    Attributes:
        session: What its file shall say; position, tools and captures are the recorder's to say.
        begin: When it begins, by the scenario's clock.
        sees_cellular: Whether the recorder stands where the cellular network's traffic passes, too.
        fresh: The handset was reset before it, and remembers nothing.
        carrier_adds: Headers that the carrier writes into what goes in clear over its network.
    """

    session: Session
    begin: datetime
    sees_cellular: bool = False
    fresh: bool = False
    carrier_adds: Mapping[str, Expression] = field(default_factory=dict)

    @property
    def build(self) -> str:
        """The build of the handset."""
        return self.session.conditions["build"]

    @property
    def data_types(self) -> frozenset[DataType]:
        """Every data type that the carrier adds."""
        found = (one.source for one in self.carrier_adds.values())
        return frozenset(source for source in found if isinstance(source, DataType))

    @property
    def is_recorded(self) -> bool:
        """Whether the handset's traffic passes the recorder at all."""
        return self.sees_cellular or self.session.conditions.get("network", "wifi") == "wifi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario.

    Attributes:
        id: Its name.
        place: File and line where its sessions begin, for messages.
        title: One line.
        about: What it is for, and what it shows.
        skeleton: The folder with the files that its case begins with.
        build: What stands for `@BUILD@` in them; None where nothing does.
        messaging_default_on: Whether the vendor's cloud takes an activation of the factory build for consent.
        elsewhere: Hosts that are not the vendor's, each with file and line.
        sessions: In the order in which they are recorded.
        builds: Those of its sessions, by id.
        verdicts: What the truth allows on each claim.
        unknown: What nobody knows.
    """

    id: str
    place: str
    title: str
    about: str
    skeleton: Path
    build: str | None
    messaging_default_on: bool
    elsewhere: Mapping[str, str]
    sessions: Sequence[PlannedSession]
    builds: Mapping[str, Build]
    verdicts: Sequence[RightVerdict]
    unknown: Sequence[UnknownCell]
