import pytest
from compiled_parts import compiled_parts
from hypothesis import given
from hypothesis import strategies as st

from phonehome.wire.tls.hello import MAX_EXTENSIONS
from phonehome.wire.tls.hello import split_extensions as plain

with compiled_parts():
    from phonehome.wire.native.hello import split_extensions as compiled

extensions = st.tuples(
    st.integers(0, 0xFFFF), st.binary(max_size=20), st.sampled_from((0, 0, 0, 0, 1, 300, 0xFF00))
)


@given(st.lists(extensions, max_size=10), st.integers(0, 240), st.integers(0, 12))
def test_extensions_are_cut_apart_as_the_plain_one_does_it(
    listed: list[tuple[int, bytes, int]], end: int, most: int
) -> None:
    pieces = [
        kind.to_bytes(2, "big") + (len(body) + more).to_bytes(2, "big") + body for kind, body, more in listed
    ]
    whole = b"".join(pieces)
    for data in (whole, whole[:end]):
        assert compiled(data, MAX_EXTENSIONS) == plain(data, MAX_EXTENSIONS)
        assert compiled(data, most) == plain(data, most)


@given(st.binary(max_size=80))
def test_anything_is_cut_apart_alike(data: bytes) -> None:
    assert compiled(data, MAX_EXTENSIONS) == plain(data, MAX_EXTENSIONS)


def test_no_more_are_given_than_were_asked_for() -> None:
    data = b"\x12\x34\0\0" * 20_000
    for most in (-1, 0, 1, MAX_EXTENSIONS):
        assert compiled(data, most) == plain(data, most)
        assert len(compiled(data, most)) == max(most, 0)
    with pytest.raises(OverflowError):
        compiled(data, 2**70)
