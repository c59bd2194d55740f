from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.form import Form
from phonehome.model.errors import DecodeError, LimitExceeded


def parts(data: bytes) -> list[tuple[str, bytes, bytes]]:
    return [(leaf.step, leaf.data, data[leaf.start : leaf.end]) for leaf in Form().split(data, 100)]


def test_values_are_decoded_and_keep_their_raw_place() -> None:
    data = b"imei=4901+54%3D&empty=&a%5B0%5D=x=y\r\n"
    assert parts(data) == [
        ("form:imei", b"4901 54=", b"4901+54%3D"),
        ("form:a[0]", b"x=y", b"x=y"),
        ("form:a[0]", b"a[0]", b"a%5B0%5D"),
    ]


def test_a_single_pair_and_a_raw_json_value_pass() -> None:
    assert parts(b"a=b") == [("form:a", b"b", b"b")]
    assert parts(b'd={"x y": 1}&e=2')[0] == ("form:d", b'{"x y": 1}', b'{"x y": 1}')


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain",
        b"a=",
        b"TWFueSBoYW5kcw==",
        b"x = 5",
        b"a=b is what we said",
        b"a=1&b",
        b"=1",
        b"a=\x00",
        b"a=1\n\nb=2",
    ],
)
def test_prose_base64_and_bare_names_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Form().split(data, 100)


def test_more_parts_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Form().split(b"a=1&b=2&c=3", 2)


def test_truncation_at_every_byte_gives_parts_or_the_declared_error() -> None:
    data = b"imei=490154203237518&n=2"
    for end in range(len(data)):
        try:
            assert parts(data[:end])[0][0] == "form:imei"
        except DecodeError:
            continue


def test_a_long_row_takes_linear_time() -> None:
    with pytest.raises(DecodeError):
        Form().split(b"a=1&" * 200_000 + b"\x00", 10)


@given(st.lists(st.tuples(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text(min_size=1)), min_size=1))
def test_what_was_encoded_comes_back(pairs: list[tuple[str, str]]) -> None:
    pairs = [(name, value.encode("utf-8", "replace").decode()) for name, value in pairs]
    if len(pairs) == 1 and not pairs[0][1].strip("="):
        return
    leaves = Form().split(urlencode(pairs).encode(), 10_000)
    assert [(leaf.step, leaf.data) for leaf in leaves] == [(f"form:{n}", v.encode()) for n, v in pairs]
