"""The HTML page in Debian's Chromium: hostile text runs nowhere, nothing is loaded, it fits a phone and both themes."""

import html
import json
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from advisory_samples import affair_notice, hostile_notice
from chromium import Tab, chromium_tab

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.reports.advisory.page import render_page

RUN = "document.title='pwned';window.pwned=1"
PAYLOADS = (
    f"<script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">\'><svg/onload="{RUN}">',
    "</style><style>*{background:url(http://x.invalid/);display:none}</style>",
    f"javascript:{RUN}",
    "{{7*7}}{%25 if 1 %25}${7*7}",
    "\u202egnp.exe\u2066\u200b\x1b[31m\u2028\ufeff\x00",
    "<link rel=stylesheet href=//x.invalid><base href=//x.invalid><meta http-equiv=refresh content=0;url=//x.invalid>",
)
CONTRAST = """
(() => {
  const luminance = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(Number).map((v) => {
    v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!c.startsWith('rgba(0, 0, 0, 0')) return c } return 'rgb(255, 255, 255)' };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const box = e.getBoundingClientRect(); if (box.width < 2) continue;
    const [a, b] = [luminance(getComputedStyle(e).color), luminance(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${e.tagName}.${e.className}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(poor)];
})()
"""


class Parsed(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.links += [
            value or "" for name, value in attrs if name in ("href", "src", "action", "style", "onclick")
        ]


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium_tab() as opened:
        yield opened


def show(tab: Tab, folder: Path, notice: AdvisoryDocument, width: int = 1100, *, dark: bool = False) -> Tab:
    page = folder / "notice.html"
    page.write_bytes(render_page(notice))
    tab.errors.clear()
    tab.requests.clear()
    tab.look(width=width, dark=dark)
    tab.open(page)
    return tab


@pytest.mark.needs_tool("chromium")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_does_nothing(tab: Tab, tmp_path: Path, payload: str) -> None:
    show(tab, tmp_path, hostile_notice(lambda text: f"{text} {payload}"))
    assert tab.run("window.pwned") is None
    assert not tab.errors
    assert all(url.startswith(("file:", "data:", "chrome")) for url in tab.requests)
    assert tab.run("document.querySelectorAll('script, img, iframe, form, base').length") == 0
    assert tab.run("getComputedStyle(document.body).display") != "none"


@pytest.mark.needs_tool("chromium")
@pytest.mark.parametrize("width", [390, 1100])
def test_nothing_overflows(tab: Tab, tmp_path: Path, width: int) -> None:
    long = "x" * 400
    show(tab, tmp_path, hostile_notice(lambda text: f"{text} {long}"), width)
    assert tab.run("document.documentElement.scrollWidth") <= width


@pytest.mark.needs_tool("chromium")
@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read_on_its_ground(tab: Tab, tmp_path: Path, dark: bool) -> None:
    show(tab, tmp_path, affair_notice(), dark=dark)
    assert tab.run(CONTRAST) == []


@pytest.mark.needs_tool("chromium", "pdftotext")
def test_on_paper_every_page_has_the_label_at_its_head_and_foot(tab: Tab, tmp_path: Path) -> None:
    show(tab, tmp_path, affair_notice())
    printed = tmp_path / "printed.pdf"
    printed.write_bytes(tab.pdf())
    done = subprocess.run(["pdftotext", "-raw", printed, "-"], capture_output=True, check=True, timeout=60)
    pages = done.stdout.decode().rstrip("\f").split("\f")
    assert len(pages) > 1
    assert all(page.count("TLP:GREEN") >= 2 for page in pages)


def test_it_needs_nothing_from_elsewhere_and_runs_no_script() -> None:
    text = render_page(affair_notice()).decode()
    parsed = Parsed(text)
    assert "script" not in parsed.found
    assert "default-src 'none'" in html.unescape(text)
    outside = [link for link in parsed.links if not link.startswith(("#", "data:,"))]
    assert set(outside) == {
        "https://vendor.example/words?a=1&b=2", "https://vendor.example/answer", "https://www.first.org/tlp/",
    }  # fmt: skip


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "https://x/\u202ey", 'https://x/"onclick=x']
)
def test_only_addresses_of_the_web_become_links(url: str) -> None:
    notice = affair_notice()
    reference = notice.references[0].model_copy(update={"url": url})
    parsed = Parsed(render_page(notice.model_copy(update={"references": [reference]})).decode())
    assert not [link for link in parsed.links if not link.startswith(("#", "data:,"))]


def test_it_says_draft_and_reconstruction_and_the_label() -> None:
    text = render_page(affair_notice()).decode()
    assert "<title>Xiaomi Redmi 1S" in text
    assert "(draft, reconstruction)</title>" in text
    assert text.count("TLP:GREEN</span>") == 2
    assert json.dumps("DRAFT: this notice is not signed.")[1:-1] in text
