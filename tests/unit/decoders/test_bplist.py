import datetime
import plistlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.bplist import MAX_DEPTH, BinaryPlist
from phonehome.model.errors import DecodeError, LimitExceeded


def binary(value: dict[str, Any] | list[Any]) -> bytes:
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY, sort_keys=False)


def parts(data: bytes, limit: int = 10_000) -> list[tuple[str, bytes]]:
    return [(leaf.step, leaf.data) for leaf in BinaryPlist().split(data, limit)]


def hand_made(objects: list[bytes], top: int = 0) -> bytes:
    """Write a file of raw objects, with references and offsets of two bytes."""
    data, offsets = b"bplist00", []
    for item in objects:
        offsets.append(len(data))
        data += item
    table = b"".join(offset.to_bytes(2, "big") for offset in offsets)
    trailer = bytes(6) + b"\x02\x02" + b"".join(n.to_bytes(8, "big") for n in (len(objects), top, len(data)))
    return data + table + trailer


def test_every_kind_is_read_with_its_place() -> None:
    data = binary(
        {
            "imei": "490154203237518",
            "name": "José",
            "device": [1, -2, 1 << 40, 28.5, True, b"\x02\x00", plistlib.UID(9)],
            "at": datetime.datetime(2001, 1, 1, 0, 0, 10),
        }
    )
    assert parts(data) == [
        ("$.imei", b"490154203237518"),
        ("$.name", "José".encode()),
        ("$.device{key}", b"device"),
        ("$.device[0]", b"1"),
        ("$.device[1]", b"-2"),
        ("$.device[2]", b"1099511627776"),
        ("$.device[3]", bytes.fromhex("403c800000000000")),
        ("$.device[3]", b"28.5"),
        ("$.device[5]", b"\x02\x00"),
        ("$.device[6]", b"9"),
        ("$.at", bytes.fromhex("4024000000000000")),
        ("$.at", b"10.0"),
    ]
    first = BinaryPlist().split(data, 100)[0]
    assert data[first.start : first.end] == b"490154203237518"


def test_long_strings_and_large_collections_are_read() -> None:
    found = parts(binary(["x" * 1000, *range(300)]))
    assert found[0] == ("$[0]", b"x" * 1000)
    assert found[300] == ("$[300]", b"299")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"bplist00",
        b"bplist00" + bytes(32),
        b"bplist00" + b"\xff" * 60,
        hand_made([b"\xa1\x00\x05"]),  # a reference to no object
        hand_made([b"\xaf\x13" + b"\xff" * 8]),  # more items than the file has room for
        hand_made([b"\xd1\x00\x01\x00\x01", b"\x09"]),  # a key that is no string
        hand_made([b"\x62\xd8\x00\xd8\x00", b"\x70"], 1),
        hand_made([b"\x24" + bytes(16)]),
        hand_made([b"\x5f\x21a"]),
    ],
)
def test_what_is_no_property_list_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        BinaryPlist().split(data, 100)


def test_cycles_deep_nesting_and_shared_references_end_at_a_bound() -> None:
    cycle = hand_made([b"\xa1\x00\x00"])
    deep = hand_made([b"\xa1" + n.to_bytes(2, "big") for n in range(1, MAX_DEPTH + 3)] + [b"\x09"])
    doubling = hand_made([b"\xa2" + n.to_bytes(2, "big") * 2 for n in range(1, 41)] + [b"\x09"])
    for data in (cycle, deep, doubling):
        with pytest.raises(LimitExceeded):
            BinaryPlist().split(data, 100)
    with pytest.raises(LimitExceeded):
        parts(binary(["a", "b", "c"]), 2)


def test_every_truncation_is_refused() -> None:
    data = binary({"imei": "490154203237518"})
    for end in range(len(data)):
        with pytest.raises(DecodeError):
            BinaryPlist().split(data[:end], 100)


@given(st.binary(max_size=80), st.binary(min_size=32, max_size=32))
def test_any_objects_and_trailer_raise_only_declared_errors(objects: bytes, trailer: bytes) -> None:
    small = (
        bytes(6)
        + bytes(b & 1 or 1 for b in trailer[6:8])
        + b"".join((b % 40).to_bytes(8, "big") for b in trailer[8:11])
    )
    for tail in (trailer, small):
        try:
            assert isinstance(parts(b"bplist00" + objects + tail, 50), list)
        except (DecodeError, LimitExceeded):
            continue


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=5),
        st.text(st.characters(codec="utf-8"), min_size=1),
        max_size=5,
    )
)
def test_what_was_written_comes_back(document: dict[str, str]) -> None:
    found = [value for step, value in parts(binary(document)) if not step.endswith("{key}")]
    assert found == [text.encode() for text in document.values()]
