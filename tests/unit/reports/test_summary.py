import io

import pytest
from report_samples import empty_document, sample_document, with_findings
from rich.console import Console

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.reports import words
from phonehome.reports.html import render_html
from phonehome.reports.summary import Summary, pick_findings, times
from phonehome.reports.terminal import render_terminal


def document(*flows: FlowDoc) -> AuditDocument:
    return sample_document().model_copy(update={"flows": list(flows)})


FLOW = sample_document().flows[0]


def test_the_answer_names_what_left_to_whom_where_and_how_openly() -> None:
    assert Summary(doc=sample_document()).answer == (
        "IMEI, contact phone number, phone number, Wi-Fi MAC and 2 more data types left the handset, "
        "to 2 organisations and 1 host of unknown operator, in China and the United States "
        "(for 2 flows unknown or disputed); 3 of 7 flows in cleartext, 1 of unknown transport."
    )


def test_the_answer_for_one_flow_is_as_short_as_it_can_be() -> None:
    assert (
        Summary(doc=document(FLOW)).answer
        == "IMEI left the handset, to 1 organisation, in China; in cleartext."
    )
    tls = FLOW.model_copy(update={"transport": "tls", "organisation": None, "country": None})
    assert Summary(doc=document(tls)).answer == (
        "IMEI left the handset, to 1 host of unknown operator (countries unknown or disputed); encrypted in transport."
    )
    untold = FLOW.model_copy(update={"transport": None})
    assert Summary(doc=document(untold)).answer.endswith("; transport unknown.")


@pytest.mark.parametrize(
    ("flow", "ending"),
    [
        (FLOW, "all of 2 flows in cleartext."),
        (FLOW.model_copy(update={"transport": "tls"}), "none of 2 flows in cleartext."),
    ],
)
def test_the_answer_says_all_and_none_in_words(flow: FlowDoc, ending: str) -> None:
    assert Summary(doc=document(flow, flow)).answer.endswith(ending)


def test_neither_weak_nor_returned_findings_count_as_leaving() -> None:
    weak = FLOW.model_copy(update={"weak": True})
    back = FLOW.model_copy(update={"direction": "down"})
    summary = Summary(doc=document(weak, back))
    assert summary.up == []
    assert summary.answer.startswith(
        "None of the 12 known values searched for was seen leaving the handset; there are weak"
    )
    assert words.NOT_SEEN in summary.answer
    assert "weak" not in Summary(doc=document(back)).answer


def test_without_known_values_the_answer_says_that_nothing_was_searched_for() -> None:
    assert Summary(doc=empty_document()).answer == "No known value was given, so nothing was searched for."


def test_flows_are_sorted_by_severity_then_by_count() -> None:
    flows = Summary(doc=sample_document()).up
    assert [(flow.severity, flow.count) for flow in flows][:5] == [
        ("critical", 13), ("critical", 3), ("critical", 1), ("high", 1), ("high", 1),
    ]  # fmt: skip


def test_every_value_has_an_outcome() -> None:
    summary = Summary(doc=sample_document())
    outcomes = {value.id: summary.outcome(value) for value in summary.values}
    assert outcomes["imei-1"] == "left"
    assert outcomes["account-1"] == "only sent back"
    assert outcomes["name-1"] == "only weak findings"
    assert outcomes["imsi-1"] == "not seen"
    assert outcomes["nick"] == "not searched for"


def test_picked_findings_come_from_every_flow_in_their_order() -> None:
    doc = with_findings(500)
    picked = pick_findings(doc.flows, doc.findings, 30)
    assert len(picked) == 30
    assert all(set(flow.findings) & {finding.id for finding in picked} for flow in doc.flows)
    everything = pick_findings(doc.flows, doc.findings, 10_000)
    assert sorted(f.id for f in everything) == sorted(f.id for f in doc.findings)


def test_a_finding_in_no_flow_is_not_forgotten() -> None:
    doc = sample_document()
    assert len(pick_findings([], doc.findings, 100)) == len(doc.findings)


def test_the_columns_of_coverage_add_up_to_all_bytes() -> None:
    doc = sample_document()
    assert Summary(doc=doc).sent.total == doc.coverage.bytes_up


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0 %"), (10, 10, "100 %"), (999_999, 1_000_000, "> 99.9 %"), (1, 1_000_000, "< 0.1 %"),
        (1, 3, "33.3 %"), (0, 0, "0 %"),
    ],
)  # fmt: skip
def test_only_all_is_a_hundred_per_cent_and_only_nothing_is_none(part: int, whole: int, text: str) -> None:
    assert words.percent(part, whole) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9_994, "9.99 kB"), (9_996, "10.0 kB"), (99_960, "100 kB"),
     (999_499, "999 kB"), (999_600, "1.00 MB"), (1_843_200, "1.84 MB"), (5 * 10**15, "5,000 TB")],
)  # fmt: skip
def test_sizes_have_three_digits(number: int, text: str) -> None:
    assert words.size(number) == text


def test_data_types_are_written_as_people_write_them() -> None:
    names = ["imei", "contact_phone_number", "wifi_mac", "android_id", "sms_text", "ip_address"]
    written = ["IMEI", "contact phone number", "Wi-Fi MAC", "Android ID", "SMS text", "IP address"]
    assert [words.data_type(name) for name in names] == written


def test_countries_have_names_and_unknown_codes_stay() -> None:
    assert [words.country(code) for code in ("CN", "US", "NA", "EU", "Q9")] == [
        "China", "United States", "Namibia", "European Union", "Q9",
    ]  # fmt: skip
    assert words.country_in_text("US") == "the United States"
    assert words.country_in_text("IN") == "India"


def test_lists_read_as_sentences_do() -> None:
    assert words.listing(["a"]) == "a"
    assert words.listing(["a", "b", "c"]) == "a, b and c"
    assert words.listing_at_most(["a", "b", "c"], 2, "more", "more") == "a, b and c"
    assert words.listing_at_most(["a", "b", "c", "d"], 2, "more", "more") == "a, b and 2 more"


def test_a_span_of_time_names_a_shared_day_once() -> None:
    assert times(None, None) == "time unknown"
    assert times("2014-08-07T10:00:01Z", None) == "2014-08-07 10:00 UTC"
    assert times("2014-08-07T10:00:01Z", "2014-08-07T11:24:00Z") == "2014-08-07 10:00 to 11:24 UTC"
    assert times("2014-08-07T23:00:01Z", "2014-08-08T01:24:00Z") == "2014-08-07 23:00 to 2014-08-08 01:24 UTC"


def test_a_handset_without_a_name_and_an_audit_without_a_subject_are_told_apart() -> None:
    named, bare = sample_document(), empty_document()
    assert named.subject is not None
    assert Summary(doc=named).subject_name == named.subject.name
    unnamed = named.model_copy(update={"subject": named.subject.model_copy(update={"name": None})})
    console = Console(file=io.StringIO(), width=100)
    for doc, title in ((unnamed, "Unnamed handset"), (bare, "No subject given")):
        assert Summary(doc=doc).subject_name == title
        assert f"<h1>{title}</h1>" in render_html(doc)
        with console.capture() as shown:
            render_terminal(doc, console)
        assert f" · {title}" in shown.get().splitlines()[0]
