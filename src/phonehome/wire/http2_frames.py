"""HTTP/2 frames (RFC 9113 section 4): their heads, their padding, and how to find one in the middle of a stream."""

import re
from enum import IntEnum
from struct import Struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_SIZE = 9
unpack_head = Struct(">BHBBI").unpack_from
"""Length (its high byte, then its low two), type, flags, stream (with the reserved bit)."""

END_STREAM = 0x01
END_HEADERS = 0x04
PADDED = 0x08
PRIORITY_FLAG = 0x20
STREAM_MASK = 0x7FFFFFFF


class Frame(IntEnum):
    """Frame types of RFC 9113; all others are skipped by their length."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


_MAX_PLAUSIBLE = 16_384
_HEADS_NEEDED = 3
_RESERVED = 0x80000000
# Of each type: least and greatest length, what the length is a multiple of, flags, and whether it has a stream.
_RULES: tuple[tuple[int, int, int, int, bool], ...] = (
    (0, _MAX_PLAUSIBLE, 1, 0x09, True),
    (1, _MAX_PLAUSIBLE, 1, 0x2D, True),
    (5, 5, 1, 0, True),
    (4, 4, 1, 0, True),
    (0, 120, 6, 0x01, False),
    (5, _MAX_PLAUSIBLE, 1, 0x0C, True),
    (8, 8, 1, 0x01, False),
    (8, 1024, 1, 0, False),
    (4, 4, 1, 0, True),
    (1, _MAX_PLAUSIBLE, 1, 0x04, True),
)
# The lookahead keeps runs of zeros, which many bodies hold, out of the slow check.
_CANDIDATE = re.compile(rb"(?!\x00{9})\x00[\x00-\x40][\x00-\xff][\x00-\x09][\x00-\x2d][\x00-\x7f]", re.DOTALL)


def plausible_length(data: bytes, position: int) -> int:
    """The whole length of the frame whose head stands here; −1 where none can."""
    high, low, kind, flags, stream = unpack_head(data, position)
    if high or kind >= len(_RULES) or stream & _RESERVED:
        return -1
    least, most, multiple, allowed, has_stream = _RULES[kind]
    if not least <= low <= most or low % multiple or flags & ~allowed:
        return -1
    if bool(stream) != has_stream and kind != Frame.WINDOW_UPDATE:
        return -1
    return int(low) + HEAD_SIZE


def find_frame(data: bytes, *, at_end: bool) -> tuple[int, int]:
    """Look for a place where a frame begins: three plausible heads, one behind the other.

    Args:
        data: A stretch of a stream.
        at_end: Nothing follows, so a chain that reaches the end counts.

    Returns:
        The place, and how many bytes must be there from it on for a decision: 0 where it is made. Without a
        frame the place is behind everything that cannot begin one.
    """
    place = -1
    while (found := _CANDIDATE.search(data, place + 1)) is not None:
        place = found.start()
        position, heads = place, 0
        while heads < _HEADS_NEEDED and position + HEAD_SIZE <= len(data):
            length = plausible_length(data, position)
            if length < 0:
                break
            heads += 1
            position += length
        else:
            if heads == _HEADS_NEEDED or (at_end and (heads > 1 or (heads and position == len(data)))):
                return place, 0
            if not at_end:
                return place, position + HEAD_SIZE - place
    if at_end:
        return len(data), 0
    return max(place + 1, len(data) - HEAD_SIZE + 1, 0), HEAD_SIZE


def unpad(payload: bytes, flags: int) -> bytes:
    """A payload without its padding (sections 6.1, 6.2, 6.6); padding beyond the payload leaves nothing."""
    if not flags & PADDED or not payload:
        return payload
    return payload[1 : max(1, len(payload) - payload[0])]
