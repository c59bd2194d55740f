"""Puts fragments of IP datagrams together again (RFC 791, 3.2; RFC 8200, 4.5), in bounded memory.

Where fragments overlap, the one that came first counts: those of a retransmission agree, and of those that
do not (RFC 5722 has them thrown away) no rule tells what the receiver took.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from phonehome.model.errors import DecodeError

MAX_DATAGRAMS = 1024
"""How many datagrams may be incomplete at a time; the oldest gives way."""

MAX_PENDING_BYTES = 16 * 1024**2
"""How much of incomplete datagrams is kept; the oldest gives way."""

MAX_AGE_NS = 60 * 1_000_000_000
"""RFC 8200, 4.5: what is not complete after 60 seconds never will be, and its identification may come again."""

MAX_DATAGRAM_BYTES = 65_535
_UNIT = 8
_UNITS = MAX_DATAGRAM_BYTES // _UNIT + 1

Key: TypeAlias = tuple[bytes, bytes, int, int]
"""Source, destination, identification, protocol."""


@dataclass(slots=True)
class _Datagram:
    since: int
    parts: list[tuple[int, bytes]] = field(default_factory=list)
    have: bytearray = field(default_factory=lambda: bytearray(_UNITS))
    kept: int = 0
    size: int | None = None

    def add(self, offset: int, data: bytes, last: bool) -> None:
        first, behind = offset // _UNIT, -(-(offset + len(data)) // _UNIT)
        fresh = self.have.count(0, first, behind)
        if last:
            self.size = offset + len(data) if self.size is None else self.size
        if fresh:
            self.have[first:behind] = b"\1" * (behind - first)
            self.kept += len(data)
            self.parts.append((offset, data))

    @property
    def complete(self) -> bool:
        return self.size is not None and self.have.count(0, 0, -(-self.size // _UNIT)) == 0

    def join(self) -> bytes:
        assert self.size is not None
        whole = bytearray(max(offset + len(data) for offset, data in self.parts))
        for offset, data in reversed(self.parts):
            whole[offset : offset + len(data)] = data
        return bytes(whole[: self.size])


class Fragments:
    """The datagrams of a capture that are not complete yet.

    Attributes:
        lost: How many were given up.
    """

    __slots__ = ("_kept", "_pending", "lost")

    def __init__(self) -> None:
        self._pending: dict[Key, _Datagram] = {}
        self._kept = 0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, key: Key, offset: int, data: bytes, *, last: bool, time: int) -> bytes | None:
        """Add a fragment, and give the datagram's payload when that completes it.

        Args:
            key: Which datagram it belongs to.
            offset: Where it belongs in it, in bytes.
            data: The fragment's payload, whole.
            last: Whether no fragment comes behind it.
            time: When it was recorded, in nanoseconds.

        Raises:
            DecodeError: No datagram can have such a fragment.
        """
        if not data or offset + len(data) > MAX_DATAGRAM_BYTES:
            raise DecodeError("a fragment is empty or reaches behind the longest datagram")
        if not last and len(data) % _UNIT:
            raise DecodeError("a fragment that is not the last has no whole number of 8-byte units")
        datagram = self._pending.get(key)
        if datagram is not None and abs(time - datagram.since) > MAX_AGE_NS:
            self._drop(key)
            datagram = None
        if datagram is None:
            datagram = self._pending[key] = _Datagram(time)
        before = datagram.kept
        datagram.add(offset, data, last)
        self._kept += datagram.kept - before
        if datagram.complete:
            self._kept -= datagram.kept
            del self._pending[key]
            return datagram.join()
        while len(self._pending) > MAX_DATAGRAMS or self._kept > MAX_PENDING_BYTES:
            self._drop(next(iter(self._pending)))
        return None

    def finish(self) -> None:
        """Give up what is still incomplete."""
        self.lost += len(self._pending)
        self._pending.clear()
        self._kept = 0

    def _drop(self, key: Key) -> None:
        self._kept -= self._pending.pop(key).kept
        self.lost += 1
