"""The JSON Schemas of scenarios and builds, made from the same names that their readers read by.

They hold what a schema can say; that builds and skeletons are there, and that expressions are, is for the readers.
"""

from phonehome.case.claims_file import MAX_CLAIMS
from phonehome.case.reading import ID_PATTERN, MAX_LINE, MAX_TEXT
from phonehome.case.schema import Json
from phonehome.case.schema_parts import document_schema, object_schema, words_schema
from phonehome.lab import scenario_file, scenario_sessions
from phonehome.lab.handset import build_file, expressions, request_file
from phonehome.lab.handset.build import Account, BodyKind
from phonehome.model.claim import Verdict
from phonehome.model.session import ConsentState
from phonehome.model.subject import DataType

_ID: Json = {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"}
_LINE: Json = {"type": "string", "pattern": r"\S", "maxLength": MAX_LINE}
_TEXT: Json = {"type": "string", "pattern": r"\S", "maxLength": MAX_TEXT}
_FLAG: Json = {"type": "boolean"}
_MOMENT: Json = {"type": "string", "description": "RFC 3339 with a time zone."}
_EXPRESSION: Json = {
    "type": "string",
    "description": "A data type, a word of the handset's, 'a text', or a function of one: base64(H(imei)).",
    "pattern": r"\S",
    "maxLength": expressions.MAX_LENGTH,
}
_TEMPLATE: Json = {
    "type": "string",
    "description": "A text with expressions in braces.",
    "pattern": r"\S",
    "maxLength": expressions.MAX_LENGTH,
}
_STEP: Json = {"type": "string", "pattern": f"^({ID_PATTERN.pattern}|[*])$"}


def _list(items: Json, most: int, least: int = 0) -> Json:
    return {"type": "array", "items": items, "maxItems": most, "minItems": least}


def _map(values: Json, names: str, most: int) -> Json:
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{names}$"},
        "additionalProperties": values,
        "maxProperties": most,
    }


def _number(allowed: range) -> Json:
    return {"type": "integer", "minimum": allowed.start, "maximum": allowed.stop - 1}


def scenario_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of a scenario."""
    most = scenario_sessions.MAX_ENTRIES
    consent = object_schema(
        {"service": _ID, "state": words_schema(ConsentState), "step": _ID, "shown": _TEXT},
        ("service", "state"),
    )
    session = object_schema(
        {
            "id": _ID,
            "subject": _ID,
            "begin": _MOMENT,
            "sees_cellular": _FLAG,
            "fresh": _FLAG,
            "carrier_adds": _map(_EXPRESSION, request_file.HEADER.pattern, most),
            "protocol": _ID,
            "conditions": {**object_schema({"build": _ID}, ("build",)), "additionalProperties": _LINE},
            "steps": _list(_ID, most),
            "consent": _list(consent, most),
        },
        ("id",),
    )
    host: Json = {"type": "string", "pattern": f"^{scenario_file.HOST.pattern}$"}
    return document_schema(
        scenario_file.SCHEMA,
        "A scenario of the lab: which builds do what, in which sessions, and what may be known of it.",
        {
            "id": _ID,
            "title": _LINE,
            "about": _TEXT,
            "skeleton": _ID,
            "build": _ID,
            "messaging_default_on": _FLAG,
            "elsewhere": _list(host, scenario_file.MAX_ELSEWHERE),
            "sessions": _list(session, most, 1),
            "verdicts": {
                "type": "object",
                "additionalProperties": words_schema(Verdict),
                "maxProperties": MAX_CLAIMS,
            },
            "unknown": _list(_unknown(most), most),
        },
        ("id", "title", "about", "skeleton", "sessions"),
    )


def _unknown(most: int) -> Json:
    conditions: Json = {"type": "object", "additionalProperties": _LINE, "maxProperties": most}
    parts: dict[str, Json] = {
        "text": _LINE,
        "claim": {"type": "string"},
        "sessions": _list(_ID, most),
        "subject": _ID,
        "conditions": conditions,
        "data_types": _list(words_schema(DataType), most),
    }
    return object_schema(parts, ("text",))


def build_schema() -> dict[str, Json]:
    """Give the JSON Schema of a build of the handset."""
    most = request_file.MAX_ENTRIES
    behaviour = object_schema(
        {
            "id": _ID,
            "on": _list(_STEP, most),
            "when": _map({"anyOf": [_LINE, _list(_LINE, most)]}, ".+", most),
            "service": _LINE,
            "percent": _number(build_file.PERCENT),
            "request": _request(most),
            "sms": object_schema({"to": _LINE, "text": _TEMPLATE}, ("to", "text")),
            "push": object_schema(
                {
                    "host": _LINE,
                    "model": _LINE,
                    "os": _LINE,
                    "messages": _number(build_file.MESSAGES),
                    "size": _number(build_file.SIZE),
                },
                ("host", "model", "os"),
            ),
        },
        ("id", "on"),
    )
    behaviour["oneOf"] = [{"required": [act]} for act in build_file.ACTS]
    schema = document_schema(
        build_file.SCHEMA,
        "A build of the lab's handset: what it sends at which step, under which conditions.",
        {
            "id": _ID,
            "title": _LINE,
            "about": _TEXT,
            "extends": _ID,
            "without": _list(_ID, most),
            "pinned": _list(_LINE, most),
            "behaviours": _list(behaviour, most),
        },
        ("id", "title", "about"),
    )
    inner: Json = {"$ref": "#/$defs/part"}
    fields = _map(inner, request_file.FIELD.pattern, most)
    schema["$defs"] = {"part": {"anyOf": [_EXPRESSION, _list(inner, most), fields]}, "fields": fields}
    return schema


def _request(most: int) -> Json:
    fielded = [str(kind) for kind in BodyKind if kind is not BodyKind.FILE]
    body: Json = {
        "oneOf": [
            object_schema(
                {"kind": {"enum": list[Json](fielded)}, "fields": {"$ref": "#/$defs/fields"}},
                ("kind", "fields"),
            ),
            object_schema(
                {"kind": {"const": str(BodyKind.FILE)}, "file": words_schema(DataType)}, ("kind", "file")
            ),
        ]
    }
    return object_schema(
        {
            "method": {"enum": list[Json](request_file.METHODS)},
            "url": _TEMPLATE,
            "query": _map(_EXPRESSION, request_file.FIELD.pattern, most),
            "headers": _map(_EXPRESSION, request_file.HEADER.pattern, most),
            "body": body,
            "session": words_schema(Account),
            "keeps": words_schema(Account),
            "stores": {"const": True},
            "status": _number(request_file.STATUS),
        },
        ("method", "url"),
    )
