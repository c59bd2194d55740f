import random
import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from phonehome.decoders.protobuf import MAX_DEPTH, Protobuf
from phonehome.model.errors import DecodeError, LimitExceeded

PROSE = (
    "The handset was put on a table and left alone for an hour. It asked for the weather twice, sent a report of\n"
    "its own health, and resolved 14 names; nobody had agreed to any of that. GET /v1/ping?ok=1 HTTP/1.1\r\n"
    'Host: example.org\r\n{"status": "ok", "items": [1, 2, 3]}\nbirch,rowan;alder: "zinc" bjornen 12:30'
)


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return out + bytes((number,))


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def string(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def parts(data: bytes, limit: int = 1000) -> list[tuple[str, bytes]]:
    return [(leaf.step, leaf.data) for leaf in Protobuf().split(data, limit)]


def test_strings_messages_and_numbers_are_read_with_their_place() -> None:
    inner = string(1, b"490154203237518") + number(3, 490154203237518)
    data = string(1, inner) + string(1, b"text") + number(2, (1 << 64) - 5) + string(4, b"\xff\xfe\xfd")
    assert parts(data) == [
        ("1[0].1", b"490154203237518"),
        ("1[0].3", b"490154203237518"),
        ("1[1]", b"text"),
        ("2", b"-5"),
        ("4", b"\xff\xfe\xfd"),
    ]
    first = Protobuf().split(data, 10)[0]
    assert data[first.start : first.end] == b"490154203237518"


def test_fixed_numbers_are_given_as_bytes_in_decimal_and_as_a_floating_point_number() -> None:
    data = b"\x09" + struct.pack("<d", 28.6139) + b"\x15" + struct.pack("<I", 7)
    eight = struct.unpack("<Q", struct.pack("<d", 28.6139))[0]
    assert parts(data) == [
        ("1", struct.pack("<d", 28.6139)),
        ("1", str(eight).encode()),
        ("1", b"28.6139"),
        ("2", b"\x07\0\0\0"),
        ("2", b"7"),
    ]


def test_groups_are_read_and_must_be_balanced() -> None:
    assert parts(b"\x2b" + string(6, b"inside") + b"\x2c") == [("5.6", b"inside")]
    for data in (
        b"\x2b" + string(6, b"inside"),
        b"\x2b" + string(6, b"inside") + b"\x34",
        b"\x2c" + string(6, b"inside"),
    ):
        with pytest.raises(DecodeError):
            Protobuf().split(data, 10)


def test_a_message_of_one_printable_string_is_no_text() -> None:
    uuid = b"550e8400-e29b-41d4-a716-446655440000"
    assert parts(string(1, uuid)) == [("1", uuid)]
    assert parts(string(3, string(1, uuid))) == [("3.1", uuid)]


def test_an_extension_with_a_large_number_is_read_when_it_holds_bytes() -> None:
    assert parts(string(66_321_687, b"extension")) == [("66321687", b"extension")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x08\x01",
        b"\x00\x01",
        b"\x0f\x01",
        b"\x08",
        b"\x0a\x05abc",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x08\x80\x00\x08\x01",
        number(1 << 20, 1) * 2,
        b"\x08" + b"\xff" * 10 + b"\x01\x08\x01",
    ],
)
def test_what_is_no_message_or_too_little_of_one_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Protobuf().split(data, 10)


def test_deep_nesting_and_many_parts_end_at_a_bound() -> None:
    data = number(1, 1) * 2
    for _ in range(MAX_DEPTH + 1):
        data = string(1, data)
    with pytest.raises(LimitExceeded):
        Protobuf().split(data, 10)
    with pytest.raises(LimitExceeded):
        Protobuf().split(number(1, 1) * 5, 4)


def test_truncation_at_every_byte_gives_whole_fields_or_the_declared_error() -> None:
    data = string(1, b"490154203237518") + number(2, 300) + string(3, b"abc")
    whole = parts(data)
    for end in range(len(data)):
        try:
            assert parts(data[:end]) == whole[: len(parts(data[:end]))]
        except DecodeError:
            continue


def passes(data: bytes) -> bool:
    try:
        Protobuf().split(data, 1000)
    except DecodeError:
        return False
    return True


def test_random_bytes_and_ordinary_text_seldom_pass() -> None:
    source = random.Random(3)
    assert sum(passes(source.randbytes(source.randrange(16, 200))) for _ in range(10_000)) <= 25
    text = PROSE.encode()
    pieces = [text[start : start + size] for size in (8, 16, 40, 120) for start in range(len(text) - size)]
    assert sum(map(passes, pieces)) <= len(pieces) // 500


@given(
    st.lists(
        st.tuples(st.integers(1, 500), st.integers(0, (1 << 63) - 1) | st.text("abc é", min_size=1)),
        min_size=2,
    )
)
def test_what_was_written_comes_back(fields: list[tuple[int, int | str]]) -> None:
    data = b"".join(number(f, v) if isinstance(v, int) else string(f, v.encode()) for f, v in fields)
    assume(any(byte not in b"\t\n\r" and not 0x20 <= byte < 0x7F for byte in data))  # which else is a text
    expected = [str(value).encode() for _, value in fields]
    assert [value for _, value in parts(data)] == expected
