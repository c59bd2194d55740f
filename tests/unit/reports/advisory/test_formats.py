"""Every format: the same bytes for the same notice, and in each what every copy must say."""

import re
import subprocess
from pathlib import Path

import pytest
from advisory_samples import affair_notice, hostile_notice

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.reports.advisory.formats import FORMATS, AdvisoryFormat


def readable(chosen: AdvisoryFormat, notice: AdvisoryDocument, folder: Path) -> str:
    """What a format holds, as text without line breaks."""
    data = chosen.render(notice)
    if chosen.name == "pdf":
        path = folder / "notice.pdf"
        path.write_bytes(data)
        done = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True, timeout=60)
        data = done.stdout
    return re.sub(r"\s+", " ", data.decode())


@pytest.fixture(params=FORMATS, ids=lambda one: one.name)
def chosen(request: pytest.FixtureRequest) -> AdvisoryFormat:
    found: AdvisoryFormat = request.param
    return found


def test_the_same_notice_gives_the_same_bytes(chosen: AdvisoryFormat) -> None:
    assert chosen.render(affair_notice()) == chosen.render(affair_notice())


@pytest.mark.needs_tool("pdftotext")
def test_a_draft_and_a_reconstruction_say_so(chosen: AdvisoryFormat, tmp_path: Path) -> None:
    text = readable(chosen, affair_notice(), tmp_path)
    assert "DRAFT: this notice is not signed" in text
    assert "RECONSTRUCTION: the recordings behind this notice" in text


@pytest.mark.needs_tool("pdftotext")
def test_a_signed_notice_of_observations_says_neither(chosen: AdvisoryFormat, tmp_path: Path) -> None:
    notice = affair_notice(signed=True).model_copy(update={"kind": "observation", "notices": []})
    text = readable(chosen, notice, tmp_path)
    assert "draft" not in text.lower()
    assert "reconstruction" not in text.lower()


@pytest.mark.needs_tool("pdftotext")
def test_every_format_says_the_main_things(chosen: AdvisoryFormat, tmp_path: Path) -> None:
    text = readable(chosen, affair_notice(), tmp_path)
    for part in (
        "JHCMIBH45.0",
        "went to api.account.xiaomi.com (Xiaomi), in China, in cleartext",
        "the user had not been asked",
        "Adding a contact sends its number",
        "contradicted",
        "No session was recorded with this build",
        "Example CERT",
    ):
        assert part in text, part


def test_the_mark_of_a_format_stands_in_it_and_in_no_other(chosen: AdvisoryFormat) -> None:
    data = chosen.render(affair_notice())
    others = [one.name for one in FORMATS if one.mark in data]
    # The event carries the notice as Markdown, too.
    assert (
        others == ([chosen.name] if chosen.name != "misp" else ["markdown", "misp"]) or chosen.name in others
    )


def test_no_format_holds_a_character_that_cannot_be_seen(chosen: AdvisoryFormat) -> None:
    hidden = "\u202e\u2066\u200b\x1b\x07\ufeff"
    data = chosen.render(hostile_notice(lambda text: f"{text}{hidden}"))
    if not chosen.is_binary:
        assert not set(hidden) & set(data.decode())


def test_lone_surrogates_break_no_format(chosen: AdvisoryFormat) -> None:
    assert chosen.render(hostile_notice(lambda text: f"{text}\udcff\ud83d"))


def test_file_names_come_from_the_number_and_nothing_else(chosen: AdvisoryFormat) -> None:
    notice = affair_notice().model_copy(update={"id": "../../etc/passwd \u202e/x"})
    assert re.fullmatch(r"[+\-a-z0-9_]+(\.[a-z]+){1,2}", chosen.file_name(notice))


def test_every_format_has_its_line_on_the_page(chosen: AdvisoryFormat) -> None:
    page = Path(__file__).parents[4] / "docs" / "advisory.md"
    assert f"| `{chosen.name}` |" in page.read_text(encoding="utf-8")


def test_suffixes_belong_to_one_format_each() -> None:
    suffixes = [suffix for one in FORMATS for suffix in one.suffixes]
    assert len(suffixes) == len(set(suffixes))
