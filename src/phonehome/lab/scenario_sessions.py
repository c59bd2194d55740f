"""The sessions of a scenario's file: those that its skeleton describes, and those that it describes itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from phonehome.case.protocols import PROTOCOLS
from phonehome.case.reading import (
    read_id,
    read_optional,
    read_time,
    read_word,
    refuse_unknown,
    require,
)
from phonehome.case.timeline import read_conditions
from phonehome.case.yamlfile import Node
from phonehome.lab.handset.build import Build
from phonehome.lab.handset.expressions import Expression
from phonehome.lab.handset.request_file import read_headers
from phonehome.lab.scenario import PlannedSession
from phonehome.lab.skeleton import Skeleton
from phonehome.model.session import Consent, ConsentState, Position, Session, Step

KEYS = (
    "id",
    "subject",
    "begin",
    "sees_cellular",
    "carrier_adds",
    "fresh",
    "protocol",
    "conditions",
    "steps",
    "consent",
)
CONSENT_KEYS = ("service", "state", "step", "shown")
NETWORKS = ("wifi", "cellular")
MAX_ENTRIES = 200
STEP_APART = timedelta(minutes=1)
BuildLookup = Callable[[str], Build | None]


@dataclass(slots=True, kw_only=True)
class SessionReader:
    """Reads the sessions of one scenario, in order.

    Attributes:
        skeleton: What they may name.
        find_build: Gives a build; None where there is none of the name.
        builds: Those that were named so far.
    """

    skeleton: Skeleton
    find_build: BuildLookup
    builds: dict[str, Build] = field(default_factory=dict)
    _ends: datetime | None = None
    _lines: dict[str, int] = field(default_factory=dict)

    def read(self, item: Node) -> PlannedSession:
        """Read the next one.

        Raises:
            ConfigError: Something in it is wrong.
        """
        parts = item.mapping("a session", KEYS)
        name = read_id(require(parts, "id", item, "01-factory"), "the id of a session")
        if name in self._lines:
            raise item.error(f"the session {name!r} stands in line {self._lines[name]} too; ids must differ")
        self._lines[name] = item.line
        begin = read_time(parts["begin"], "begin") if "begin" in parts else None
        given = {session.id: session for session in self.skeleton.case.sessions}
        if name in given:
            if more := sorted(set(parts) & {"subject", "protocol", "conditions", "steps", "consent"}):
                raise item.error(f"the skeleton describes the session {name!r}; take away {', '.join(more)}")
            session = given[name]
            begin = begin or (session.steps[0].at if session.steps else None)
        else:
            if begin is None:
                raise item.error("'begin' is missing here; give it, as in `begin: 2014-08-07T10:00:00Z`")
            session = self._describe(item, parts, name, begin)
        if begin is None:
            raise item.error(f"the session {name!r} has no steps, so say when it begins: `begin: …`")
        self._take_build(parts.get("conditions", item), session)
        self._follow(item, session, begin)
        return PlannedSession(
            session=replace(session, captures=()),
            begin=begin,
            sees_cellular=read_flag(parts.get("sees_cellular"), "sees_cellular", default=False),
            fresh=read_flag(parts.get("fresh"), "fresh", default=False),
            carrier_adds=_carrier_adds(parts.get("carrier_adds"), session),
        )

    def _describe(self, item: Node, parts: dict[str, Node], name: str, begin: datetime) -> Session:
        subject = require(parts, "subject", item, "redmi-1s")
        handsets = self.skeleton.handsets
        handset = read_id(subject, "subject")
        refuse_unknown(subject, "the handset", handset, handsets, "it must be one of the skeleton's")
        protocol = PROTOCOLS[_protocol(require(parts, "protocol", item, "handset-2014"))]
        known = [step.id for step in protocol.steps]
        steps = []
        for number, node in enumerate(_items(parts, "steps")):
            step = read_id(node, "a step")
            refuse_unknown(node, "the step", step, known, f"steps are those of {protocol.id}")
            steps.append(Step(id=step, at=begin + number * STEP_APART))
        conditions = read_conditions(
            require(parts, "conditions", item, "{build: factory}"), handsets[handset], self.skeleton.services
        )
        consents = [self._consent(node, begin, steps) for node in _items(parts, "consent")]
        return Session(
            id=name,
            subject=handset,
            position=Position.TAP,
            protocol=protocol.id,
            conditions=conditions,
            steps=tuple(steps),
            consent=tuple(sorted(consents, key=lambda one: one.at)),
        )

    def _consent(self, node: Node, begin: datetime, steps: list[Step]) -> Consent:
        parts = node.mapping("an entry of consent", CONSENT_KEYS)
        at = begin
        if "step" in parts:
            name = read_id(parts["step"], "a step")
            refuse_unknown(
                parts["step"], "the step", name, (one.id for one in steps), "it is none of the session's"
            )
            at = next(one.at for one in steps if one.id == name)
        service = require(parts, "service", node, "cloud_messaging")
        refuse_unknown(
            service,
            "the service",
            read_id(service, "the service"),
            self.skeleton.services,
            "it must be one of the skeleton's",
        )
        return Consent(
            service=service.text("the service"),
            at=at,
            state=read_word(require(parts, "state", node, "granted"), "state", ConsentState),
            shown=read_optional(parts.get("shown"), "shown"),
        )

    def _take_build(self, node: Node, session: Session) -> None:
        name = session.conditions.get("build")
        if name is None:
            raise node.error("a session has a build among its conditions")
        if session.conditions.get("network", "wifi") not in NETWORKS:
            raise node.error(f"the network is one of {', '.join(NETWORKS)}")
        build = self.find_build(name)
        if build is None:
            raise node.error(
                f"there is no build {name[:80]!r}: none comes with the lab, and there is no builds/{name[:80]}.yaml "
                "beside this file"
            )
        self.builds[name] = build

    def _follow(self, item: Node, session: Session, begin: datetime) -> None:
        """See that it begins after the last one ended: the cloud's clock does not run backwards."""
        if self._ends is not None and begin < self._ends:
            raise item.error(
                f"the session {session.id!r} begins before the one above it ends; let it begin later"
            )
        self._ends = max([begin, *(step.at for step in session.steps)])


def read_flag(node: Node | None, what: str, *, default: bool) -> bool:
    """Read true or false."""
    if node is None:
        return default
    written = node.plain(what)
    if written not in ("true", "false"):
        raise node.error(f"{what} is true or false")
    return written == "true"


def _carrier_adds(node: Node | None, session: Session) -> dict[str, Expression]:
    """Read what the carrier adds: a condition must name it, or its doing would count as the build's."""
    if node is None:
        return {}
    if session.conditions.get("network") != "cellular" or "carrier" not in session.conditions:
        raise node.error(
            "a carrier adds headers on its own network: give `network: cellular` and `carrier: NAME` as conditions"
        )
    return read_headers(node)


def _items(parts: Mapping[str, Node], key: str) -> list[Node]:
    return parts[key].items(key, MAX_ENTRIES) if key in parts else []


def _protocol(node: Node) -> str:
    name = read_id(node, "protocol")
    refuse_unknown(node, "the protocol", name, PROTOCOLS, "`phonehome protocols` lists them")
    return name
