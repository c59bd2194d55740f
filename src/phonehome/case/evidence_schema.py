"""The JSON Schemas of manifest, shared copy and openings, made from their models, so that the two cannot differ."""

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue

from phonehome.documents.manifest import MANIFEST_SCHEMA, ManifestDocument
from phonehome.documents.shared import (
    OPENING_SCHEMA,
    OPENINGS_SCHEMA,
    SHARED_SCHEMA,
    OpeningDocument,
    OpeningsDocument,
    SharedDocument,
)


def manifest_schema() -> JsonSchemaValue:
    """Give the JSON Schema of `phonehome.manifest/1`."""
    return _schema(ManifestDocument, MANIFEST_SCHEMA)


def shared_schema() -> JsonSchemaValue:
    """Give the JSON Schema of `phonehome.shared/1`."""
    return _schema(SharedDocument, SHARED_SCHEMA)


def openings_schema() -> JsonSchemaValue:
    """Give the JSON Schema of `phonehome.openings/1`."""
    return _schema(OpeningsDocument, OPENINGS_SCHEMA)


def opening_schema() -> JsonSchemaValue:
    """Give the JSON Schema of `phonehome.opening/1`."""
    return _schema(OpeningDocument, OPENING_SCHEMA)


def _schema(model: type[BaseModel], name: str) -> JsonSchemaValue:
    """Draft 2020-12, in which no key may be missing: what has a default is written, too."""
    schema = model.model_json_schema(by_alias=True, mode="serialization")
    for part in (schema, *schema.get("$defs", {}).values()):
        part["required"] = list(part["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{name.removeprefix('phonehome.')}",
        **schema,
        "title": name,
    }
