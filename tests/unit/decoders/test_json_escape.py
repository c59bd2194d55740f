import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.json_escape import JsonEscape
from phonehome.model.errors import DecodeError


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (rb"{\"imei\":\"490154203237518\"}", b'{"imei":"490154203237518"}'),
        (rb"Jos\u00e9 \ud83d\ude00\x41\/\t", "José 😀A/\t".encode()),
        (rb"lone \ud83d", b"lone \xed\xa0\xbd"),
        (rb"C:\q\n", b"C:\\q\n"),
        (rb'{"cut": "\u00e9', '{"cut": "é'.encode()),
    ],
)
def test_escapes_are_read_and_other_backslashes_left(span: bytes, expected: bytes) -> None:
    assert JsonEscape().decode(span) == expected


@pytest.mark.parametrize("span", [b"", b"plain", rb"C:\Windows"[:3], rb'{"a": "b\n"}', rb'[{"a": "\u00e9"}]'])
def test_texts_without_escapes_and_whole_documents_are_refused(span: bytes) -> None:
    with pytest.raises(DecodeError):
        JsonEscape().decode(span)


def test_a_candidate_ends_at_a_control_character() -> None:
    assert [match[0] for match in JsonEscape().pattern.finditer(b"a\\n\x00none\x00\\tb")] == [
        b"a\\n",
        b"\\tb",
    ]


def test_truncation_at_every_character_raises_nothing_else() -> None:
    span = rb"\u0034\u0039\u0030"
    for end in range(len(span)):
        try:
            assert JsonEscape().decode(span[:end]).startswith(b"4")
        except DecodeError:
            assert end < 6


@given(st.text(min_size=1, max_size=60))
def test_what_was_escaped_comes_back(text: str) -> None:
    escaped = json.dumps(text)[1:-1].encode()
    if b"\\" in escaped and not escaped.endswith((b"}", b"]")):
        decoded = JsonEscape().decode(escaped)
        assert decoded == text.encode("utf-8", "surrogatepass")
