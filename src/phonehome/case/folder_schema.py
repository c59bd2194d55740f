"""The JSON Schemas of the files that people write in a case, made from the same names that the readers read by.

They hold what a schema can say; what one file says of another, the order of a timeline and missing files are for
`load_case`.
"""

from phonehome.case import annotations, case_file, protocol_file, session_file, timeline
from phonehome.case.places import MAX_NAME
from phonehome.case.reading import ID_PATTERN, MAX_LINE, MAX_TEXT
from phonehome.case.schema import Json
from phonehome.case.schema_parts import document_schema, object_schema, words_schema
from phonehome.model.case import CaseKind
from phonehome.model.session import ConsentState, Position
from phonehome.model.subject import DataType

_ID: Json = {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"}
_LINE: Json = {"type": "string", "pattern": r"\S", "maxLength": MAX_LINE}
_LINE_OR_NULL: Json = {"type": ["string", "null"], "pattern": r"\S", "maxLength": MAX_LINE}
_TEXT: Json = {"type": "string", "pattern": r"\S", "maxLength": MAX_TEXT}
_TEXT_OR_NULL: Json = {"type": ["string", "null"], "pattern": r"\S", "maxLength": MAX_TEXT}
_MOMENT: Json = {
    "type": "string",
    "description": "RFC 3339 with a time zone.",
    "pattern": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d)?(\.\d{1,9})?\s?([Zz]|[+-]\d\d:?\d\d)$",
}
_TYPES: Json = {"type": ["array", "null"], "items": {"enum": [str(kind) for kind in DataType]}}
_FILE: Json = {"type": "string", "pattern": r"^[^./\\][^/\\]*$", "maxLength": MAX_NAME}
_DIGEST: Json = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}
_SIZE: Json = {"type": ["integer", "null"], "minimum": 0}
_MOST = int(timeline.MAX_OFFSET_S)
_OFFSET: Json = {"type": "number", "minimum": -_MOST, "maximum": _MOST}


def _list(items: Json, most: int, *, null: bool = True, least: int = 0) -> Json:
    return {
        "type": ["array", "null"] if null else "array",
        "items": items,
        "maxItems": most,
        "minItems": least,
    }


_STEPS = _list(
    object_schema({"id": _ID, "at": _MOMENT, "note": _TEXT_OR_NULL, "exposes": _TYPES}, ("id", "at")),
    timeline.MAX_STEPS,
)
_CONSENT = _list(
    object_schema(
        {"service": _ID, "at": _MOMENT, "state": words_schema(ConsentState), "shown": _TEXT_OR_NULL},
        ("service", "at", "state"),
    ),
    timeline.MAX_CONSENT,
)
_CONDITIONS: Json = {
    "type": ["object", "null"],
    "propertyNames": {"pattern": f"^{ID_PATTERN.pattern}$"},
    "additionalProperties": _LINE,
    "patternProperties": {
        rf"^{timeline.SERVICE_PREFIX.replace('.', '[.]')}": {"enum": list(timeline.SWITCH)}
    },
    "maxProperties": timeline.MAX_CONDITIONS,
}


def case_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of `case.yaml`."""
    handset = object_schema(
        {
            "id": _ID,
            "make": _LINE_OR_NULL,
            "model": _LINE_OR_NULL,
            "builds": _list(_LINE, case_file.MAX_BUILDS),
        },
        ("id",),
    )
    service = object_schema(
        {"id": _ID, "name": _LINE_OR_NULL, "hosts": _list(_LINE, case_file.MAX_HOSTS)}, ("id",)
    )
    return document_schema(
        case_file.SCHEMA,
        "A case: handsets, and the services that they talk to.",
        {
            "title": _LINE_OR_NULL,
            "kind": words_schema(CaseKind),
            "handsets": _list(handset, case_file.MAX_HANDSETS),
            "services": _list(service, case_file.MAX_SERVICES),
        },
        (),
    )


def session_schema() -> dict[str, Json]:
    """Give the JSON Schema of `session.yaml`."""
    capture = object_schema(
        {
            "file": _FILE,
            "sha256": _DIGEST,
            "size": _SIZE,
            "keylog": {"anyOf": [_FILE, {"type": "null"}]},
            "keylog_sha256": _DIGEST,
            "keylog_size": _SIZE,
        },
        ("file",),
    )
    port: Json = {"type": "integer", "minimum": 0, "maximum": session_file.MAX_PORT}
    stand_in = object_schema(
        {"host": _LINE, "port": port, "address": _LINE, "server": _LINE, "relay": _LINE_OR_NULL},
        session_file.STAND_IN_KEYS,
    )
    return document_schema(
        session_file.SCHEMA,
        "One recording under fixed conditions.",
        {
            "id": _ID,
            "subject": _ID,
            "position": words_schema(Position),
            "protocol": {"anyOf": [_ID, {"type": "null"}]},
            "conditions": _CONDITIONS,
            "clock_offset_s": {"anyOf": [_OFFSET, {"type": "null"}]},
            "steps": _STEPS,
            "consent": _CONSENT,
            "captures": _list(capture, session_file.MAX_CAPTURES, null=False, least=1),
            "handset": _LINE_OR_NULL,
            "tools": {
                "type": ["object", "null"],
                "additionalProperties": _LINE,
                "maxProperties": session_file.MAX_TOOLS,
            },
            "recorded": {
                "anyOf": [
                    object_schema({"from": _MOMENT, "to": _MOMENT}, timeline.RECORDED_KEYS),
                    {"type": "null"},
                ]
            },
            "stand_ins": _list(stand_in, session_file.MAX_STAND_INS),
        },
        ("subject", "position", "captures"),
    )


def annotations_schema() -> dict[str, Json]:
    """Give the JSON Schema of `annotations.yaml`."""
    annotation = object_schema(
        {
            "at": _MOMENT,
            "author": _LINE,
            "reason": _TEXT,
            "session": {"anyOf": [_ID, {"type": "null"}]},
            "clock_offset_s": {"anyOf": [_OFFSET, {"type": "null"}]},
            "steps": _STEPS,
            "consent": _CONSENT,
            "conditions": _CONDITIONS,
            "note": _TEXT_OR_NULL,
        },
        ("at", "author", "reason"),
    )
    return document_schema(
        annotations.SCHEMA,
        "Corrections of a case's sessions, appended and never edited.",
        {"annotations": _list(annotation, annotations.MAX_ANNOTATIONS, null=False)},
        ("annotations",),
    )


def protocol_schema() -> dict[str, Json]:
    """Give the JSON Schema of a protocol in `protocols/` of a case."""
    step = object_schema({"id": _ID, "text": _TEXT, "exposes": _TYPES}, ("id", "text"))
    return document_schema(
        protocol_file.SCHEMA,
        "The steps of a test, and the data that each gives a chance to be sent.",
        {
            "id": _ID,
            "title": _LINE,
            "about": _TEXT,
            "conditions": {
                "type": "object",
                "propertyNames": {"pattern": f"^{ID_PATTERN.pattern}$"},
                "additionalProperties": _LINE,
                "maxProperties": protocol_file.MAX_CONDITIONS,
            },
            "exposes": {"type": "array", "items": words_schema(DataType)},
            "steps": _list(step, protocol_file.MAX_STEPS, null=False, least=1),
        },
        ("id", "title", "about", "steps"),
    )
