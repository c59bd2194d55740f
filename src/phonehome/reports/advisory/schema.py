"""The JSON Schema of the notice, made from its models, so that the two cannot differ."""

from pydantic.json_schema import JsonSchemaValue

from phonehome.documents.advisory import SCHEMA, AdvisoryDocument


def advisory_schema() -> JsonSchemaValue:
    """Give the JSON Schema (draft 2020-12) of `phonehome.advisory/1`, in which no key may be missing."""
    schema = AdvisoryDocument.model_json_schema(by_alias=True, mode="serialization")
    for model in (schema, *schema["$defs"].values()):
        model["required"] = list(model["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:phonehome:schema:{SCHEMA.removeprefix('phonehome.')}",
        **schema,
        "title": SCHEMA,
    }
