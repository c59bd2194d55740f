"""The JSON Schema of the policy file, made from the same names that the loader reads by."""

from phonehome.case import policy_file, residency_file
from phonehome.case.reading import ID_PATTERN, MAX_LINE, MAX_TEXT
from phonehome.case.schema import Json
from phonehome.model.countries import COUNTRY_CODES
from phonehome.model.policy import Decision, Enforcement, PolicySeverity, Untested
from phonehome.model.subject import DataType


def policy_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of `phonehome.policy/1`, for editors and other programs.

    It holds what a schema can say; whether a rule is one, and its names are known, is for `load_policy`.
    """
    name = policy_file.SCHEMA
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{name.removeprefix('phonehome.')}",
        "title": name,
        "description": "An organisation's rules on handsets.",
        **_object(("title", "rules"), _top()),
    }


def _top() -> dict[str, Json]:
    return {
        "schema": {"const": policy_file.SCHEMA},
        "title": _text(MAX_LINE),
        "audience": _or_null(_text(MAX_LINE)),
        "enforcement": {"enum": [*map(str, Enforcement), None]},
        "minimum_read": {
            "description": "Share of the bytes of each session that must have been read before a handset is allowed.",
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "maximum": 1,
        },
        "untested": {"enum": [*map(str, Untested), None]},
        "conditions": {
            "description": "Conditions and values that rules may name beyond those of the sessions.",
            "type": ["object", "null"],
            "additionalProperties": {"type": "array", "items": _text(MAX_LINE)},
        },
        "requires": _list(_requirement(), policy_file.MAX_REQUIREMENTS),
        "rules": {"type": "array", "minItems": 1, "maxItems": policy_file.MAX_RULES, "items": _rule()},
        "residency": residency_schema(),
    }


def _rule() -> dict[str, Json]:
    fields: dict[str, Json] = {
        "id": _id(),
        "when": {"description": "A rule in CEL over flow, session and coverage.", **_text(MAX_TEXT)},
        "severity": {"enum": [*map(str, PolicySeverity), None]},
        "decision": {"enum": [*map(str, Decision)]},
        "reason": _text(MAX_TEXT),
        "advice": _list(_text(MAX_TEXT), policy_file.MAX_ADVICE),
    }
    return _object(("id", "when", "decision", "reason"), fields)


def _requirement() -> dict[str, Json]:
    fields: dict[str, Json] = {
        "conditions": {"type": ["object", "null"], "additionalProperties": _text(MAX_LINE)},
        "data_types": _types(),
        "exposures": {"type": ["integer", "null"], "minimum": 1, "maximum": policy_file.MAX_EXPOSURES},
    }
    return _object((), fields)


def residency_schema() -> Json:
    """Give the schema of a list of statements on where data lives: claims hold such, too."""
    return _list(_statement(), residency_file.MAX_STATEMENTS)


def _statement() -> dict[str, Json]:
    day: Json = {"type": ["string", "null"], "format": "date"}
    fields: dict[str, Json] = {
        "id": _id(),
        "text": _text(MAX_TEXT),
        "source": _or_null(_text(MAX_TEXT)),
        "services": _list(_id(), residency_file.MAX_NAMES),
        "hosts": _list(_text(MAX_LINE), residency_file.MAX_NAMES),
        "data_types": _types(),
        "countries": {"type": "array", "minItems": 1, "items": {"enum": [*sorted(COUNTRY_CODES)]}},
        "since": day,
        "until": day,
    }
    return _object(("id", "text", "countries"), fields)


def _object(required: tuple[str, ...], fields: dict[str, Json]) -> dict[str, Json]:
    return {"type": "object", "additionalProperties": False, "required": [*required], "properties": fields}


def _list(items: Json, limit: int) -> Json:
    return {"type": ["array", "null"], "maxItems": limit, "items": items}


def _types() -> Json:
    return _list({"enum": [*map(str, DataType)]}, len(DataType))


def _id() -> dict[str, Json]:
    return {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"}


def _text(limit: int) -> dict[str, Json]:
    return {"type": "string", "pattern": r"\S", "maxLength": limit}


def _or_null(schema: dict[str, Json]) -> dict[str, Json]:
    return {**schema, "type": [schema["type"], "null"]}
