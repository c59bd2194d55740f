import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.ascii85 import Ascii85
from phonehome.model.errors import DecodeError


def decode_all(text: bytes) -> list[bytes]:
    return [Ascii85().decode(match[0]) for match in Ascii85().pattern.finditer(text)]


def test_marked_text_is_read_with_z_and_line_breaks() -> None:
    text = b"490154203237518" + bytes(9) + b"abc"
    assert decode_all(b"x " + base64.a85encode(text, adobe=True, wrapcol=20) + b" y") == [text]


def test_bare_and_wrapped_runs_are_read() -> None:
    text = b"The numbers are 490154203237518 and 02:00:5e:10:20:30, and so it goes on for a while longer."
    assert decode_all(base64.a85encode(text[:15])) == [text[:15]]
    assert decode_all(base64.a85encode(text, wrapcol=72)) == [text]


@pytest.mark.parametrize(
    "span",
    [
        b"",
        b"<~~>",
        b"https://example.org/",
        b'"imei":"490154203237518"',
        b"password",
        b"abzdefghij",
        b"uuuuuuuu",
        b"text/html;",
    ],
)
def test_urls_json_words_and_misplaced_abbreviations_are_refused(span: bytes) -> None:
    with pytest.raises(DecodeError):
        Ascii85().decode(span)


def test_truncation_at_every_character_gives_a_beginning_or_the_declared_error() -> None:
    span = base64.a85encode(b"490154203237518")
    for end in range(len(span)):
        try:
            assert b"490154203237518".startswith(Ascii85().decode(span[:end]))
        except DecodeError:
            continue


@given(st.binary(min_size=1, max_size=200))
def test_what_was_encoded_comes_back(data: bytes) -> None:
    assert decode_all(base64.a85encode(data, adobe=True)) == [data]
