"""Scenarios as files (`phonehome.lab-scenario/1`): strict YAML, whose errors name file and line.

Whatever a file of a user's may get wrong is said before anything is recorded: its sessions are held against the case
that they go into, and its builds against the hosts that there are (`reach.py`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from phonehome.case.claims_file import MAX_CLAIMS, read_claim_id
from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    open_whole,
    read_id,
    read_text,
    read_word,
    refuse_unknown,
    require,
)
from phonehome.case.yamlfile import Node
from phonehome.lab.scenario import PlannedSession, Scenario
from phonehome.lab.scenario_sessions import MAX_ENTRIES, BuildLookup, SessionReader, read_flag
from phonehome.lab.skeleton import Skeleton, read_skeleton
from phonehome.lab.truth import RightVerdict, UnknownCell
from phonehome.model.claim import ExpectedVerdict, Verdict
from phonehome.model.subject import DataType

SCHEMA = "phonehome.lab-scenario/1"
KEYS = (
    "id",
    "title",
    "about",
    "skeleton",
    "build",
    "messaging_default_on",
    "elsewhere",
    "sessions",
    "verdicts",
    "unknown",
)
UNKNOWN_KEYS = ("text", "claim", "sessions", "subject", "conditions", "data_types")
MAX_ELSEWHERE = 100
"""Hosts that are not the vendor's: each has an address of a /24 that is set aside for documentation."""
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
NEW = "an editor"
SkeletonLookup = Callable[[str], Path | None]


def read_scenario(path: Path, find_skeleton: SkeletonLookup, find_build: BuildLookup) -> Scenario:
    """Read a scenario.

    Args:
        path: The file; its name without the suffix is the scenario's id.
        find_skeleton: Gives the folder of the files that a case begins with, by name; None where there is none.
        find_build: Gives a build by name; None where there is none.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    top, parts = open_whole(path, SCHEMA, "a scenario", KEYS, NEW)
    build = read_id(parts["build"], "build") if "build" in parts else None
    skeleton = _skeleton(require(parts, "skeleton", top, "two-builds"), find_skeleton, build)
    remarks = Remarks()
    title = about = ""
    elsewhere: dict[str, str] = {}
    sessions: list[PlannedSession] = []
    verdicts: list[RightVerdict] = []
    unknown: list[UnknownCell] = []
    messaging_default_on = True
    with remarks.collecting():
        title, about = _heading(top, parts)
    with remarks.collecting():
        messaging_default_on = read_flag(
            parts.get("messaging_default_on"), "messaging_default_on", default=True
        )
    with remarks.collecting():
        for item in _items(parts, "elsewhere", MAX_ELSEWHERE):
            elsewhere.setdefault(_host(item), f"{path}:{item.line}")
    reader = SessionReader(skeleton=skeleton, find_build=find_build)
    listed = require(parts, "sessions", top, "[{id: 01-factory}]")
    for item in listed.items("sessions", MAX_ENTRIES):
        with remarks.collecting():
            sessions.append(reader.read(item))
    with remarks.collecting():
        if not sessions and not remarks.errors:
            raise listed.error("there is no session in it; give at least one")
        verdicts = _verdicts(parts.get("verdicts"), skeleton)
    with remarks.collecting():
        names = [one.session.id for one in sessions]
        unknown = [_unknown(item, skeleton, names) for item in _items(parts, "unknown", MAX_ENTRIES)]
    remarks.check()
    return Scenario(
        id=path.stem,
        place=f"{path}:{listed.line}",
        title=title,
        about=about,
        skeleton=skeleton.folder,
        build=build,
        messaging_default_on=messaging_default_on,
        elsewhere=elsewhere,
        sessions=tuple(sessions),
        builds=reader.builds,
        verdicts=tuple(verdicts),
        unknown=tuple(unknown),
    )


def _heading(top: Node, parts: dict[str, Node]) -> tuple[str, str]:
    """Give title and description, once the id is seen to be the file's name."""
    name = require(parts, "id", top, top.path.stem)
    if read_id(name, "the id of a scenario") != top.path.stem:
        raise name.error(f"the id and the file's name {top.path.name!r} must agree; change one")
    title = read_text(require(parts, "title", top, '"A fix that only encodes"'), "title", MAX_LINE)
    return title, read_text(require(parts, "about", top, '"What it shows."'), "about").strip()


def _skeleton(node: Node, find: SkeletonLookup, build: str | None) -> Skeleton:
    name = read_id(node, "skeleton")
    folder = find(name)
    if folder is None:
        raise node.error(
            f"there is no skeleton {name!r}: none comes with the lab, and there is no folder {name}/ beside this file"
        )
    return read_skeleton(folder, build)


def _items(parts: Mapping[str, Node], key: str, limit: int) -> list[Node]:
    return parts[key].items(key, limit) if key in parts else []


def _host(node: Node) -> str:
    name = node.text("a host")
    if not HOST.fullmatch(name):
        raise node.error(
            f"a host is a name in small letters, as in collect.example.net; this is {name[:80]!r}"
        )
    return name


def _verdicts(node: Node | None, skeleton: Skeleton) -> list[RightVerdict]:
    """Give the scenario's own verdicts, or those that its skeleton comes with."""
    if node is None:
        return [_of_expected(one) for one in skeleton.verdicts]
    found = []
    for name, part in node.entries("verdicts", MAX_CLAIMS).items():
        refuse_unknown(part, "the claim", name, skeleton.claims, "it must be one of the skeleton's")
        word = read_word(part, f"the verdict on {name!r}", Verdict)
        found.append(RightVerdict.model_validate({"id": name, "verdict": word.value}))
    return found


def _of_expected(one: ExpectedVerdict) -> RightVerdict:
    return RightVerdict.model_validate(
        {
            "id": one.id,
            "verdict": one.verdict.value,
            "confidence": one.confidence.value,
            "superseded": one.superseded,
        }
    )


def _unknown(item: Node, skeleton: Skeleton, sessions: Sequence[str]) -> UnknownCell:
    parts = item.mapping("something unknown", UNKNOWN_KEYS)
    claim, subject = parts.get("claim"), parts.get("subject")
    if claim is not None:
        refuse_unknown(
            claim, "the claim", read_claim_id(claim), skeleton.claims, "it must be one of the skeleton's"
        )
    if subject is not None:
        refuse_unknown(
            subject,
            "the handset",
            read_id(subject, "subject"),
            skeleton.handsets,
            "it must be one of the skeleton's",
        )
    named = [read_id(node, "a session") for node in _items(parts, "sessions", MAX_ENTRIES)]
    for node, name in zip(_items(parts, "sessions", MAX_ENTRIES), named, strict=True):
        refuse_unknown(node, "the session", name, sessions, "it must be one of those above")
    conditions = parts["conditions"].entries("conditions", MAX_ENTRIES) if "conditions" in parts else {}
    return UnknownCell(
        text=read_text(require(parts, "text", item, '"MMS on the cellular network"'), "text", MAX_LINE),
        claim=None if claim is None else read_claim_id(claim),
        sessions=named,
        subject=None if subject is None else read_id(subject, "subject"),
        conditions={
            name: read_text(part, f"the condition {name[:80]!r}", MAX_LINE)
            for name, part in conditions.items()
        },
        data_types=[
            read_word(node, "a data type", DataType).value
            for node in _items(parts, "data_types", MAX_ENTRIES)
        ],
    )
