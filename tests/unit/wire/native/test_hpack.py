from random import Random
from unittest.mock import patch

import pytest
from compiled_parts import compiled_parts
from hpack.exceptions import HPACKDecodingError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman as decode_elsewhere
from hypothesis import given, settings
from hypothesis import strategies as st

from phonehome.wire import hpack
from phonehome.wire.hpack import STATIC_TABLE, HpackDecoder, read_nothing
from phonehome.wire.hpack_huffman import LENGTHS, decode_huffman

with compiled_parts():
    from phonehome.wire.native.hpack import FieldReader

STATIC = ((b"", b""), *STATIC_TABLE)
READER = FieldReader(LENGTHS, STATIC)
HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


def integer(value: int, bits: int, first: int, padding: int = 0) -> bytes:
    """An integer of section 5.1; `padding` adds bytes that say nothing, which only a hostile encoder writes."""
    full = (1 << bits) - 1
    if value < full:
        return bytes([first | value])
    value -= full
    rest = []
    while value >= 0x80 or padding:
        rest.append(0x80 | value & 0x7F)
        value >>= 7
        padding -= padding > 0
    return bytes([first | full, *rest, value])


texts = st.binary(max_size=40) | st.sampled_from((b"", b"gzip, deflate", b"a" * 127, b"0" * 300, b"~" * 200))
paddings = st.sampled_from((0, 0, 0, 0, 1, 4, 5, 9))
indexes = st.integers(0, 75) | st.sampled_from((62, 63, 126, 127, 128, 5000, 2**28, 2**31, 2**35, 2**63))
trailers = st.sampled_from((b"", b"", b"", b"\xff", b"\x00", b"\xff\xff\xff\xfc", b"\xff\xff\xff\xff\xff"))


@st.composite
def strings(draw: st.DrawFn) -> bytes:
    """A string of section 5.2, which may be padded too much, or say another length than its own."""
    text, padding = draw(texts), draw(paddings)
    first = 0
    if draw(st.booleans()):
        first, text = 0x80, HUFFMAN.encode(text) + draw(trailers)
    said = draw(st.just(len(text)) | st.just(len(text)) | st.sampled_from((0, 1, 200, 2**20, 2**62)))
    return integer(said, 7, first, padding) + text


@st.composite
def fields(draw: st.DrawFn) -> bytes:
    """A field or a change of the table's size."""
    kind, padding = draw(st.sampled_from(("indexed", "added", "left", "never", "size"))), draw(paddings)
    if kind == "indexed":
        return integer(draw(indexes), 7, 0x80, padding)
    if kind == "size":
        return integer(draw(st.sampled_from((0, 40, 100, 4096, 2**20))), 5, 0x20, padding)
    bits, first = {"added": (6, 0x40), "left": (4, 0x00), "never": (4, 0x10)}[kind]
    index = draw(st.just(0) | indexes)
    return integer(index, bits, first, padding) + (b"" if index else draw(strings())) + draw(strings())


blocks = st.lists(st.lists(fields(), max_size=8).map(b"".join) | st.binary(max_size=60), max_size=5)
Outcome = tuple[list[tuple[bytes, bytes]], str | None, int, int, bool]


def read(given_blocks: list[bytes], *, unknown: bool) -> list[Outcome]:
    decoder = HpackDecoder(unknown=unknown)
    return [
        (decoder.decode(block), decoder.fault, decoder.skipped, decoder.dropped, decoder.unknown)
        for block in given_blocks
    ]


def read_plainly(given_blocks: list[bytes], *, unknown: bool) -> list[Outcome]:
    with patch.object(hpack, "_read_ordinary", read_nothing):
        return read(given_blocks, unknown=unknown)


@settings(max_examples=400)
@given(blocks, st.booleans())
def test_blocks_are_read_as_the_plain_decoder_reads_them(given_blocks: list[bytes], unknown: bool) -> None:
    assert read(given_blocks, unknown=unknown) == read_plainly(given_blocks, unknown=unknown)


def test_a_block_is_read_alike_wherever_it_is_cut_and_whichever_bit_is_wrong() -> None:
    random = Random(7541)
    for _ in range(6):
        names = [random.choice((b"x-token", b"cookie", b"x-" + bytes([97 + place]))) for place in range(5)]
        block = b"".join(
            integer(0, 6, 0x40)
            + b"".join(
                integer(len(coded), 7, 0x80) + coded
                for coded in (HUFFMAN.encode(name), HUFFMAN.encode(b"v" * 150))
            )
            for name in names
        ) + bytes([0xBE, 0xBF, 0x82])
        for end in range(len(block)):
            assert read([block[:end], b"\xbe"], unknown=False) == read_plainly(
                [block[:end], b"\xbe"], unknown=False
            )
        for _ in range(300):
            place = random.randrange(len(block))
            wrong = block[:place] + bytes([block[place] ^ 1 << random.randrange(8)]) + block[place + 1 :]
            assert read([wrong, block], unknown=True) == read_plainly([wrong, block], unknown=True)


def test_what_is_ordinary_is_read_by_the_compiled_one_to_the_end() -> None:
    # Or the comparisons here would hold the plain decoder against itself.
    coded = HUFFMAN.encode(b"0000")
    block = b"\x82\x40\x01a\x01b" + integer(62, 4, 0) + integer(len(coded), 7, 0x80) + coded + b"\xbe"
    headers: list[tuple[bytes, bytes]] = []
    entries: list[tuple[bytes, bytes]] = []
    assert READER.read(block, 0, headers, entries) == len(block)
    assert headers == [(b":method", b"GET"), (b"a", b"b"), (b"a", b"0000"), (b"a", b"b")]
    assert entries == [(b"a", b"b")]


@settings(max_examples=300)
@given(
    st.binary(max_size=60) | st.tuples(texts, trailers).map(lambda pair: HUFFMAN.encode(pair[0]) + pair[1])
)
def test_huffman_code_is_decoded_as_it_is_elsewhere_or_left(coded: bytes) -> None:
    try:
        expected: bytes | None = decode_elsewhere(coded)
    except HPACKDecodingError:
        expected = None
    decoded = READER.decode(coded)
    assert decoded == expected
    if decoded is not None:
        assert decode_huffman(coded) == decoded


def test_every_symbol_is_decoded_behind_every_other() -> None:
    for first in range(256):
        text = b"".join(bytes([first, second]) for second in range(256))
        for start in range(0, len(text), 128):
            assert READER.decode(HUFFMAN.encode(text[start : start + 128])) == text[start : start + 128]


@pytest.mark.parametrize("size", [4095, 4096, 4097, 100_000])
def test_a_long_string_is_decoded_or_left_and_never_overruns(size: int) -> None:
    # Five bits a symbol: of all codes the one that decodes to most.
    coded = HUFFMAN.encode(b"0" * (size * 8 // 5))
    assert READER.decode(coded) == (b"0" * (size * 8 // 5) if len(coded) <= 4096 else None)
    block = b"\x00\x01a" + integer(len(coded), 7, 0x80) + coded
    assert read([block], unknown=False) == read_plainly([block], unknown=False)


@pytest.mark.parametrize("position", [4, 100, 2**40, 2**63 - 1])
def test_nothing_is_read_behind_a_block(position: int) -> None:
    headers: list[tuple[bytes, bytes]] = []
    assert READER.read(b"\x82\x82\x82", position, headers, []) == position
    assert headers == []


@pytest.mark.parametrize("position", [-1, -3, -(2**63)])
def test_a_place_before_a_block_raises(position: int) -> None:
    with pytest.raises(IndexError):
        READER.read(b"\x82\x82\x82", position, [], [])


def test_what_is_no_block_or_no_table_raises() -> None:
    with pytest.raises(TypeError):
        READER.read(bytearray(b"\x82"), 0, [], [])  # type: ignore[arg-type]  # what is tried
    with pytest.raises(OverflowError):
        READER.read(b"\x82", 2**70, [], [])
    with pytest.raises(IndexError):
        FieldReader(LENGTHS[:20], STATIC)
