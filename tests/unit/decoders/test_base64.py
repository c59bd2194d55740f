import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.base64 import Base64, Base64Url
from phonehome.model.errors import DecodeError


def decode_all(coding: Base64 | Base64Url, text: bytes) -> list[bytes]:
    found = []
    for match in coding.pattern.finditer(text):
        try:
            found.append(coding.decode(match[0]))
        except DecodeError:
            continue
    return found


def test_digits_inside_longer_text_are_read_padded_or_not() -> None:
    text = b'{"d":"NDkwMTU0MjAzMjM3NTE4","e":"YWJjZGVmZw==", f=YWJjZGVmZw&g'
    assert decode_all(Base64(), text) == [b"490154203237518", b"abcdefg", b"abcdefg"]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("width", [60, 64, 76])
def test_wrapped_lines_are_joined(ending: bytes, width: int) -> None:
    text = bytes(range(200)) + b"\xff"
    flat = base64.b64encode(text)
    lines = ending.join(flat[start : start + width] for start in range(0, len(flat), width))
    assert decode_all(Base64(), b"<data>" + lines + b"</data>") == [text]


def test_the_alphabet_for_urls_is_told_by_its_own_characters() -> None:
    span = base64.urlsafe_b64encode(b"\xff\xfe\xfd\xfb\xef\xbe\xff").rstrip(b"=")
    assert b"_" in span
    assert decode_all(Base64Url(), span) == [b"\xff\xfe\xfd\xfb\xef\xbe\xff"]
    assert decode_all(Base64Url(), b"NDkwMTU0MjAzMjM3NTE4") == []


@pytest.mark.parametrize(
    "word",
    [
        b"application",
        b"CONNECTIONS",
        b"Authorization",
        b"490154203237518",
        b"5eb63bbbe01eeed093cb22bb8f5acdc3",
        b"5EB63BBBE01EEED093CB22BB8F5ACDC3",
        b"abcdefghi",
        b"abcDefgHij",
        b"short1",
    ],
)
def test_words_numbers_and_impossible_lengths_are_refused(word: bytes) -> None:
    with pytest.raises(DecodeError):
        Base64().decode(word)


@pytest.mark.parametrize(
    "word", [b"user-agent-string", b"DEVICE_ID_VALUE", b"550e8400-e29b-41d4-a716-446655440000"]
)
def test_joined_words_and_uuids_are_refused(word: bytes) -> None:
    with pytest.raises(DecodeError):
        Base64Url().decode(word)


def test_one_character_too_many_after_a_long_run_is_dropped() -> None:
    assert Base64().decode(base64.b64encode(bytes(range(60, 90))) + b"x") == bytes(range(60, 90))


def test_truncation_at_every_character_gives_a_beginning_or_the_declared_error() -> None:
    text = b"490154203237518" * 3
    span = base64.b64encode(text)
    for end in range(len(span)):
        try:
            assert text.startswith(Base64().decode(span[:end])[:-1])
        except DecodeError:
            continue


def test_of_random_values_of_six_bytes_nearly_all_are_read() -> None:
    source = random.Random(5)
    values = [source.randbytes(6) for _ in range(2000)]
    read = sum(
        decode_all(Base64(), base64.b64encode(value))
        + decode_all(Base64Url(), base64.urlsafe_b64encode(value))
        != []
        for value in values
    )
    assert read > 1980


@given(st.binary(min_size=20, max_size=200))
def test_what_was_encoded_comes_back(text: bytes) -> None:
    if text.strip(b"\0") and len(set(text)) > 4:
        assert text in decode_all(Base64(), base64.b64encode(text))
