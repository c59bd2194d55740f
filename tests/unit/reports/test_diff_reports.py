"""The views of a comparison: complete, in order, and harmless whatever stands in it."""

import io
import json
from pathlib import Path

import jsonschema
import pytest
from case_documents import make_case_document, make_flow, make_session, make_share
from chromium import chromium_tab
from report_samples import fill_text
from rich.console import Console

from phonehome.documents.diff import ChangeDoc, DiffDocument, DiffSideDoc, EndDoc
from phonehome.judge.diff import compare
from phonehome.reports.diff_html import render_diff_html
from phonehome.reports.diff_terminal import HEADINGS, render_diff
from phonehome.reports.json_report import render_json
from phonehome.reports.schema import diff_schema

HOSTILE = "<script>window.pwned=1</script>\x1b[31m\u202e[bold]&{{7*7}}"


def sample() -> DiffDocument:
    """One change of every kind."""
    exposes = {"imei": 3, "imsi": 2, "iccid": 1, "email": 1, "location": 1, "android_id": 1}
    first = make_session("a", {"build": "1", "network": "wifi"}, exposes={**exposes, "photo": 1})
    second = make_session(
        "b",
        {"build": "2", "network": "wifi"},
        exposes=exposes,
        destinations=[make_share("api.example.com", 990, closed=10)],
    )
    was = [
        make_flow("imei", session="a"),
        make_flow("imsi", session="a"),
        make_flow("iccid", session="a", transport="tls"),
        make_flow("email", session="a"),
        make_flow("location", session="a"),
        make_flow("photo", session="a"),
    ]
    now = [
        make_flow("imsi", session="b", chains=[["form", "base64"]]),
        make_flow("iccid", session="b"),
        make_flow("email", session="b", country="SG"),
        make_flow("location", session="b"),
        make_flow("android_id", session="b"),
        make_flow("phone_number", session="b", direction="down"),
    ]
    return compare(make_case_document([first], was), make_case_document([second], now), names=("A", "B"))


def terminal(document: DiffDocument, width: int = 100) -> str:
    buffer = io.StringIO()
    render_diff(document, Console(file=buffer, width=width))
    return buffer.getvalue()


def hostile() -> DiffDocument:
    """The sample with every free text replaced; what has a closed list of words stays."""
    plain = sample()
    filled = fill_text(plain, lambda text: f"{text}{HOSTILE}")
    assert isinstance(filled, DiffDocument)
    changes = [_tame(hostile, old) for hostile, old in zip(filled.changes, plain.changes, strict=True)]
    sides = {"before": _tame_side(filled.before), "after": _tame_side(filled.after)}
    return DiffDocument.model_validate(
        filled.model_copy(update={"changes": changes, "counts": plain.counts, **sides}).model_dump()
    )


def _tame(change: ChangeDoc, plain: ChangeDoc) -> ChangeDoc:
    ends = {"before": _tame_end(change.before), "after": _tame_end(change.after)}
    return change.model_copy(update={"change": plain.change, "also": plain.also, **ends})


def _tame_end(end: EndDoc | None) -> EndDoc | None:
    return end and end.model_copy(update={"transports": ["tls"], "writings": ["plain"]})


def _tame_side(side: DiffSideDoc) -> DiffSideDoc:
    return side.model_copy(update={"positions": ["tap"], "kind": "observation"})


def test_the_sample_has_every_kind_of_change() -> None:
    assert {change.change for change in sample().changes} == set(HEADINGS)


def test_the_terminal_and_the_page_say_every_sentence_in_the_same_order() -> None:
    document = sample()
    ordered = [change.sentence for kind in HEADINGS for change in document.changes if change.change == kind]
    shown = " ".join(terminal(document).split())
    places = [shown.index(sentence) for sentence in ordered]
    assert places == sorted(places)
    page = render_diff_html(document)
    assert [page.index(sentence) for sentence in ordered] == sorted(
        page.index(sentence) for sentence in ordered
    )


def test_the_answer_counts_every_kind() -> None:
    assert terminal(sample()).splitlines()[1] == (
        "2 new, 1 unwrapped, 1 moved, 1 wrapped, 1 stopped, 1 not exercised, 1 still sent"
    )


def test_nothing_seen_on_either_side_is_said() -> None:
    nothing = make_case_document([make_session("a")])
    assert "No known value was seen on either side." in terminal(compare(nothing, nothing))


def test_how_much_was_read_stands_beside_each_side() -> None:
    assert "99.0 % of 1.00 kB sent was read; closed 1.0 %" in terminal(sample())


def test_a_reconstruction_says_so_everywhere() -> None:
    made = make_case_document([make_session("a")], kind="reconstruction")
    document = compare(make_case_document([make_session("a")]), made)
    assert "This case is a reconstruction" in " ".join(terminal(document).split())
    assert "This case is a reconstruction" in render_diff_html(document)
    assert json.loads(render_json(document))["after"]["kind"] == "reconstruction"


def test_the_json_keeps_to_its_schema() -> None:
    document = sample()
    value = json.loads(render_json(document))
    jsonschema.validate(value, diff_schema())
    assert value["schema"] == "phonehome.diff/1"
    assert DiffDocument.model_validate(value) == document


def test_the_schema_demands_every_key() -> None:
    value = json.loads(render_json(sample()))
    del value["changes"][0]["doubts"]
    with pytest.raises(jsonschema.ValidationError, match="doubts"):
        jsonschema.validate(value, diff_schema())


@pytest.mark.parametrize("width", [30, 100])
def test_hostile_text_steers_no_terminal(width: int) -> None:
    text = terminal(hostile(), width)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]" in "".join(text.split())


def test_hostile_text_is_text_on_the_page() -> None:
    page = render_diff_html(hostile())
    assert "<script" not in page
    assert "\x1b" not in page
    assert "49" not in page.split("</style>")[1].replace("{{7*7}}", "")
    assert "script-src &#39;none&#39;" in page


@pytest.mark.needs_tool("chromium")
def test_the_page_runs_nothing_loads_nothing_and_fits_a_phone(tmp_path: Path) -> None:
    path = tmp_path / "diff.html"
    path.write_text(render_diff_html(hostile()), encoding="utf-8")
    with chromium_tab() as tab:
        tab.look(width=390)
        tab.open(path)
        assert tab.run("window.pwned") is None
        assert tab.run("document.documentElement.scrollWidth <= 390")
        assert tab.errors == []
        assert [url for url in tab.requests if not url.startswith("file:")] == []
