import datetime
import random

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.msgpack import MAX_DEPTH, MessagePack
from phonehome.model.errors import DecodeError, LimitExceeded

VALUES = st.recursive(
    st.integers(-(1 << 63), (1 << 64) - 1)
    | st.text(max_size=40)
    | st.binary(max_size=40)
    | st.booleans()
    | st.none(),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def parts(data: bytes) -> list[tuple[str, bytes]]:
    return [(leaf.step, leaf.data) for leaf in MessagePack().split(data, 10_000)]


def flatten(value: object, step: str) -> list[bytes]:
    """Give what a reader must find of a value, in order, keys left out."""
    match value:
        case dict():
            return [part for item in value.values() for part in flatten(item, step)]
        case list():
            return [part for item in value for part in flatten(item, step)]
        case bool() | None:
            return []
        case int():
            return [str(value).encode()]
        case str() | bytes():
            raw = value.encode() if isinstance(value, str) else value
            return [raw] if raw else []
    raise AssertionError(value)


def test_maps_arrays_numbers_and_bytes_are_read_with_their_place() -> None:
    data = msgpack.packb(
        {
            "imei": "490154203237518",
            "mac": b"\x02\0\x5e\x10\x20\x30",
            "device": [1, -70000, 28.5, None],
            7: True,
            8: "x",
        }
    )
    assert parts(data) == [
        ("$.imei", b"490154203237518"),
        ("$.mac", b"\x02\0\x5e\x10\x20\x30"),
        ("$.device{key}", b"device"),
        ("$.device[0]", b"1"),
        ("$.device[1]", b"-70000"),
        ("$.device[2]", bytes.fromhex("403c800000000000")),
        ("$.device[2]", b"28.5"),
        ("$['8']", b"x"),
    ]
    first = MessagePack().split(data, 100)[0]
    assert data[first.start : first.end] == b"490154203237518"


def test_extensions_single_floats_and_long_forms_are_read() -> None:
    moment = datetime.datetime(2014, 8, 7, tzinfo=datetime.UTC)
    data = msgpack.packb(
        [
            msgpack.ExtType(5, b"abcd"),
            msgpack.ExtType(5, b"abc"),
            moment,
            1.5,
            "s" * 70_000,
            b"b" * 300,
            [0] * 20,
            {"k": {}},
        ],
        use_single_float=True,
        datetime=True,
    )
    found = [data for step, data in parts(data) if not step.startswith("$[6]")]
    expected = [
        b"abcd",
        b"abc",
        int(moment.timestamp()).to_bytes(4, "big"),
        b"\x3f\xc0\0\0",
        b"1.5",
        b"s" * 70_000,
        b"b" * 300,
    ]
    assert found == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x91\xc1",
        b"\x91",
        b"\x81\xc0\x01",
        b"\xa3abc",
        b"\x91\x01\x02",
        b"\xdd\xff\xff\xff\xff",
        b"text",
    ],
)
def test_what_is_not_messagepack_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        MessagePack().split(data, 100)


@pytest.mark.parametrize(
    "data", [b"\x91" * (MAX_DEPTH + 2) + b"\x01", b"\x91" * 100_000 + b"\x01", b"\x94\x01\x02\x03\x04"]
)
def test_deep_nesting_and_many_parts_end_at_a_bound(data: bytes) -> None:
    with pytest.raises(LimitExceeded):
        MessagePack().split(data, 3)


def test_every_truncation_is_refused() -> None:
    data = msgpack.packb({"imei": "490154203237518", "n": [1, 2.5, b"x", 1 << 40]})
    for end in range(len(data)):
        with pytest.raises(DecodeError):
            MessagePack().split(data[:end], 100)


def test_random_bytes_seldom_pass() -> None:
    source, passed = random.Random(3), 0
    for _ in range(5000):
        try:
            MessagePack().split(source.randbytes(source.randrange(16, 200)), 1000)
        except DecodeError:
            continue
        passed += 1
    assert passed <= 10


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_what_was_packed_comes_back(document: list[object]) -> None:
    expected = flatten(document, "$")
    if expected:
        found = [
            (step, value) for step, value in parts(msgpack.packb(document)) if not step.endswith("{key}")
        ]
        assert [value for _, value in found] == expected
