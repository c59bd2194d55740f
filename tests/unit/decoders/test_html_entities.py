import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.html_entities import HtmlEntities, unescape
from phonehome.model.errors import DecodeError


def test_decimal_hexadecimal_and_named_references_are_read() -> None:
    text = "{&quot;n&quot;:&quot;Jos&eacute; &#71;arc&#xED;a&#x1F600;&quot;}"
    expected = '{"n":"José García😀"}'
    assert HtmlEntities().decode(text.encode()) == expected.encode()


def test_one_candidate_is_what_stands_between_quotes() -> None:
    spans = [match[0] for match in HtmlEntities().pattern.finditer(b'<a href="x?a=1&amp;b=2">none</a>')]
    assert spans == [b"x?a=1&amp;b=2"]


@pytest.mark.parametrize("span", [b"", b"a=1&copy=2", b"a & b; c", b"&nosuchname;", b"&#;", b"&#x;"])
def test_texts_without_a_reference_are_refused(span: bytes) -> None:
    with pytest.raises(DecodeError):
        HtmlEntities().decode(span)


def test_references_to_no_character_do_no_harm() -> None:
    assert unescape(b"&#xD800;&#99999999;") == ("\ufffd" * 2).encode()


def test_truncation_at_every_character_raises_nothing_else() -> None:
    span = b"&#52;&#57;&#48;"
    for end in range(len(span)):
        try:
            assert HtmlEntities().decode(span[:end]).startswith(b"4")
        except DecodeError:
            assert end < 5


@given(st.text(max_size=60))
def test_what_was_escaped_comes_back(text: str) -> None:
    assert unescape(html.escape(text).encode("utf-8", "surrogatepass")) == text.encode(
        "utf-8", "surrogatepass"
    )
