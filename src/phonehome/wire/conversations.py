"""Sorts the segments of a window by conversation and direction, all at once.

A conversation is an unordered pair of (address, port) with a protocol. The sort key is a 64-bit mix of the
pair; since a hostile capture can make two pairs collide, the columns themselves decide, and a window with a
collision is sorted by all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np

from phonehome.wire.columns import Column, Mask, Words
from phonehome.wire.segments import Segments

_MULTIPLIERS = tuple(
    np.uint64(number)
    for number in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
)
_SHIFT = np.uint64(29)
_ONE = np.uint64(1)


class Endpoint(NamedTuple):
    """Address (as the 128 bits of IPv6, IPv4 mapped into it) and port."""

    high: int
    low: int
    port: int


class Pair(NamedTuple):
    """A conversation: its two ends in a fixed order, and the protocol number."""

    one: Endpoint
    two: Endpoint
    protocol: int


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation's segments of a window: `middle` parts those from `one` from those from `two`.

    The three are places in the order that `sort_conversations` gives.
    """

    pair: Pair
    begin: int
    middle: int
    end: int


def sort_conversations(segments: Segments, chosen: Column) -> tuple[Column, list[Talk]]:
    """Order the chosen segments by conversation, direction and place in the capture.

    Args:
        segments: A window's segments.
        chosen: Which of them, ascending.

    Returns:
        The chosen ones in order, and the conversations as stretches of it, by their first segment.
    """
    if not len(chosen):
        return chosen, []
    columns, reverse = _canonical(segments, chosen)
    key = _mix(columns)
    order = np.argsort(key << _ONE | reverse.astype(np.uint64), kind="stable")
    begins = _begins(key[order])
    if _has_collision(columns, order, begins):
        order = np.lexsort((reverse, *columns))
        begins = np.zeros(len(order), bool)
        begins[0] = True
        for column in columns:
            begins[1:] |= column[order[1:]] != column[order[:-1]]
    starts = np.flatnonzero(begins)
    talks = list(_iter_talks(columns, reverse, order, starts))
    firsts = np.minimum.reduceat(order, starts).tolist()
    talks = [talk for _, talk in sorted(zip(firsts, talks, strict=True), key=lambda pair: pair[0])]
    return chosen[order], talks


def mix_conversations(segments: Segments, chosen: Column) -> Words:
    """Give a number for each chosen segment that is the same for all of its conversation, both ways."""
    return _mix(_canonical(segments, chosen)[0])


def _canonical(segments: Segments, chosen: Column) -> tuple[tuple[Words, ...], Mask]:
    """Give the columns of the pair, its ends in a fixed order, and which segments run from `two` to `one`."""
    high, low = segments.src_high[chosen], segments.src_low[chosen]
    other_high, other_low = segments.dst_high[chosen], segments.dst_low[chosen]
    port = segments.src_port[chosen].astype(np.uint64)
    other_port = segments.dst_port[chosen].astype(np.uint64)
    same_high, same_low = high == other_high, low == other_low
    reverse = (high > other_high) | (same_high & ((low > other_low) | (same_low & (port > other_port))))
    ports = np.where(reverse, other_port << np.uint64(16) | port, port << np.uint64(16) | other_port)
    ports |= segments.protocol[chosen].astype(np.uint64) << np.uint64(32)
    columns = (
        np.where(reverse, other_high, high),
        np.where(reverse, other_low, low),
        np.where(reverse, high, other_high),
        np.where(reverse, low, other_low),
        ports,
    )
    return columns, reverse


def _mix(columns: tuple[Words, ...]) -> Words:
    mixed = columns[-1].copy()
    for column, multiplier in zip(columns, _MULTIPLIERS, strict=False):
        mixed ^= column
        mixed *= multiplier
        mixed ^= mixed >> _SHIFT
    return mixed


def _begins(key: Words) -> Mask:
    """Mark where a conversation begins; the bit that the sort key loses may make two of one key."""
    shifted = key << _ONE
    begins = np.empty(len(key), bool)
    begins[0] = True
    np.not_equal(shifted[1:], shifted[:-1], out=begins[1:])
    return begins


def _has_collision(columns: tuple[Words, ...], order: Column, begins: Mask) -> bool:
    within = ~begins[1:]
    return any(bool(np.any((column[order[1:]] != column[order[:-1]]) & within)) for column in columns)


def _iter_talks(columns: tuple[Words, ...], reverse: Mask, order: Column, starts: Column) -> Iterator[Talk]:
    ends = np.append(starts[1:], len(order))
    backward = np.add.reduceat(reverse[order].astype(np.int64), starts)
    firsts = order[starts]
    fields = [cast("list[int]", column[firsts].tolist()) for column in columns]
    for start, end, after, one_high, one_low, two_high, two_low, ports in zip(
        starts.tolist(), ends.tolist(), backward.tolist(), *fields, strict=True
    ):
        pair = Pair(
            Endpoint(one_high, one_low, ports >> 16 & 0xFFFF),
            Endpoint(two_high, two_low, ports & 0xFFFF),
            ports >> 32,
        )
        yield Talk(pair, start, end - after, end)
