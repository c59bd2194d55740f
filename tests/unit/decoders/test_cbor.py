import random

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.cbor import MAX_DEPTH, Cbor
from phonehome.model.errors import DecodeError, LimitExceeded

VALUES = st.recursive(
    st.integers(-(1 << 64), (1 << 64) - 1)
    | st.text(max_size=40)
    | st.binary(max_size=40)
    | st.booleans()
    | st.none(),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def parts(data: bytes) -> list[tuple[str, bytes]]:
    return [(leaf.step, leaf.data) for leaf in Cbor().split(data, 10_000)]


def scalars(value: object) -> list[bytes]:
    """Give what a reader must find of a value, in order, keys left out."""
    match value:
        case dict():
            return [part for item in value.values() for part in scalars(item)]
        case list():
            return [part for item in value for part in scalars(item)]
        case bool() | None:
            return []
        case int():
            return [str(value).encode()]
        case str():
            return [value.encode()] if value else []
        case bytes():
            return [value] if value else []
    raise AssertionError(value)


def test_maps_arrays_numbers_and_bytes_are_read_with_their_place() -> None:
    data = cbor2.dumps({"imei": "490154203237518", "device": [1, -70000, 28.5, None, b"\x02\x00"], 7: "x"})
    assert parts(data) == [
        ("$.imei", b"490154203237518"),
        ("$.device{key}", b"device"),
        ("$.device[0]", b"1"),
        ("$.device[1]", b"-70000"),
        ("$.device[2]", bytes.fromhex("403c800000000000")),
        ("$.device[2]", b"28.5"),
        ("$.device[4]", b"\x02\x00"),
        ("$['7']", b"x"),
    ]
    first = Cbor().split(data, 100)[0]
    assert data[first.start : first.end] == b"490154203237518"


@pytest.mark.parametrize(
    ("hexadecimal", "expected"),
    [
        # Examples of RFC 8949, appendix A.
        ("9f018202039f0405ffff", [b"1", b"2", b"3", b"4", b"5"]),
        ("bf61610161629f0203ffff", [b"1", b"2", b"3"]),
        ("825f42010243030405ff7f657374726561646d696e67ff", [b"\1\2\3\4\5", b"streaming"]),
        ("81f93c00", [b"\x3c\x00", b"1.0"]),
        ("81fa47c35000", [b"\x47\xc3\x50\x00", b"100000.0"]),
        ("d9d9f781c074323031332d30332d32315432303a30343a30305a", [b"2013-03-21T20:04:00Z"]),
        ("81c249010000000000000000", [b"\1\0\0\0\0\0\0\0\0"]),
        ("8220f7", [b"-1"]),
    ],
)
def test_the_examples_of_the_specification_are_read(hexadecimal: str, expected: list[bytes]) -> None:
    assert [value for _, value in parts(bytes.fromhex(hexadecimal))] == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x81\x1c",
        b"\x81",
        b"\x81\xff",
        b"\x81\xf8\x20",
        b"\x81\x61\xff",
        b"\xa1\x80\x01",
        b"\x63abc",
        b"\x81\x01\x02",
        b"\xc1\x01",
        b"\x9b" + b"\xff" * 8,
        b"\x81\x5f\x61a\xff",
        b"\x81\xdf\x01",
        b"\xc1",
        b"text",
    ],
)
def test_what_is_not_cbor_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Cbor().split(data, 100)


@pytest.mark.parametrize("nesting", [b"\x81", b"\x9f", b"\x81" + b"\xc1"])
def test_deep_nesting_ends_at_a_bound(nesting: bytes) -> None:
    with pytest.raises(LimitExceeded):
        Cbor().split(nesting * (MAX_DEPTH + 2) + b"\x01", 100)


def test_many_parts_end_at_a_bound_and_many_tags_do_no_harm() -> None:
    with pytest.raises(LimitExceeded):
        Cbor().split(b"\x84\x01\x02\x03\x04", 3)
    assert parts(b"\xc1" * 100_000 + b"\x81\x01") == [("$[0]", b"1")]


def test_every_truncation_is_refused() -> None:
    data = cbor2.dumps({"imei": "490154203237518", "n": [1, 2.5, b"x", 1 << 40]})
    for end in range(len(data)):
        with pytest.raises(DecodeError):
            Cbor().split(data[:end], 100)


def test_random_bytes_seldom_pass() -> None:
    source, passed = random.Random(3), 0
    for _ in range(5000):
        try:
            Cbor().split(source.randbytes(source.randrange(16, 200)), 1000)
        except DecodeError:
            continue
        passed += 1
    assert passed <= 10


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_what_was_written_comes_back(document: list[object]) -> None:
    expected = scalars(document)
    if expected:
        found = [value for step, value in parts(cbor2.dumps(document)) if not step.endswith("{key}")]
        assert found == expected
