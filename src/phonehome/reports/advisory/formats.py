"""The formats of the notice, each a module of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.reports.advisory.csaf import csaf_file_name, render_csaf
from phonehome.reports.advisory.json_notice import render_json_notice
from phonehome.reports.advisory.markdown import render_markdown
from phonehome.reports.advisory.misp import render_misp
from phonehome.reports.advisory.page import render_page
from phonehome.reports.advisory.pdf import render_pdf
from phonehome.reports.advisory.stix import render_stix


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryFormat:
    """One format.

    Attributes:
        name: What `--format` takes.
        suffixes: Of files that have it where none is named; CSAF, STIX and MISP share `.json` with the plain one.
        is_binary: True if a terminal cannot show it.
        mark: Bytes that every file of it holds, and hardly any other: what may be written over.
        file_name: What a file of it is called in a folder.
        render: Writes it; the same bytes for the same notice.
    """

    name: str
    suffixes: tuple[str, ...]
    is_binary: bool
    mark: bytes
    file_name: Callable[[AdvisoryDocument], str]
    render: Callable[[AdvisoryDocument], bytes]


def _named(ending: str) -> Callable[[AdvisoryDocument], str]:
    """Name files by the number of the notice, as CSAF does."""
    return lambda doc: csaf_file_name(doc).removesuffix(".json") + ending


FORMATS: tuple[AdvisoryFormat, ...] = (
    AdvisoryFormat(
        name="html",
        suffixes=(".html", ".htm"),
        is_binary=False,
        mark=b'<p class="kicker">Advisory on recorded phone traffic',
        file_name=_named(".html"),
        render=render_page,
    ),
    AdvisoryFormat(
        name="pdf",
        suffixes=(".pdf",),
        is_binary=True,
        mark=b"phonehome advisory",
        file_name=_named(".pdf"),
        render=render_pdf,
    ),
    AdvisoryFormat(
        name="markdown",
        suffixes=(".md", ".markdown"),
        is_binary=False,
        mark=b"Made by phonehome ",
        file_name=_named(".md"),
        render=render_markdown,
    ),
    AdvisoryFormat(
        name="json",
        suffixes=(".json",),
        is_binary=False,
        mark=b'"schema": "phonehome.advisory/1"',
        file_name=_named(".advisory.json"),
        render=render_json_notice,
    ),
    AdvisoryFormat(
        name="csaf",
        suffixes=(),
        is_binary=False,
        mark=b'"category": "csaf_informational_advisory"',
        file_name=csaf_file_name,
        render=render_csaf,
    ),
    AdvisoryFormat(
        name="stix",
        suffixes=(),
        is_binary=False,
        mark=b'"id": "bundle--',
        file_name=_named(".stix.json"),
        render=render_stix,
    ),
    AdvisoryFormat(
        name="misp",
        suffixes=(),
        is_binary=False,
        mark=b'"EventReport": [',
        file_name=_named(".misp.json"),
        render=render_misp,
    ),
)
