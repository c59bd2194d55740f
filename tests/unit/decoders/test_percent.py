from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.percent import Percent, unquote, unquote_plus
from phonehome.model.errors import DecodeError


def test_a_whole_text_with_an_escape_is_one_candidate() -> None:
    text = b'"one a%20b+c" "none" <two %C3%A9>'
    spans = [match[0] for match in Percent().pattern.finditer(text)]
    assert [Percent().decode(span) for span in spans] == [b"one a b+c", b"two \xc3\xa9"]


def test_invalid_escapes_are_left_standing() -> None:
    assert unquote(b"100%25 %zz %4 %") == b"100% %zz %4 %"


def test_forms_read_plus_as_a_space() -> None:
    assert unquote_plus(b"a+b%2Bc") == b"a b+c"


@pytest.mark.parametrize("span", [b"", b"plain", b"100%", b"%zz"])
def test_texts_without_a_valid_escape_are_refused(span: bytes) -> None:
    with pytest.raises(DecodeError):
        Percent().decode(span)


def test_truncation_at_every_character_leaves_the_rest_readable() -> None:
    span = b"%34%39%30%31%35%34"
    for end in range(3, len(span)):
        assert Percent().decode(span[:end]).startswith(b"490154"[: end // 3])


def test_a_long_run_without_an_escape_takes_linear_time() -> None:
    assert not Percent().pattern.search(b"a" * 2_000_000)


@given(st.binary(max_size=200))
def test_what_was_encoded_comes_back_as_the_standard_library_reads_it(data: bytes) -> None:
    assert unquote(quote(data).encode()) == data
    assert unquote(data) == unquote_to_bytes(data)
