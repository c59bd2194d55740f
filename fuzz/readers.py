"""Mutates real recordings and reads them; stops at the first exception, and says how to repeat it.

    python fuzz/readers.py --runs 20000 --seed 1

The same seed and number of runs give the same inputs, so a finding is repeated by its number alone.
"""

import argparse
import gzip
import io
import lzma
import random
import sys
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

import zstandard

from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.readers import iter_inputs, read_input
from phonehome.reports.exchanges import iter_har, iter_ndjson

CASES = Path(__file__).parents[1] / "tests" / "cases"
MAX_SEED_BYTES = 40_000
MAX_SECONDS = 20.0
"""A single small input that takes longer than this counts as a finding: something is not linear."""

TOKENS = [
    *(bytes([byte]) for byte in range(256)),
    *(b"null", b"true", b"[]", b"{}", b"[" * 3000, b'{"a":' * 3000, b"1e999", b"-1", b"9" * 5000),
    *(b'"log"', b'"entries"', b'"request"', b'"url"', b'"_phonehome"', b'"_webSocketMessages"', b'"\\ud800"'),
    *(
        b"0:~",
        b"0:]",
        b"0:}",
        b"1:1#",
        b"3:inf^",
        b"4:true!",
        b"99999999999:",
        b"7:request;",
        b"4:type;3:udp;",
    ),
    *(b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe"),
]


def zip_one(data: bytes) -> bytes:
    """Pack bytes as the one member of a zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.har", data)
    return packed.getvalue()


WRAPPINGS: list[Callable[[bytes], bytes]] = [
    lambda data: gzip.compress(data, mtime=0),
    lambda data: lzma.compress(data, preset=0),
    zstandard.ZstdCompressor().compress,
    zip_one,
]


def load_seeds() -> list[bytes]:
    """Give the recordings that are small enough, in a fixed order."""
    paths = sorted(path for path in CASES.glob("*/*") if path.suffix in (".har", ".mitm"))
    return [data for path in paths if len(data := path.read_bytes()) <= MAX_SEED_BYTES]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Change a few places: cut, repeat, overwrite, insert."""
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(data) + 1)
        length = chance.choice([1, 2, 8, 100, 1000])
        match chance.randrange(5):
            case 0:
                data = data[:at] + data[at + length :]
            case 1:
                data = data[:at] + data[at : at + length] * 2 + data[at + length :]
            case 2:
                data = data[:at] + chance.choice(TOKENS) + data[at + length :]
            case 3:
                data = data[:at] + chance.choice(TOKENS) + data[at:]
            case _:
                other = chance.randrange(len(data) + 1)
                data = data[:at] + data[other : other + length] + data[at:]
    return data


def make_input(run: int, seed: int, seeds: list[bytes]) -> bytes:
    """Make the input of one run."""
    chance = random.Random(f"{seed}/{run}")
    data = mutate(chance.choice(seeds), chance)
    if chance.random() < 0.3:
        data = chance.choice(WRAPPINGS)(data)
        if chance.random() < 0.7:
            data = mutate(data, chance)
    return data


def read(data: bytes) -> int:
    """Read bytes as a user's file is read, and write out what was read; gives the number of exchanges."""
    try:
        files = iter_inputs(["-"], stdin=io.BytesIO(data))
    except InputError:
        return 0
    exchanges = [item for file in files for item in read_input(file) if isinstance(item, Exchange)]
    written = sum(len(piece) for piece in (*iter_har(exchanges), *iter_ndjson(exchanges, bodies=True)))
    assert written or not exchanges
    return len(exchanges)


def main(arguments: list[str] | None = None) -> int:
    """Run; exit status 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="repeat one run and keep its input in fuzz-input.bin")
    options = parser.parse_args(arguments)
    seeds, exchanges = load_seeds(), 0
    for run in range(options.runs) if options.only is None else [options.only]:
        data = make_input(run, options.seed, seeds)
        if options.only is not None:
            Path("fuzz-input.bin").write_bytes(data)
        began = time.monotonic()
        try:
            exchanges += read(data)
        except Exception:  # noqa: BLE001  whatever it is, it is what we look for
            sys.stderr.write(f"run {run} with seed {options.seed}:\n{traceback.format_exc()}")
            return 1
        if time.monotonic() - began > MAX_SECONDS:
            sys.stderr.write(f"run {run} with seed {options.seed} took {time.monotonic() - began:.0f} s\n")
            return 1
    sys.stderr.write(f"readers: {options.runs} runs, {exchanges} exchanges read, nothing found\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
