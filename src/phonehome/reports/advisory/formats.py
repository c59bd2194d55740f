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


def _by_number(ending: str) -> Callable[[AdvisoryDocument], str]:
    return lambda doc: csaf_file_name(doc).removesuffix(".json") + ending


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryFormat:
    """One format.

    Attributes:
        name: What `--format` takes.
        suffixes: Of files that have it where none is named; CSAF, STIX and MISP share `.json` with the plain one.
        is_binary: True if a terminal cannot show it.
        file_name: What a file of it is called in a folder.
        render: Writes it; the same bytes for the same notice.
    """

    name: str
    suffixes: tuple[str, ...]
    is_binary: bool
    file_name: Callable[[AdvisoryDocument], str]
    render: Callable[[AdvisoryDocument], bytes]


def _format(
    name: str,
    render: Callable[[AdvisoryDocument], bytes],
    ending: str,
    *suffixes: str,
    is_binary: bool = False,
) -> AdvisoryFormat:
    file_name = csaf_file_name if name == "csaf" else _by_number(ending)
    return AdvisoryFormat(
        name=name, suffixes=suffixes, is_binary=is_binary, file_name=file_name, render=render
    )


FORMATS: tuple[AdvisoryFormat, ...] = (
    _format("html", render_page, ".html", ".html", ".htm"),
    _format("pdf", render_pdf, ".pdf", ".pdf", is_binary=True),
    _format("markdown", render_markdown, ".md", ".md", ".markdown"),
    _format("json", render_json_notice, ".advisory.json", ".json"),
    _format("csaf", render_csaf, ".json"),
    _format("stix", render_stix, ".stix.json"),
    _format("misp", render_misp, ".misp.json"),
)
