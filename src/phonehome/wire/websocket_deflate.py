"""permessage-deflate (RFC 7692): the compression of WebSocket messages, and what the handshake agreed on it."""

import zlib
from collections import deque
from dataclasses import dataclass

from phonehome.wire.side import Side

BUDGET = 64 * 1024 * 1024
"""Bytes that a connection's messages may grow by, beyond BUDGET_RATIO times what came."""
BUDGET_RATIO = 32
_WINDOW = 32 * 1024
_TAIL = b"\x00\x00\xff\xff"  # section 7.2.1: taken off by the sender
_MAX_ENDS = 64
_LOST = "compressed, and what it refers to was not recorded"
_CUT = "compressed, and read up to the gap"
_TOO_MANY = "compressed in too many parts"
_TOO_LONG = "compressed, and longer than the limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflateParameters:
    """What a handshake agreed on; the sizes of windows need not be known for reading.

    Attributes:
        client_takeover: The client's messages refer to earlier ones.
        server_takeover: The server's do.
    """

    client_takeover: bool = True
    server_takeover: bool = True

    @classmethod
    def parse(cls, extensions: bytes | None) -> "DeflateParameters | None":
        """Read the value of the response's Sec-WebSocket-Extensions; None where it agrees on no compression."""
        for extension in (extensions or b"").split(b","):
            name, *parameters = (part.strip(b" \t").lower() for part in extension.split(b";"))
            if name == b"permessage-deflate":
                return cls(
                    client_takeover=b"client_no_context_takeover" not in parameters,
                    server_takeover=b"server_no_context_takeover" not in parameters,
                )
        return None

    def takeover(self, side: Side) -> bool:
        """Whether messages of `side` refer to earlier ones."""
        return self.server_takeover if side == Side.SERVER else self.client_takeover


class MessageInflater:
    """Decompresses the messages of one direction.

    Attributes:
        dropped: Bytes of the last message that were not decompressed, as it came to a bound; 1 at least then.
    """

    __slots__ = ("_budget", "_inflater", "_recent", "_recent_size", "_takeover", "dropped")

    def __init__(self, *, takeover: bool) -> None:
        self.dropped = 0
        self._takeover = takeover
        self._budget = BUDGET
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._recent: deque[bytes] = deque()  # what was put out last, as long as a window
        self._recent_size = 0

    def lose(self) -> None:
        """Say that messages were missed; references to them are refused from here on."""
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._recent.clear()
        self._recent_size = 0

    def inflate(self, data: bytes, limit: int, *, cut: bool) -> tuple[bytes, str | None]:
        """Decompress one message; gives at most `limit` bytes, and what was odd.

        What cannot be decompressed is given as it came.

        Args:
            data: The message's payload.
            limit: The most bytes to give.
            cut: Only the beginning of the payload is there.
        """
        if not self._takeover:
            self.lose()
        self.dropped = 0
        note = _CUT if cut else None
        parts: list[bytes] = []
        self._budget += BUDGET_RATIO * len(data)
        room = min(limit, self._budget)
        ends = 0
        rest = data if cut else data + _TAIL
        try:
            while rest:
                # One byte more than there is room for tells whether the limit was met: 0 would mean no limit.
                part = self._inflater.decompress(rest, room + 1)
                parts.append(part[:room])
                if len(part) > room:
                    note = _TOO_LONG
                    left = len(self._inflater.unconsumed_tail)
                    self.dropped = min(max(left - len(_TAIL), 1), len(data))
                    self._budget -= room
                    break
                room -= len(part)
                self._budget -= len(part)
                self._remember(part)
                rest = self._inflater.unused_data
                if not self._inflater.eof:
                    break
                # A sender may end its block (section 7.2.3.5); the next one still refers to what came before.
                self._inflater = zlib.decompressobj(-zlib.MAX_WBITS, zdict=b"".join(self._recent)[-_WINDOW:])
                ends += 1
                if rest == _TAIL or ends > _MAX_ENDS:
                    if rest != _TAIL:
                        note, self.dropped = _TOO_MANY, min(len(rest), len(data))
                    break
        except zlib.error:
            self.lose()
            return data, _LOST
        if note is not None:
            self.lose()
        return parts[0] if len(parts) == 1 else b"".join(parts), note

    def _remember(self, part: bytes) -> None:
        if not part:
            return
        recent = self._recent
        recent.append(part[-_WINDOW:])
        self._recent_size += len(recent[-1])
        while self._recent_size - len(recent[0]) >= _WINDOW or len(recent) > 4096:
            self._recent_size -= len(recent.popleft())
