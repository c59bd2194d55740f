"""PDF: what stands in it, with our fonts only; hostile text is text; the same notice gives the same bytes."""

import re
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from advisory_samples import affair_notice, hostile_notice

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.reports.advisory.pdf import render_pdf

pytestmark = pytest.mark.needs_tool("pdftotext", "pdffonts", "pdfinfo")

TYPST = '#panic("x") #read("/etc/passwd") #import "x" $x^2$ *b* _i_ = h \\ @ref <label> `raw` // c /* d'


@pytest.fixture
def text_of(tmp_path: Path) -> "Reader":
    return Reader(tmp_path / "notice.pdf")


class Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, notice: AdvisoryDocument) -> str:
        self.path.write_bytes(render_pdf(notice))
        return self.run("pdftotext", "-raw", str(self.path), "-")

    def run(self, *command: str) -> str:
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_it_says_what_every_other_format_says(text_of: Reader) -> None:
    text = " ".join(text_of(affair_notice()).split())
    for part in (
        "Xiaomi Redmi 1S: contact phone number",
        "DRAFT: this notice is not signed.",
        "RECONSTRUCTION: the recordings",
        "TLP:GREEN",
        "CRITICAL, by the policy defence",
        "fixed builds",
        "JHCMIBL53.0 not tested",
        "GET http://api.account.xiaomi.com/?id=‹imei-1›",
        "contradicted",
        "cannot be observed from a handset",
        "The update was tested",
        "https://vendor.example/words?a=1&b=2",
        "Made by phonehome",
    ):
        assert part in text, part


def test_the_label_stands_at_the_head_and_the_foot_of_every_page(text_of: Reader) -> None:
    pages = text_of(affair_notice()).rstrip("\f").split("\f")
    assert len(pages) > 1
    assert all(page.count("TLP:GREEN") == 2 for page in pages)


def test_the_same_notice_gives_the_same_bytes() -> None:
    assert render_pdf(affair_notice()) == render_pdf(affair_notice())


def test_its_date_is_that_of_the_notice(text_of: Reader) -> None:
    text_of(affair_notice())
    info = text_of.run("pdfinfo", "-isodates", str(text_of.path))
    assert re.search(r"CreationDate:\s+2014-08-15T00:00:00Z", info)
    assert re.search(r"Title:\s+Xiaomi .*\(draft, reconstruction\)", info)


def test_only_the_fonts_of_the_package_are_in_it(text_of: Reader) -> None:
    text_of(affair_notice())
    lines = text_of.run("pdffonts", str(text_of.path)).splitlines()[2:]
    names = {line.split()[0].split("+")[1] for line in lines}
    assert {name.split("-")[0] for name in names} == {"Inter", "NotoSansMono"}
    assert all(re.search(r"yes yes yes", line) for line in lines)


def test_hostile_text_is_text(text_of: Reader) -> None:
    text = squeeze(text_of(hostile_notice(lambda text: f"{text} {TYPST}")))
    assert squeeze(TYPST) in text


def test_what_the_fonts_lack_is_written_out(text_of: Reader) -> None:
    text = squeeze(text_of(hostile_notice(lambda text: f"{text} 小\u202e\x00\U0001f4f1ж")))
    assert "\\u{5C0F}\\u202E\\x00\\u{1F4F1}ж" in text


def test_long_captured_text_stays_on_the_page(text_of: Reader) -> None:
    long = "x" * 3000
    notice = affair_notice().model_copy(
        update={"status": "final", "kind": "observation"}
    )  # no words across the page
    evidence = notice.sent[0].evidence[0].model_copy(update={"request": long, "excerpt": long})
    sent = notice.sent[0].model_copy(update={"evidence": [evidence]})
    text_of(notice.model_copy(update={"sent": [sent]}))
    boxes = re.findall(r'xMax="([\d.]+)"', text_of.run("pdftotext", "-bbox", str(text_of.path), "-"))
    assert max(map(float, boxes)) < 595


def test_the_licence_of_the_fonts_comes_with_them() -> None:
    folder = files("phonehome.reports.advisory").joinpath("fonts")
    names = {one.name for one in folder.iterdir()}
    assert "SIL OPEN FONT LICENSE" in folder.joinpath("OFL.txt").read_text(encoding="utf-8")
    fonts = {name for name in names if name.endswith((".otf", ".ttf"))}
    assert fonts == {"Inter-Regular.otf", "Inter-SemiBold.otf", "NotoSansMono-Regular.ttf"}
    assert sum(len(folder.joinpath(name).read_bytes()) for name in fonts) < 600_000
