"""The JSON Schema of the subject file, made from the same names that the loader reads by."""

from typing import TypeAlias

import phonenumbers

from phonehome.case.subject import FILE_TYPES, ID_PATTERN, MAX_VALUES, SCHEMA
from phonehome.model.subject import DataType, Origin

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool | None"


def subject_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of `phonehome.subject/1`, for editors and other programs.

    It holds what a schema can say; check digits, duplicate ids and missing files are for `load_subject`.
    """
    text_or_null: Json = {"type": ["string", "null"], "minLength": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{SCHEMA.removeprefix('phonehome.')}",
        "title": SCHEMA,
        "description": "A handset and the values known of it.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schema": {"const": SCHEMA},
            "name": text_or_null,
            "handset": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": {"make": text_or_null, "model": text_or_null, "build": text_or_null},
            },
            "region": {
                "description": "ISO 3166 alpha-2: how phone numbers without a country code are read.",
                "enum": [*sorted(phonenumbers.SUPPORTED_REGIONS), None],
            },
            "values": {"type": ["array", "null"], "maxItems": MAX_VALUES, "items": _value()},
        },
    }


def _value() -> Json:
    inline: list[Json] = [str(kind) for kind in DataType if kind not in FILE_TYPES]
    in_files: list[Json] = [str(kind) for kind in DataType if kind in FILE_TYPES]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "type"],
        "properties": {
            "id": {
                "description": "Unique; reports show it in place of the value.",
                "type": "string",
                "pattern": f"^{ID_PATTERN.pattern}$",
            },
            "type": {"enum": [str(kind) for kind in DataType]},
            "value": {"description": "As the handset shows it.", "type": "string", "pattern": r"\S"},
            "file": {
                "description": "A path from the folder of the subject file.",
                "type": "string",
                "pattern": r"\S",
            },
            "origin": {"enum": [*(str(origin) for origin in Origin), None]},
            "since": {"type": ["string", "null"], "format": "date"},
        },
        "oneOf": [
            {"required": ["value"], "properties": {"type": {"enum": inline}, "file": False}},
            {"required": ["file"], "properties": {"type": {"enum": in_files}, "value": False}},
        ],
    }
