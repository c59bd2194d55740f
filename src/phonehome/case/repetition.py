"""Comparing the stored result of a case with a new one from the same evidence.

Where program and data are the same, so must every byte be. Where they differ, the contents are compared without the
versions, so that somebody with a later release can still say whether the findings stand.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from phonehome.model.errors import ConfigError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

MAX_LISTED = 50
MAX_SHOWN = 60
VERSIONS = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """How a result compares with the stored one.

    Attributes:
        versions: What differs in program and data; empty where they are the same.
        differences: Where the contents differ, each as `place: before → now`, at most `MAX_LISTED`.
        more: How many differences are not listed.
        same_bytes: Every byte is the same.
    """

    versions: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    more: int = 0
    same_bytes: bool

    @property
    def holds(self) -> bool:
        """The same bytes from the same versions, or the same contents from others."""
        return self.same_bytes or (bool(self.versions) and not self.differences)


def compare_results(stored: bytes, again: bytes) -> Repetition:
    """Compare two audit documents as they are written.

    Raises:
        ConfigError: The stored one is no JSON.
    """
    if stored == again:
        return Repetition(same_bytes=True)
    before, now = _parse(stored), _parse(again)
    versions = list(_version_changes(before.pop(VERSIONS, None), now.pop(VERSIONS, None)))
    differences: list[str] = []
    more = 0
    for difference in _iter_differences(before, now, ""):
        if len(differences) < MAX_LISTED:
            differences.append(difference)
        else:
            more += 1
    if not differences and not versions:
        differences = [
            "the contents are the same, but not the bytes: spaces or the order of keys were changed"
        ]
    return Repetition(versions=versions, differences=differences, more=more, same_bytes=False)


def _parse(data: bytes) -> dict[str, Json]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            "the stored result is no JSON: it was damaged; `phonehome audit` writes a new one"
        ) from error
    if not isinstance(found, dict):
        raise ConfigError("the stored result is no audit document; `phonehome audit` writes a new one")
    return found


def _version_changes(before: Json, now: Json) -> Iterator[str]:
    for key in ("name", "version"):
        was, is_ = _of(before, key), _of(now, key)
        if was != is_:
            yield f"program {key}: {_shorten(was)} → {_shorten(is_)}"
    was_data, is_data = _data(before), _data(now)
    for name in dict.fromkeys([*was_data, *is_data]):
        if was_data.get(name) != is_data.get(name):
            yield f"data {name}: {_shorten(was_data.get(name, 'none'))} → {_shorten(is_data.get(name, 'none'))}"


def _of(found: Json, key: str) -> Json:
    return found.get(key) if isinstance(found, dict) else None


def _data(tool: Json) -> dict[str, Json]:
    sources = _of(tool, "data")
    return {
        str(_of(one, "name")): [_of(one, "date"), _of(one, "source")]
        for one in (sources if isinstance(sources, list) else [])
    }


def _iter_differences(before: Json, now: Json, place: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            if key not in now or key not in before:
                yield f"{place}.{key}: {'gone' if key not in now else 'new'}"
            else:
                yield from _iter_differences(before[key], now[key], f"{place}.{key}" if place else key)
    elif isinstance(before, list) and isinstance(now, list):
        yield from _iter_list_differences(before, now, place)
    elif type(before) is not type(now) or before != now:
        yield f"{place}: {_shorten(before)} → {_shorten(now)}"


def _iter_list_differences(before: list[Json], now: list[Json], place: str) -> Iterator[str]:
    """By id where the entries have one, so that one finding more does not shift all the others."""
    was, is_ = _keyed(before), _keyed(now)
    for key in dict.fromkeys([*was, *is_]):
        if key not in is_ or key not in was:
            yield f"{place}[{key}]: {'gone' if key not in is_ else 'new'}"
        else:
            yield from _iter_differences(was[key], is_[key], f"{place}[{key}]")
    if was and [*was] != [*is_] and set(was) == set(is_):
        yield f"{place}: in another order"


def _keyed(entries: list[Json]) -> dict[str, Json]:
    ids = [_of(entry, "id") for entry in entries]
    if all(isinstance(one, str) for one in ids) and len(set(map(str, ids))) == len(ids):
        return dict(zip(map(str, ids), entries, strict=True))
    return {str(number): entry for number, entry in enumerate(entries)}


def _shorten(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
