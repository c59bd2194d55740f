"""The JSON Schemas of the documents, made from their models, so that the two cannot differ."""

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue

from phonehome.documents.audit import SCHEMA, AuditDocument
from phonehome.documents.diff import DIFF_SCHEMA, DiffDocument


def audit_schema() -> JsonSchemaValue:
    """Give the JSON Schema (draft 2020-12) of `phonehome.audit/1`, in which no key may be missing."""
    return document_schema(AuditDocument, SCHEMA)


def diff_schema() -> JsonSchemaValue:
    """Give the JSON Schema of `phonehome.diff/1`, likewise."""
    return document_schema(DiffDocument, DIFF_SCHEMA)


def document_schema(document: type[BaseModel], name: str) -> JsonSchemaValue:
    """Give the JSON Schema of a document that this program writes, in which no key may be missing."""
    schema = document.model_json_schema(by_alias=True, mode="serialization")
    for model in (schema, *schema["$defs"].values()):
        # Fields that have a default are written too; pydantic calls them optional all the same.
        if "properties" in model:
            model["required"] = list(model["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{name.removeprefix('phonehome.')}",
        **schema,
        "title": name,
    }
