"""MISP: the event read back by PyMISP; nothing in it may end in a block list."""

import json
from dataclasses import replace
from typing import Any

import pytest
from advisory_samples import DETAILS, HOST, affair_notice, hostile_notice, spoil_document
from pymisp import MISPEvent

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.model.advisory import Tlp
from phonehome.reports.advisory.misp import render_misp
from phonehome.reports.advisory.notice import NoticeOptions, write_notice


def read_back(notice: AdvisoryDocument) -> MISPEvent:
    event = MISPEvent(strict_validation=True)
    event.from_json(render_misp(notice).decode())
    return event


def test_pymisp_reads_the_event_back() -> None:
    event = read_back(affair_notice())
    assert event.info.endswith("(draft, reconstruction)")
    assert [tag.name for tag in event.tags] == ["tlp:green", "phonehome:draft", "phonehome:reconstruction"]
    assert {(one.type, one.value) for one in event.attributes} >= {
        ("hostname", HOST),
        ("ip-dst", "192.0.2.10"),
    }
    assert event.event_reports[0].content.startswith("# Xiaomi Redmi 1S")
    assert event.Orgc.name == "Example CERT"


def test_nothing_is_an_indicator() -> None:
    event: dict[str, Any] = json.loads(render_misp(affair_notice()))["Event"]
    assert event["Attribute"]
    assert all(one["to_ids"] is False for one in event["Attribute"])
    assert not event["Object"]
    assert event["published"] is False


def test_hostile_text_stays_a_value() -> None:
    event = read_back(hostile_notice(lambda text: f"<b>\u202e\x1b[31m'{text}\"\n\x00"))
    assert all(one.to_ids is False for one in event.attributes)
    assert "\u202e" not in event.to_json()


@pytest.mark.parametrize("text", ["", " ", "\x00", "x" * 20_000, "192.0.2.1", "a.example", "2001:db8::1"])
def test_documents_of_others_give_sound_events(text: str) -> None:
    document = spoil_document(lambda key, old: old if key == "id" else text)
    event = read_back(write_notice(document, NoticeOptions(details=DETAILS)))
    assert all(one.to_ids is False and one.value for one in event.attributes)


@pytest.mark.parametrize("label", Tlp)
def test_the_label_is_a_tag_of_the_taxonomy(label: Tlp) -> None:
    event = read_back(affair_notice(details=replace(DETAILS, tlp=label)))
    assert event.tags[0].name == f"tlp:{label.lower()}"


def test_a_masked_host_is_plain_text() -> None:
    notice = affair_notice()
    sent = notice.sent[0].model_copy(update={"host": "‹imei-1›.example.com", "addresses": ["‹token›"]})
    event = read_back(notice.model_copy(update={"sent": [sent]}))
    assert not [one for one in event.attributes if one.type in ("hostname", "ip-dst")]


def test_the_analysis_goes_with_the_status() -> None:
    assert read_back(affair_notice()).analysis == 0
    assert read_back(affair_notice(signed=True)).analysis == 2
