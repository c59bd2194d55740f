"""Typed access to the state of a mitmproxy flow, whichever of its versions wrote it.

Flows of Python 2 have byte strings where later ones have text, and addresses were wrapped once more; the
accessors take both, and give nothing for what is missing or of another type.
"""

from dataclasses import dataclass, field

from phonehome.model.exchange import Header
from phonehome.readers.tnetstring import Value

_PAIR = 2
_MAX_NUMBER = 2**53
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class State:
    """One dictionary of a flow."""

    members: dict[str, Value] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Tell whether a member is there and not null."""
        return self.members.get(key) is not None

    def state(self, key: str) -> "State":
        """Give a dictionary, empty where there is none."""
        value = self.members.get(key)
        return State(value) if isinstance(value, dict) else State()

    def raw(self, *keys: str) -> bytes:
        """Give the first of several members that holds bytes or text, as bytes."""
        for key in keys:
            value = self.members.get(key)
            if isinstance(value, bytes):
                return value
            if isinstance(value, str):
                return value.encode("utf-8", "surrogateescape")
        return b""

    def text(self, *keys: str) -> str:
        """Give the same as text."""
        return self.raw(*keys).decode("utf-8", "surrogateescape")

    def number(self, *keys: str) -> float | None:
        """Give the first of several members that is a number of sensible size."""
        for key in keys:
            value = self.members.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_NUMBER:
                return value
        return None

    def flag(self, *keys: str) -> bool:
        """Tell whether any of several members is true."""
        return any(self.members.get(key) is True for key in keys)

    def items(self, key: str) -> list[Value]:
        """Give a list, empty where there is none."""
        value = self.members.get(key)
        return value if isinstance(value, list) else []

    def pairs(self, key: str) -> tuple[Header, ...]:
        """Give a list of pairs, as headers are stored."""
        return tuple(
            (as_bytes(item[0]), as_bytes(item[1]))
            for item in self.items(key)
            if isinstance(item, list) and len(item) >= _PAIR
        )

    def address(self, *keys: str) -> tuple[str, int | None]:
        """Give host and port of the first of several members that is an address."""
        for key in keys:
            value = self.members.get(key)
            if isinstance(value, dict):
                value = value.get("address")
            if isinstance(value, list) and value and (host := as_bytes(value[0])):
                port = value[1] if len(value) >= _PAIR else None
                return host.decode("utf-8", "surrogateescape"), as_port(port)
        return "", None


def as_port(value: object) -> int | None:
    """Give a port number, None for anything else."""
    return value if isinstance(value, int) and 0 <= value <= _MAX_PORT else None


def as_bytes(value: Value) -> bytes:
    """Give bytes or text as bytes, anything else as nothing."""
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else b""
