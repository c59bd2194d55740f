"""Audit documents of somebody else: whatever stands in them, a notice comes out, or a sentence."""

import pytest
from advisory_samples import DETAILS, FREE_TEXT, affair_document, spoil_document
from hypothesis import given
from hypothesis import strategies as st

from phonehome.model.advisory import AdvisoryDetails
from phonehome.model.errors import ConfigError
from phonehome.reports.advisory.formats import FORMATS
from phonehome.reports.advisory.notice import NoticeOptions, write_notice


@pytest.mark.parametrize(
    "text", ["", " ", "\x00\u202e", "x" * 20_000, "1970", "9999-12-31T23:59:59-23:59", "‹", "[](a)"]
)
def test_any_text_gives_a_notice_in_every_format(text: str) -> None:
    document = spoil_document(lambda key, old: old if key == "id" else text)
    notice = write_notice(document, NoticeOptions(details=DETAILS))
    for chosen in FORMATS:
        assert chosen.render(notice)


@given(st.dictionaries(st.sampled_from(sorted(FREE_TEXT - {"id"})), st.text(max_size=20), max_size=8))
def test_any_mixture_gives_a_notice_or_a_sentence(texts: dict[str, str]) -> None:
    document = spoil_document(lambda key, old: texts.get(key, old))
    try:
        notice = write_notice(document, NoticeOptions(details=AdvisoryDetails()))
    except ConfigError:
        return
    for chosen in FORMATS:
        if not chosen.is_binary:  # setting a page takes too long for hundreds of them
            chosen.render(notice)


def test_findings_and_flows_that_do_not_belong_together_are_passed_over() -> None:
    document = affair_document()
    flows = [
        flow.model_copy(update={"findings": ["missing"], "session": "nowhere"}) for flow in document.flows[:2]
    ]
    changed = document.model_copy(update={"flows": [*flows, *document.flows[2:]], "findings": []})
    notice = write_notice(changed, NoticeOptions())
    assert all(not one.evidence for one in notice.sent)
    assert len(notice.sent) == 5
