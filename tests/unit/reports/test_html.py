import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import pytest
from report_samples import empty_document, hostile_document, sample_document, with_findings

from phonehome.documents.audit import AuditDocument
from phonehome.reports.html import json_block, render_html
from phonehome.reports.page import FINDINGS_HELD, FINDINGS_INLINE, NODES_NAMED, draw
from phonehome.reports.summary import Summary


class Page(HTMLParser):
    """Collects what a page is made of; text of scripts and styles apart."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.raw.append((self.cdata_elem, data))
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def first_page(text: str) -> str:
    return Page(text.split("<nav")[0]).text


def test_the_first_page_answers_and_says_what_it_rests_on() -> None:
    text = first_page(render_html(sample_document()))
    assert Summary(doc=sample_document()).answer in text
    assert "65.3 % of the 1.84 MB sent upward could be read, 640 kB could not." in text
    assert "“Not seen” is not “not sent”" in text
    assert "Not seen: ‹imsi-1› IMSI, ‹home› location, ‹sms-1› SMS text." in text
    assert "‹nick› (3 characters are too few to search for)" in text
    assert "0 of 60 decoys hit" in text


def test_everything_in_the_document_stands_in_the_page() -> None:
    doc = sample_document()
    text = Page(render_html(doc)).text
    for finding in doc.findings:
        assert finding.id in text
        assert finding.form in text
        assert finding.path in text
        assert " › ".join(finding.chain) in text
    for row in doc.coverage.by_destination:
        assert (row.host or "") in text
        assert (row.reason or "") in text
    for destination in (finding.destination for finding in doc.findings):
        for country in destination.countries:
            assert f"{country.source}, {country.date}" in text
        assert destination.notes[0] in text
    for problem in doc.problems:
        assert problem.where in text
        assert problem.reason in text
    assert (doc.inputs[0].sha256 or "") in text
    assert doc.tool.data[0].source in text
    assert "a name of 4 letters stands in 1 of 90 such texts" in text


def test_layers_go_from_the_part_down_to_the_value_with_the_span_marked() -> None:
    text = render_html(sample_document())
    finding = text[text.index("<b>Wi-Fi MAC</b> ‹wifi-1›") :].split("</details>")[0]
    assert re.findall(r"<li><p><b>(.*?)</b>", finding) == ["request.body", "form", "base64", "gzip", "json"]
    marks = [html.unescape(mark) for mark in re.findall(r"<mark>(.*?)</mark>", finding)]
    assert marks[3:] == ['"imei":"‹wifi-1›"', "‹wifi-1›"]


def test_the_page_asks_for_nothing_and_its_policy_admits_only_its_own_scripts() -> None:
    page = Page(render_html(sample_document()))
    sources = [
        (tag, name) for tag, attributes in page.tags for name in attributes if name in {"src", "srcset"}
    ]
    assert sources == []
    links = {a["href"] for tag, a in page.tags if tag in {"a", "link"} and "href" in a}
    assert {link for link in links if link and not link.startswith("#")} == {"data:,"}
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "unsafe" not in policy
    digests = re.findall(r"'sha256-(.*?)'", policy)
    code = [text for _, text in page.raw if not text.startswith("{")]
    assert [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in code[1:]
    ] == digests[:2]
    assert base64.b64encode(hashlib.sha256(code[0].encode()).digest()).decode() == digests[2]
    inline = [a for _, a in page.tags if "style" in a or any(name.startswith("on") for name in a)]
    assert inline == []


def test_our_own_scripts_cannot_end_their_element() -> None:
    for kind, text in Page(render_html(sample_document())).raw:
        assert f"</{kind}" not in text.lower()
        assert "<!--" not in text


PAYLOADS = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=pwned=1>',
    "'><svg onload=pwned=1>",
    "</script><script>pwned=1</script>",
    "</style></title></template></details>",
    "{{7*7}}{% raw %}",
    "<!--",
    "]]>&lt;b&gt;",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_makes_no_element_and_no_attribute(payload: str) -> None:
    plain = hostile_document(lambda text: f"{text}x")
    hostile = hostile_document(lambda text: f"{text}{payload}")
    shape = [(tag, sorted(attributes)) for tag, attributes in Page(render_html(plain)).tags]
    page = Page(render_html(hostile))
    assert [(tag, sorted(attributes)) for tag, attributes in page.tags] == shape
    assert payload in page.text


def test_bidi_and_control_characters_are_shown_as_escapes() -> None:
    text = render_html(hostile_document(lambda text: f"{text}\u202e\x1b\u2066\x00"))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", text)
    assert "\\u202E\\x1B\\u2066\\x00" in text


def test_a_json_block_holds_nothing_that_markup_is_made_of() -> None:
    value = {"</script>": "<!-- \u2028\u2029 ]]> & ' \u202e"}
    block = str(json_block(value))
    assert block.isascii()
    assert not set(block) & set("<>&'")
    assert json.loads(block) == value


def test_a_page_holds_some_findings_of_every_flow_and_says_how_many_it_leaves_out() -> None:
    doc = with_findings(FINDINGS_HELD + 500)
    page = Page(render_html(doc))
    details = [a for tag, a in page.tags if tag == "details"]
    assert len(details) == FINDINGS_HELD
    assert f"The page holds 2,000 of {len(doc.findings):,} findings" in page.text
    assert f"{FINDINGS_INLINE} of {len(doc.findings):,} findings are shown" in page.text
    before = render_html(doc).split('<template id="finding-more">')[0]
    assert before.count("<details") == FINDINGS_INLINE
    for finding in sample_document().findings:
        assert f"<code>{finding.id}</code>" in before


def test_a_page_without_findings_says_so_beside_its_coverage() -> None:
    nothing = sample_document().model_copy(update={"flows": [], "findings": []})
    page = Page(render_html(nothing))
    assert "None of the 12 known values searched for was seen leaving" in page.text
    assert "None of the values was seen leaving the handset. 412 exchanges looked at" in page.text
    assert all(attributes.get("id") != "drawing" for _, attributes in page.tags)


@pytest.mark.parametrize("doc", [sample_document(), empty_document()])
def test_no_page_calls_anything_clean_or_safe(doc: AuditDocument) -> None:
    assert not re.search(r"\b(clean|safe|secure)\b", Page(render_html(doc)).text, re.IGNORECASE)


def test_the_drawing_keeps_what_flows_in_equal_to_what_flows_out() -> None:
    drawing = draw(Summary(doc=sample_document()).up)
    for node in (node for node in drawing.nodes if node.column == 1):
        into = sum(band.value for band in drawing.bands if band.target == node.key)
        out = sum(band.value for band in drawing.bands if band.source == node.key)
        assert into == pytest.approx(out, abs=0.01)


def test_the_drawing_counts_the_hosts_that_it_has_no_room_for() -> None:
    flow = Summary(doc=sample_document()).up[0]
    flows = [flow.model_copy(update={"host": f"h{i}.example", "organisation": None}) for i in range(50)]
    nodes = [node.label for node in draw(flows).nodes if node.column == 1]
    assert len(nodes) == NODES_NAMED
    assert "39 others" in nodes


def luminance(colour: str) -> float:
    """Relative luminance of a colour such as `#1b2127` (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_colour_has_contrast_enough(theme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", render_html(sample_document()), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[theme]))
    for ground in ("paper", "panel"):
        for ink in ("ink", "muted", "link", "critical", "high", "medium", "low"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["mark-ink"], colours["mark"]) >= 4.5
    for shape in (
        "read",
        "closed",
        "unreadable",
        "lost",
    ):  # WCAG 1.4.11 asks 3 of shapes; a word stands beside
        assert contrast(colours[shape], colours["paper"]) >= 2.5, shape
