"""Scenarios as files (`phonehome.lab-scenario/1`): strict YAML, whose errors name file and line."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from phonehome.case.claims_file import MAX_CLAIMS, read_claim_id
from phonehome.case.folder import load_case
from phonehome.case.protocols import PROTOCOLS
from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    open_whole,
    read_id,
    read_optional,
    read_text,
    read_time,
    read_word,
    refuse_unknown,
    require,
)
from phonehome.case.verdicts_file import load_verdicts
from phonehome.case.yamlfile import Node
from phonehome.lab.scenario import PlannedSession, Scenario
from phonehome.lab.truth import RightVerdict, UnknownCell
from phonehome.model.claim import ExpectedVerdict, Verdict
from phonehome.model.session import Consent, ConsentState, Position, Session, Step

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
SESSION_KEYS = (
    "id",
    "subject",
    "begin",
    "sees_cellular",
    "fresh",
    "protocol",
    "conditions",
    "steps",
    "consent",
)
CONSENT_KEYS = ("service", "state", "step", "shown")
MAX_ENTRIES = 200
STEP_APART = timedelta(minutes=1)
NEW = "an editor"


def read_scenario(path: Path, find_skeleton: Callable[[str], Path | None]) -> Scenario:
    """Read a scenario.

    Args:
        path: The file; its name without the suffix is the scenario's id.
        find_skeleton: Gives the folder of the files that a case begins with, by name; None where there is none.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    top, parts = open_whole(path, SCHEMA, "a scenario", KEYS, NEW)
    node = require(parts, "skeleton", top, "two-builds")
    folder = find_skeleton(read_id(node, "skeleton"))
    if folder is None:
        raise node.error("there is no skeleton of this name")
    given = _given_sessions(folder)
    remarks = Remarks()
    title = about = ""
    sessions: list[PlannedSession] = []
    verdicts: list[RightVerdict] = []
    unknown: list[UnknownCell] = []
    with remarks.collecting():
        name = require(parts, "id", top, path.stem)
        if read_id(name, "the id of a scenario") != path.stem:
            raise name.error(f"the id and the file's name {path.name!r} must agree; change one")
        title = read_text(require(parts, "title", top, '"A fix that only encodes"'), "title", MAX_LINE)
        about = read_text(require(parts, "about", top, '"What it shows."'), "about").strip()
    for item in require(parts, "sessions", top, "[{id: 01-factory}]").items("sessions", MAX_ENTRIES):
        with remarks.collecting():
            sessions.append(_session(item, given))
    with remarks.collecting():
        verdicts = _verdicts(parts.get("verdicts"), folder)
    with remarks.collecting():
        unknown = [_unknown(item) for item in _items(parts, "unknown")]
    remarks.check()
    return Scenario(
        id=path.stem,
        title=title,
        about=about,
        skeleton=folder,
        build=read_id(parts["build"], "build") if "build" in parts else None,
        messaging_default_on=_flag(parts.get("messaging_default_on"), "messaging_default_on", True),
        elsewhere=tuple(one.text("a host") for one in _items(parts, "elsewhere")),
        sessions=tuple(sessions),
        verdicts=tuple(verdicts),
        unknown=tuple(unknown),
    )


def _items(parts: Mapping[str, Node], key: str) -> list[Node]:
    return parts[key].items(key, MAX_ENTRIES) if key in parts else []


def _given_sessions(folder: Path) -> dict[str, Session]:
    """Give the sessions that a skeleton describes; those without any describe theirs in the scenario."""
    if not (folder / "sessions").is_dir():
        return {}
    return {session.id: session for session in load_case(folder, evidence=False).case.sessions}


def _session(item: Node, given: Mapping[str, Session]) -> PlannedSession:
    parts = item.mapping("a session", SESSION_KEYS)
    name = read_id(require(parts, "id", item, "01-factory"), "the id of a session")
    begin = read_time(parts["begin"], "begin") if "begin" in parts else None
    if name in given:
        if more := sorted(set(parts) & {"subject", "protocol", "conditions", "steps", "consent"}):
            raise item.error(f"the skeleton describes the session {name!r}; take away {', '.join(more)}")
        session = given[name]
        begin = begin or (session.steps[0].at if session.steps else None)
    else:
        if begin is None:
            raise item.error("'begin' is missing here; give it, as in `begin: 2014-08-07T10:00:00Z`")
        session = _describe(item, parts, name, begin)
    if begin is None:
        raise item.error(f"the session {name!r} has no steps, so say when it begins: `begin: …`")
    return PlannedSession(
        session=replace(session, captures=()),
        begin=begin,
        sees_cellular=_flag(parts.get("sees_cellular"), "sees_cellular", False),
        fresh=_flag(parts.get("fresh"), "fresh", False),
    )


def _describe(item: Node, parts: Mapping[str, Node], name: str, begin: datetime) -> Session:
    protocol = PROTOCOLS[_protocol(require(dict(parts), "protocol", item, "handset-2014"))]
    known = [step.id for step in protocol.steps]
    steps = []
    for number, node in enumerate(_items(parts, "steps")):
        step = read_id(node, "a step")
        refuse_unknown(node, "the step", step, known, f"steps are those of {protocol.id}")
        steps.append(Step(id=step, at=begin + number * STEP_APART))
    conditions = {
        key: part.text(f"the condition {key!r}")
        for key, part in require(dict(parts), "conditions", item, "{build: factory}")
        .entries("conditions", MAX_ENTRIES)
        .items()
    }
    if "build" not in conditions:
        raise item.error("a session has a build among its conditions")
    consents = [_consent(node, begin, steps) for node in _items(parts, "consent")]
    return Session(
        id=name,
        subject=read_id(require(dict(parts), "subject", item, "redmi-1s"), "subject"),
        position=Position.TAP,
        protocol=protocol.id,
        conditions=conditions,
        steps=tuple(steps),
        consent=tuple(sorted(consents, key=lambda one: one.at)),
    )


def _protocol(node: Node) -> str:
    name = read_id(node, "protocol")
    refuse_unknown(node, "the protocol", name, PROTOCOLS, "`phonehome protocols` lists them")
    return name


def _consent(node: Node, begin: datetime, steps: list[Step]) -> Consent:
    parts = node.mapping("an entry of consent", CONSENT_KEYS)
    at = begin
    if "step" in parts:
        name = read_id(parts["step"], "a step")
        refuse_unknown(
            parts["step"], "the step", name, (one.id for one in steps), "it is none of the session's"
        )
        at = next(one.at for one in steps if one.id == name)
    return Consent(
        service=read_id(require(parts, "service", node, "cloud_messaging"), "the service"),
        at=at,
        state=read_word(require(parts, "state", node, "granted"), "state", ConsentState),
        shown=read_optional(parts.get("shown"), "shown"),
    )


def _verdicts(node: Node | None, folder: Path) -> list[RightVerdict]:
    """Give the scenario's own verdicts, or those that its skeleton comes with."""
    if node is None:
        path = folder / "verdicts.yaml"
        return [_of_expected(one) for one in load_verdicts(path)] if path.exists() else []
    found = []
    for name, part in node.entries("verdicts", MAX_CLAIMS).items():
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


def _unknown(item: Node) -> UnknownCell:
    parts = item.mapping("something unknown", ("text", "claim"))
    claim = parts.get("claim")
    return UnknownCell(
        text=read_text(require(parts, "text", item, '"MMS on the cellular network"'), "text", MAX_LINE),
        claim=None if claim is None else read_claim_id(claim),
    )


def _flag(node: Node | None, what: str, default: bool) -> bool:
    if node is None:
        return default
    written = node.plain(what)
    if written not in ("true", "false"):
        raise node.error(f"{what} is true or false")
    return written == "true"
