"""Requests in the file of a build: method, URL, query, headers and body, with expressions where values go."""

import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from phonehome.case.reading import read_word, require
from phonehome.case.yamlfile import Node
from phonehome.lab.handset.build import FINE, Account, Body, BodyKind, Part, Request
from phonehome.lab.handset.expressions import Expression, Template, parse_expression, parse_template
from phonehome.model.errors import ConfigError
from phonehome.model.subject import DataType

MAX_ENTRIES = 200
STATUS = range(100, 600)
REQUEST_KEYS = ("method", "url", "query", "headers", "body", "session", "keeps", "stores", "status")
METHODS = ("GET", "POST", "PUT", "DELETE")
MAX_DEPTH = 8
HEADER = re.compile(r"[a-z][a-z0-9-]{0,63}")
"""In small letters, as HTTP/2 sends them; so a header has one name under both versions."""
_PATH = re.compile(r"[A-Za-z0-9._~@:/-]*")
FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_T = TypeVar("_T")


def read_request(node: Node) -> Request:
    """Read a request; what is wrong raises ConfigError with file and line, here and below."""
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
        headers=read_headers(parts.get("headers")),
        body=body,
        session=session,
        keeps=read_word(parts["keeps"], "keeps", Account) if "keeps" in parts else None,
        stores=stores is not None and _is_true(stores),
        status=_status(parts.get("status")),
    )


def _status(node: Node | None) -> tuple[int, ...]:
    return FINE if node is None else (read_number(node, "status", 200, STATUS),)


def _is_true(node: Node) -> bool:
    if node.plain("stores") != "true":
        raise node.error("stores is true, or left out")
    return True


def _url(node: Node) -> Template:
    text = node.text("url")
    template = parse_with(node, parse_template, text)
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
    return parse_with(node, parse_expression, node.text("an expression"))


def read_headers(node: Node | None) -> dict[str, Expression]:
    """Read headers, each an expression; none where nothing is given."""
    return _expressions(node, "headers", HEADER)


def _expressions(node: Node | None, what: str, names: re.Pattern[str]) -> dict[str, Expression]:
    if node is None:
        return {}
    found = {}
    for name, part in node.entries(what, MAX_ENTRIES).items():
        _check_name(part, name, names, what)
        found[name] = parse_with(part, parse_expression, part.text(f"{name!r} of {what}"))
    return found


def _check_name(node: Node, name: str, names: re.Pattern[str], what: str) -> None:
    if not names.fullmatch(name):
        raise node.error(f"{name[:80]!r} cannot be a name of {what}: it must match {names.pattern}")


def read_number(node: Node | None, what: str, default: int, allowed: range) -> int:
    """Read a number in a range."""
    if node is None:
        return default
    written = node.plain(what)
    if not (written.isascii() and written.isdigit() and len(written) < 10 and int(written) in allowed):
        raise node.error(f"{what} is a number from {allowed.start} to {allowed.stop - 1}")
    return int(written)


def parse_with(node: Node, parse: Callable[[str], _T], text: str) -> _T:
    """Parse the text of a part; the error of a parser gets its place."""
    try:
        return parse(text)
    except ConfigError as error:
        raise node.error(str(error)) from error
