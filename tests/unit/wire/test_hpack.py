import random

import hpack
import pytest
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman as decode_by_package
from hpack.table import HeaderTable
from hypothesis import given, settings
from hypothesis import strategies as st

from phonehome.model.errors import DecodeError
from phonehome.wire.hpack import MAX_HEADER_BYTES, STATIC_TABLE, UNKNOWN_NAME, HpackDecoder
from phonehome.wire.hpack_huffman import decode_huffman
from phonehome.wire.http_message import MAX_HEADERS

Header = tuple[bytes, bytes]

HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
names = st.sampled_from((b"x-a", b"x-b", b"accept", b"cookie", b":path", b"content-type")) | st.binary(
    min_size=1, max_size=12
)
values = (
    st.sampled_from((b"", b"1", b"gzip, deflate", b"a" * 300))
    | st.binary(max_size=80)
    | st.text("abcXYZ019/-_=?&%<`{|~", max_size=200).map(str.encode)
)
lists = st.lists(st.tuples(names, values), max_size=12)


def test_the_static_table_is_that_of_the_specification() -> None:
    assert HeaderTable.STATIC_TABLE == STATIC_TABLE


@given(st.binary(max_size=300) | values)
def test_huffman_text_is_read_back(text: bytes) -> None:
    assert decode_huffman(HUFFMAN.encode(text)) == text


@pytest.mark.parametrize("place", range(9))
def test_every_symbol_is_read_at_every_place(place: int) -> None:
    for symbol in range(256):
        text = b"0" * place + bytes([symbol]) * 3 + b"0" * place
        assert decode_huffman(HUFFMAN.encode(text)) == text


@pytest.mark.parametrize(
    "coded",
    [
        b"\xff\xff\xff\xfc",
        b"\x00",
        b"\x00\x00\x00",
        b"0" + b"\xff\xff\xff\xff",
        b"\x1e",
        b"\xff\xff\xff\xff\xff",
    ],
    ids=[
        "end of string",
        "padding of zeros",
        "padding of four zeros",
        "end of string behind text",
        "padding with a zero",
        "only ones",
    ],
)
def test_wrong_padding_and_the_end_of_string_are_refused(coded: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_huffman(coded)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=8) | st.lists(st.sampled_from(range(0, 256, 17)), max_size=8).map(bytes))
def test_any_bytes_are_text_or_refused_as_the_hpack_package_does(coded: bytes) -> None:
    try:
        wanted: bytes | None = decode_by_package(coded)
    except hpack.HPACKDecodingError:
        wanted = None
    try:
        found: bytes | None = decode_huffman(coded)
    except DecodeError:
        found = None
    assert found == wanted


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(lists, st.booleans(), st.sampled_from((None, None, 0, 100, 4096, 60_000))), max_size=8
    ),
)
def test_blocks_decode_as_the_hpack_package_decodes_them(
    blocks: list[tuple[list[Header], bool, int | None]],
) -> None:
    encoder, peer, decoder = hpack.Encoder(), hpack.Decoder(max_header_list_size=1 << 24), HpackDecoder()
    peer.max_allowed_table_size = 60_000
    for headers, huffman, size in blocks:
        if size is not None:
            encoder.header_table_size = size
        block = encoder.encode(headers, huffman=huffman)
        expected = [(bytes(name), bytes(value)) for name, value in peer.decode(block, raw=True)]
        assert decoder.decode(block) == expected == headers
        assert decoder.fault is None


def test_a_long_connection_keeps_its_table_right_while_entries_are_evicted() -> None:
    source = random.Random(1)
    encoder, decoder = hpack.Encoder(), HpackDecoder()
    for number in range(800):
        headers = [(b"x-%d" % source.randrange(90), b"v%d" % source.randrange(40)) for _ in range(12)]
        headers.append((b"x-large", bytes(source.randrange(5000)) if number % 50 == 0 else b"1"))
        assert decoder.decode(encoder.encode(headers)) == headers
    assert len(decoder._entries) < 1000


def test_from_the_middle_fields_are_given_as_far_as_they_are_known() -> None:
    encoder, decoder = hpack.Encoder(), HpackDecoder(unknown=True)
    encoder.encode([(b"x-old", b"1"), (b"x-older", b"2")])
    block = encoder.encode([(b":method", b"GET"), (b"x-old", b"1"), (b"x-older", b"3"), (b"x-new", b"4")])
    assert decoder.decode(block) == [(b":method", b"GET"), (UNKNOWN_NAME, b"3"), (b"x-new", b"4")]
    assert decoder.skipped == 2
    assert decoder.fault is None
    assert decoder.decode(encoder.encode([(b"x-new", b"4")])) == [(b"x-new", b"4")]
    assert decoder.skipped == 0


def test_an_emptied_table_is_known_again() -> None:
    decoder = HpackDecoder(unknown=True)
    assert decoder.decode(b"\x20\x3f\xe1\x1f\x82") == [(b":method", b"GET")]
    assert not decoder.unknown
    assert decoder.decode(b"\xbe") == []
    assert decoder.fault == "an index beyond the table in a header block"


@pytest.mark.parametrize(
    "block",
    [
        b"\x80",
        b"\xbe",
        b"\x40",
        b"\x41",
        b"\x41\x05ab",
        b"\xff\xff\xff\xff\xff\xff\xff",
        b"\x41\x82\xff",
        b"\x00\x7f",
    ],
)
def test_a_wrong_block_gives_what_came_before_and_says_so(block: bytes) -> None:
    decoder = HpackDecoder()
    assert decoder.decode(b"\x82" + block) == [(b":method", b"GET")]
    assert decoder.fault is not None
    assert decoder.unknown


def test_a_bomb_of_repeated_entries_ends_at_its_bound() -> None:
    decoder = HpackDecoder()
    decoder.decode(b"\x40\x01a" + b"\x7f\x81\x1e" + bytes(3968))
    headers = decoder.decode(b"\xbe" * 200_000)
    assert len(headers) <= MAX_HEADERS
    assert sum(len(name) + len(value) for name, value in headers) <= MAX_HEADER_BYTES
    assert decoder.fault is not None


@settings(max_examples=500, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_any_bytes_give_headers_or_a_fault(blocks: list[bytes], unknown: bool) -> None:
    decoder = HpackDecoder(unknown=unknown)
    for block in blocks:
        for name, value in decoder.decode(block):
            assert isinstance(name, bytes)
            assert isinstance(value, bytes)
