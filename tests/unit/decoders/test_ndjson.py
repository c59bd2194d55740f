import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.ndjson import Ndjson, locate_ndjson
from phonehome.model.errors import DecodeError, LimitExceeded


def parts(data: bytes) -> list[tuple[str, bytes]]:
    return [(leaf.step, leaf.data) for leaf in Ndjson().split(data, 100)]


@pytest.mark.parametrize("data", [b'{"a":1}\n\n{"b":["x"]}\r\n', b'\x1e{"a":1}\n\x1e{"b":["x"]}\n'])
def test_lines_and_text_sequences_are_read(data: bytes) -> None:
    assert parts(data) == [("[0]$.a", b"1"), ("[1]$.b[0]", b"x")]
    start, end = locate_ndjson(data, "[1]$.b[0]")
    assert data[start:end] == b"x"


@pytest.mark.parametrize("data", [b"", b'{"a":1}', b'{"a":1}\ntext', b"1\n2\n", b'{"a":\n1}', b"text\n{}"])
def test_single_documents_and_other_lines_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Ndjson().split(data, 100)


@pytest.mark.parametrize("step", ["$.a", "[9]$.a", "[0]$.b", "[x]$.a"])
def test_a_step_that_leads_nowhere_is_the_declared_error(step: str) -> None:
    with pytest.raises(DecodeError):
        locate_ndjson(b'{"a":1}\n{"b":2}\n', step)


def test_more_parts_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Ndjson().split(b"[1,2]\n[3,4]\n", 3)


def test_truncation_at_every_byte_gives_parts_or_the_declared_error() -> None:
    data = b'{"a":1}\n{"b":2}\n{"c":3}'
    for end in range(len(data)):
        try:
            assert parts(data[:end])[:2] == [("[0]$.a", b"1"), ("[1]$.b", b"2")]
        except DecodeError:
            continue


@given(st.lists(st.lists(st.text(min_size=1), min_size=1), min_size=2, max_size=5))
def test_what_was_written_comes_back(documents: list[list[str]]) -> None:
    data = "\n".join(map(json.dumps, documents)).encode()
    expected = [
        (f"[{line}]$[{index}]", text.encode("utf-8", "surrogatepass"))
        for line, texts in enumerate(documents)
        for index, text in enumerate(texts)
    ]
    assert parts(data)[:100] == expected[:100]
