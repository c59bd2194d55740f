import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.brotli import MIN_OUTPUT, MIN_PARTIAL_OUTPUT, Brotli
from phonehome.model.errors import DecodeError

LIMIT = 1 << 20


def test_a_stream_is_read_whole() -> None:
    packed = brotli.compress(b"490154203237518")
    found = Brotli().inflate(packed, LIMIT)
    assert (found.data, found.consumed, found.complete) == (b"490154203237518", len(packed), True)


def test_a_bomb_stops_at_the_limit() -> None:
    found = Brotli().inflate(brotli.compress(bytes(30_000_000)), 100_000)
    assert (len(found.data), found.complete) == (100_000, False)


def test_truncation_gives_a_good_deal_or_the_declared_error() -> None:
    text = b"".join(b"%d %d;" % (n, n * n) for n in range(800))
    packed = brotli.compress(text)
    given_up = 0
    for end in range(len(packed)):
        try:
            found = Brotli().inflate(packed[:end], LIMIT)
        except DecodeError:
            given_up += 1
            continue
        assert text.startswith(found.data)
        assert len(found.data) >= MIN_PARTIAL_OUTPUT
        assert not found.complete
    assert 0 < given_up < len(packed)


@pytest.mark.parametrize("data", [b"", b"\x00", b"plain text here", brotli.compress(b"abcdefgh") + b"tail"])
def test_what_is_not_brotli_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Brotli().inflate(data, LIMIT)


@given(st.binary(min_size=MIN_OUTPUT, max_size=300))
def test_what_was_compressed_comes_back(text: bytes) -> None:
    assert Brotli().inflate(brotli.compress(text), LIMIT).data == text
