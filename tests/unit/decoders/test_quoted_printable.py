import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.quoted_printable import QuotedPrintable
from phonehome.model.errors import DecodeError


def test_escapes_and_soft_line_breaks_are_read() -> None:
    text = "José García, 490154203237518, ".encode() * 4
    span = quopri.encodestring(text)
    assert b"=\n" in span
    assert [QuotedPrintable().decode(match[0]) for match in QuotedPrintable().pattern.finditer(span)] == [
        text
    ]


def test_text_of_escapes_alone_is_read() -> None:
    assert QuotedPrintable().decode(b"=34=39=30=31=35=34") == b"490154"


@pytest.mark.parametrize(
    "span", [b"", b"imei=490154203237518", b"a=1&b=2", b"x == y", b"id=AB12", b"plain", b"=c3=a9"]
)
def test_forms_and_other_equals_signs_are_refused(span: bytes) -> None:
    with pytest.raises(DecodeError):
        QuotedPrintable().decode(span)


def test_truncation_at_every_character_gives_a_beginning_or_the_declared_error() -> None:
    for end in range(18):
        try:
            assert b"490154".startswith(QuotedPrintable().decode(b"=34=39=30=31=35=34"[:end])[: end // 3])
        except DecodeError:
            continue


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=100))
def test_what_was_encoded_comes_back(text: str) -> None:
    span = quopri.encodestring(text.encode())
    if not text.isascii():
        assert QuotedPrintable().decode(span) == text.encode()
