"""A recording of any size: the first one again and again, each time with other servers and later.

As a stream, so that no disk has to hold it. Servers' third byte of the address changes, so that every repetition
has connections of its own; checksums are mended as RFC 1624 says, so that a reader that looks at them is content.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from recording import CLOUD_ADDRESSES

MOST = 100
"""Repetitions at most: 198.51.100.0/24 to 198.51.199.0/24."""
_HEADER, _RECORD, _ETHERNET = 24, 16, 14
_NET = bytes(map(int, CLOUD_ADDRESSES[0].split(".")))[:3]
_SOURCE, _DESTINATION = 12, 16  # in the IPv4 header
_IP_CHECKSUM, _TCP_CHECKSUM = 10, 16
_TCP = 6

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]


class Repeater:
    """Writes a little-endian pcap of Ethernet packets several times over."""

    def __init__(self, capture: Path) -> None:
        self._whole = np.fromfile(capture, np.uint8)
        self._records = _record_offsets(self._whole)
        self._packets = self._records + _RECORD
        seconds = self._seconds(self._whole)
        self._duration = int(seconds.max() - seconds.min()) + 1

    @property
    def size(self) -> int:
        """Bytes of one repetition."""
        return len(self._whole)

    def write(self, out: IO[bytes], times: int) -> None:
        """Write the recording so many times."""
        assert times <= MOST
        out.write(self._whole[:_HEADER].tobytes())
        for turn in range(times):
            out.write(self._turn(turn))

    def _turn(self, turn: int) -> memoryview:
        data = self._whole.copy()
        seconds = (self._seconds(data) + turn * self._duration).astype("<u4")
        for place in range(4):
            data[self._records + place] = (seconds >> (8 * place)).astype(np.uint8)
        for field in (_SOURCE, _DESTINATION):
            _move_net(data, self._packets + _ETHERNET, field, turn)
        return memoryview(data)[_HEADER:]

    def _seconds(self, data: Bytes) -> Offsets:
        return sum(data[self._records + place].astype(np.int64) << (8 * place) for place in range(4))


def _record_offsets(data: Bytes) -> Offsets:
    if data[:4].tobytes() != b"\xd4\xc3\xb2\xa1":
        raise ValueError("the recording must be a little-endian pcap with microseconds")
    return np.fromiter(_walk(data.tobytes()), np.int64)


def _walk(data: bytes) -> Iterator[int]:
    at, size = _HEADER, struct.Struct("<I")
    while at + _RECORD <= len(data):
        yield at
        at += _RECORD + size.unpack_from(data, at + 8)[0]


def _move_net(data: Bytes, headers: Offsets, field: int, turn: int) -> None:
    """Add `turn` to the third byte of addresses in the servers' net."""
    headers = headers[headers + 40 <= len(data)]
    version = (data[headers - 2] == 0x08) & (data[headers - 1] == 0)
    inside = version & (data[headers + 9] == _TCP)
    for place, byte in enumerate(_NET):
        inside &= data[headers + field + place] == byte
    headers = headers[inside]
    old = _word(data, headers + field + 2)
    data[headers + field + 2] += np.uint8(turn)
    new = _word(data, headers + field + 2)
    length = (data[headers] & 15).astype(np.int64) * 4
    for checksum in (headers + _IP_CHECKSUM, headers + length + _TCP_CHECKSUM):
        _mend(data, checksum, old, new)


def _word(data: Bytes, at: Offsets) -> Offsets:
    return (data[at].astype(np.int64) << 8) | data[at + 1]


def _mend(data: Bytes, at: Offsets, old: Offsets, new: Offsets) -> None:
    """HC' = ~(~HC + ~m + m'), RFC 1624 section 3."""
    total = (~_word(data, at) & 0xFFFF) + (~old & 0xFFFF) + new
    total = (total & 0xFFFF) + (total >> 16)
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    data[at], data[at + 1] = (total >> 8).astype(np.uint8), (total & 0xFF).astype(np.uint8)
