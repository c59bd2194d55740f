"""WebSocket frames (RFC 6455 section 5): their heads, their masks, and how to find one in the middle of a stream."""

import re
from typing import NamedTuple

import numpy as np

MAX_HEAD = 14
MASK_BIT = 0x80
FIN = 0x80
COMPRESSED = 0x40
_MAX_PAYLOAD = 1 << 40
_MAX_SEARCHED_PAYLOAD = 64 * 1024
_HEADS_NEEDED = 3
_OPCODES = frozenset((0, 1, 2, 8, 9, 10))
_CONTROL = 8
_LARGE = 256
_CANDIDATE = re.compile(rb"[\x00-\x02\x41\x42\x80-\x82\x88-\x8a\xc1\xc2]")


class FrameHead(NamedTuple):
    """The head of one frame."""

    opcode: int
    final: bool
    compressed: bool
    size: int  # of the head
    length: int  # of the payload
    key: bytes  # empty where there is no mask


def head_size(second: int) -> int:
    """Bytes of a head, by its second byte."""
    length = second & 0x7F
    return 2 + (8 if length == 127 else 2 if length == 126 else 0) + (4 if second & MASK_BIT else 0)


def read_head(data: bytes, position: int) -> FrameHead | None:
    """Read the head that stands at `position`, whole; None where none can."""
    first = data[position]
    return None if first & 0x30 or first & 0x0F not in _OPCODES else _read_head(data, position)


def read_reserved_head(data: bytes, position: int, *, masked: bool) -> FrameHead | None:
    """Read a head whose opcode has no meaning yet (section 5.2); stricter, as much that is no frame looks like one."""
    first = data[position]
    if first & 0xF0 != FIN or first & 0x0F in _OPCODES:
        return None
    head = _read_head(data, position)
    return head if head is not None and is_plausible(head, masked=masked) else None


def _read_head(data: bytes, position: int) -> FrameHead | None:
    first, second = data[position], data[position + 1]
    opcode, length = first & 0x0F, second & 0x7F
    compressed = bool(first & COMPRESSED)
    if opcode >= _CONTROL and (not first & FIN or length > 125 or compressed):
        return None
    size = 2
    if length == 126:
        size = 4
        length = int.from_bytes(data[position + 2 : position + 4], "big")
    elif length == 127:
        size = 10
        length = int.from_bytes(data[position + 2 : position + 10], "big")
        if length > _MAX_PAYLOAD:
            return None
    key = b""
    if second & MASK_BIT:
        key = data[position + size : position + size + 4]
        size += 4
    return FrameHead(opcode, first & FIN != 0, compressed, size, length, key)


def begins_masked(data: bytes) -> bool:
    """Whether a stream begins as a client's does: with the head of a masked frame."""
    if len(data) < 2 or len(data) < head_size(data[1]):
        return False
    head = read_head(data, 0)
    return head is not None and bool(head.key)


def unmask(data: bytes, key: bytes, phase: int = 0) -> bytes:
    """Take the mask off (section 5.3); `phase` bytes of the payload came before."""
    size = len(data)
    if not key or not size:
        return data
    phase &= 3
    key = key[phase:] + key[:phase]
    if size < _LARGE:
        mask = (key * (size // 4 + 1))[:size]
        return (int.from_bytes(data, "little") ^ int.from_bytes(mask, "little")).to_bytes(size, "little")
    words = size >> 2
    clear: bytes = (np.frombuffer(data, "<u4", words) ^ np.frombuffer(key, "<u4")).tobytes()
    return clear + bytes(a ^ b for a, b in zip(data[words << 2 :], key, strict=False)) if size & 3 else clear


def find_frame(data: bytes, *, masked: bool, at_end: bool) -> tuple[int, int]:
    """Look for a place where a frame begins: three plausible heads, one behind the other.

    Args:
        data: A stretch of a stream.
        masked: Whether frames of this direction are masked.
        at_end: Nothing follows, so a chain that reaches the end counts.

    Returns:
        The place, and how many bytes must be there from it on for a decision: 0 where it is made. Without a
        frame the place is the end.
    """
    place = -1
    while (found := _CANDIDATE.search(data, place + 1)) is not None:
        place = found.start()
        position, heads, needed = place, 0, 0
        while heads < _HEADS_NEEDED:
            needed = position + 2 if position + 2 > len(data) else position + head_size(data[position + 1])
            if needed > len(data):
                break
            head = read_head(data, position)
            if head is None or not is_plausible(head, masked=masked):
                needed = 0
                break
            heads += 1
            position += head.size + head.length
        if heads == _HEADS_NEEDED:
            return place, 0
        if needed and not at_end:
            return place, needed - place
        if needed and (heads > 1 or (heads and position == len(data))):
            return place, 0
    return len(data), 0 if at_end else 2


def is_plausible(head: FrameHead, *, masked: bool) -> bool:
    """Whether a head is one as senders write them: masked as its direction is, no longer than its length needs."""
    if bool(head.key) != masked or head.length > _MAX_SEARCHED_PAYLOAD:
        return False
    if head.compressed and not head.opcode:
        return False
    written = 0 if head.size in (2, 6) else 126 if head.size in (4, 8) else 65_536
    return head.length >= written
