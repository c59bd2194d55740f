"""A comparison as one HTML page: the look and the walls of the audit's page, and no script."""

from markupsafe import Markup

from phonehome.documents.diff import DiffDocument
from phonehome.reports.case_summary import RECONSTRUCTION
from phonehome.reports.diff_terminal import HEADINGS, answer, is_reconstruction
from phonehome.reports.html import STYLES, page_environment, read_asset, write_policy

CHANGES_HELD = 1000
"""Changes of one kind on the page; the JSON document has all."""


def render_diff_html(doc: DiffDocument) -> str:
    """Write a comparison as one complete page that needs no network."""
    styles = [read_asset(name) for name in STYLES]
    groups = [
        (kind, title, note, [change for change in doc.changes if change.change == kind])
        for kind, (title, note) in HEADINGS.items()
    ]
    return page_environment().get_template("diff.html.j2").render(
        doc=doc,
        answer=answer(doc),
        groups=[group for group in groups if group[3]],
        held=CHANGES_HELD,
        reconstruction=RECONSTRUCTION if is_reconstruction(doc) else None,
        policy=write_policy([], styles),
        styles=[Markup(text) for text in styles],  # noqa: S704  our own files
    )  # fmt: skip
