"""What the JSON Schemas of files that people write are built of (draft 2020-12)."""

from collections.abc import Iterable
from enum import StrEnum

from phonehome.case.schema import Json


def object_schema(properties: dict[str, Json], required: Iterable[str] = ()) -> dict[str, Json]:
    """Give the schema of a mapping that has these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
    }


def words_schema(words: type[StrEnum]) -> Json:
    """Give the schema of one of some words."""
    return {"enum": [str(word) for word in words]}


def document_schema(
    schema: str, about: str, properties: dict[str, Json], required: Iterable[str]
) -> dict[str, Json]:
    """Give the schema of a whole file.

    Args:
        schema: The name that its key `schema` gives (`phonehome.session/1`).
        about: What it is, in a sentence.
        properties: Its other keys.
        required: Those that must be there.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{schema.removeprefix('phonehome.')}",
        "title": schema,
        "description": about,
        **object_schema({"schema": {"const": schema}, **properties}, required),
    }
