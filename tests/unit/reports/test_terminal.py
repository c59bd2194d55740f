import io
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import ADS, empty_document, hostile_document, sample_document, with_findings
from rich.cells import cell_len
from rich.console import Console

from phonehome.documents.audit import AuditDocument
from phonehome.reports.terminal import FINDINGS_SHOWN, render_terminal


def printed(doc: AuditDocument, width: int = 80, *, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=terminal, color_system="truecolor" if terminal else None
    )
    render_terminal(doc, console)
    return out.getvalue()


def squeezed(text: str) -> str:
    """Text without blanks and line breaks: what folds differently at another width is the same here."""
    return re.sub(r"\s", "", text)


def test_the_order_is_flows_findings_coverage_blind_spots_problems() -> None:
    text = printed(sample_document())
    titles = ["What left the handset", "What the server sends back", "Weak (", "Findings (", "Coverage\n",
              "Blind spots\n", "Problems ("]  # fmt: skip
    places = [text.index(title) for title in titles]
    assert places == sorted(places)


def test_the_first_lines_answer_the_question_and_say_what_it_rests_on() -> None:
    top = squeezed(printed(sample_document()).split("What left")[0])
    assert "2organisationsand1hostofunknownoperator" in top
    assert "inChinaandtheUnitedStates" in top
    assert "3of7flowsincleartext" in top
    assert "65.3%ofthe1.84MBsentupwardcouldberead" in top


def test_a_flow_line_names_type_recipient_country_transport_severity_and_count() -> None:
    lines = printed(sample_document()).splitlines()
    flow = next(line for line in lines if line.startswith("critical"))
    assert flow.split() == ["critical", "IMEI", "Xiaomi", "China", "cleartext", "13"]
    below = lines[lines.index(flow) + 1]
    assert "api.account.xiaomi.com · decoded · imei-1, imei-2" in below


@pytest.mark.parametrize("width", [24, 40, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_nothing_essential_is_cut(width: int) -> None:
    doc = sample_document()
    text = printed(doc, width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    flat = squeezed(text)
    assert "…" not in flat.replace("…and", "")
    for row in doc.coverage.by_destination:
        assert squeezed(row.host or "") in flat
    for finding in doc.findings:
        assert finding.id in flat
        assert squeezed(finding.path) in flat
    assert squeezed(ADS.host or "") in flat
    assert "‹nick›username:3charactersaretoofewtosearchfor" in flat


def test_what_was_not_seen_stands_beside_what_could_not_be_read() -> None:
    text = squeezed(printed(sample_document()))
    assert "“Notseen”isnot“notsent”" in text
    assert "Notseen(3of12):‹imsi-1›IMSI·‹home›location·‹sms-1›SMStext" in text
    assert "nokeyforthisconnection" in text
    assert "clean" not in text.lower()
    assert "safe" not in text.lower()


def test_weak_findings_say_why() -> None:
    assert "weak: a name of 4 letters" in printed(sample_document())


def test_hits_on_decoys_put_findings_in_doubt() -> None:
    doc = sample_document()
    decoys = doc.statistics.decoys.model_copy(update={"hits": ["imei/no-check-digit"]})
    hit = doc.model_copy(update={"statistics": doc.statistics.model_copy(update={"decoys": decoys})})
    assert "in doubt: imei/no-check-digit" in printed(hit)
    assert "in doubt" not in printed(doc)


def test_an_audit_without_a_subject_says_that_nothing_was_searched_for() -> None:
    text = printed(empty_document())
    assert "nothing was searched for" in text
    assert "no byte sent upward was recorded" in text


def test_nothing_seen_is_never_said_without_coverage() -> None:
    nothing = sample_document().model_copy(update={"flows": [], "findings": []})
    text = squeezed(printed(nothing))
    assert "Noneofthe12knownvaluessearchedforwasseenleavingthehandset." in text
    assert "Nothingwasseen.412exchangeslookedat;65.3%" in text


def test_of_thousands_of_findings_some_of_every_flow_are_shown() -> None:
    text = printed(with_findings(3000))
    assert f"{FINDINGS_SHOWN} of 3,010 are shown" in text
    assert text.count("bits") < 2 * FINDINGS_SHOWN
    for number in range(1, 11):
        assert f"{number:012x}" in text


def test_there_is_no_colour_unless_on_a_terminal() -> None:
    assert "\x1b" not in printed(sample_document())
    assert "\x1b[1;31mcritical" in printed(sample_document(), terminal=True)


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[\d;]*3[1-6]", printed(sample_document(), terminal=True))


def test_captured_text_is_no_markup() -> None:
    doc = hostile_document(lambda text: f"[red]{text}[/red][link=http://x.invalid]:smile:")
    text = printed(doc, 200, terminal=True)
    assert "[red]" in text
    assert ":smile:" in text
    assert "\x1b]8" not in text


@settings(max_examples=40)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.sampled_from([40, 80]))
def test_no_captured_text_steers_the_terminal(hostile: str, width: int) -> None:
    text = printed(hostile_document(lambda _: hostile), width)
    hidden = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
    assert hidden <= {"\n"}


def test_a_finding_of_a_capture_of_packets_shows_its_display_filter_unless_it_is_long() -> None:
    document = sample_document()
    first = document.findings[0]
    for ranges, is_shown in (("3, 7..9", True), (", ".join(map(str, range(1, 400, 2))), False)):
        display_filter = f"frame.number in {{{ranges}}}"
        exchange = first.exchange.model_copy(update={"display_filter": display_filter})
        finding = first.model_copy(update={"exchange": exchange})
        changed = document.model_copy(update={"findings": [finding, *document.findings[1:]]})
        assert (f"filter: {display_filter}" in printed(changed)) == is_shown
        assert "filter: None" not in printed(changed)
