"""JSON Schemas of `claims.yaml` and `verdicts.yaml`, made from the same names that the loaders read by."""

from phonehome.case.claims_file import (
    CLAIM_KEYS,
    DATE_PATTERN,
    ID_PATTERN,
    MAX_CLAIMS,
    MAX_NAMED,
    SCHEMA,
    SCOPE_KEYS,
)
from phonehome.case.policy_schema import residency_schema
from phonehome.case.rules import MAX_CONDITION_VALUES
from phonehome.case.schema import Json
from phonehome.case.verdicts_file import SCHEMA as VERDICTS_SCHEMA
from phonehome.model.claim import Confidence, Party, Verdict
from phonehome.model.subject import DataType
from phonehome.rules.parser import MAX_LENGTH

_TEXT: Json = {"type": "string", "pattern": r"\S"}
_OPTIONAL: Json = {"type": ["string", "null"], "pattern": r"\S"}
_ID: Json = {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"}
_FLAG: Json = {"type": ["boolean", "null"]}


def claims_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of `phonehome.claims/1`.

    It holds what a schema can say; rules and names of the case are for `load_claims`.
    """
    return _whole(
        SCHEMA,
        "What parties said of a handset, with the rules that test it.",
        {
            "conditions": {
                "description": "Conditions and values that rules may name although no session has them.",
                "type": ["object", "null"],
                "additionalProperties": {"type": "array", "maxItems": MAX_CONDITION_VALUES, "items": _TEXT},
            },
            "claims": {"type": ["array", "null"], "maxItems": MAX_CLAIMS, "items": _claim()},
            "residency": residency_schema(),
        },
    )


def verdicts_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of `phonehome.verdicts/1`."""
    row: Json = {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "verdict", "confidence"],
        "properties": {
            "id": _ID,
            "verdict": {"enum": [str(verdict) for verdict in Verdict]},
            "confidence": {"enum": [str(confidence) for confidence in Confidence]},
            "superseded": _FLAG,
            "why": _OPTIONAL,
        },
    }
    schema = _whole(
        VERDICTS_SCHEMA,
        "Verdicts written by hand, to score a program by.",
        {"verdicts": {"type": "array", "maxItems": MAX_CLAIMS, "items": row}},
    )
    return {**schema, "required": ["verdicts"]}


def _whole(name: str, about: str, properties: dict[str, Json]) -> dict[str, Json]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{name.removeprefix('phonehome.')}",
        "title": name,
        "description": about,
        "type": "object",
        "additionalProperties": False,
        "properties": {"schema": {"const": name}, **properties},
    }


def _claim() -> Json:
    rule: Json = {"description": "A rule in CEL.", "type": ["string", "null"], "maxLength": MAX_LENGTH}
    properties: dict[str, Json] = {
        "id": _ID,
        "who": _TEXT,
        "party": {"enum": [str(party) for party in Party]},
        "date": {"type": ["string", "null"], "pattern": f"^(?:{DATE_PATTERN.pattern})$"},
        "text": _TEXT,
        "source": _OPTIONAL,
        "scope": _scope(),
        "observable": _FLAG,
        "because": _OPTIONAL,
        "testable_when": rule,
        "holds_if": rule,
        "conflicts_with": {"type": ["array", "null"], "maxItems": MAX_NAMED, "items": _TEXT},
    }
    assert set(properties) == set(CLAIM_KEYS)
    needed: Json = {"required": ["testable_when", "holds_if"]}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "who", "party", "text"],
        "properties": properties,
        "if": {"properties": {"observable": {"const": False}}, "required": ["observable"]},
        "else": needed,
    }


def _scope() -> Json:
    properties: dict[str, Json] = {
        "handset": _OPTIONAL,
        "build": _OPTIONAL,
        "services": {"type": ["array", "null"], "maxItems": MAX_NAMED, "items": _TEXT},
        "data_types": {"type": ["array", "null"], "items": {"enum": [str(kind) for kind in DataType]}},
        "note": _OPTIONAL,
    }
    assert set(properties) == set(SCOPE_KEYS)
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
