"""Columns of segments made by hand, for tests of what comes behind the packets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phonehome.wire.capture.base import Apps
from phonehome.wire.segments import Segments
from phonehome.wire.tcp import Batch, make_batch

PHONE, CLOUD = (0xFFFF << 32) | 0xC0A80714, (0xFFFF << 32) | 0xC6336401
ISN = 1_000
"""The number of the first byte, where a test does not say another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One segment; `at` is its sequence number, `source` and `target` are (high, low, port)."""

    data: bytes = b""
    at: int = ISN
    cut: int = 0
    flags: int = 0x18
    source: tuple[int, int, int] = (0, PHONE, 40_000)
    target: tuple[int, int, int] = (0, CLOUD, 443)
    protocol: int = 6
    src_mac: int = 0
    dst_mac: int = 0


def part(at: int, data: bytes, *, cut: int = 0, flags: int = 0x18) -> Part:
    """A segment whose place in the stream counts from 0."""
    return Part(data=data, at=(ISN + at) % (1 << 32), cut=cut, flags=flags)


def columns(parts: Sequence[Part], *, first: int = 1) -> Segments:
    """The segments of one window; their packets count from `first`, and come one a second."""

    def column(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, np.int64)

    def words(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        return np.array(values, np.uint64)

    ends = np.cumsum([len(one.data) for one in parts], dtype=np.int64)
    number = np.arange(first, first + len(parts), dtype=np.int64)
    return Segments(
        buffer=b"".join(one.data for one in parts),
        number=number,
        time=number * 10**9,
        protocol=column([one.protocol for one in parts]),
        src_high=words([one.source[0] for one in parts]),
        src_low=words([one.source[1] for one in parts]),
        dst_high=words([one.target[0] for one in parts]),
        dst_low=words([one.target[1] for one in parts]),
        src_port=column([one.source[2] for one in parts]),
        dst_port=column([one.target[2] for one in parts]),
        start=ends - column([len(one.data) for one in parts]),
        end=ends,
        cut=column([one.cut for one in parts]),
        sequence=column([one.at for one in parts]),
        acknowledgement=column([0 for _ in parts]),
        flags=column([one.flags for one in parts]),
        src_mac=words([one.src_mac for one in parts]),
        dst_mac=words([one.dst_mac for one in parts]),
        app=np.full(len(parts), -1, np.int32),
        apps=Apps(),
        unread={},
    )


def batch(parts: Sequence[Part], *, first: int = 1) -> Batch:
    """The segments of one direction in one window, as `Stream.receive` takes them."""
    return make_batch(columns(parts, first=first), np.arange(len(parts), dtype=np.int64))
