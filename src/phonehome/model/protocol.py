"""A test protocol: the steps of a session, and the data that each gives a chance to be sent."""

from dataclasses import dataclass

from phonehome.model.subject import DataType


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolStep:
    """One action: what to do, and the data types that it exposes."""

    id: str
    text: str
    exposes: tuple[DataType, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestProtocol:
    """A list of steps, as data.

    Attributes:
        id: Its name in `session.yaml`.
        title: One line.
        about: What it is for, and what it cannot show.
        conditions: Conditions that a session of it should declare, with what they may be.
        steps: In order.
        exposes: Data types that every run exposes once, whatever its steps: identifiers that a handset holds.
    """

    __test__ = False  # no test, whatever pytest makes of its name

    id: str
    title: str
    about: str
    conditions: dict[str, str]
    steps: tuple[ProtocolStep, ...]
    exposes: tuple[DataType, ...] = ()
