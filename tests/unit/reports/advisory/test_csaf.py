"""CSAF 2.0: the real schema and the real mandatory tests, for drafts, finals, hostile text and every label."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from advisory_samples import DETAILS, affair_document, affair_notice, hostile_notice, spoil_document
from csaf_checks import check_csaf

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.model.advisory import AdvisoryDetails, Revision, SignedStatus, Tlp
from phonehome.reports.advisory.csaf import csaf_file_name, render_csaf
from phonehome.reports.advisory.notice import NoticeOptions, write_notice


def rendered(notice: AdvisoryDocument) -> Any:
    return json.loads(render_csaf(notice))


def with_build(name: str) -> AdvisoryDocument:
    notice = affair_notice()
    first = notice.handsets[0]
    builds = [first.builds[0].model_copy(update={"build": name}), *first.builds[1:]]
    return notice.model_copy(update={"handsets": [first.model_copy(update={"builds": builds})]})


def drafted() -> AdvisoryDetails:
    moment = datetime(2014, 8, 1, tzinfo=UTC)
    early = Revision(version="0.1.0", date=moment, summary="For comment")
    return replace(DETAILS, revisions=(early, Revision(version="1.0.0", date=moment, summary="First")))


WAYS: dict[str, AdvisoryDocument] = (
    {
        "a draft": affair_notice(),
        "a final notice": affair_notice(signed=True),
        "an interim notice": affair_notice(
            signed=True, details=replace(DETAILS, status=SignedStatus.INTERIM)
        ),
        "a notice without an advisory file": write_notice(affair_document(), NoticeOptions()),
        "a draft of version 0": affair_notice(
            signed=True, details=replace(drafted(), revisions=drafted().revisions[:1])
        ),
        "a released notice that had drafts": affair_notice(signed=True, details=drafted()),
        "builds whose names are words of ranges": with_build("all versions prior to 5 <= 7"),
        "builds without a name": with_build("").model_copy(
            update={"what_to_do": [], "impact": [], "statements": []}
        ),
        "hostile text": hostile_notice(lambda text: f"<script>\u202e\x1b[31m{text}\n\x00"),
        "one handset of unknown make": affair_notice().model_copy(
            update={
                "handsets": [affair_notice().handsets[0].model_copy(update={"make": None, "model": None})]
            }
        ),
        "no handset": affair_notice().model_copy(update={"handsets": [], "sent": []}),
    }
    | {
        f"documents full of {text[:9]!r}": write_notice(
            spoil_document(lambda key, old, text=text: old if key == "id" else text),  # type: ignore[misc]
            NoticeOptions(details=DETAILS),
        )
        for text in ("", " ", "\x00", "all versions", "https://x", "x" * 20_000)
    }
    | {f"TLP:{label}": affair_notice(details=replace(DETAILS, tlp=label)) for label in Tlp}
)


def test_every_notice_passes_the_schema_and_the_mandatory_tests() -> None:
    checked = check_csaf([rendered(notice) for notice in WAYS.values()])
    assert {name: one.failed for name, one in zip(WAYS, checked, strict=True) if not one.is_valid} == {}
    assert "csaf_2_0_strict" in checked[0].ran
    assert sum(name.startswith("mandatoryTest_6_1_") for name in checked[0].ran) >= 43


def test_the_validator_finds_what_is_wrong() -> None:
    document = rendered(affair_notice())
    document["document"]["references"] = []
    document["document"]["tracking"]["version"] = "7"
    (checked,) = check_csaf([document])
    assert not checked.is_valid


def test_it_is_an_informational_advisory_that_names_no_vulnerability() -> None:
    document = rendered(affair_notice())
    assert document["document"]["category"] == "csaf_informational_advisory"
    assert "vulnerabilities" not in document


@pytest.mark.parametrize(
    ("label", "known"),
    [("CLEAR", "WHITE"), ("GREEN", "GREEN"), ("AMBER", "AMBER"), ("AMBER+STRICT", "AMBER"), ("RED", "RED")],
)
def test_labels_of_tlp_2_become_those_that_the_standard_knows(label: str, known: str) -> None:
    distribution = rendered(affair_notice(details=replace(DETAILS, tlp=Tlp(label))))["document"][
        "distribution"
    ]
    assert distribution["tlp"]["label"] == known
    assert f"TLP:{label} (TLP version 2.0)" in distribution["text"]
    assert ("Only within the recipient's own organisation" in distribution["text"]) == (
        label == "AMBER+STRICT"
    )


def test_a_draft_says_so_in_title_status_and_distribution() -> None:
    document = rendered(affair_notice())["document"]
    assert document["tracking"]["status"] == "draft"
    assert document["title"].endswith("(draft, reconstruction)")
    assert "DRAFT:" in document["distribution"]["text"]
    assert "RECONSTRUCTION:" in document["distribution"]["text"]


def test_a_signed_notice_is_final_and_still_a_reconstruction() -> None:
    document = rendered(affair_notice(signed=True))["document"]
    assert document["tracking"]["status"] == "final"
    assert document["title"].endswith("(reconstruction)")


def test_products_are_builds_with_their_states() -> None:
    tree = rendered(affair_notice())["product_tree"]
    (vendor,) = tree["branches"]
    (model,) = vendor["branches"]
    assert (vendor["category"], vendor["name"]) == ("vendor", "Xiaomi")
    assert (model["category"], model["name"]) == ("product_name", "Redmi 1S")
    assert [leaf["category"] for leaf in model["branches"]] == ["product_version"] * 3
    assert model["branches"][0]["product"]["name"] == "Xiaomi Redmi 1S JHCMIBH45.0 (affected)"


def test_the_file_name_follows_the_number() -> None:
    notice = affair_notice(details=replace(DETAILS, id="CIAD-2014/07 Ä (b)"))
    assert csaf_file_name(notice) == "ciad-2014_07_b_.json"
