from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.cookies import Cookies
from phonehome.model.errors import DecodeError, LimitExceeded


def parts(data: bytes) -> list[tuple[str, bytes, bytes]]:
    return [(leaf.step, leaf.data, data[leaf.start : leaf.end]) for leaf in Cookies().split(data, 100)]


def test_values_stand_as_they_are_but_for_quotes() -> None:
    assert parts(b'id=4901%20; q="a b"; device_id=7; e=') == [
        ("cookie:id", b"4901%20", b"4901%20"),
        ("cookie:q", b"a b", b"a b"),
        ("cookie:device_id", b"7", b"7"),
        ("cookie:device_id", b"device_id", b"device_id"),
    ]


def test_a_set_cookie_header_passes() -> None:
    data = b"id=4901; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Secure; HttpOnly"
    assert [step for step, _, _ in parts(data)][:2] == ["cookie:id", "cookie:Path"]


@pytest.mark.parametrize("data", [b"", b"plain", b"a=b; c", b"=1", b"a=b\nc=d", b"some text; a=b"])
def test_what_is_no_row_of_cookies_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Cookies().split(data, 100)


def test_more_parts_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Cookies().split(b"a=1; b=2; c=3", 2)


def test_truncation_at_every_byte_gives_parts_or_the_declared_error() -> None:
    data = b"id=490154203237518; n=2"
    for end in range(len(data)):
        try:
            assert all(step in ("cookie:id", "cookie:n") for step, _, _ in parts(data[:end]))
        except DecodeError:
            continue


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,5}", fullmatch=True),
        st.from_regex(r"[a-z0-9%=]{1,9}", fullmatch=True),
        min_size=1,
    )
)
def test_what_the_standard_library_reads_is_read_alike(pairs: dict[str, str]) -> None:
    header = "; ".join(f"{name}={value}" for name, value in pairs.items())
    expected = {f"cookie:{name}": morsel.value.encode() for name, morsel in SimpleCookie(header).items()}
    assert {step: value for step, value, _ in parts(header.encode())}.items() >= expected.items()
