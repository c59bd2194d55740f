"""The flows as a table for spreadsheets: one flow a row (RFC 4180), harmless when opened.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, also after leading blanks, and
splits cells at semicolons or tabs where its locale says so. So an apostrophe is put before such a character
wherever a cell could begin.
"""

import csv
import io
import re

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.reports.text import visible

SEPARATOR = " · "
KIND = "kind"
"""Of a case: observation or reconstruction, in every row, since a row is what gets copied."""
COLUMNS = (
    "id",
    "data_type",
    "categories",
    "value_ids",
    "direction",
    "host",
    "organisation",
    "country",
    "countries",
    "transport",
    "methods",
    "forms",
    "severity",
    "weak",
    "count",
    "first",
    "last",
    "session",
    "conditions",
    "consent",
    "consents",
    "steps",
    "findings",
    KIND,
)

# Full-width forms count too: some locales fold them into the ASCII ones (OWASP, CSV injection).
_FORMULA = re.compile(r"(^|[;,|\"·])(\s*)(?=[=+\-@＝＋－＠])")


def _cell(value: object) -> str:
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case dict():
            text = SEPARATOR.join(f"{key}={_item(item)}" for key, item in value.items())
        case list():
            text = SEPARATOR.join(str(item) for item in value)
        case _:
            text = str(value)
    # In this order: a leading tab or line break counts as a blank only until it becomes an escape.
    return visible(_FORMULA.sub(r"\1\2'", text))


def _item(value: object) -> str:
    """Write one item of a mapping; of several states, each, and `unknown` for one that nobody recorded."""
    if isinstance(value, list):
        return ", ".join("unknown" if one is None else str(one) for one in value)
    return str(value)


def _row(flow: FlowDoc, kind: str | None) -> list[str]:
    fields = {**flow.model_dump(), KIND: kind}
    return [_cell(fields[name]) for name in COLUMNS]


def render_csv(doc: AuditDocument) -> str:
    """Write a header and one row a flow, as the document orders them; ` · ` joins lists, null is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    kind = doc.case.kind if doc.case is not None else None
    writer.writerows(_row(flow, kind) for flow in doc.flows)
    return out.getvalue()
