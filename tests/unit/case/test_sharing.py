"""A shared copy: what must not be in it is not, single findings can be proved, and nothing links equal values."""

import json
import re
from pathlib import Path

import pytest
from case_folders import IMEI
from evidence_cases import CONTACT, write_evidence

from phonehome.audit.case_run import audit_case
from phonehome.case.folder import load_case
from phonehome.case.openings import check_opening, prove
from phonehome.case.sharing import Shared, share
from phonehome.documents.audit import AuditDocument
from phonehome.documents.shared import SharedDocument
from phonehome.model.errors import ConfigError

VALUES = {
    "imei-1": IMEI,
    "alices-number": CONTACT,
    "account-of-alice": CONTACT,
    "text-1": "meet me behind the old mill",
}
MANIFEST = "ab" * 32


def clean(text: str) -> str:
    for value in VALUES.values():
        text = text.replace(value, "‹x›")
    return text


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> AuditDocument:
    return audit_case(load_case(write_evidence(tmp_path_factory.mktemp("cases") / "c")))


@pytest.fixture(scope="module")
def copy(audited: AuditDocument) -> Shared:
    return share(audited, VALUES, clean, MANIFEST)


def test_all_findings_are_in_it(audited: AuditDocument, copy: Shared) -> None:
    assert len(audited.findings) >= 6
    assert len(copy.document.findings) == len(audited.findings)
    assert len(copy.document.flows) == len(audited.flows)
    assert SharedDocument.model_validate_json(copy.data) == copy.document


def test_no_value_and_nothing_that_names_one_is_in_it(audited: AuditDocument, copy: Shared) -> None:
    text = copy.data.decode()
    for word in (
        "490154203237518",
        "49015420323751",
        "2025550143",
        "mill",
        "alice",
        "who=",
        MANIFEST,
        *VALUES,
    ):
        assert word not in text, word
    for finding in audited.findings:
        assert finding.id not in text
    for file in audited.inputs:
        assert file.sha256 is not None
        assert file.sha256 not in text
        assert file.path not in text


def test_no_field_tells_how_long_a_value_is_or_what_stood_around_it(copy: Shared) -> None:
    finding = copy.document.findings[0].model_dump()
    assert not {"length", "offset", "excerpt", "layers", "chance_bits", "value_id", "url"} & set(finding)
    assert not {"url", "packets", "display_filter", "input"} & set(copy.document.exchanges[0].model_dump())


def test_equal_values_have_unlike_commitments(audited: AuditDocument, copy: Shared) -> None:
    assert sum(finding.data_type == "imei" for finding in copy.document.findings) >= 3
    commitments = [finding.commitment for finding in copy.document.findings]
    assert len(set(commitments)) == len(commitments)
    again = share(audited, VALUES, clean, MANIFEST)
    assert not set(commitments) & {finding.commitment for finding in again.document.findings}


def test_times_are_cut_to_the_second(audited: AuditDocument) -> None:
    ref = audited.findings[0].exchange.model_copy(update={"time": "2026-01-02T03:04:05.678901Z"})
    finding = audited.findings[0].model_copy(update={"exchange": ref})
    found = share(audited.model_copy(update={"findings": [finding]}), VALUES, clean, None)
    assert found.document.exchanges[0].time == "2026-01-02T03:04:05Z"


def test_the_order_of_findings_within_an_exchange_is_by_chance(audited: AuditDocument) -> None:
    first = audited.findings[0]
    many = [first.model_copy(update={"id": f"{number:016}"}) for number in range(20)]
    order = [
        [opening.original for opening in share(one, VALUES, clean, None).openings.openings.values()]
        for one in [audited.model_copy(update={"findings": many})] * 2
    ]
    assert order[0] != order[1]
    assert sorted(map(str, order[0])) == sorted(map(str, order[1]))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("query:imei", "query:imei"),
        ("header:X-Device-Id > $.device.ids[0]", "header:X-Device-Id > $.device.ids[0]"),
        ("1.2[0].3", "1.2[0].3"),
        ("url:2", "url:2"),
        ("form:meet me behind", "…"),
        ("form:490154203237518", "…"),
        ('$.x > $["+1 202"]', "$.x > …"),
        ("query:‹imei-1›", "…"),
        ("query:" + "a" * 50, "…"),
    ],
)
def test_places_keep_plain_names_only(audited: AuditDocument, path: str, place: str) -> None:
    finding = audited.findings[0].model_copy(update={"path": path})
    found = share(audited.model_copy(update={"findings": [finding]}), VALUES, clean, None)
    assert found.document.findings[0].place == place


def test_marks_of_masked_values_lose_the_id_of_the_value(audited: AuditDocument) -> None:
    ref = audited.findings[0].exchange.model_copy(
        update={"host": "‹imei-1›.example.com", "method": "‹imei-1›"}
    )
    finding = audited.findings[0].model_copy(update={"exchange": ref})
    found = share(audited.model_copy(update={"findings": [finding]}), VALUES, clean, None)
    assert found.document.exchanges[0].host == "‹masked›.example.com"
    assert found.document.exchanges[0].method is None


def test_conditions_and_titles_that_hold_a_value_are_cleaned(audited: AuditDocument) -> None:
    assert audited.case is not None
    case = audited.case.model_copy(update={"title": f"The phone {IMEI}"})
    found = share(audited.model_copy(update={"case": case}), VALUES, clean, None)
    assert found.document.title == "The phone ‹masked›"


def test_the_result_of_recordings_that_are_no_case_is_refused(audited: AuditDocument) -> None:
    with pytest.raises(ConfigError, match="not that of a case"):
        share(audited.model_copy(update={"case": None}), VALUES, clean, None)


def test_a_result_of_other_subjects_is_refused(audited: AuditDocument) -> None:
    with pytest.raises(ConfigError, match="that no subject of the case has"):
        share(audited, {}, clean, None)


@pytest.fixture
def folder(copy: Shared, tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "shared.json").write_bytes(copy.data)
    (tmp_path / "openings.json").write_text(copy.openings.model_dump_json())
    return tmp_path


def opening_of(folder: Path, finding: str, /, **changes: str) -> Path:
    opening = prove(folder / "openings.json", finding).model_copy(update=changes)
    path = folder / f"{finding}.json"
    path.write_text(opening.model_dump_json())
    return path


def test_one_finding_is_proved_by_either_id_and_shows_no_other(
    folder: Path, copy: Shared, audited: AuditDocument
) -> None:
    name, kept = next(iter(copy.openings.openings.items()))
    assert kept.original is not None
    for finding in (name, kept.original):
        path = opening_of(folder, finding)
        fits, sentence = check_opening(folder / "shared", path)
        assert fits, sentence
        assert f"opens {name}: " in sentence
        shown = [
            one
            for one, other in copy.openings.openings.items()
            if other.committed in json.loads(path.read_text())["committed"]
        ]
        assert shown == [name]
        assert not any(value in sentence for value in VALUES.values())
        _, shown_sentence = check_opening(folder / "shared", path, reveal=True)
        assert any(shown_sentence.endswith(f"the value is {value}") for value in VALUES.values())


def test_what_the_case_says_of_a_handset_is_cleaned_too(audited: AuditDocument) -> None:
    assert audited.case is not None
    imei = VALUES["imei-1"]
    handset = audited.case.handsets[0].model_copy(
        update={"make": imei, "model": f"M {imei}", "builds": [f"b-{imei}"]}
    )
    case = audited.case.model_copy(update={"handsets": [handset]})
    copy = share(audited.model_copy(update={"case": case}), VALUES, clean, None)
    assert imei not in copy.document.model_dump_json(include={"handsets"})


def test_the_manifest_of_the_case_can_be_proved(folder: Path) -> None:
    fits, sentence = check_opening(folder / "shared", opening_of(folder, "evidence"))
    assert fits
    assert sentence.endswith(f"SHA-256 {MANIFEST}")


def test_an_opening_that_lies_does_not_fit(folder: Path, copy: Shared) -> None:
    ids = list(copy.openings.openings)
    other = copy.openings.openings[ids[1]].committed
    mine = copy.openings.openings[ids[0]].committed
    value = json.loads(mine)[4]
    lies = {
        "another finding's": other,
        "another value": mine.replace(value, "490154203237510"),
        "other bits": re.sub(r"[0-9a-f]{64}", "0" * 64, mine),
        "nonsense": "nonsense",
    }
    for lie, committed in lies.items():
        fits, sentence = check_opening(folder / "shared", opening_of(folder, ids[0], committed=committed))
        assert not fits, lie
        assert sentence.startswith("WRONG: ")
    fits, sentence = check_opening(folder / "shared", opening_of(folder, ids[0], finding="f999"))
    assert not fits
    assert "not in this copy" in sentence


def test_an_opening_of_another_copy_says_so(folder: Path, audited: AuditDocument) -> None:
    other = share(audited, VALUES, clean, MANIFEST)
    (folder / "openings.json").write_text(other.openings.model_dump_json())
    fits, sentence = check_opening(folder / "shared", opening_of(folder, "f1"))
    assert not fits
    assert "it is of another copy" in sentence


def test_a_finding_that_is_not_there_cannot_be_proved(folder: Path) -> None:
    with pytest.raises(ConfigError, match="has no finding 'f999'"):
        prove(folder / "openings.json", "f999")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "phonehome.opening/2"}', "[" * 10_000])
def test_what_is_no_opening_is_a_sentence_without_what_it_holds(folder: Path, text: str) -> None:
    (folder / "x.json").write_text(text)
    with pytest.raises(ConfigError, match=r"x\.json: is no opening that this phonehome reads"):
        check_opening(folder / "shared", folder / "x.json")
