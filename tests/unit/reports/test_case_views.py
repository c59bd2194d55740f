"""A case on the terminal and as a page: what was judged is said, a reconstruction is said to be one."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from case_story import FACTORY, HOST, TITLE, UPDATE, make_story
from chromium import Tab, chromium_tab
from report_samples import hostile_document
from rich.console import Console

from phonehome.documents.audit import AuditDocument
from phonehome.reports.case_summary import RECONSTRUCTION, Absence, CaseSummary
from phonehome.reports.html import render_html
from phonehome.reports.terminal import render_terminal

WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def story() -> AuditDocument:
    return make_story()


def on_terminal(document: AuditDocument, width: int = 100) -> str:
    buffer = io.StringIO()
    render_terminal(document, Console(file=buffer, width=width))
    return buffer.getvalue()


def words_of(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("render", [on_terminal, render_html])
def test_every_view_says_what_was_judged(story: AuditDocument, render: object) -> None:
    assert callable(render)
    text = words_of(render(story))
    for said in (
        TITLE,
        RECONSTRUCTION,
        FACTORY,
        UPDATE,
        "Defence staff",
        "prohibit",
        "undecided",
        "12th signals",
        "not tested",
        "contradicted",
        "superseded",
        "unobservable",
        "cloud messaging would explain it as well",
        "A gateway on Wi-Fi sees nothing that goes over the mobile network.",
        "which were only ever switched on together",
    ):
        assert said in text, said


def test_the_page_cites_findings_that_it_holds(story: AuditDocument) -> None:
    page = render_html(story)
    cites = re.findall(r'<a href="#(finding-\d+)"><code>', page)
    assert cites
    assert all(f'id="{anchor}"' in page for anchor in cites)


def test_the_page_says_where_data_goes_and_how_far_that_is(story: AuditDocument) -> None:
    page = words_of(render_html(story))
    assert "outside" in page
    assert "-30 %" in page
    assert "-40 to -12 %" in page


def test_a_case_that_was_observed_is_not_called_a_reconstruction(story: AuditDocument) -> None:
    assert story.case is not None
    case = story.case.model_copy(update={"kind": "observation"})
    seen = story.model_copy(update={"case": case})
    assert "reconstruction" not in on_terminal(seen)
    assert RECONSTRUCTION not in render_html(seen)


def test_builds_stand_in_the_order_of_their_release(story: AuditDocument) -> None:
    assert story.case is not None
    lines = CaseSummary(doc=story, case=story.case).builds
    worst = {"contact_phone_number", "sms_phone_number", "imei"}
    assert [(line.build, set(line.sent), set(line.clear)) for line in lines] == [
        (FACTORY, worst, worst),
        (UPDATE, {"imei"}, set()),
    ]
    absent = {one.data_type: one.exposures for one in lines[1].absent}
    assert absent == {"contact_phone_number": 6, "sms_phone_number": 4}


@pytest.mark.parametrize(("exposures", "bound"), [(1, 0.95), (3, 0.63), (59, 0.05)])
def test_silence_allows_a_rate_that_shrinks_with_the_number_of_exposures(
    exposures: int, bound: float
) -> None:
    assert Absence(data_type="imei", exposures=exposures).rate_bound == pytest.approx(bound, abs=0.005)


def test_hostile_text_in_a_case_steers_no_terminal(story: AuditDocument) -> None:
    hostile = hostile_document(lambda text: f"\x1b]0;{text}\u202e[bold]", story)
    shown = on_terminal(hostile)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]" in shown


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium_tab() as opened:
        yield opened


def show(tab: Tab, document: AuditDocument, folder: Path, width: int) -> None:
    page = folder / "report.html"
    page.write_text(render_html(document), encoding="utf-8")
    tab.errors.clear()
    tab.requests.clear()
    tab.look(width=width)
    tab.open(page)


@pytest.mark.needs_tool("chromium")
@pytest.mark.parametrize(
    "payload",
    [
        "<script>window.pwned=1</script>",
        '"><img src=x onerror="window.pwned=1">',
        "javascript:window.pwned=1",
    ],
)
def test_hostile_text_in_a_case_runs_nowhere(
    tab: Tab, story: AuditDocument, tmp_path: Path, payload: str
) -> None:
    show(tab, hostile_document(lambda text: text + payload, story), tmp_path, 1280)
    assert tab.run("window.pwned") is None
    assert [request for request in tab.requests if not request.startswith("file:")] == []
    assert tab.run("document.querySelectorAll('#claim-table tbody tr').length") == 5


@pytest.mark.needs_tool("chromium")
@pytest.mark.parametrize("width", WIDTHS)
def test_a_case_never_scrolls_sideways(tab: Tab, story: AuditDocument, tmp_path: Path, width: int) -> None:
    long = hostile_document(lambda text: text + "w" * 200, story)
    for document in (story, long):
        show(tab, document, tmp_path, width)
        assert tab.errors == []
        assert tab.run("document.documentElement.scrollWidth") <= width


def test_the_host_of_a_case_stands_on_the_page(story: AuditDocument) -> None:
    assert HOST in render_html(story)
