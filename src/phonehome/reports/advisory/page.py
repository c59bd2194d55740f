"""The notice as one HTML page in the look of the report: no script, nothing loaded from anywhere.

What was captured cannot do anything in it: templates escape all text, and a content security policy admits the page's
own styles by their digests, and nothing else.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.model.advisory import is_web_address
from phonehome.reports import words
from phonehome.reports.advisory import phrases
from phonehome.reports.text import visible

STYLES = ("report.css", "advisory.css")


def render_page(doc: AdvisoryDocument) -> bytes:
    """Write the notice as a page of its own."""
    styles = [
        files("phonehome.reports").joinpath("assets", name).read_text(encoding="utf-8") for name in STYLES
    ]
    styles.append(_page_margins(doc.tlp))
    page = (
        _environment()
        .get_template("advisory.html.j2")
        .render(
            doc=doc,
            policy=_policy(styles),
            styles=[Markup(text) for text in styles],  # noqa: S704  our own files
        )
    )
    return page.encode("utf-8", "backslashreplace")


def _page_margins(tlp: str) -> str:
    """Put the label at the head and the foot of every printed page; browsers print no ground there, so in black."""
    label = f'content: "TLP:{tlp}"; color: #000; font: 700 12pt Arial, sans-serif;'
    return f"@page {{ @top-right {{ {label} }} @bottom-left {{ {label} }} }}"


def _policy(styles: list[str]) -> str:
    """Admit these styles and nothing else (CSP level 2)."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in styles]
    admitted = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; style-src {admitted}; img-src data:; base-uri 'none'; form-action 'none'"


def _shown(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _capital(text: str) -> str:
    """Begin with a capital, and leave the rest as it is."""
    return text[:1].upper() + text[1:]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("phonehome.reports", "templates"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "capital": _capital,
        "data_type": words.data_type,
        "is_web_address": is_web_address,
    }
    environment.globals |= {"phrases": phrases, "words": words}
    return environment
