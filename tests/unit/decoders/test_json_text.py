import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.json_text import Json, locate_json
from phonehome.model.errors import DecodeError, LimitExceeded

JSON = st.recursive(
    st.text() | st.integers() | st.floats(allow_nan=False) | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def parts(data: bytes) -> list[tuple[str, bytes]]:
    return [(leaf.step, leaf.data) for leaf in Json().split(data, 1000)]


def test_strings_numbers_and_longer_keys_are_parts() -> None:
    data = (
        rb'{"device":{"imei":"4901\u00e9\/"},"a":[{"b":1.50},-0,1e5],"x-y":"z","it'
        + rb"'"
        + rb's":"q","t":true}'
    )
    assert parts(data) == [
        ("$.device{key}", b"device"),
        ("$.device.imei", "4901é/".encode()),
        ("$.a[0].b", b"1.50"),
        ("$.a[1]", b"-0"),
        ("$.a[2]", b"1e5"),
        ("$['x-y']", b"z"),
        (r"$['it\'s']", b"q"),
    ]


def test_duplicate_keys_constants_marks_and_long_numbers_are_kept() -> None:
    data = b'\xef\xbb\xbf {"a":1,"a":2,"n":NaN,"i":-Infinity,"l":' + b"9" * 5000 + b"}\n"
    assert parts(data) == [
        ("$.a", b"1"),
        ("$.a", b"2"),
        ("$.n", b"NaN"),
        ("$.i", b"-Infinity"),
        ("$.l", b"9" * 5000),
    ]


def test_bytes_that_are_no_utf_8_and_lone_surrogates_pass() -> None:
    assert parts(b'["\xff\xfe"]') == [("$[0]", b"\xff\xfe")]
    assert parts(rb'["\ud83d"]') == [("$[0]", b"\xed\xa0\xbd")]


@pytest.mark.parametrize(
    "data", [b"", b"{}x", b'"text"', b"12", b"{'a':1}", b"[1,]", b'{"a":1', b"[text]", b"{\xff}"]
)
def test_other_texts_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Json().split(data, 100)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000 + b"]" * 1_000_000,
        b'{"a":' * 700 + b"1" + b"}" * 700,
        b"[1,2,3,4,5,6]",
        b'{"%s":{"%s":{"a":1}}}' % ((b"k-" * 5000,) * 2),
    ],
)
def test_deep_nesting_and_many_parts_end_at_a_bound(data: bytes) -> None:
    try:
        leaves = Json().split(data, 5)
    except LimitExceeded:
        return
    assert max(len(leaf.step) for leaf in leaves) < 1200


def test_nesting_of_a_million_levels_is_a_limit() -> None:
    with pytest.raises(LimitExceeded):
        Json().split(b"[" * 1_000_000 + b"]" * 1_000_000, 5)


def test_every_truncation_is_refused() -> None:
    data = b'{"imei":"490154203237518","n":[1,2]}'
    for end in range(len(data)):
        with pytest.raises(DecodeError):
            Json().split(data[:end], 100)


def test_places_are_found_inside_the_quotes() -> None:
    data = rb' {"device": {"imei": "49\u0030", "a": [1, {"b": "x\"y"}]}, "n": -1.5e3, "n": 2, "k\u0065y-name": null }'

    def raw(step: str, occurrence: int = 0) -> bytes:
        start, end = locate_json(data, step, occurrence)
        return data[start:end]

    assert raw("$.device.imei") == rb"49\u0030"
    assert raw("$.device.a[0]") == b"1"
    assert raw("$.device.a[1].b") == rb"x\"y"
    assert (raw("$.n"), raw("$.n", 1)) == (b"-1.5e3", b"2")
    assert raw("$['key-name']{key}") == rb"k\u0065y-name"
    with pytest.raises(DecodeError):
        locate_json(data, "$.n", 2)


@given(JSON)
def test_every_part_has_a_place_that_holds_it(document: object) -> None:
    data = json.dumps({"x": document}, indent=1).encode()
    seen: dict[str, int] = {}
    for leaf in Json().split(data, 10_000):
        start, end = locate_json(data, leaf.step, seen.get(leaf.step, 0))
        seen[leaf.step] = seen.get(leaf.step, 0) + 1
        raw = data[start:end]
        text = json.loads(b'"' + raw + b'"') if data[start - 1 : start] == b'"' else raw.decode()
        assert text.encode("utf-8", "surrogatepass") == leaf.data


@given(st.binary(max_size=60) | st.text('{}[]",:\\1a ', max_size=40).map(str.encode))
def test_a_scan_for_places_raises_nothing_else(data: bytes) -> None:
    with pytest.raises(DecodeError):
        locate_json(data, "$.no such step")
