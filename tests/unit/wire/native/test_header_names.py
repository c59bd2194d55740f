import pytest
from compiled_parts import compiled_parts
from hypothesis import given
from hypothesis import strategies as st

from phonehome.model.header_names import find_headers as plain

with compiled_parts():
    from phonehome.wire.native.header_names import find_headers as compiled

KNOWN = (b"host", b"content-type", b"content-encoding")
letters = st.lists(st.booleans(), min_size=16, max_size=16)


@st.composite
def names(draw: st.DrawFn) -> bytes:
    """A name, most often one that is asked for, in any case of its letters, or almost one."""
    name = draw(st.sampled_from(KNOWN))
    upper = draw(letters)
    name = b"".join(name[at : at + 1].upper() if upper[at] else name[at : at + 1] for at in range(len(name)))
    return draw(
        st.just(name)
        | st.sampled_from(
            (name + b" ", name[:-1], name[:-1] + b"\xff", bytes(byte ^ 0x20 for byte in name), b"")
        )
        | st.binary(min_size=4, max_size=4)
    )


@given(st.lists(st.tuples(names(), st.binary(max_size=3)), max_size=80))
def test_headers_are_found_as_the_plain_one_finds_them(headers: list[tuple[bytes, bytes]]) -> None:
    assert compiled(tuple(headers)) == plain(tuple(headers))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 2000])
def test_every_coding_is_found(count: int) -> None:
    headers = ((b"Content-Encoding", b"gzip"), (b"Host", b"example.org")) * count
    found = compiled(headers)
    assert found == plain(headers)
    assert len(found.encodings) == count
    assert type(found) is type(plain(headers))


def test_what_is_no_header_raises() -> None:
    with pytest.raises(IndexError):
        compiled(((),))  # type: ignore[arg-type]  # what is tried
    with pytest.raises(TypeError):
        compiled((("host", b""),))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        compiled([(b"host", b"")])  # type: ignore[arg-type]
