"""Bytes of an input, counted as they lie on the disk, however often a reader asks for them."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.readers.sources import Tally, file_source
from phonehome.wire.capture.chunks import Chunks


@given(st.binary(max_size=200), st.integers(1, 40), st.lists(st.integers(0, 40), max_size=30))
def test_a_file_that_is_read_in_stretches_counts_once(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int, used: list[int]
) -> None:
    path = Path(tmp_path_factory.mktemp("file"), "file")
    path.write_bytes(data)
    tally = Tally()
    with file_source(path, "file").open(tally) as stream:
        chunks = Chunks(stream, size)
        chunks.more(0)
        for step in used:
            assert chunks.buffer == data[chunks.base : chunks.base + len(chunks.buffer)]
            assert len(chunks.buffer) >= size or chunks.base + len(chunks.buffer) == len(data)
            chunks.more(min(step, len(chunks.buffer)))
    assert tally.size == len(data)
    assert tally.sha256 == hashlib.sha256(data).hexdigest()


class Broken:
    """A stream that can step back, and then gives no more."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1, /) -> bytes:
        if not self._data:
            raise OSError(5, "broken")
        data, self._data = self._data[:size], b""
        return data

    def step_back(self, size: int) -> bool:
        return True


def test_what_was_read_before_a_failure_stays() -> None:
    chunks = Chunks(Broken(b"abcdef"), 4)
    chunks.more(0)
    chunks.more(2)
    assert chunks.failure is not None
    assert (chunks.base, chunks.buffer) == (2, b"cd")


def test_a_digest_that_nobody_asks_for_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    tally = Tally(hashed=False)
    with file_source(path, "file").open(tally) as stream:
        assert stream.read(2) == b"ab"
    assert (tally.size, tally.sha256) == (3, None)
