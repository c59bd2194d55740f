"""Writing sessions and annotations as the YAML that their readers read: everything that needs quotes has them."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml

from phonehome.case.annotations import SCHEMA as ANNOTATIONS_SCHEMA
from phonehome.case.session_file import SCHEMA as SESSION_SCHEMA
from phonehome.case.times import write_time
from phonehome.model.case import Annotation
from phonehome.model.session import Consent, Session, SessionCapture, StandIn, Step

Part: TypeAlias = "Mapping[str, Part] | Sequence[Part] | str | int | float"
WIDTH = 1 << 20  # one entry, one line
_SESSION_HEAD = """\
# Evidence: never changed after it was added. `phonehome case annotate` corrects it, beside this file.
"""
_ANNOTATIONS_HEAD = """\
# Corrections, each with date, author and reason: appended by `phonehome case annotate`, never edited.
# A list of steps or consent, or a set of conditions, is the whole of it as corrected.
"""


def write_session(session: Session) -> str:
    """Write the text of `session.yaml`."""
    parts: dict[str, Part] = {
        "schema": SESSION_SCHEMA,
        "id": session.id,
        "subject": session.subject,
        "position": str(session.position),
    }
    if session.protocol is not None:
        parts["protocol"] = session.protocol
    if session.conditions:
        parts["conditions"] = dict(session.conditions)
    parts["clock_offset_s"] = session.clock_offset_s
    parts["steps"] = [_step(step) for step in session.steps]
    parts["consent"] = [_consent(entry) for entry in session.consent]
    parts["captures"] = [_capture(capture) for capture in session.captures]
    if session.recorded is not None:
        parts["recorded"] = {
            "from": write_time(session.recorded.begin),
            "to": write_time(session.recorded.end),
        }
    if session.handset is not None:
        parts["handset"] = session.handset
    if session.tools:
        parts["tools"] = dict(session.tools)
    if session.stand_ins:
        parts["stand_ins"] = [_stand_in(one) for one in session.stand_ins]
    return _SESSION_HEAD + _dump(parts)


def start_annotations() -> str:
    """Write the beginning of `annotations.yaml`, to which entries are appended."""
    return f"{_ANNOTATIONS_HEAD}schema: {ANNOTATIONS_SCHEMA}\nannotations:\n"


def write_annotation(annotation: Annotation, corrected: Session | None, indent: int) -> str:
    """Write one entry of `annotations.yaml`: a list item, `indent` columns to the right.

    Args:
        annotation: Who, when and why, and which fields it corrects.
        corrected: The session as it shall be, from which those fields are taken.
        indent: The column of the entries before it.
    """
    parts: dict[str, Part] = {
        "at": write_time(annotation.at),
        "author": annotation.author,
        "reason": annotation.reason,
    }
    if annotation.session is not None:
        parts["session"] = annotation.session
    if corrected is not None:
        whole: dict[str, Part] = {
            "clock_offset_s": corrected.clock_offset_s,
            "steps": [_step(step) for step in corrected.steps],
            "consent": [_consent(entry) for entry in corrected.consent],
            "conditions": dict(corrected.conditions),
        }
        parts |= {name: whole[name] for name in annotation.corrects}
    if annotation.note is not None:
        parts["note"] = annotation.note
    return "".join(f"{' ' * indent}{line}\n" for line in _dump([parts]).splitlines())


class _Dumper(yaml.SafeDumper):
    """Writes texts with odd characters in double quotes: PyYAML folds some of them away in its other styles."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _represent_text)


def _dump(parts: Part) -> str:
    # Leaves as `{…}`: one step, one line.
    return str(
        yaml.dump(
            parts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None
        )
    )


def _step(step: Step) -> Part:
    parts: dict[str, Part] = {"id": step.id, "at": write_time(step.at)}
    if step.note is not None:
        parts["note"] = step.note
    if step.exposes is not None:
        parts["exposes"] = [str(kind) for kind in step.exposes]
    return parts


def _consent(entry: Consent) -> Part:
    parts: dict[str, Part] = {
        "service": entry.service,
        "at": write_time(entry.at),
        "state": str(entry.state),
    }
    if entry.shown is not None:
        parts["shown"] = entry.shown
    return parts


def _stand_in(one: StandIn) -> Part:
    parts: dict[str, Part] = {
        "host": one.host,
        "port": one.port,
        "address": one.address,
        "server": one.server,
    }
    return parts if one.relay is None else parts | {"relay": one.relay}


def _capture(capture: SessionCapture) -> Part:
    parts: dict[str, Part] = {"file": capture.file}
    values: tuple[tuple[str, str | int | None], ...] = (
        ("sha256", capture.sha256),
        ("size", capture.size),
        ("keylog", capture.keylog),
        ("keylog_sha256", capture.keylog_sha256),
        ("keylog_size", capture.keylog_size),
    )
    return parts | {name: value for name, value in values if value is not None}
