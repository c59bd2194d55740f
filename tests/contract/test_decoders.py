"""Every decoder in the tuples has what a decoder must have, and keeps the promises of `decoders.base`."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders import COMPRESSIONS, CONTAINERS, TEXT_CODINGS
from phonehome.decoders.base import Compression, Container, TextCoding
from phonehome.model.errors import DecodeError, LimitExceeded

ROOT = Path(__file__).parents[2]
DECODERS: tuple[Compression | TextCoding | Container, ...] = (*COMPRESSIONS, *TEXT_CODINGS, *CONTAINERS)
# Bytes near to some format: arbitrary ones alone hardly get past the first check of any.
STARTS = (
    *(signature for decoder in COMPRESSIONS for signature in decoder.signatures),
    b"bplist00",
    b"<a ",
    b'{"a":',
    b"--b\r\nA:",
    b"PK\x03\x04\x14\0\0\0\0\0" + bytes(8) + b"\x04\0\0\0\x04\0\0\0\x01\0\0\0n",
)
HOSTILE = st.one_of(
    st.binary(max_size=120),
    st.builds(bytes.__add__, st.sampled_from(STARTS), st.binary(max_size=80)),
    st.text("abcXYZ019+/=-_%&;:.,<>{}[]\"'\\ \r\n~", max_size=80).map(str.encode),
)


def ids(decoder: Compression | TextCoding | Container) -> str:
    return type(decoder).__name__


@pytest.mark.parametrize("decoder", DECODERS, ids=ids)
def test_a_decoder_has_a_docstring_a_section_and_a_test_file(
    decoder: Compression | TextCoding | Container,
) -> None:
    assert (type(decoder).__doc__ or "").strip()
    sections = re.findall(r"^### `([^`]+)`", (ROOT / "docs" / "decoders.md").read_text(), re.MULTILINE)
    assert decoder.name in sections
    module = type(decoder).__module__.rpartition(".")[2]
    assert (ROOT / "tests" / "unit" / "decoders" / f"test_{module}.py").is_file()


def test_the_page_describes_nothing_that_is_not_there() -> None:
    sections = re.findall(r"^### `([^`]+)`", (ROOT / "docs" / "decoders.md").read_text(), re.MULTILINE)
    assert len(sections) == len(set(sections))
    assert set(sections) == {decoder.name for decoder in DECODERS}


def test_names_are_unique_among_compressions_and_containers() -> None:
    names = [decoder.name for decoder in COMPRESSIONS] + [decoder.name for decoder in CONTAINERS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("decoder", COMPRESSIONS, ids=ids)
@given(data=HOSTILE, limit=st.integers(1, 200))
def test_a_compression_raises_only_declared_errors_and_keeps_the_limit(
    decoder: Compression, data: bytes, limit: int
) -> None:
    try:
        found = decoder.inflate(data, limit)
    except DecodeError:
        return
    assert len(found.data) <= limit
    assert 0 <= found.consumed <= len(data)


@pytest.mark.parametrize("decoder", TEXT_CODINGS, ids=ids)
@given(data=HOSTILE)
def test_a_text_coding_raises_only_declared_errors(decoder: TextCoding, data: bytes) -> None:
    for span in [data, *(match[0] for match in decoder.pattern.finditer(data))]:
        try:
            assert isinstance(decoder.decode(span), bytes)
        except DecodeError:
            continue


@pytest.mark.parametrize(
    "unit",
    [b"a", b"A", b"0", b"%", b"&", b"=", b"\\", b"a\0", b"ab:", b"<~", b"z", b"a" * 70 + b"\n", b"aZ0 "],
)
@pytest.mark.parametrize("decoder", TEXT_CODINGS, ids=ids)
def test_candidates_of_a_long_repetitive_text_are_found_in_linear_time(
    decoder: TextCoding, unit: bytes
) -> None:
    # A quadratic pattern would take minutes here rather than milliseconds.
    data = unit * (400_000 // len(unit))
    assert sum(len(match[0]) for match in decoder.pattern.finditer(data)) <= len(data)


@pytest.mark.parametrize("decoder", CONTAINERS, ids=ids)
@given(data=HOSTILE, limit=st.integers(1, 50))
def test_a_container_raises_only_declared_errors_and_keeps_the_limit(
    decoder: Container, data: bytes, limit: int
) -> None:
    try:
        leaves = decoder.split(data, limit)
    except (DecodeError, LimitExceeded):
        return
    assert len(leaves) <= limit
    for leaf in leaves:
        assert (leaf.start, leaf.end) == (-1, -1) or 0 <= leaf.start <= leaf.end <= len(data)
