"""The pcapng capture format (draft-ietf-opsawg-pcapng): blocks, each with its length at both ends.

Only the lengths are walked one by one. Packet blocks are remembered by where they begin, and read together when
the section or the stretch of the file ends; other blocks are read when they are met. A block of unknown kind
is passed over, as the format wants it.

Refused: nothing that begins with a section header. Where a block's two lengths differ, or one cannot be, reading
goes on at the next block whose lengths agree, and a fault says so.
"""

import struct
from array import array
from collections.abc import Iterator
from enum import Enum, auto

import numpy as np

from phonehome.model.errors import DecodeError
from phonehome.wire.capture.base import (
    MAX_INTERFACES,
    MAX_WINDOW_PACKETS,
    CaptureItem,
    Carried,
    Fault,
    Interface,
)
from phonehome.wire.capture.chunks import Chunks
from phonehome.wire.capture.faults import Faults
from phonehome.wire.capture.pcapdroid import ENTERPRISE, learn_app
from phonehome.wire.capture.pcapng_blocks import (
    CUSTOM,
    CUSTOM_NOT_COPIED,
    INTERFACE,
    KNOWN,
    NAMES,
    NUMBERED,
    PACKET,
    PACKETS,
    SECRETS,
    SECTION,
    SIMPLE_PACKET,
    iter_names,
    parse_interface,
    parse_secrets,
    section_order,
)
from phonehome.wire.capture.pcapng_packets import read_blocks
from phonehome.wire.capture.resync import next_block
from phonehome.wire.columns import gather, integers

MAX_BLOCK_BYTES = 16 * 1024**2
"""A longer block is taken for damage; key logs and lists of names reach a few megabytes."""

MAX_SECTIONS = 4096
"""How many sections are read: each costs a window of its own."""

_LEAST_BLOCK = 12
_LEAST_PACKET_BLOCK = 32
_LEAST_SIMPLE_BLOCK = 16
_FIRST_BATCH = 16
_OVERLAP = 256 * 1024


def recognises(head: bytes) -> bool:
    """Tell whether this begins like a pcapng file."""
    return head[:4] == SECTION.to_bytes(4, "big") and section_order(head[:12]) is not None


def read(chunks: Chunks, carried: Carried) -> Iterator[CaptureItem]:
    """Read the file whose first bytes are in `chunks`."""
    return _Reader(chunks, carried).read()


def walk_packets(buffer: bytes, at: int, big: bool, most: int, starts: "array[int]") -> int:
    """Go over packet blocks, up to the first that is another, or broken, or not whole.

    Args:
        buffer: Blocks, one behind the other.
        at: Where the first begins.
        big: Whether numbers have their high byte first.
        most: How many to go over.
        starts: Takes where each begins.

    Returns:
        Where the first begins that was not gone over.
    """
    unpack = struct.Struct(">II" if big else "<II").unpack_from
    append = starts.append
    last = len(buffer) - _LEAST_BLOCK
    # Nothing but the lengths, for this is the loop.
    for _ in range(most):
        if at > last:
            break
        kind, size = unpack(buffer, at)
        if kind != PACKET or size < _LEAST_PACKET_BLOCK or size & 3:
            break
        append(at)
        at += size
    return starts.pop() if at > len(buffer) else at


try:
    from phonehome.wire.native.pcapng import walk_packets as _walk_packets
except ImportError:
    _walk_packets = walk_packets


class _Place(Enum):
    """What stands where the walk has come to."""

    WHOLE = auto()
    NOT_WHOLE = auto()
    BROKEN = auto()


class _Reader:
    """The state of reading one file."""

    def __init__(self, chunks: Chunks, carried: Carried) -> None:
        self._chunks = chunks
        self._carried = carried
        self._at = 0
        self._order = "<"
        self._interfaces: list[Interface] = []
        self._readable = True
        self._faults = Faults()
        self._starts = array("q")
        self._verified = 0
        self._batch = _FIRST_BATCH
        self._sections = 0
        self._ended = False

    def read(self) -> Iterator[CaptureItem]:
        while True:
            yield from self._walk()
            yield from self._flush()
            if self._stopped:
                return
            if self._chunks.ended:
                break
            self._chunks.more(self._at, self._look()[1])
            self._at = 0
        left = len(self._chunks.buffer) - self._at
        if left:
            yield from self._fault(f"the file ends inside a block, {left:,} bytes into it", ended=True)
        yield from self._faults.rest(self._chunks.base + len(self._chunks.buffer), self._carried.number)

    def _walk(self) -> Iterator[CaptureItem]:
        """Go from block to block up to the first that is not whole."""
        while True:
            self._pass_packets()
            bad = self._first_bad()
            if bad is None:
                place, size = self._look()
                if place is _Place.NOT_WHOLE:
                    return
                if place is _Place.WHOLE:
                    yield from self._take(size)
                    self._at += size
                    if self._ended:
                        return
                    continue
                bad = self._at
            yield from self._recover(bad)
            if self._faults.hopeless:
                return

    @property
    def _stopped(self) -> bool:
        return self._ended or self._faults.hopeless

    def _pass_packets(self) -> None:
        """Remember packet blocks up to the first other block."""
        self._at = _walk_packets(self._chunks.buffer, self._at, self._order == ">", self._batch, self._starts)
        # What is walked beyond damage is walked in vain: go far at a time only while there is none.
        self._batch = min(self._batch * 2, MAX_WINDOW_PACKETS)

    def _first_bad(self) -> int | None:
        """Compare the two lengths of the blocks since the last time; forget the first that differ, and all behind."""
        starts, first = self._starts, self._verified
        self._verified = len(starts)
        if first == len(starts):
            return None
        at = np.array(starts[first:], np.int64)
        length = np.dtype([("size", f"{self._order}u4")])
        size = integers(gather(self._chunks.buffer, at + 4, length), "size")
        again = integers(gather(self._chunks.buffer, at + size - 4, length), "size")
        wrong = np.flatnonzero(size != again)
        if not len(wrong):
            return None
        bad = first + int(wrong[0])
        place = starts[bad]
        del starts[bad:]
        self._verified = bad
        return place

    def _look(self) -> tuple[_Place, int]:
        """Tell whether a whole block stands here, and its length; of one that is not whole, as far as known."""
        buffer, at = self._chunks.buffer, self._at
        left = len(buffer) - at
        if left < _LEAST_BLOCK:
            return _Place.NOT_WHOLE, _LEAST_BLOCK
        kind, size = struct.unpack_from(f"{self._order}II", buffer, at)
        order: str | None = self._order
        if kind == SECTION:
            order = section_order(buffer[at : at + _LEAST_BLOCK])
            size = struct.unpack_from(f"{order or '<'}I", buffer, at + 4)[0]
        if order is None or size < _LEAST_BLOCK or size & 3 or size > MAX_BLOCK_BYTES:
            return _Place.BROKEN, _LEAST_BLOCK
        if size > left:
            return _Place.NOT_WHOLE, size
        again = struct.unpack_from(f"{order}I", buffer, at + size - 4)[0]
        return _Place.WHOLE if again == size else _Place.BROKEN, size

    def _take(self, size: int) -> Iterator[CaptureItem]:
        """Read a block that is no ordinary packet block, or remember it."""
        buffer, at = self._chunks.buffer, self._at
        kind = struct.unpack_from(f"{self._order}I", buffer, at)[0]
        if kind == SECTION:
            yield from self._flush()
            yield from self._begin_section(buffer[at : at + size])
            return
        body = buffer[at + 8 : at + size - 4]
        try:
            if kind in PACKETS:
                if size < (_LEAST_SIMPLE_BLOCK if kind == SIMPLE_PACKET else _LEAST_PACKET_BLOCK):
                    raise DecodeError("a packet block is too short to hold a packet")
                self._starts.append(at)
            elif kind == INTERFACE and len(self._interfaces) < MAX_INTERFACES:
                self._interfaces.append(parse_interface(body, self._order))
            elif kind == SECRETS:
                yield parse_secrets(body, self._order)
            elif kind == NAMES:
                yield from iter_names(body, self._order)
            elif kind in NUMBERED:
                self._starts.append(at)
                if kind in (CUSTOM, CUSTOM_NOT_COPIED) and len(body) > 4:
                    enterprise = struct.unpack_from(f"{self._order}I", body)[0]
                    if enterprise == ENTERPRISE:
                        learn_app(body[4:], self._order, self._carried.apps)
        except DecodeError as error:
            yield from self._fault(str(error))

    def _begin_section(self, block: bytes) -> Iterator[CaptureItem]:
        self._sections += 1
        if self._sections > MAX_SECTIONS:
            yield from self._fault(f"more than {MAX_SECTIONS:,} sections; reading ended", ended=True)
            self._ended = True
            return
        self._order = section_order(block) or self._order
        self._interfaces = []
        self._readable = len(block) >= 16 and struct.unpack_from(f"{self._order}H", block, 12)[0] == 1
        if not self._readable:
            yield from self._fault("a section is of a version that is not known; it was not read")

    def _flush(self) -> Iterator[CaptureItem]:
        """Read the packets of the blocks that were remembered."""
        starts = np.array(self._starts, np.int64)
        self._starts = array("q")
        self._verified = 0
        if not self._readable:
            return
        order, buffer = self._order, self._chunks.buffer
        for first in range(0, len(starts), MAX_WINDOW_PACKETS):
            some = starts[first : first + MAX_WINDOW_PACKETS]
            number = np.arange(self._carried.number + 1, self._carried.number + 1 + len(some), dtype=np.int64)
            self._carried.number += len(some)
            kind = gather(buffer, some, np.dtype([("kind", f"{order}u4")]))["kind"]
            packets = np.isin(kind, np.array(PACKETS, np.uint32))
            if not packets.any():
                continue
            blocks = read_blocks(
                buffer, some[packets], number[packets], order, tuple(self._interfaces), self._carried.apps
            )
            if len(blocks.window):
                yield blocks.window
            for numbers, what in (
                (blocks.too_short, "claim more bytes than their blocks have"),
                (blocks.strangers, "are of an interface that nobody described; they were not read"),
            ):
                if len(numbers):
                    yield from self._fault(f"{len(numbers):,} packets from number {numbers[0]} on {what}")

    def _recover(self, bad: int) -> Iterator[CaptureItem]:
        """Go on behind damage, at the next block whose two lengths agree."""
        self._at = bad
        yield from self._flush()
        reason = "a block's two lengths differ or cannot be"
        damaged = self._chunks.base + bad
        yield from self._faults.damage(damaged, self._carried.number, reason)
        self._batch = _FIRST_BATCH
        at = bad + 1
        while not self._faults.hopeless:
            buffer = self._chunks.buffer
            found = next_block(buffer, at, self._order, KNOWN, MAX_BLOCK_BYTES)
            if found is not None or self._chunks.ended:
                self._at = len(buffer) if found is None else found
                if found is None:
                    size = self._chunks.base + len(buffer) - damaged
                    yield from self._faults.nothing_follows(damaged, self._carried.number, size)
                return
            # What begins in the last stretch may end behind it.
            used = max(at, len(buffer) - _OVERLAP)
            self._chunks.more(used, 2 * _OVERLAP)
            at = 0

    def _fault(self, reason: str, *, ended: bool = False) -> Iterator[Fault]:
        packet = self._carried.number + len(self._starts)
        fault = Fault(reason=reason, offset=self._chunks.base + self._at, packet=packet, ended=ended)
        yield from self._faults.tell(fault)
