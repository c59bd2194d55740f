"""STIX 2.1: read back by the stix2 library and held against the validator of OASIS."""

import json
from dataclasses import replace
from typing import Any

import pytest
import stix2
import stix2validator
from advisory_samples import DETAILS, HOST, affair_document, affair_notice, hostile_notice, spoil_document

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.model.advisory import Tlp
from phonehome.reports.advisory.notice import NoticeOptions, write_notice
from phonehome.reports.advisory.stix import TLP_MARKINGS, render_stix

HOSTILE = hostile_notice(lambda text: f"<b>\u202e\x1b[31m'{text}\"\n\x00")


def objects(notice: AdvisoryDocument) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render_stix(notice))["objects"]
    return found


@pytest.mark.parametrize(
    "notice",
    [
        affair_notice(),
        affair_notice(signed=True),
        HOSTILE,
        write_notice(affair_document(), NoticeOptions()),
        affair_notice().model_copy(update={"sent": [], "statements": [], "not_tested": [], "what_to_do": []}),
    ],
    ids=["draft", "final", "hostile", "without a file", "nothing seen"],
)
def test_the_bundle_is_read_back_by_its_own_libraries(notice: AdvisoryDocument) -> None:
    text = render_stix(notice).decode()
    bundle = stix2.parse(text, allow_custom=False)
    assert len(bundle.objects) == len(objects(notice))
    result = stix2validator.validate_string(
        text, stix2validator.ValidationOptions(version="2.1", disabled=["uuid-check", "extref-hashes"])
    )
    assert result.is_valid, result.errors
    assert not getattr(result, "warnings", None)


@pytest.mark.parametrize("text", ["", " ", "\x00", "x" * 20_000, "1970", "192.0.2.1", "a.example"])
def test_documents_of_others_give_sound_bundles(text: str) -> None:
    document = spoil_document(lambda key, old: old if key == "id" else text)
    bundle = render_stix(write_notice(document, NoticeOptions(details=DETAILS))).decode()
    stix2.parse(bundle, allow_custom=False)
    options = stix2validator.ValidationOptions(version="2.1", disabled=["uuid-check", "extref-hashes"])
    assert stix2validator.validate_string(bundle, options).is_valid


def test_there_is_no_indicator_in_it() -> None:
    kinds = {one["type"] for one in objects(affair_notice())}
    assert kinds == {
        "marking-definition", "identity", "infrastructure", "domain-name", "ipv4-addr", "relationship",
        "observed-data", "note", "report",
    }  # fmt: skip
    assert '"pattern"' not in render_stix(affair_notice()).decode()


def test_every_reference_leads_to_an_object_of_the_bundle() -> None:
    found = objects(affair_notice())
    known = {one["id"] for one in found}
    assert len(known) == len(found)
    for one in found:
        refs = [*one.get("object_refs", []), *one.get("object_marking_refs", [])]
        refs += [one[key] for key in ("created_by_ref", "source_ref", "target_ref") if key in one]
        assert set(refs) <= known, one["id"]


@pytest.mark.parametrize("label", Tlp)
def test_every_object_is_marked_with_tlp_2(label: Tlp) -> None:
    marking, *rest = objects(affair_notice(details=replace(DETAILS, tlp=label)))
    assert marking["id"] == TLP_MARKINGS[label]
    assert marking["name"] == f"TLP:{label}"
    (extension,) = marking["extensions"].values()
    assert extension["tlp_2_0"] == label.lower()
    assert all(one["object_marking_refs"] == [marking["id"]] for one in rest)


def test_observables_have_the_identifiers_that_the_library_would_give() -> None:
    for one in objects(affair_notice()):
        if one["type"] == "domain-name":
            assert one["id"] == stix2.DomainName(value=HOST).id
        if one["type"] == "ipv4-addr":
            assert one["id"] == stix2.IPv4Address(value=one["value"]).id


def test_the_marks_stand_on_the_objects_themselves() -> None:
    for one in objects(affair_notice()):
        if one["type"] in ("infrastructure", "observed-data", "note", "report"):
            assert one["labels"] == ["draft", "reconstruction"], one["id"]


def test_identifiers_stay_from_version_to_version_and_differ_between_draft_and_release() -> None:
    def idents(notice: AdvisoryDocument) -> set[str]:
        return {one["id"] for one in objects(notice) if one["type"] in ("report", "note", "infrastructure")}

    first = replace(DETAILS, revisions=DETAILS.revisions[:1])
    assert idents(affair_notice(signed=True, details=first)) == idents(affair_notice(signed=True))
    assert not idents(affair_notice()) & idents(affair_notice(signed=True))
    assert DETAILS.publisher is not None
    other = replace(DETAILS, publisher=replace(DETAILS.publisher, namespace="https://other.example"))
    assert not idents(affair_notice(details=other)) & idents(affair_notice())


def test_a_masked_host_makes_no_observable() -> None:
    notice = affair_notice()
    sent = notice.sent[0].model_copy(update={"host": "‹imei-1›.example.com", "addresses": ["‹token›"]})
    found = objects(notice.model_copy(update={"sent": [sent]}))
    assert not [one for one in found if one["type"] in ("domain-name", "ipv4-addr", "observed-data")]
    assert [one["name"] for one in found if one["type"] == "infrastructure"] == ["‹imei-1›.example.com"]
