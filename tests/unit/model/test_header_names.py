"""Places of the headers that every message is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from phonehome.model.header_names import find_headers

NAMES = st.sampled_from(
    [
        b"Host",
        b"host",
        b"HOST",
        b"Content-Type",
        b"content-type",
        b"Content-Encoding",
        b"content-encoding",
        b"x",
        b"",
    ]
)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=2)), max_size=80).map(tuple))
def test_names_are_found_in_any_case_and_the_first_counts(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    lower = [name.lower() for name, _ in headers]
    known = find_headers(headers)
    assert known.host == next((at for at, name in enumerate(lower) if name == b"host"), None)
    assert known.content_type == next((at for at, name in enumerate(lower) if name == b"content-type"), None)
    assert known.encodings == tuple(at for at, name in enumerate(lower) if name == b"content-encoding")
