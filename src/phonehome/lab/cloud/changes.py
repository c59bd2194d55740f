"""What a handset changes in its backup: read from JSON, and refused unless it can be given back as JSON again.

An item that was stored is sent to every handset of its account, so one that cannot be written would end all
synchronising: NaN and infinite numbers, which JSON does not have, half of a surrogate pair, and nesting without end.
"""

import json
import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from phonehome.lab.cloud.refusal import Reason, Refusal

MAX_ID = 64
MAX_NESTING = 32
"""Of lists and objects in an item; a contact has three or four."""


class Change(BaseModel):
    """One change of a handset's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1, max_length=MAX_ID, pattern=r"^[\w.:-]+$")
    base: int = Field(default=0, ge=0)
    """The version that the change was made on; 0: new."""
    data: dict[str, Any] | None = None
    """None deletes."""


_CHANGES = TypeAdapter(list[Change])
_DATA = TypeAdapter(dict[str, Any])


def parse_changes(text: str, *, limit: int, item_bytes: int) -> list[Change]:
    """Read changes as they were sent; refuse what is not of their shape, or too much."""
    try:
        changes = _CHANGES.validate_json(text)
    except ValidationError as error:
        raise Refusal(Reason.MALFORMED, f"changes: {_first(error)}") from error
    if len(changes) > limit:
        raise Refusal(Reason.OVERSIZED, f"at most {limit} changes at once, not {len(changes)}")
    if len({change.id for change in changes}) != len(changes):
        raise Refusal(Reason.MALFORMED, "one item is changed twice in one request")
    for change in changes:
        _check_data(change.data, item_bytes)
    return changes


def parse_photo(name: str, *, base: int, data: str, item_bytes: int) -> Change:
    """Read what comes with a photo's bytes."""
    try:
        change = Change(id=name, base=base, data=_DATA.validate_json(data))
    except ValidationError as error:
        raise Refusal(Reason.MALFORMED, f"a photo: {_first(error)}") from error
    _check_data(change.data, item_bytes)
    return change


def _first(error: ValidationError) -> str:
    """Say what is wrong first and where, in our own words: names in an item's data are a person's."""
    first = error.errors(include_input=False, include_context=False)[0]
    known = ("id", "base", "data")
    place = ".".join(str(part) if isinstance(part, int) or part in known else "…" for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def _check_data(data: dict[str, Any] | None, item_bytes: int) -> None:
    level: list[object] = [] if data is None else [data]
    for _ in range(MAX_NESTING):
        if any(isinstance(value, float) and not math.isfinite(value) for value in level):
            raise Refusal(Reason.MALFORMED, "an item holds a number that JSON cannot write")
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise Refusal(Reason.MALFORMED, f"an item is nested more than {MAX_NESTING} deep")
    if data is not None and _written(data) > item_bytes:
        raise Refusal(Reason.OVERSIZED, f"an item is larger than {item_bytes} bytes")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _written(data: dict[str, Any]) -> int:
    try:
        return len(json.dumps(data, ensure_ascii=False, allow_nan=False).encode())
    except ValueError as error:  # half of a surrogate pair, or an integer of thousands of digits
        raise Refusal(Reason.MALFORMED, "an item holds what JSON cannot write") from error
