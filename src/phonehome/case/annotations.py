"""`annotations.yaml`: later corrections of a case's sessions, appended and never edited (`phonehome.annotations/1`).

A correction names its author and the reason, and overlays the session: what it says of steps, consent or conditions
is the whole corrected list, so that it can be read without what came before. The session's own file stays as it was.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    open_whole,
    read_id,
    read_optional,
    read_text,
    read_time,
    refuse_unknown,
    require,
)
from phonehome.case.session_file import Known
from phonehome.case.timeline import read_conditions, read_consent, read_offset, read_steps
from phonehome.case.times import write_time
from phonehome.case.yamlfile import Node
from phonehome.model.case import Annotation
from phonehome.model.session import Session

SCHEMA = "phonehome.annotations/1"
CORRECTIONS = ("clock_offset_s", "steps", "consent", "conditions")
KEYS = ("at", "author", "reason", "session", *CORRECTIONS, "note")
MAX_ANNOTATIONS = 10_000
NEW = "phonehome case annotate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """Sessions as corrected, by id, and the corrections in the order in which they were appended."""

    sessions: dict[str, Session]
    annotations: tuple[Annotation, ...] = ()
    warnings: tuple[str, ...] = ()


def annotate(path: Path, sessions: Mapping[str, Session], known: Known) -> Annotated:
    """Read `annotations.yaml`, if there is one, and lay it over the sessions.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    if not os.path.lexists(path):
        return Annotated(sessions=dict(sessions))
    top, parts = open_whole(path, SCHEMA, "the file of annotations", ("annotations",), NEW)
    remarks = Remarks()
    corrected = dict(sessions)
    annotations: list[Annotation] = []
    latest: datetime | None = None
    for item in require(parts, "annotations", top, "[]").items("annotations", MAX_ANNOTATIONS):
        with remarks.collecting():
            annotation = _read(item, corrected, known)
            if latest is not None and annotation.at < latest:
                remarks.warn(
                    item,
                    f"this annotation of {write_time(annotation.at)} stands after one of {write_time(latest)}; "
                    "the order of the lines counts",
                )
            latest = annotation.at
            annotations.append(annotation)
    remarks.check()
    return Annotated(sessions=corrected, annotations=tuple(annotations), warnings=tuple(remarks.warnings))


def _read(item: Node, sessions: dict[str, Session], known: Known) -> Annotation:
    """Read one annotation and put what it corrects into `sessions`."""
    parts = {key: node for key, node in item.mapping("an annotation", KEYS).items() if not node.is_null}
    corrects = tuple(key for key in CORRECTIONS if key in parts)
    node = parts.get("session")
    annotation = Annotation(
        at=read_time(require(parts, "at", item, "2026-03-01T09:30:00Z"), "the time of an annotation"),
        author=read_text(require(parts, "author", item, '"A. Tester"'), "author", MAX_LINE),
        reason=read_text(require(parts, "reason", item, '"the clock was read again"'), "reason"),
        session=None if node is None else read_id(node, "session"),
        corrects=corrects,
        note=read_optional(parts.get("note"), "note"),
    )
    if node is None or annotation.session is None:
        if corrects:
            raise item.error(f"a correction of {corrects[0]} needs `session:`, to say of which one")
        return annotation
    refuse_unknown(
        node, "the session", annotation.session, sessions, "it must be the name of a folder in sessions/"
    )
    sessions[annotation.session] = _correct(sessions[annotation.session], parts, known)
    return annotation


def _correct(session: Session, parts: Mapping[str, Node], known: Known) -> Session:
    if "clock_offset_s" in parts:
        session = replace(session, clock_offset_s=read_offset(parts["clock_offset_s"]))
    if "steps" in parts:
        protocol = known.protocols[session.protocol] if session.protocol is not None else None
        session = replace(session, steps=read_steps(parts["steps"], protocol))
    if "consent" in parts:
        session = replace(session, consent=read_consent(parts["consent"], known.services))
    if "conditions" in parts:
        handset = known.handsets[session.subject]
        session = replace(session, conditions=read_conditions(parts["conditions"], handset, known.services))
    return session
