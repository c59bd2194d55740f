"""Starting a case: a folder with a commented `case.yaml` and a subject file for each handset."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from phonehome.case.case_file import SCHEMA, read_case_file
from phonehome.case.lock import LOCK_FILE, locked
from phonehome.case.places import CASE_FILE, SESSIONS, SUBJECTS
from phonehome.case.reading import ID_PATTERN, ID_RULE
from phonehome.case.template import template
from phonehome.case.writing import OWNER_ONLY, explaining, remove_partials, sync_folder, write_durably
from phonehome.model.case import CaseHandset, CaseKind, Service
from phonehome.model.errors import ConfigError

_BEGUN = frozenset({LOCK_FILE, SUBJECTS, SESSIONS})
"""What may stand in the folder already: `case.yaml` is written last, so an interrupted start is no case yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What `case.yaml` shall say."""

    title: str
    kind: CaseKind
    handsets: Sequence[CaseHandset]
    services: Sequence[Service]


def start_case(root: Path, new: NewCase, doing: str) -> None:
    """Make the folder of a case, or complete one whose start was interrupted.

    Raises:
        ConfigError: The folder holds something else, an id is no id, or it cannot be written.
    """
    for name in (*(handset.id for handset in new.handsets), *(service.id for service in new.services)):
        if not ID_PATTERN.fullmatch(name):
            raise ConfigError(f"an id {ID_RULE}; this is {name[:80]!r}")
    _refuse_other(root)
    with explaining(root):
        root.mkdir(parents=True, exist_ok=True)
    with locked(root, doing):
        _refuse_other(root)  # another process may have been here since
        remove_partials(root)
        with explaining(root):
            (root / SUBJECTS).mkdir(exist_ok=True)
            (root / SESSIONS).mkdir(exist_ok=True)
            sync_folder(root.resolve().parent)
        for handset in new.handsets:
            path = root / SUBJECTS / f"{handset.id}.yaml"
            if not path.exists() and not path.is_symlink():
                write_durably(path, template().encode(), mode=OWNER_ONLY)
        write_durably(root / CASE_FILE, _write_case(new).encode(errors="backslashreplace"), check=_check)


def _check(draft: Path) -> None:
    """Read the file as everybody will: an odd title or host is refused here, and not by the next command."""
    try:
        read_case_file(draft)
    except ConfigError as error:
        raise ConfigError(re.sub(rf"{re.escape(str(draft))}:\d+: ", "", str(error))) from error


def _refuse_other(root: Path) -> None:
    if root.is_symlink() or (root.exists() and not root.is_dir()):
        raise ConfigError(f"{root} is there already and is no folder; give another name")
    if not root.exists():
        return
    names = {path.name for path in root.iterdir() if not path.name.startswith(".partial-")}
    if CASE_FILE in names:
        raise ConfigError(f"{root} is a case already; give another name, or `phonehome case show {root}`")
    if names - _BEGUN:
        raise ConfigError(f"{root} holds other files, and a case has a folder of its own; give another name")


def _write_case(new: NewCase) -> str:
    handsets = [
        {"id": one.id, "make": one.make, "model": one.model, "builds": list(one.builds)}
        for one in new.handsets
    ]
    services = [{"id": one.id, "name": one.name, "hosts": list(one.hosts)} for one in new.services]
    lines = [
        "# A case: handsets, the services that they talk to, and the sessions recorded with them (sessions/).",
        f"schema: {SCHEMA}",
        f"title: {_quote(new.title)}",
        "",
        "# observation, or reconstruction (made to a description or a scenario; every report then says so)",
        f"kind: {new.kind}",
        "",
        "# Each handset has its known values in subjects/ID.yaml. List its builds from the oldest to the newest.",
        *_list("handsets", handsets),
        '# - {id: control-1, make: Example, model: Phone 5, builds: ["1.0", "1.1"]}',
        "",
        "# What a user can agree to or switch off, and the hosts that serve it: names, or suffixes with a leading dot.",
        '# Sessions name them in their conditions (service.cloud: "on") and in the consent of their timelines.',
        *_list("services", services),
        '# - {id: cloud, name: "Photo cloud", hosts: [api.example.com, .cloud.example.com]}',
    ]
    return "\n".join(lines) + "\n"


def _list(key: str, entries: Sequence[Mapping[str, object]]) -> list[str]:
    """Write a list, an entry a line, without what is unknown; an empty one is `[]`."""
    if not entries:
        return [f"{key}:"]
    return [f"{key}:", *(f"- {_flow(entry)}" for entry in entries)]


def _flow(entry: Mapping[str, object]) -> str:
    given = {key: value for key, value in entry.items() if value is not None}
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in given.items()) + "}"


def _value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_quote(str(item)) for item in value) + "]"
    return _quote(str(value))


def _quote(text: str) -> str:
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=1 << 20)).strip()
