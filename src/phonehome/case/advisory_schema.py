"""The JSON Schema of `advisory.yaml`, made from the same names that the loader reads by."""

from phonehome.case.advisory_file import (
    MAX_ENTRIES,
    MAX_ID,
    SCHEMA,
    VERSION_PATTERN,
)
from phonehome.case.reading import MAX_LINE, MAX_TEXT
from phonehome.case.schema import Json
from phonehome.model.advisory import (
    MAX_WEB_ADDRESS,
    WEB_ADDRESS_PATTERN,
    Audience,
    NoticeSeverity,
    PublisherCategory,
    SignedStatus,
    Tlp,
)


def advisory_file_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of `phonehome.advisory-file/1`, for editors and other programs.

    It holds what a schema can say; that dates and versions rise is for `load_advisory_file`.
    """
    severities: Json = [*(word.value for word in NoticeSeverity), None]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{SCHEMA.removeprefix('phonehome.')}",
        "title": SCHEMA,
        "description": "What people decide about the notice of a case.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schema": {"const": SCHEMA},
            "title": _text(MAX_LINE),
            "id": _text(MAX_ID, "The number under which the publisher keeps the notice."),
            "publisher": _publisher(),
            "tlp": {"enum": [*(label.value for label in Tlp), None]},
            "severity": {"enum": severities},
            "status": {
                "description": "What it is once the case is signed.",
                "enum": [*(word.value for word in SignedStatus), None],
            },
            "least_severity": {"description": "Flows below it are left out.", "enum": severities},
            "overview": _text(MAX_TEXT, "Paragraphs before the derived ones, set apart by empty lines."),
            "what_to_do": _list(
                {"who": {"enum": [word.value for word in Audience]}, "text": _given(MAX_TEXT)}
            ),
            "references": _list({"summary": _given(MAX_LINE), "url": _url()}),
            "revisions": _list(
                {
                    "version": {
                        "type": ["string", "integer"],
                        "pattern": f"^{VERSION_PATTERN}$",
                        "minimum": 0,
                    },
                    "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d"},
                    "summary": _given(MAX_TEXT),
                }
            ),
        },
    }


def _text(limit: int, description: str | None = None) -> Json:
    more: dict[str, Json] = {"description": description} if description else {}
    return {"type": ["string", "null"], "pattern": r"\S", "maxLength": limit, **more}


def _given(limit: int) -> Json:
    return {"type": "string", "pattern": r"\S", "maxLength": limit}


def _url() -> Json:
    return {"type": "string", "pattern": f"^{WEB_ADDRESS_PATTERN}$", "maxLength": MAX_WEB_ADDRESS}


def _list(properties: dict[str, Json]) -> Json:
    required: list[Json] = list(properties)
    return {
        "type": ["array", "null"],
        "maxItems": MAX_ENTRIES,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": required,
            "properties": properties,
        },
    }


def _publisher() -> Json:
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "required": ["name", "namespace"],
        "properties": {
            "name": _given(MAX_LINE),
            "namespace": _url(),
            "contact": _text(MAX_LINE),
            "category": {"enum": [*(word.value for word in PublisherCategory), None]},
        },
    }
