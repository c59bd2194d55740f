import base64

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from phonehome.decoders.base85 import Z85, Base85
from phonehome.model.errors import DecodeError

RFC1924 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
ZEROMQ = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
TO_Z85 = bytes.maketrans(RFC1924, ZEROMQ)


def test_the_example_of_the_z85_specification_is_read() -> None:
    # The test case of ZeroMQ RFC 32 is letters alone, and its bytes are no text: too like an ordinary word to be
    # looked at. A group with punctuation behind it makes it pass.
    example = bytes((0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B))
    assert Z85().decode(b"HelloWorld" + b"0000%") == example + (82).to_bytes(4, "big")


@pytest.mark.parametrize("text", [b"490154203237518", b"abcdef", "José García".encode()])
def test_text_is_read_in_both_alphabets(text: bytes) -> None:
    span = base64.b85encode(text)
    assert [Base85().decode(match[0]) for match in Base85().pattern.finditer(b'"' + span + b'"')] == [text]
    span = span.translate(TO_Z85)
    assert [Z85().decode(match[0]) for match in Z85().pattern.finditer(b'"' + span + b'"')] == [text]


@pytest.mark.parametrize(
    "span",
    [
        b"",
        b"password",
        b"access_token=abc",
        b"https://example.org/a",
        b"~~~~~~~~~~",
        b"a1B2c3D4",
        b"\0" * 10,
        b"abc,defghi",
    ],
)
def test_words_urls_and_overflow_are_refused(span: bytes) -> None:
    for coding in (Base85(), Z85()):
        with pytest.raises(DecodeError):
            coding.decode(span)


def test_truncation_at_every_character_gives_a_beginning_or_the_declared_error() -> None:
    span = base64.b85encode(b"490154203237518")
    for end in range(len(span)):
        try:
            assert b"490154203237518".startswith(Base85().decode(span[:end]))
        except DecodeError:
            continue


@given(st.binary(min_size=8, max_size=200))
def test_what_was_encoded_comes_back(data: bytes) -> None:
    span = base64.b85encode(data)
    assume(span.translate(None, RFC1924[:62] + b"-_=&;"))
    assert Base85().decode(span) == data
    span = span.translate(TO_Z85)
    assume(span.translate(None, RFC1924[:62] + b".-:/=&?") and b"://" not in span)
    assert Z85().decode(span) == data
