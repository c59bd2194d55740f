import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.base58 import MAX_RUN, Base58
from phonehome.model.errors import DecodeError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def encode58(data: bytes) -> bytes:
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = ALPHABET[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return ("1" * zeros + digits).encode()


def test_a_published_example_is_read() -> None:
    # The example of the Base58 draft (draft-msporny-base58).
    assert Base58().decode(b"2NEpo7TZRRrLZSi2U") == b"Hello World!"


def test_runs_that_stand_apart_are_candidates_and_others_are_not() -> None:
    run = encode58(b"490154203237518")
    assert [match[0] for match in Base58().pattern.finditer(b"a=" + run + b"&b")] == [run]
    assert not Base58().pattern.search(b"0" + run + b"0")


@pytest.mark.parametrize(
    "span", [b"", b"short12", b"password", b"PASSWARD", b"Passward", b"1234567891", b"2NEpo7TZ0RrLZSi2U"]
)
def test_words_hexadecimal_and_other_alphabets_are_refused(span: bytes) -> None:
    with pytest.raises(DecodeError):
        Base58().decode(span)


def test_a_run_beyond_the_bound_is_refused() -> None:
    with pytest.raises(DecodeError):
        Base58().decode(b"2N" * MAX_RUN)


def test_truncation_at_every_character_gives_bytes_or_the_declared_error() -> None:
    span = encode58(b"490154203237518")
    for end in range(len(span)):
        try:
            assert Base58().decode(span[:end]) != b"490154203237518"
        except DecodeError:
            continue


@given(st.binary(min_size=12, max_size=200))
def test_what_was_encoded_comes_back(data: bytes) -> None:
    span = encode58(data)
    if not span.isalpha() and span.strip(b"0123456789abcdef"):
        assert Base58().decode(span) == data
