import pytest
from compiled_parts import compiled_parts
from hypothesis import given
from hypothesis import strategies as st

from phonehome.wire.http2_stream import split_head as plain

with compiled_parts():
    from phonehome.wire.native.http2 import split_head as compiled

names = st.sampled_from(
    (
        b":path",
        b":status",
        b":method",
        b":authority",
        b":scheme",
        b":protocol",
        b":unknown",
        b":",
        b"",
        b"x",
        b":Path",
    )
) | st.binary(max_size=4)
values = st.sampled_from(
    (b"/", b"GET", b"200", b"20", b"2000", b" 20", b"+20", b"\xb2\xb2\xb2", b"")
) | st.binary(max_size=4)


@given(st.lists(st.tuples(names, values), max_size=12))
def test_a_head_is_taken_apart_as_the_plain_one_does_it(headers: list[tuple[bytes, bytes]]) -> None:
    before = list(headers)
    assert compiled(headers) == plain(headers)
    assert headers == before


def test_what_is_no_list_of_headers_raises() -> None:
    with pytest.raises(TypeError):
        compiled(((b":path", b"/"),))  # type: ignore[arg-type]  # what is tried
    with pytest.raises(IndexError):
        compiled([()])  # type: ignore[list-item]
