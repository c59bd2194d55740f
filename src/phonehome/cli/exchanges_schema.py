"""The JSON Schema of one line of `phonehome exchanges --format ndjson`."""

from typing import TypeAlias

from phonehome.model.exchange import Direction, Protocol, Transport

SCHEMA = "phonehome.exchanges/1"
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool | None"

_TEXT: Json = {"type": ["string", "null"]}
_COUNT: Json = {"type": "integer", "minimum": 0}
_SHA256: Json = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_BODY: Json = {"description": "Base64; null without --bodies.", "type": ["string", "null"]}
_TIME: Json = {"type": ["string", "null"], "format": "date-time"}


def exchanges_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of `phonehome.exchanges/1`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{SCHEMA.removeprefix('phonehome.')}",
        "title": SCHEMA,
        "description": "One exchange as it was read, unmasked; a field whose value is unknown is null.",
        **_closed(
            {
                "index": _COUNT,
                "time": _TIME,
                "protocol": {"enum": [str(protocol) for protocol in Protocol]},
                "method": _TEXT,
                "url": _TEXT,
                "host": _TEXT,
                "address": _TEXT,
                "port": {"type": ["integer", "null"]},
                "app": _TEXT,
                "packets": {"type": "array", "items": {"type": "integer", "minimum": 1}},
                "status": {"type": ["integer", "null"]},
                "transport": {"enum": [*(str(transport) for transport in Transport), None]},
                "request": _message(),
                "response": _message(),
                "messages": {"type": "array", "items": _piece()},
            }
        ),
    }


def _closed(properties: dict[str, Json]) -> dict[str, Json]:
    """Describe an object that has just these members, each of them always."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _message() -> Json:
    header: Json = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "string"}}
    message: Json = _closed(
        {
            "headers": {"type": "array", "items": header},
            "size": _COUNT,
            "sha256": _SHA256,
            "codings": {"type": "array", "items": {"type": "string"}},
            "truncated": {"type": "boolean"},
            "body": _BODY,
        }
    )
    return {"anyOf": [{"type": "null"}, message]}


def _piece() -> Json:
    return _closed(
        {
            "direction": {"enum": [str(direction) for direction in Direction]},
            "time": _TIME,
            "text": {"type": "boolean"},
            "size": _COUNT,
            "sha256": _SHA256,
            "body": _BODY,
        }
    )
