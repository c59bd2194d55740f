"""Builds as files (`phonehome.lab-build/1`): strict YAML, whose errors name file and line.

A build may extend another: it has that one's behaviours, less those in `without`, and its own take the place of
those of the same id. So a fault of ours is written as what it changes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from phonehome.case.reading import (
    MAX_LINE,
    MAX_TEXT,
    Remarks,
    open_whole,
    read_id,
    read_optional,
    read_text,
    refuse_unknown,
    require,
)
from phonehome.case.yamlfile import Node
from phonehome.lab.handset.build import (
    ANY_STEP,
    Behaviour,
    Build,
    PushTalk,
    Request,
    ShortMessage,
)
from phonehome.lab.handset.expressions import parse_template
from phonehome.lab.handset.request_file import (
    MAX_ENTRIES,
    parse_with,
    read_number,
    read_request,
)
from phonehome.model.errors import ConfigError

SCHEMA = "phonehome.lab-build/1"
KEYS = ("id", "title", "about", "extends", "without", "pinned", "behaviours")
ACTS = ("request", "sms", "push")
BEHAVIOUR_KEYS = ("id", "on", "when", "service", "percent", *ACTS)
MAX_EXTENDED = 16
"""Builds of which each extends the next."""
PERCENT, MESSAGES, SIZE = range(1, 101), range(1_000), range(1, 4_001)
NEW = "an editor"


class Lookup(Protocol):
    """Gives the build that others extend, which are named from the outermost inwards; None where there is none."""

    def __call__(self, name: str, *, above: tuple[str, ...]) -> Build | None:
        """Look it up."""


def read_build(path: Path, find: Lookup, above: tuple[str, ...] = ()) -> Build:
    """Read a build.

    Args:
        path: The file; its name without the suffix is the build's id.
        find: Gives the build that this one extends.
        above: The builds that extend this one.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    top, parts = open_whole(path, SCHEMA, "a build", KEYS, NEW)
    remarks = Remarks()
    base: Build | None = None
    title = about = ""
    pinned: frozenset[str] = frozenset()
    without: list[str] = []
    own: dict[str, Behaviour] = {}
    with remarks.collecting():
        node = require(parts, "id", top, path.stem)
        if read_id(node, "the id of a build") != path.stem:
            raise node.error(f"the id and the file's name {path.name!r} must agree; change one")
    with remarks.collecting():
        title = read_text(require(parts, "title", top, '"The factory build"'), "title", MAX_LINE)
        about = read_text(require(parts, "about", top, '"What it does."'), "about", MAX_TEXT).strip()
    with remarks.collecting():
        base = _base(parts.get("extends"), find, (*above, path.stem))
    with remarks.collecting():
        pinned = frozenset(node.text("a pinned host") for node in _items(parts, "pinned"))
    with remarks.collecting():
        without = _without(parts, base)
    for item in _items(parts, "behaviours"):
        with remarks.collecting():
            behaviour = _behaviour(item)
            if behaviour.id in own:
                raise item.error(f"the behaviour {behaviour.id!r} stands twice; ids must differ")
            own[behaviour.id] = behaviour
    remarks.check()
    inherited = {one.id: one for one in (base.behaviours if base else ()) if one.id not in without}
    return Build(
        id=path.stem,
        title=title,
        about=about,
        behaviours=tuple((inherited | own).values()),
        pinned=pinned | (base.pinned if base else frozenset()),
    )


def _items(parts: Mapping[str, Node], key: str) -> list[Node]:
    return parts[key].items(key, MAX_ENTRIES) if key in parts else []


def _base(node: Node | None, find: Lookup, above: tuple[str, ...]) -> Build | None:
    if node is None:
        return None
    name = read_id(node, "the build that is extended")
    if name in above:
        raise node.error(f"the builds {', '.join(above)} extend one another in a circle")
    if len(above) > MAX_EXTENDED:
        raise node.error(f"more than {MAX_EXTENDED} builds extend one another")
    found = find(name, above=above)
    if found is None:
        raise node.error(f"there is no build {name!r} beside this one to extend")
    return found


def _without(parts: Mapping[str, Node], base: Build | None) -> list[str]:
    names = []
    for node in _items(parts, "without"):
        name = read_id(node, "a behaviour to leave out")
        refuse_unknown(
            node,
            "the behaviour",
            name,
            (one.id for one in (base.behaviours if base else ())),
            "it must be one of the build that is extended",
        )
        names.append(name)
    return names


def _behaviour(item: Node) -> Behaviour:
    parts = item.mapping("a behaviour", BEHAVIOUR_KEYS)
    acts = [name for name in ACTS if name in parts]
    if len(acts) != 1:
        raise item.error(f"a behaviour does one thing: give it one of {', '.join(ACTS)}")
    act: Request | ShortMessage | PushTalk
    match acts[0]:
        case "request":
            act = read_request(parts["request"])
        case "sms":
            act = _short_message(parts["sms"])
        case _:
            act = _push(parts["push"])
    steps = require(parts, "on", item, "[add-contact]").items("on", MAX_ENTRIES)
    return Behaviour(
        id=read_id(require(parts, "id", item, "look-up-contact"), "the id of a behaviour"),
        on=tuple(_step(node) for node in steps),
        when=_when(parts.get("when")),
        service=read_optional(parts.get("service"), "service", MAX_LINE),
        percent=read_number(parts.get("percent"), "percent", 100, PERCENT),
        act=act,
        place=f"{item.path}:{item.line}",
    )


def _step(node: Node) -> str:
    return ANY_STEP if node.plain("a step") == ANY_STEP else read_id(node, "a step")


def _when(node: Node | None) -> dict[str, tuple[str, ...]]:
    if node is None:
        return {}
    found = {}
    for name, part in node.entries("when", MAX_ENTRIES).items():
        try:
            found[name] = tuple(one.text("a value") for one in part.items(name, MAX_ENTRIES))
        except ConfigError:
            found[name] = (part.text(f"the condition {name!r}"),)
    return found


def _short_message(node: Node) -> ShortMessage:
    parts = node.mapping("an SMS", ("to", "text"))
    text = require(parts, "text", node, "MX/{H(imei)}")
    return ShortMessage(
        to=read_text(require(parts, "to", node, '"10690"'), "to", MAX_LINE),
        text=parse_with(text, parse_template, text.text("text")),
    )


def _push(node: Node) -> PushTalk:
    parts = node.mapping("a push stream", ("host", "model", "os", "messages", "size"))
    return PushTalk(
        host=read_text(require(parts, "host", node, "app.chat.xiaomi.net"), "host", MAX_LINE),
        model=read_text(require(parts, "model", node, '"HM 1SW"'), "model", MAX_LINE),
        os=read_text(require(parts, "os", node, "JHCMIBH45.0"), "os", MAX_LINE),
        messages=read_number(parts.get("messages"), "messages", 0, MESSAGES),
        size=read_number(parts.get("size"), "size", 200, SIZE),
    )
