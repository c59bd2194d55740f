from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.query import Query
from phonehome.model.errors import DecodeError, LimitExceeded


def parts(data: bytes) -> list[tuple[str, bytes, bytes]]:
    return [(leaf.step, leaf.data, data[leaf.start : leaf.end]) for leaf in Query().split(data, 100)]


def test_both_separators_bare_names_and_empty_pairs_are_tolerated() -> None:
    assert parts(b"imei=4901%20+;n=2&&long_name&e=&=3") == [
        ("query:imei", b"4901  ", b"4901%20+"),
        ("query:n", b"2", b"2"),
        ("query:long_name", b"long_name", b"long_name"),
    ]


@pytest.mark.parametrize("data", [b"", b"plain", b"a b=c", b"a=1#fragment", b"a=\n"])
def test_what_no_url_holds_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Query().split(data, 100)


def test_more_parts_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Query().split(b"a=1&b=2&c=3", 2)


def test_truncation_at_every_byte_gives_parts_or_the_declared_error() -> None:
    data = b"imei=490154203237518&n=2"
    for end in range(len(data)):
        try:
            found = parts(data[:end])
        except DecodeError:
            continue
        assert not found or found[0][0] == "query:imei"


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text("aé +&=;", min_size=1), min_size=1)
)
def test_what_was_encoded_comes_back(pairs: dict[str, str]) -> None:
    leaves = Query().split(urlencode(pairs).encode(), 1000)
    assert [(leaf.step, leaf.data) for leaf in leaves] == [
        (f"query:{n}", v.encode()) for n, v in pairs.items()
    ]
