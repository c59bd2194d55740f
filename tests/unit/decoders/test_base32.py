import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.base32 import Base32, Base32Hex
from phonehome.model.errors import DecodeError

IMEI = b"490154203237518"


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("lower", [True, False])
def test_either_case_is_read_padded_or_not(padded: bool, lower: bool) -> None:
    for coding, encode in ((Base32(), base64.b32encode), (Base32Hex(), base64.b32hexencode)):
        span = encode(IMEI + b"7")
        span = span.lower() if lower else span
        text = b'"' + (span if padded else span.rstrip(b"=")) + b'"'
        assert [coding.decode(match[0]) for match in coding.pattern.finditer(text)] == [IMEI + b"7"]


@pytest.mark.parametrize(
    "span", [b"application", b"connections", b"ABCDEFGHIJK", b"MZXW6YTBOJ2", b"", b"+1_000_000"]
)
def test_words_and_impossible_runs_are_refused(span: bytes) -> None:
    for coding in (Base32(), Base32Hex()):
        with pytest.raises(DecodeError):
            coding.decode(span)


def test_hexadecimal_is_left_to_base16() -> None:
    with pytest.raises(DecodeError):
        Base32Hex().decode(b"5eb63bbbe01eeed093cb22bb8f5acdc3")


def test_a_run_within_a_longer_word_is_no_candidate() -> None:
    assert not Base32().pattern.search(b"xGQ4TAMJVGQZDAMZSGM3TKMJYx")


def test_truncation_at_every_character_gives_a_beginning_or_the_declared_error() -> None:
    span = base64.b32encode(IMEI)
    for end in range(len(span)):
        try:
            assert IMEI.startswith(Base32().decode(span[:end]))
        except DecodeError:
            continue


@given(st.binary(min_size=6, max_size=100))
def test_what_was_encoded_comes_back(data: bytes) -> None:
    assert Base32().decode(base64.b32encode(data)) == data
    span = base64.b32hexencode(data)
    if span.rstrip(b"=").strip(b"0123456789ABCDEF"):
        assert Base32Hex().decode(span) == data
