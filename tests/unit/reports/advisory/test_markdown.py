"""Markdown: what was captured shows as itself in every dialect, and is never markup, a link or a tag."""

import re

import markdown
import pytest
from advisory_samples import affair_notice, hostile_notice
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from phonehome.reports.advisory.markdown import code, escape, render_markdown

PAYLOADS = (
    "<script>alert(1)</script>",
    "[x](javascript:alert(1)) ![y](http://x.invalid/z.png)",
    "http://x.invalid/ www.x.invalid ftp://x.invalid a@x.invalid mailto:a@x.invalid",
    "<http://x.invalid> <a@x.invalid>",
    "# heading\n## more\n- item\n1. one\n> quote\n```\ncode\n```",
    "*a* _b_ **c** ~~d~~ `e` ``f`` $x$",
    "a | b | c \\| d",
    "[ref]: http://x.invalid 'title'\n\n[ref]",
    "{: onclick=alert(1)} {{7*7}} \\<b> &lt;i&gt; &#60;u&#62;",
    "<!-- --> <![CDATA[x]]> <?php ?> </td></table>",
    "- \n+ \n* \n1) \n= \n---\n",
    "trailing\\",
    "`",
)
DIALECTS = {
    "commonmark": MarkdownIt("commonmark").enable("table").render,
    "python-markdown": lambda text: markdown.markdown(text, extensions=["tables", "attr_list"]),
}
ALLOWED = {
    "p",
    "code",
    "strong",
    "h1",
    "h2",
    "h3",
    "ul",
    "li",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
ALLOWED |= {"a", "br"}


def tags(html: str) -> set[str]:
    return {name.lower() for name in re.findall(r"<[/!?]?([A-Za-z][A-Za-z0-9]*|\[|-)", html)}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_text_is_one_paragraph_of_plain_text(dialect: str, payload: str) -> None:
    html = DIALECTS[dialect](f"Before {escape(payload)} after")
    assert tags(html) <= {"p", "code"}, html
    assert "href" not in html


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_text_that_begins_a_paragraph_or_a_list_does_no_more(dialect: str, payload: str) -> None:
    assert tags(DIALECTS[dialect](escape(payload))) <= {"p", "code"}
    assert tags(DIALECTS[dialect](f"- {escape(payload)}")) <= {"ul", "li", "code"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_code_stays_code(dialect: str, payload: str) -> None:
    html = DIALECTS[dialect](f"Before {code(payload)} after")
    assert tags(html) == {"p", "code"}
    assert html.count("<code>") == 1


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_is_left_that_github_links_by_itself(payload: str) -> None:
    text = escape(payload)
    assert not re.search(r"https?:|www\.|\w@\w|mailto:", text)


@given(st.text(max_size=60))
def test_any_text_shows_as_itself(text: str) -> None:
    html = DIALECTS["commonmark"](f"x {escape(text)} x")
    assert tags(html) <= {"p", "code"}
    assert "href" not in html


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_notice_full_of_it_keeps_its_shape(dialect: str, payload: str) -> None:
    html = DIALECTS[dialect](render_markdown(hostile_notice(lambda text: f"{text} {payload}")).decode())
    assert tags(html) <= ALLOWED, tags(html) - ALLOWED
    links = re.findall(r'href="([^"]*)"', html)
    assert all(
        link.startswith(("https://vendor.example/", "https://www.first.org/tlp/")) for link in links
    ), links


def test_it_reads_well() -> None:
    text = render_markdown(affair_notice()).decode()
    assert text.startswith("# Xiaomi Redmi 1S: contact phone number")
    assert "> **DRAFT: this notice is not signed." in text
    assert "| `JHCMIBH45.0` | **affected** |" in text
    assert "`GET http://api.account.xiaomi.com/?id=‹imei-1›`" in text
    assert "TLP:GREEN" in text
    order = [text.index(f"\n## {title}\n") for title in (
        "Overview", "Affected and fixed builds", "Description", "Impact", "What to do", "Statements and verdicts",
        "What was not tested", "References", "Revision history", "Evidence",
    )]  # fmt: skip
    assert order == sorted(order)
