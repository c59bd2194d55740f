"""The notice as JSON, `phonehome.advisory/1`: all of it, for other programs."""

import json

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.reports.json_report import escape_hidden


def render_json_notice(doc: AdvisoryDocument) -> bytes:
    """Write the notice as indented JSON that keeps to `advisory_schema()`."""
    return write_json(doc.model_dump(mode="json"))


def write_json(value: object) -> bytes:
    """Write indented JSON that ends in a line feed; characters that could steer a terminal are JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return (escape_hidden(text) + "\n").encode("utf-8")
