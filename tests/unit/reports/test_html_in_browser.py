"""The page in Debian's Chromium: hostile text runs nowhere, nothing is asked of the network, the controls work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Tab, chromium_tab
from report_samples import hostile_document, sample_document, with_findings

from phonehome.documents.audit import AuditDocument
from phonehome.reports.html import render_html

pytestmark = pytest.mark.needs_tool("chromium")

RUN = "document.title='pwned';window.pwned=1"
PAYLOADS = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">\'><svg/onload="{RUN}">',
    f"</title></template></pre></details><iframe srcdoc='<script>{RUN}</script>'>",
    "</style><style>*{background:url(http://x.invalid/);display:none}</style>",
    f"javascript:{RUN}",
    "{{7*7}}{%25 if 1 %25}${7*7}#{7*7}",
    "expression(alert(1));}*{display:none}/*",
    "[x](javascript:alert(1)) ![y](http://x.invalid/z.png) {a|b} {b}",
    "\u202egnp.exe\u2066\u200b\x1b[31m\u2028\u2029\ufeff\x00",
    "<link rel=stylesheet href=//x.invalid><base href=//x.invalid><meta http-equiv=refresh content=0;url=//x.invalid>",
)


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium_tab() as opened:
        yield opened


@pytest.fixture
def show(tab: Tab, tmp_path: Path) -> Any:
    def open_document(doc: AuditDocument, width: int = 1280, fragment: str = "") -> Tab:
        page = tmp_path / "report.html"
        page.write_text(render_html(doc), encoding="utf-8")
        tab.errors.clear()
        tab.requests.clear()
        tab.look(width=width)
        tab.open(page, fragment=fragment)
        return tab

    return open_document


def settle(tab: Tab) -> None:
    """Let two frames pass, after which observers have run and complaints have come in."""
    tab.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def column(tab: Tab, table: str, number: int) -> list[str]:
    script = f"[...document.querySelectorAll('#{table} tbody tr:not([hidden])')].map(r => r.cells[{number}].innerText)"
    texts: list[str] = tab.run(script)
    return [text.split("\n")[0].strip() for text in texts]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_hostile_text_runs_complains_or_calls_out(show: Any, payload: str) -> None:
    tab = show(hostile_document(lambda text: f"{text} {payload}"))
    tab.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    tab.run("document.querySelectorAll('th button').forEach(one => one.click())")
    settle(tab)
    assert tab.run("typeof window.pwned") == "undefined"
    assert tab.run("document.title") != "pwned"
    assert tab.run("document.querySelectorAll('img, iframe, base, object, embed, form').length") == 0
    assert tab.run(
        "[...document.querySelectorAll('a, link')].every(a => /^(#|data:,$)/.test(a.getAttribute('href')))"
    )
    assert tab.errors == []
    assert [
        url for url in tab.requests if not url.startswith("file:") or not url.endswith("report.html")
    ] == []
    assert tab.run("getComputedStyle(document.querySelector('main')).display") == "block"


def test_the_policy_holds_even_where_markup_got_through(show: Any) -> None:
    tab = show(sample_document())
    tab.run(
        "document.body.insertAdjacentHTML('beforeend', "
        '\'<img src="http://x.invalid/" onerror="window.pwned=1"><p style="color:red">x</p>\');'
        "const s = document.createElement('script'); s.textContent = 'window.pwned=2'; document.body.append(s);"
        "fetch('http://x.invalid/').catch(() => 0)"
    )
    settle(tab)
    assert tab.run("typeof window.pwned") == "undefined"
    assert any("Content Security Policy" in error for error in tab.errors)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("hostile", [False, True], ids=["sample", "long words"])
def test_the_page_never_scrolls_sideways(show: Any, width: int, hostile: bool) -> None:
    doc = hostile_document(lambda text: text + "W" * 300) if hostile else sample_document()
    tab = show(doc, width)
    tab.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    settle(tab)
    assert tab.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert tab.run("document.documentElement.clientWidth") in {width, width - 15}  # less a scroll bar
    assert tab.errors == []


def test_the_drawing_has_a_node_for_every_type_recipient_and_country(show: Any) -> None:
    tab = show(sample_document())
    settle(tab)
    labels = tab.run("[...document.querySelectorAll('#drawing svg text')].map(t => t.textContent)")
    assert {"IMEI", "contact phone number", "Xiaomi", "Google", "China", "United States"} <= set(labels)
    assert len(labels) == 12
    assert tab.run("document.querySelector('#drawing svg').getBoundingClientRect().width") > 1000


def test_the_drawing_shows_hostile_names_as_text(show: Any) -> None:
    tab = show(hostile_document(lambda text: f"{{b}}<b>{text}"))
    settle(tab)
    labels = tab.run("[...document.querySelectorAll('#drawing svg text')].map(t => t.textContent)")
    assert all("{b}<b>" in label for label in labels)
    assert tab.run("document.querySelectorAll('#drawing svg b').length") == 0


def test_a_table_sorts_by_click_and_by_keyboard_and_says_so(show: Any) -> None:
    tab = show(sample_document())
    assert column(tab, "flows-up", 0)[0] == "critical"
    assert tab.run("document.querySelector('#flows-up th').getAttribute('aria-sort')") == "none"
    tab.run("document.querySelectorAll('#flows-up th button')[7].click()")
    assert column(tab, "flows-up", 7) == ["1", "1", "1", "1", "3", "13", "40"]
    tab.run("document.querySelectorAll('#flows-up th button')[7].focus()")
    for kind in ("keyDown", "keyUp"):
        tab.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            windowsVirtualKeyCode=13,
            text="\r",
        )
    assert column(tab, "flows-up", 7) == ["40", "13", "3", "1", "1", "1", "1"]
    sorts = tab.run("[...document.querySelectorAll('#flows-up th')].map(th => th.getAttribute('aria-sort'))")
    assert sorts == ["none"] * 7 + ["descending", "none"]


def test_a_filter_leaves_the_rows_that_hold_its_words(show: Any) -> None:
    tab = show(sample_document())
    box = "document.querySelector('#flows .tools input')"
    tab.run(f"{box}.value = 'xiaomi'; {box}.dispatchEvent(new Event('input'))")
    assert column(tab, "flows-up", 2) == ["Xiaomi"] * 3
    assert tab.run("document.querySelector('#flows .tools output').textContent") == "3 of 7 rows"
    tab.run(f"{box}.value = ''; {box}.dispatchEvent(new Event('input'))")
    assert len(column(tab, "flows-up", 2)) == 7


def test_a_flow_leads_to_its_findings(show: Any) -> None:
    tab = show(sample_document())
    tab.run("document.querySelector('#flows-up tbody a').click()")
    shown = tab.run(
        "[...document.querySelectorAll('#finding-list details')].map(d => [d.dataset.flow, d.open])"
    )
    assert shown == [["0", True], ["0", False]]
    tab.run(
        "[...document.querySelectorAll('#findings .tools button')].find(b => b.textContent.startsWith('Only')).click()"
    )
    assert tab.run("document.querySelectorAll('#finding-list details').length") == 10


def test_an_address_with_a_finding_in_it_opens_that_finding(show: Any) -> None:
    tab = show(with_findings(400), fragment="#finding-300")
    assert tab.run("document.querySelector('#finding-300').open") is True


def test_thousands_of_findings_are_paged(show: Any) -> None:
    tab = show(with_findings(3000))
    assert tab.run("document.querySelectorAll('#finding-list details').length") == 25
    assert tab.run("document.querySelector('#findings output').textContent") == "1 to 25 of 2,000 findings"
    tab.run(
        "[...document.querySelectorAll('#findings .tools button')].find(b => b.textContent === 'Next').click()"
    )
    assert tab.run("document.querySelector('#findings output').textContent") == "26 to 50 of 2,000 findings"
    assert tab.run("document.querySelector('#finding-list details').id") == "finding-25"
    assert tab.run("document.getElementsByTagName('*').length") < 10_000
    box = "document.querySelector('#findings .tools input')"
    tab.run(f"{box}.value = '0000000005e7'; {box}.dispatchEvent(new Event('input'))")
    assert tab.run("document.querySelector('#findings output').textContent") == "1 to 1 of 1 finding"


def test_paper_gets_every_finding_unfolded_and_the_screen_comes_back(show: Any) -> None:
    tab = show(sample_document())
    tab.run("dispatchEvent(new Event('beforeprint'))")
    assert tab.run("[...document.querySelectorAll('#finding-list details')].every(d => d.open)")
    tab.run("dispatchEvent(new Event('afterprint'))")
    assert not tab.run("[...document.querySelectorAll('#finding-list details')].some(d => d.open)")
    assert tab.pdf().startswith(b"%PDF")
    assert tab.errors == []


def test_without_scripts_the_page_is_complete(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_html(sample_document()), encoding="utf-8")
    with chromium_tab(scripts=False) as tab:
        tab.look(width=1280)
        tab.open(page)
        text = tab.run("document.body.innerText")
        assert "‹imsi-1› IMSI" in text
        assert "1,440 bytes, shown from byte 0" in text
        assert tab.run("getComputedStyle(document.querySelector('#drawing')).display") == "none"
        assert tab.run("document.querySelectorAll('.tools').length") == 0


def test_a_dark_page_is_dark(show: Any) -> None:
    tab = show(sample_document())
    ground = "getComputedStyle(document.body).backgroundColor"
    assert tab.run(ground) == "rgb(255, 255, 255)"
    tab.look(width=1280, dark=True)
    assert tab.run(ground) == "rgb(20, 24, 28)"
    tab.look(width=1280)
