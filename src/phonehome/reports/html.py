"""The audit document as one HTML page that needs no network and in which captured text cannot do anything.

Two walls, each enough alone. What the templates print is escaped, with control and bidi characters made
visible, and data for scripts stands in a JSON block without `<`, `>` or `&`. And a content security policy
admits the page's own scripts and style by their digests, no others, and no connection at all.
"""

import base64
import hashlib
import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from phonehome.documents.audit import AuditDocument
from phonehome.reports import case_summary, page, words
from phonehome.reports.summary import Summary, flow_countries, recipient, times
from phonehome.reports.text import visible

SCRIPTS = ("echarts-sankey.min.js", "report.js")
STYLES = ("report.css",)
NO_SOURCE = "'none'"


def read_asset(name: str) -> str:
    """Give one of our own scripts or style sheets."""
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Give a source expression of a content security policy (CSP level 2, section 4.2.5)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def write_policy(scripts: list[str], styles: list[str]) -> str:
    """Write the content security policy of a page that holds these scripts and styles alone."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_digest, scripts)) or NO_SOURCE}",
            f"style-src {' '.join(map(_digest, styles))}",
            "img-src data:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def json_block(value: object) -> Markup:
    """Write `value` as JSON that is ASCII and holds no character that ends or begins markup."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  nothing is left in it that markup is made of


def _shown(value: object) -> object:
    """Make what is hidden visible in every string that a template prints; markup of the templates stays."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def page_environment() -> Environment:
    """Give the templates, which escape whatever they print, with hidden characters made visible."""
    environment = Environment(
        loader=PackageLoader("phonehome.reports", "templates"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "data_type": words.data_type,
        "transport": words.transport,
        "size": words.size,
        "country": words.country,
        "where": flow_countries,
        "recipient": recipient,
    }
    environment.globals |= {
        "words": words,
        "percent": words.percent,
        "count": words.count,
        "times": times,
        "conditions": case_summary.conditions,
        "rate": case_summary.rate,
        "reconstruction": case_summary.RECONSTRUCTION,
    }
    return environment


def render_html(doc: AuditDocument) -> str:
    """Write the document as one complete page: answer, coverage and blind spots first, then details."""
    summary = Summary(doc=doc)
    rows = page.evidence(summary)
    scripts = [read_asset(name) for name in SCRIPTS[0 if summary.up else 1 :]]  # no flow, no drawing
    styles = [read_asset(name) for name in STYLES]
    return page_environment().get_template("report.html.j2").render(
        doc=doc,
        s=summary,
        policy=write_policy(scripts, styles),
        scripts=[Markup(text) for text in scripts],  # noqa: S704  our own files
        styles=[Markup(text) for text in styles],  # noqa: S704  our own files
        drawing=json_block(asdict(page.draw(summary.up))),
        evidence=rows,
        inline=page.inline_anchors(rows),
        order=page.flow_links(summary, rows),
        anchors={row.finding.id: row.anchor for row in rows},
        c=case_summary.CaseSummary(doc=doc, case=doc.case) if doc.case is not None else None,
        rows_held=page.ROWS_HELD,
    )  # fmt: skip
