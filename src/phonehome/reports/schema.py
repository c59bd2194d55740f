"""The JSON Schema of the audit document, made from its models, so that the two cannot differ."""

from pydantic.json_schema import JsonSchemaValue

from phonehome.documents.audit import SCHEMA, AuditDocument


def audit_schema() -> JsonSchemaValue:
    """Give the JSON Schema (draft 2020-12) of `phonehome.audit/1`, in which no key may be missing."""
    schema = AuditDocument.model_json_schema(by_alias=True, mode="serialization")
    for model in (schema, *schema["$defs"].values()):
        # Fields that have a default are written too; pydantic calls them optional all the same.
        model["required"] = list(model["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{SCHEMA.removeprefix('phonehome.')}",
        **schema,
        "title": SCHEMA,
    }
