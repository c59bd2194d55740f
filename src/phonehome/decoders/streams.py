"""The loop that gzip, zlib, bzip2 and xz share: members one after another, each fed in slices.

The standard library copies what follows a member (`unused_data`) and what it had no room for. Slices keep
each such copy small, so that a file of many tiny members costs no quadratic time.
"""

from collections.abc import Callable
from typing import Protocol

from phonehome.decoders.base import Inflated
from phonehome.model.errors import DecodeError

SLICE = 1 << 16
"""Bytes handed to a decompressor at once."""
MAX_MEMBERS = 1024
"""Members (streams) of one input that are read; what follows is left unread and counts as incomplete."""
RESCUE_SLICE = 8
"""Slice for damaged input: what a call had decompressed before it met the damage is lost with that call."""
MAX_RESCUE = 1 << 20
"""Input bytes of a damaged member that are read again in small slices."""


class Decompressor(Protocol):
    """What `zlib`, `bz2` and `lzma` have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end marker was met."""

    @property
    def unused_data(self) -> bytes:
        """Input after the end marker."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Decompress at most `max_length` bytes."""


Maker = Callable[[], Decompressor]


def read_member(
    make: Maker,
    data: bytes,
    start: int,
    limit: int,
    slice_size: int,
    errors: tuple[type[Exception], ...],
    stop: int | None = None,
) -> tuple[bytes, int, bool, bool]:
    """Read one member, at most up to `stop`.

    Gives its bytes, the end of what was used, and whether it is complete or damaged.
    """
    member, pieces, size, pos = make(), [], 0, start
    stop = len(data) if stop is None else stop
    try:
        while not member.eof and size < limit and pos < stop:
            piece = member.decompress(data[pos : min(pos + slice_size, stop)], limit - size)
            pos = min(pos + slice_size, stop)
            pieces.append(piece)
            size += len(piece)
    except errors:
        return b"".join(pieces), pos, False, True
    return b"".join(pieces), pos - len(member.unused_data), member.eof, False


def inflate_members(
    make: Maker,
    data: bytes,
    limit: int,
    *,
    errors: tuple[type[Exception], ...],
    again: bytes,
    padding: bytes = b"",
    rescue: bool = True,
) -> Inflated:
    """Decompress all members of `data`, up to `limit` bytes of output.

    Args:
        make: Makes the decompressor of one member.
        data: The input, from its first byte.
        limit: Most bytes of output.
        errors: What the decompressor raises on damage.
        again: First bytes of a further member; empty where there is only one.
        padding: Bytes that may stand between members.
        rescue: Whether a damaged member is read again in small slices, up to the damage.

    Raises:
        DecodeError: Not one byte could be read.
    """
    pieces: list[bytes] = []
    size, pos, complete = 0, 0, False
    for _ in range(MAX_MEMBERS):
        piece, end, complete, damaged = read_member(make, data, pos, max(limit - size, 1), SLICE, errors)
        if damaged and rescue:
            head = data[: pos + MAX_RESCUE]
            piece, end, _, _ = read_member(make, head, pos, max(limit - size, 1), RESCUE_SLICE, errors)
        pieces.append(piece)
        size += len(piece)
        pos = end
        if not complete or size >= limit:
            break
        following = pos
        while padding and data.startswith(padding, following):
            following += len(padding)
        if not again or not data.startswith(again, following):
            break
        pos = following
        complete = False
    if not size and not complete:
        raise DecodeError(f"expected a compressed stream; nothing could be read of {len(data)} bytes")
    return Inflated(b"".join(pieces)[:limit], pos, complete and size <= limit)
