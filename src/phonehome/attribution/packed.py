"""The packed address tables: sorted boundaries and one value per stretch, compressed with zstd.

A table answers "which value holds at this address?". It keeps only the points at which the value changes:
`starts[i]` is the first address of a stretch, `values[i]` its value, and 0 stands for "nothing known". So
one binary search answers, and neighbouring ranges with the same value cost nothing.

The file is one zstd frame: a little-endian uint32 with the header's length, a JSON header (name, dtype and
length of each array), then the arrays' bytes in that order. Boundaries are stored as differences, which
compress better.
"""

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zstandard

ZSTD_LEVEL = 19
MASK_64 = (1 << 64) - 1
NOTHING = 0

Array = npt.NDArray[np.generic]
Numbers = npt.NDArray[np.uint64] | npt.NDArray[np.uint32]
Range = tuple[int, int, int]
"""First address, last address (inclusive), value; value 0 is kept for "nothing known"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table4:
    """Values of IPv4 addresses: `starts` as uint32, ascending."""

    starts: npt.NDArray[np.uint32]
    values: npt.NDArray[np.uint32]

    def find(self, address: int) -> int:
        """Give the value at an address (as a number); 0 where nothing is known."""
        place = int(np.searchsorted(self.starts, np.uint32(address), side="right")) - 1
        return int(self.values[place]) if place >= 0 else NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Table6:
    """Values of IPv6 addresses: the upper and lower halves of the starts as uint64, ascending together."""

    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]
    values: npt.NDArray[np.uint32]

    def find(self, address: int) -> int:
        """Give the value at an address (as a number); 0 where nothing is known."""
        high, low = np.uint64(address >> 64), np.uint64(address & MASK_64)
        first = int(np.searchsorted(self.high, high, side="left"))
        last = int(np.searchsorted(self.high, high, side="right"))
        place = first + int(np.searchsorted(self.low[first:last], low, side="right")) - 1
        return int(self.values[place]) if place >= 0 else NOTHING


def iter_boundaries(ranges: Iterable[Range]) -> Iterable[tuple[int, int]]:
    """Turn ranges, ascending by their first address, into the points at which the value changes.

    Where two ranges overlap, the one that begins later keeps only what lies behind the other.
    """
    behind = 0
    value_there = NOTHING
    for first, last, value in ranges:
        begin = max(first, behind)
        if begin > last:
            continue
        if begin > behind and value_there != NOTHING:
            yield behind, NOTHING
            value_there = NOTHING
        if value != value_there:
            yield begin, value
            value_there = value
        behind = last + 1
    if value_there != NOTHING:
        yield behind, NOTHING


def build_table4(ranges: Iterable[Range]) -> Table4:
    """Build a table from IPv4 ranges in ascending order."""
    points = [point for point in iter_boundaries(ranges) if point[0] < 1 << 32]
    return Table4(
        starts=np.array([start for start, _ in points], dtype=np.uint32),
        values=np.array([value for _, value in points], dtype=np.uint32),
    )


def build_table6(ranges: Iterable[Range]) -> Table6:
    """Build a table from IPv6 ranges in ascending order."""
    points = [point for point in iter_boundaries(ranges) if point[0] < 1 << 128]
    return Table6(
        high=np.array([start >> 64 for start, _ in points], dtype=np.uint64),
        low=np.array([start & MASK_64 for start, _ in points], dtype=np.uint64),
        values=np.array([value for _, value in points], dtype=np.uint32),
    )


def _differences(array: Array) -> Array:
    return np.diff(array, prepend=array.dtype.type(0))


def write_packed(path: Path, table4: Table4, table6: Table6, texts: Mapping[int, str]) -> int:
    """Write both tables and the texts of their values; give the size of the file in bytes."""
    keys = sorted(texts)
    blobs = [texts[key].encode() for key in keys]
    arrays: dict[str, Array] = {
        "starts4": _differences(table4.starts),
        "values4": table4.values,
        "high6": _differences(table6.high),
        "low6": table6.low,
        "values6": table6.values,
        "keys": _differences(np.array(keys, dtype=np.uint32)),
        "lengths": np.array([len(blob) for blob in blobs], dtype=np.uint32),
        "texts": np.frombuffer(b"".join(blobs), dtype=np.uint8),
    }
    header = json.dumps([[name, array.dtype.str, len(array)] for name, array in arrays.items()]).encode()
    body = struct.pack("<I", len(header)) + header + b"".join(array.tobytes() for array in arrays.values())
    data = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)
    path.write_bytes(data)
    return len(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """One data set: its tables, and the texts (names, country codes) that their values stand for."""

    table4: Table4
    table6: Table6
    keys: npt.NDArray[np.uint32]
    ends: npt.NDArray[np.int64]
    texts: bytes

    def text(self, value: int) -> str | None:
        """Give the text of a value; None where it has none."""
        place = int(np.searchsorted(self.keys, np.uint32(value)))
        if place == len(self.keys) or int(self.keys[place]) != value:
            return None
        begin = int(self.ends[place - 1]) if place else 0
        return self.texts[begin : int(self.ends[place])].decode() or None

    def find(self, version: int, address: int) -> int:
        """Give the value at an address of IP version 4 or 6; 0 where nothing is known."""
        return self.table4.find(address) if version == 4 else self.table6.find(address)


def read_packed(path: Path) -> Packed:
    """Read a file that `write_packed` wrote."""
    body = zstandard.ZstdDecompressor().decompress(path.read_bytes())
    (length,) = struct.unpack_from("<I", body)
    arrays: dict[str, Array] = {}
    place = 4 + length
    for name, dtype, count in json.loads(body[4:place]):
        arrays[name] = np.frombuffer(body, dtype=np.dtype(dtype), count=count, offset=place)
        place += arrays[name].nbytes
    return Packed(
        table4=Table4(
            starts=np.cumsum(arrays["starts4"], dtype=np.uint32), values=arrays["values4"].astype(np.uint32)
        ),
        table6=Table6(
            high=np.cumsum(arrays["high6"], dtype=np.uint64),
            low=arrays["low6"].astype(np.uint64),
            values=arrays["values6"].astype(np.uint32),
        ),
        keys=np.cumsum(arrays["keys"], dtype=np.uint32),
        ends=np.cumsum(arrays["lengths"], dtype=np.int64),
        texts=arrays["texts"].tobytes(),
    )
