"""Builds as files (`phonehome.lab-build/1`): strict YAML, whose errors name file and line.

A build may extend another: it has that one's behaviours, less those in `without`, and its own take the place of
those of the same id. So a fault of ours is written as what it changes.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from phonehome.case.reading import (
    MAX_LINE,
    MAX_TEXT,
    Remarks,
    open_whole,
    read_id,
    read_optional,
    read_text,
    read_word,
    refuse_unknown,
    require,
)
from phonehome.case.yamlfile import Node
from phonehome.lab.handset.build import (
    ANY_STEP,
    FINE,
    Account,
    Behaviour,
    Body,
    BodyKind,
    Build,
    Part,
    PushTalk,
    Request,
    ShortMessage,
)
from phonehome.lab.handset.expressions import Expression, Template, parse_expression, parse_template
from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType

SCHEMA = "phonehome.lab-build/1"
KEYS = ("id", "title", "about", "extends", "without", "pinned", "carrier_adds", "behaviours")
ACTS = ("request", "sms", "push")
BEHAVIOUR_KEYS = ("id", "on", "when", "service", "percent", *ACTS)
REQUEST_KEYS = ("method", "url", "query", "headers", "body", "session", "keeps", "stores", "status")
BODY_KINDS = tuple(BodyKind)
METHODS = ("GET", "POST", "PUT", "DELETE")
MAX_ENTRIES = 200
MAX_DEPTH = 8
MAX_EXTENDED = 16
"""Builds of which each extends the next."""
PERCENT, STATUS, MESSAGES, SIZE = range(1, 101), range(100, 600), range(1_000), range(1, 4_001)
NEW = "an editor"
HEADER = re.compile(r"[a-z][a-z0-9-]{0,63}")
"""In small letters, as HTTP/2 sends them; so a header has one name under both versions."""
_PATH = re.compile(r"[A-Za-z0-9._~@:/-]*")
FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_T = TypeVar("_T")


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
    adds: dict[str, Expression] = {}
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
        adds = _headers(parts.get("carrier_adds"))
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
        carrier_adds={**(base.carrier_adds if base else {}), **adds},
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
            act = _request(parts["request"])
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
        percent=_number(parts.get("percent"), "percent", 100, PERCENT),
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


def _request(node: Node) -> Request:
    parts = node.mapping("a request", REQUEST_KEYS)
    method = require(parts, "method", node, "GET")
    if method.text("method") not in METHODS:
        raise method.error(f"method must be one of {', '.join(METHODS)}")
    body = _body(parts["body"]) if "body" in parts else None
    session = read_word(parts["session"], "session", Account) if "session" in parts else None
    if body is not None and body.kind is BodyKind.SEALED and session is None:
        raise node.error("a sealed body needs the key of a session; say whose, as in `session: sim`")
    stores = parts.get("stores")
    return Request(
        method=method.text("method"),
        url=_url(require(parts, "url", node, "http://api.account.xiaomi.com/pass")),
        query=_expressions(parts.get("query"), "query", FIELD),
        headers=_headers(parts.get("headers")),
        body=body,
        session=session,
        keeps=read_word(parts["keeps"], "keeps", Account) if "keeps" in parts else None,
        stores=stores is not None and _is_true(stores),
        status=_status(parts.get("status")),
    )


def _status(node: Node | None) -> tuple[int, ...]:
    return FINE if node is None else (_number(node, "status", 200, STATUS),)


def _is_true(node: Node) -> bool:
    if node.plain("stores") != "true":
        raise node.error("stores is true, or left out")
    return True


def _url(node: Node) -> Template:
    text = node.text("url")
    template = _parsed(node, parse_template, text)
    constant = "".join(part if isinstance(part, str) else "x" for part in template.parts)
    split = urlsplit(constant)
    if split.scheme not in ("http", "https") or not split.hostname or split.query or split.fragment:
        raise node.error("a url has a scheme, a host and a path, and no query: that has a key of its own")
    if not _PATH.fullmatch(split.path) or not isinstance(template.parts[0], str):
        raise node.error("expressions stand in the path of a url only, which has no other odd characters")
    if len(urlsplit(template.parts[0]).path) == 0 and len(template.parts) > 1:
        raise node.error("expressions stand in the path of a url only")
    return template


def _body(node: Node) -> Body:
    parts = node.mapping("a body", ("kind", "fields", "file"))
    kind = read_word(require(parts, "kind", node, "form"), "kind", BodyKind)
    if kind is BodyKind.FILE:
        return Body(kind=kind, file=read_word(require(parts, "file", node, "photo"), "a data type", DataType))
    fields = require(parts, "fields", node, "{imei: imei}")
    found = {}
    for name, part in fields.entries("fields", MAX_ENTRIES).items():
        _check_name(part, name, FIELD, "a field")
        found[name] = _part(part, 0)
    return Body(kind=kind, fields=found)


def _part(node: Node, depth: int) -> Part:
    if depth > MAX_DEPTH:
        raise node.error(f"a structure has at most {MAX_DEPTH} levels")
    kind = type(node.raw).__name__
    if kind == "MappingNode":
        found: dict[str, Part] = {}
        for name, part in node.entries("a structure", MAX_ENTRIES).items():
            _check_name(part, name, FIELD, "a field")
            found[name] = _part(part, depth + 1)
        return found
    if kind == "SequenceNode":
        return tuple(_part(part, depth + 1) for part in node.items("a list", MAX_ENTRIES))
    return _parsed(node, parse_expression, node.text("an expression"))


def _headers(node: Node | None) -> dict[str, Expression]:
    return _expressions(node, "headers", HEADER)


def _expressions(node: Node | None, what: str, names: re.Pattern[str]) -> dict[str, Expression]:
    if node is None:
        return {}
    found = {}
    for name, part in node.entries(what, MAX_ENTRIES).items():
        _check_name(part, name, names, what)
        found[name] = _parsed(part, parse_expression, part.text(f"{name!r} of {what}"))
    return found


def _check_name(node: Node, name: str, names: re.Pattern[str], what: str) -> None:
    if not names.fullmatch(name):
        raise node.error(f"{name[:80]!r} cannot be a name of {what}: it must match {names.pattern}")


def _short_message(node: Node) -> ShortMessage:
    parts = node.mapping("an SMS", ("to", "text"))
    text = require(parts, "text", node, "MX/{H(imei)}")
    return ShortMessage(
        to=read_text(require(parts, "to", node, '"10690"'), "to", MAX_LINE),
        text=_parsed(text, parse_template, text.text("text")),
    )


def _push(node: Node) -> PushTalk:
    parts = node.mapping("a push stream", ("host", "model", "os", "messages", "size"))
    return PushTalk(
        host=read_text(require(parts, "host", node, "app.chat.xiaomi.net"), "host", MAX_LINE),
        model=read_text(require(parts, "model", node, '"HM 1SW"'), "model", MAX_LINE),
        os=read_text(require(parts, "os", node, "JHCMIBH45.0"), "os", MAX_LINE),
        messages=_number(parts.get("messages"), "messages", 0, MESSAGES),
        size=_number(parts.get("size"), "size", 200, SIZE),
    )


def _number(node: Node | None, what: str, default: int, allowed: range) -> int:
    if node is None:
        return default
    written = node.plain(what)
    if not (written.isascii() and written.isdigit() and len(written) < 10 and int(written) in allowed):
        raise node.error(f"{what} is a number from {allowed.start} to {allowed.stop - 1}")
    return int(written)


def _parsed(node: Node, parse: Callable[[str], _T], text: str) -> _T:
    try:
        return parse(text)
    except ConfigError as error:
        raise node.error(str(error)) from error
