"""Recordings changed at random, also inside compression, read and written out again."""

import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import zstandard

from fuzz.mutation import TOKENS, mutate
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.readers import iter_inputs, read_input
from phonehome.reports.exchanges import iter_har, iter_ndjson

CASES = Path(__file__).parents[1] / "tests" / "cases"
MAX_RECORDING_BYTES = 40_000
RECORDING_TOKENS = (
    *TOKENS,
    *(b'"log"', b'"entries"', b'"request"', b'"url"', b'"_phonehome"', b'"_webSocketMessages"', b'"\\ud800"'),
    *(b"0:~", b"0:]", b"0:}", b"1:1#", b"3:inf^", b"4:true!", b"99999999999:", b"7:request;"),
    b"4:type;3:udp;",
)


def zip_one(data: bytes) -> bytes:
    """Pack bytes as the one member of a zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a.har"), data)
    return packed.getvalue()


WRAPPINGS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: gzip.compress(data, mtime=0),
    lambda data: lzma.compress(data, preset=0),
    lambda data: zstandard.ZstdCompressor().compress(data),
    zip_one,
)


@cache
def recordings() -> tuple[bytes, ...]:
    """Give the recordings of the test cases that are small enough, in a fixed order."""
    paths = sorted(path for path in CASES.glob("*/*") if path.suffix in (".har", ".mitm"))
    return tuple(data for path in paths if len(data := path.read_bytes()) <= MAX_RECORDING_BYTES)


def make(chance: random.Random) -> bytes:
    """Make one input."""
    data = mutate(chance.choice(recordings()), chance, RECORDING_TOKENS)
    if chance.random() < 0.3:
        data = chance.choice(WRAPPINGS)(data)
        if chance.random() < 0.7:
            data = mutate(data, chance, RECORDING_TOKENS)
    return data


def read(data: bytes) -> list[Exchange]:
    """Read bytes as a user's file is read."""
    try:
        files = iter_inputs(["-"], stdin=io.BytesIO(data))
    except InputError:
        return []
    return [item for file in files for item in read_input(file) if isinstance(item, Exchange)]


def check(data: bytes) -> int:
    """Read bytes and write out what was read; gives the number of exchanges."""
    exchanges = read(data)
    written = sum(len(piece) for piece in (*iter_har(exchanges), *iter_ndjson(exchanges, bodies=True)))
    assert written or not exchanges
    return len(exchanges)
