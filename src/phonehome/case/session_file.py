"""`session.yaml`: one recording under fixed conditions (`phonehome.session/1`)."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from phonehome.case.places import bad_name
from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    open_whole,
    read_id,
    read_optional,
    read_text,
    read_word,
    refuse_unknown,
    require,
)
from phonehome.case.timeline import (
    read_conditions,
    read_consent,
    read_offset,
    read_recorded,
    read_steps,
)
from phonehome.case.yamlfile import Node
from phonehome.model.case import CaseHandset
from phonehome.model.protocol import TestProtocol
from phonehome.model.session import Consent, Position, Recorded, Session, SessionCapture, StandIn, Step

SCHEMA = "phonehome.session/1"
KEYS = (
    "id",
    "subject",
    "position",
    "protocol",
    "conditions",
    "clock_offset_s",
    "steps",
    "consent",
    "captures",
    "handset",
    "tools",
    "stand_ins",
    "recorded",
)
STAND_IN_KEYS = ("host", "port", "address", "server")
CAPTURE_KEYS = ("file", "sha256", "size", "keylog", "keylog_sha256", "keylog_size")
MAX_CAPTURES = 1000
MAX_TOOLS = 100
MAX_STAND_INS = 1000
NEW = "phonehome case add-session"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
MAX_PORT = 65_535
_SIZE = re.compile(r"[0-9]{1,18}", re.ASCII)
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the rest of a case says, which a session and its corrections may name."""

    handsets: Mapping[str, CaseHandset]
    services: Collection[str]
    protocols: Mapping[str, TestProtocol]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFile:
    """What `session.yaml` says, what is odd in it, and where each file that it names stands in it."""

    session: Session
    named: tuple[tuple[str, Node, int | None], ...]
    warnings: tuple[str, ...]


def read_session_file(path: Path, known: Known, name: str | None) -> SessionFile:
    """Read a session's file; whether its captures are there is not looked at.

    Args:
        path: The file.
        known: What it may name.
        name: The id that it must have, which is its folder's name; None for any, which it then must say.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    return _Reader(path, known, name).run()


class _Reader:
    """Reads one session's file; keeps what was said on the way."""

    def __init__(self, path: Path, known: Known, name: str | None) -> None:
        self._known = known
        self._folder = name
        self._top, self._parts = open_whole(path, SCHEMA, "a session", KEYS, NEW)
        self._remarks = Remarks()
        self._named: list[tuple[str, Node, int | None]] = []
        self._handset: CaseHandset | None = None
        self._protocol: TestProtocol | None = None

    def run(self) -> SessionFile:
        name = self._id()
        self._find_handset()
        self._find_protocol()
        position = self._position()
        conditions: dict[str, str] = {}
        offset = 0.0
        steps: tuple[Step, ...] = ()
        consent: tuple[Consent, ...] = ()
        captures: tuple[SessionCapture, ...] = ()
        with self._remarks.collecting():
            if node := self._given("conditions"):
                conditions = read_conditions(node, self._handset, self._known.services)
        with self._remarks.collecting():
            if node := self._given("clock_offset_s"):
                offset = read_offset(node)
        with self._remarks.collecting():
            if node := self._given("steps"):
                steps = read_steps(node, self._protocol)
        with self._remarks.collecting():
            if node := self._given("consent"):
                consent = read_consent(node, self._known.services)
        with self._remarks.collecting():
            captures = self._captures()
        recorded = self._recorded()
        handset, tools, stand_ins = self._address(), self._tools(), self._stand_ins()
        self._remarks.check()
        session = Session(
            id=name,
            subject=self._handset.id if self._handset else "",
            position=position,
            protocol=self._protocol.id if self._protocol else None,
            conditions=conditions,
            clock_offset_s=offset,
            steps=steps,
            consent=consent,
            captures=captures,
            handset=handset,
            tools=tools,
            stand_ins=stand_ins,
            recorded=recorded,
        )
        self._look_for_oddities(session)
        return SessionFile(session=session, named=tuple(self._named), warnings=tuple(self._remarks.warnings))

    def _given(self, key: str) -> Node | None:
        node = self._parts.get(key)
        return None if node is None or node.is_null else node

    def _id(self) -> str:
        name = self._folder or ""
        with self._remarks.collecting():
            if self._folder is None or self._given("id") is not None:
                node = self._require("id", "01-factory-no-account")
                name = read_id(node, "the id of a session")
                if self._folder is not None and name != self._folder:
                    raise node.error(
                        f"the id {name!r} and the folder's name {self._folder[:80]!r} must agree; change one"
                    )
        return name

    def _find_handset(self) -> None:
        with self._remarks.collecting():
            node = self._require("subject", "redmi-1s")
            name = read_id(node, "subject")
            refuse_unknown(
                node, "the handset", name, self._known.handsets, "add it to `handsets` in case.yaml"
            )
            self._handset = self._known.handsets[name]

    def _find_protocol(self) -> None:
        node = self._given("protocol")
        if node is None:
            return
        with self._remarks.collecting():
            name = read_id(node, "protocol")
            refuse_unknown(
                node,
                "the protocol",
                name,
                self._known.protocols,
                "`phonehome protocols` lists them; one of your own goes into protocols/ of the case",
            )
            self._protocol = self._known.protocols[name]

    def _position(self) -> Position:
        with self._remarks.collecting():
            return read_word(self._require("position", "gateway"), "position", Position)
        return Position.TAP  # never seen: what is wrong is raised

    def _require(self, key: str, example: str) -> Node:
        return require(self._parts, key, self._top, example)

    def _captures(self) -> tuple[SessionCapture, ...]:
        node = self._require("captures", "[{file: traffic.pcap}]")
        items = node.items("captures", MAX_CAPTURES)
        if not items:
            raise node.error("a session is a recording: name its captures, as in `- {file: traffic.pcap}`")
        captures: list[SessionCapture] = []
        lines: dict[str, int] = {}
        for item in items:
            with self._remarks.collecting():
                capture = self._capture(item)
                if capture.file in lines:
                    raise item.error(f"{capture.file!r} stands in line {lines[capture.file]} too; keep one")
                lines[capture.file] = item.line
                captures.append(capture)
        return tuple(captures)

    def _capture(self, item: Node) -> SessionCapture:
        parts = item.mapping("a capture", CAPTURE_KEYS)
        file = require(parts, "file", item, "traffic.pcap")
        capture = SessionCapture(
            file=_file_name(file),
            sha256=_digest(parts.get("sha256")),
            size=_size(parts.get("size")),
            keylog=_file_name(parts["keylog"]) if "keylog" in parts and not parts["keylog"].is_null else None,
            keylog_sha256=_digest(parts.get("keylog_sha256")),
            keylog_size=_size(parts.get("keylog_size")),
        )
        self._named.append((capture.file, file, capture.size))
        if capture.keylog is not None:
            self._named.append((capture.keylog, parts["keylog"], capture.keylog_size))
        return capture

    def _recorded(self) -> Recorded | None:
        with self._remarks.collecting():
            if node := self._given("recorded"):
                return read_recorded(node)
        return None

    def _address(self) -> str | None:
        address: str | None = None
        with self._remarks.collecting():
            node = self._parts.get("handset")
            address = read_optional(node, "handset", MAX_LINE)
            if node is not None and address is not None:
                address = _canonical(node, address)
        return address

    def _tools(self) -> dict[str, str]:
        tools: dict[str, str] = {}
        with self._remarks.collecting():
            if node := self._given("tools"):
                for name, part in node.entries("tools", MAX_TOOLS).items():
                    tools[name[:MAX_LINE]] = read_text(part, f"the version of {name[:80]!r}", MAX_LINE)
        return tools

    def _stand_ins(self) -> tuple[StandIn, ...]:
        found: list[StandIn] = []
        with self._remarks.collecting():
            if node := self._given("stand_ins"):
                for item in node.items("stand_ins", MAX_STAND_INS):
                    with self._remarks.collecting():
                        found.append(_stand_in(item))
        return tuple(found)

    def _look_for_oddities(self, session: Session) -> None:
        steps = self._given("steps")
        if self._protocol is None and steps is not None:
            silent = [step.id for step in session.steps if step.exposes is None]
            if silent:
                self._remarks.warn(
                    steps,
                    f"no protocol says what {', '.join(silent[:5])} expose; name one, or give the steps `exposes`, "
                    "or they count as no chance for any data",
                )
        if self._protocol is not None:
            absent = [factor for factor in self._protocol.conditions if factor not in session.conditions]
            if absent:
                self._remarks.warn(
                    self._parts["protocol"],
                    f"the protocol {self._protocol.id!r} wants these conditions stated: {', '.join(absent)}",
                )


def _stand_in(item: Node) -> StandIn:
    parts = item.mapping("a stand-in", (*STAND_IN_KEYS, "relay"))
    port = require(parts, "port", item, "443")
    written = port.plain("port")
    if not _PORT.fullmatch(written) or int(written) > MAX_PORT:
        raise port.error(f"a port is a number from 0 to {MAX_PORT}")
    return StandIn(
        host=read_text(require(parts, "host", item, "api.example.com"), "host", MAX_LINE),
        port=int(written),
        address=read_text(require(parts, "address", item, "203.0.113.10"), "address", MAX_LINE),
        server=read_text(require(parts, "server", item, '"127.0.0.1:8443"'), "server", MAX_LINE),
        relay=read_optional(parts.get("relay"), "relay", MAX_LINE),
    )


def _file_name(node: Node) -> str:
    name = node.text("a file of the session")
    wrong = bad_name(name)
    if wrong is not None:
        raise node.error(f"{name[:80]!r} {wrong}")
    return name


def _digest(node: Node | None) -> str | None:
    if node is None or node.is_null:
        return None
    written = node.plain("sha256")
    if not _SHA256.fullmatch(written):
        raise node.error("a SHA-256 is 64 of 0-9 and a-f, in quotes")
    return written


def _size(node: Node | None) -> int | None:
    if node is None or node.is_null:
        return None
    written = node.plain("size")
    if not _SIZE.fullmatch(written):
        raise node.error("a size is a number of bytes, as in 48213")
    return int(written)


def _canonical(node: Node, address: str) -> str:
    if _MAC.fullmatch(address):
        return address.replace("-", ":").lower()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError as error:
        raise node.error(
            "handset must be the phone's IP address (192.0.2.7) or MAC address (00:00:5e:00:53:01)"
        ) from error
