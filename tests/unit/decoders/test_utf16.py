import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.base import TextCoding
from phonehome.decoders.utf16 import Utf16BeRun, Utf16BeWhole, Utf16LeRun, Utf16LeWhole
from phonehome.model.errors import DecodeError

IMEI = "490154203237518"
ORDERS = ((Utf16LeRun(), Utf16LeWhole()), (Utf16BeRun(), Utf16BeWhole()))


def decode_all(coding: TextCoding, data: bytes) -> list[bytes]:
    found = []
    for match in coding.pattern.finditer(data):
        try:
            found.append(coding.decode(match[0]))
        except DecodeError:
            continue
    return found


def test_runs_within_binary_are_read_in_their_own_order_only() -> None:
    little, big = IMEI.encode("utf-16-le"), IMEI.encode("utf-16-be")
    assert decode_all(Utf16LeRun(), b"\x01\x02" + little + b"\x03") == [IMEI.encode()]
    assert decode_all(Utf16BeRun(), b"\x01\x02" + big + b"\x03") == [IMEI.encode()]
    assert decode_all(Utf16BeRun(), b"\x01\x02" + little + b"\x03") == []
    assert decode_all(Utf16LeRun(), b"\x01\x02" + big + b"\x03") == []


def test_a_neighbouring_zero_or_letter_costs_no_character() -> None:
    assert decode_all(Utf16LeRun(), b"\0" + IMEI.encode("utf-16-le")) == [IMEI.encode()]
    assert decode_all(Utf16BeRun(), b"A" + IMEI.encode("utf-16-be")) == [IMEI.encode()]


@pytest.mark.parametrize(
    "text", ["José García", "张伟的手机", "Ирина Петрова", "田中さくら", "김민준의폰", "محمد علي"]
)
def test_whole_buffers_of_any_script_are_read(text: str) -> None:
    for encoding, (_, whole) in zip(("utf-16-le", "utf-16-be"), ORDERS, strict=True):
        assert decode_all(whole, text.encode(encoding)) == [text.encode()]


def test_a_byte_order_mark_is_enough() -> None:
    assert decode_all(Utf16LeWhole(), b"\xff\xfe" + "☂".encode("utf-16-le") * 2) == ["☂☂".encode()]
    assert decode_all(Utf16LeWhole(), b"\xfe\xff" + "☂".encode("utf-16-be") * 2) == []


@pytest.mark.parametrize(
    "data", [b"", b"ascii text here.", b"\xff\xfe", bytes(16), b"\xff\xfe\x00\xd8\x00\xd8", b"odd"]
)
def test_what_is_not_utf_16_is_refused(data: bytes) -> None:
    for pair in ORDERS:
        for coding in pair:
            with pytest.raises(DecodeError):
                coding.decode(data)


def test_random_bytes_and_ordinary_text_seldom_pass_as_whole_buffers() -> None:
    source = random.Random(11)
    passed = sum(
        bool(decode_all(whole, source.randbytes(source.randrange(8, 200))))
        for _ in range(4000)
        for _, whole in ORDERS
    )
    assert passed <= 8
    text = b"The quick brown fox jumps over the lazy dog, and then some. "
    assert not any(decode_all(whole, text[start : start + 20]) for start in range(40) for _, whole in ORDERS)


def test_truncation_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    data = IMEI.encode("utf-16-le")
    for end in range(len(data)):
        for text in decode_all(Utf16LeRun(), data[:end]):
            assert IMEI.encode().startswith(text)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=6, max_size=60))
def test_what_was_encoded_comes_back(text: str) -> None:
    assert decode_all(Utf16LeRun(), text.encode("utf-16-le")) == [text.encode()]
    assert decode_all(Utf16BeRun(), text.encode("utf-16-be")) == [text.encode()]
