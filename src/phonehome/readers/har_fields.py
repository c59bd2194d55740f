"""Typed access to the objects of a HAR, whose writers agree on little.

A missing field and a null are the same. A field of another type than HAR 1.2 says is noted and, where it
can be, still looked at: a number where text belongs is read as its JSON text.
"""

import json
import math
from dataclasses import dataclass, field

from phonehome.model.exchange import Header
from phonehome.readers.endpoints import to_bytes

_MAX_NUMBER = 2**53
_TYPES = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd about an entry; `lost` tells whether it cost anything."""

    reason: str
    lost: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of the recording: its members, the path that leads to it, and where notes go."""

    members: dict[str, object]
    path: str
    notes: list[Note] = field(default_factory=list)

    def has(self, key: str) -> bool:
        """Tell whether a member is there and not null."""
        return self.members.get(key) is not None

    def text(self, key: str) -> str | None:
        """Give a text, or the JSON text of what stands in its place."""
        value = self.members.get(key)
        if value is None or isinstance(value, str):
            return value
        self.note(
            f"{self.path}{key} is {name_type(value)} where text belongs; its JSON text was read", lost=False
        )
        try:
            return json.dumps(value, ensure_ascii=False)
        except (RecursionError, ValueError):
            self.note(f"{self.path}{key} is nested too deeply to be read", lost=True)
            return None

    def number(self, key: str) -> float | None:
        """Give a finite number of sensible size."""
        value = self.members.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.note(f"{self.path}{key} is {name_type(value)} where a number belongs", lost=False)
            return None
        return value if math.isfinite(value) and abs(value) <= _MAX_NUMBER else None

    def count(self, key: str) -> int | None:
        """Give a number that counts something: not negative, for HAR writes −1 for unknown."""
        value = self.number(key)
        return int(value) if value is not None and value >= 0 else None

    def object(self, key: str) -> "Fields":
        """Give an object, empty where there is none."""
        value = self.members.get(key)
        if value is not None and not isinstance(value, dict):
            self.note(f"{self.path}{key} is {name_type(value)} where an object belongs", lost=True)
        return Fields(value if isinstance(value, dict) else {}, f"{self.path}{key}.", self.notes)

    def objects(self, key: str) -> list["Fields"]:
        """Give the objects of a list; what is no object in it is noted and left out."""
        value = self.members.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.note(f"{self.path}{key} is {name_type(value)} where a list belongs", lost=True)
            return []
        kept = [item for item in value if isinstance(item, dict)]
        if len(kept) < len(value):
            self.note(
                f"{self.path}{key} holds {len(value) - len(kept)} members that are no objects", lost=True
            )
        return [Fields(item, f"{self.path}{key}.", self.notes) for item in kept]

    def pairs(self, key: str) -> tuple[Header, ...]:
        """Give a list of `{name, value}` as bytes, in order."""
        return tuple(
            (to_bytes(item.text("name") or ""), to_bytes(item.text("value") or ""))
            for item in self.objects(key)
        )

    def note(self, reason: str, *, lost: bool) -> None:
        """Write down something odd."""
        self.notes.append(Note(reason, lost))


def name_type(value: object) -> str:
    """Name a JSON type with its article."""
    return _TYPES.get(type(value), "null")
