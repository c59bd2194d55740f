"""The timeline of a session as files write it: steps and consent, read and checked by the same rules everywhere."""

import math
from collections.abc import Collection
from datetime import datetime

from phonehome.case.reading import (
    ID_PATTERN,
    MAX_LINE,
    read_data_types,
    read_id,
    read_optional,
    read_text,
    read_time,
    read_word,
    refuse_unknown,
    require,
)
from phonehome.case.times import write_time
from phonehome.case.yamlfile import Node
from phonehome.model.case import CaseHandset
from phonehome.model.protocol import TestProtocol
from phonehome.model.session import Consent, ConsentState, Step

MAX_STEPS = 10_000
MAX_CONSENT = 10_000
MAX_CONDITIONS = 100
MAX_OFFSET_S = 100 * 366 * 86_400.0
"""A clock that lost its battery may be decades off; more is a slip of the pen."""
SERVICE_PREFIX = "service."
SWITCH = ("on", "off")
_STEP_KEYS = ("id", "at", "note", "exposes")
_CONSENT_KEYS = ("service", "at", "state", "shown")


def read_steps(node: Node, protocol: TestProtocol | None) -> tuple[Step, ...]:
    """Read a list of steps, which stand by time; of a protocol's session, each is one of its steps.

    Raises:
        ConfigError: An entry is wrong, or earlier than the one before it.
    """
    steps: list[Step] = []
    seen: dict[tuple[str, datetime], int] = {}
    for item in node.items("steps", MAX_STEPS):
        parts = item.mapping("a step", _STEP_KEYS)
        id_node = require(parts, "id", item, "add-contact")
        exposes = parts.get("exposes")
        step = Step(
            id=read_id(id_node, "the id of a step"),
            at=read_time(require(parts, "at", item, "2026-03-01T09:30:00Z"), "the time of a step"),
            note=read_optional(parts.get("note"), "note"),
            exposes=None if exposes is None or exposes.is_null else read_data_types(exposes, "exposes"),
        )
        if protocol is not None and step.exposes is None:
            refuse_unknown(
                id_node,
                f"as a step of protocol {protocol.id!r},",
                step.id,
                (known.id for known in protocol.steps),
                "for an action beside the protocol say what it exposes, as in `exposes: [imei]` or `exposes: []`",
            )
        if steps and step.at < steps[-1].at:
            raise item.error(_disorder("step", step.id, step.at, steps[-1].id, steps[-1].at))
        if (step.id, step.at) in seen:
            line = seen[step.id, step.at]
            raise item.error(f"the step {step.id!r} stands in line {line} too, with the same time; keep one")
        seen[step.id, step.at] = item.line
        steps.append(step)
    return tuple(steps)


def read_consent(node: Node, services: Collection[str]) -> tuple[Consent, ...]:
    """Read a list of states of consent, which stand by time.

    Raises:
        ConfigError: An entry is wrong, names an unknown service, or is earlier than the one before it.
    """
    entries: list[Consent] = []
    seen: dict[tuple[str, datetime], int] = {}
    for item in node.items("consent", MAX_CONSENT):
        parts = item.mapping("an entry of consent", _CONSENT_KEYS)
        service_node = require(parts, "service", item, "cloud")
        entry = Consent(
            service=read_id(service_node, "the service"),
            at=read_time(
                require(parts, "at", item, "2026-03-01T09:30:00Z"), "the time of an entry of consent"
            ),
            state=read_word(require(parts, "state", item, "declined"), "state", ConsentState),
            shown=read_optional(parts.get("shown"), "shown"),
        )
        refuse_unknown(
            service_node, "the service", entry.service, services, "add it to `services` in case.yaml"
        )
        if entries and entry.at < entries[-1].at:
            raise item.error(
                _disorder("consent", entry.service, entry.at, entries[-1].service, entries[-1].at)
            )
        if (entry.service, entry.at) in seen:
            line = seen[entry.service, entry.at]
            raise item.error(
                f"the consent to {entry.service!r} at this moment stands in line {line} too; keep one"
            )
        seen[entry.service, entry.at] = item.line
        entries.append(entry)
    return tuple(entries)


def _disorder(what: str, name: str, at: datetime, before: str, before_at: datetime) -> str:
    return (
        f"the timeline is out of order: {what} {name!r} at {write_time(at)} stands after {before!r} at "
        f"{write_time(before_at)}; put the lines in the order of their times, or mend the time"
    )


def read_conditions(node: Node, handset: CaseHandset | None, services: Collection[str]) -> dict[str, str]:
    """Read the conditions of a session: `build` is one of its handset's, `service.NAME` is on or off.

    Raises:
        ConfigError: One is wrong.
    """
    conditions: dict[str, str] = {}
    for name, part in node.entries("conditions", MAX_CONDITIONS).items():
        if not ID_PATTERN.fullmatch(name):
            raise part.error(
                f"a condition is named in small letters, as in network or service.cloud; this is {name[:80]!r}"
            )
        value = read_text(part, f"the condition {name!r}", MAX_LINE)
        if name.startswith(SERVICE_PREFIX):
            service = name.removeprefix(SERVICE_PREFIX)
            refuse_unknown(part, "the service", service, services, "add it to `services` in case.yaml")
            if value not in SWITCH:
                raise part.error(f'the condition {name!r} must be "on" or "off", and this is {value[:80]!r}')
        if name == "build" and handset is not None and handset.builds:
            refuse_unknown(
                part,
                f"as a build of the handset {handset.id!r},",
                value,
                handset.builds,
                "add it to `builds` in case.yaml, in the order of release",
            )
        conditions[name] = value
    return conditions


def read_offset(node: Node) -> float:
    """Read the seconds by which the recording's clock was ahead.

    Raises:
        ConfigError: It is no number, or a century.
    """
    written = node.plain("clock_offset_s")
    try:
        seconds = float(written)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or abs(seconds) > MAX_OFFSET_S:
        raise node.error(
            "clock_offset_s must be the seconds by which the recording's clock was ahead of the timeline's, as in "
            f"2.5 or -90; this is {written[:40]!r}"
        )
    return seconds
