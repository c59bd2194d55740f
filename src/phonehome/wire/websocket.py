"""One direction of a WebSocket connection (RFC 6455, RFC 7692) as recorded.

Frames are joined into messages, control frames between them stand for themselves. Over a stream, the sizes of
messages, `skipped` and `lost` add up to the bytes fed and the gaps.
"""

from enum import IntEnum

from phonehome.wire.body import BodyBuffer
from phonehome.wire.http1_buffers import SkippedBytes
from phonehome.wire.http_message import NO_BEGINNING
from phonehome.wire.side import Side
from phonehome.wire.websocket_deflate import DeflateParameters, MessageInflater
from phonehome.wire.websocket_frames import (
    FrameHead,
    find_frame,
    head_size,
    read_head,
    read_reserved_head,
    unmask,
)

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes of one message that are kept, compressed and decompressed."""

_HEAD, _PAYLOAD, _SEARCH = range(3)
_PIECE = 256 * 1024  # unmasked at a time, so that it stays in the processor's cache


class Opcode(IntEnum):
    """What a message is; CONTINUATION for one whose beginning was not recorded."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class WebSocketMessage:
    """A message, or a control frame.

    Attributes:
        start: Offset of its first byte.
        end: Offset behind its last; control frames may lie between.
        opcode: What it is.
        data: Its payload, without mask and compression.
        size: Bytes of its frames that were fed, heads included.
        lost: Bytes of gaps in its frames.
        dropped: Bytes that were fed, and are not given as they are beyond a bound; `size` counts them.
        missing: Bytes of its payload that are known to have been sent and are not in `data`.
        truncated: A part of it is not there.
        note: What was odd about it; holds nothing of the capture.
    """

    __slots__ = ("data", "dropped", "end", "lost", "missing", "note", "opcode", "size", "start", "truncated")

    def __init__(self, start: int, opcode: int) -> None:
        self.start = start
        self.end = start
        self.opcode = opcode
        self.data = b""
        self.size = 0
        self.lost = 0
        self.dropped = 0
        self.missing = 0
        self.truncated = False
        self.note: str | None = None

    @property
    def text(self) -> bool:
        """Whether it is a text message."""
        return self.opcode == Opcode.TEXT


class _Open:
    """A message that is being read."""

    __slots__ = ("body", "compressed", "gap_at", "message")

    def __init__(self, start: int, opcode: int, *, compressed: bool) -> None:
        self.message = WebSocketMessage(start, opcode)
        self.compressed = compressed
        self.body = BodyBuffer(MAX_MESSAGE)
        self.gap_at: int | None = None  # how much of the body stands before the first gap

    def cut(self) -> None:
        self.message.truncated = True
        if self.gap_at is None:
            self.gap_at = self.body.size


class WebSocketParser:
    """Reads the frames of one side.

    Args:
        side: Whose frames.
        deflate: What the handshake agreed on; without it, messages marked as compressed are tried all the same.

    Attributes:
        skipped: Bytes that are no frames.
        lost: Bytes of gaps.
    """

    def __init__(self, side: Side, deflate: DeflateParameters | None = None) -> None:
        self.skipped = 0
        self.lost = 0
        self._masked = side == Side.CLIENT
        self._kept = SkippedBytes()
        self._inflater = MessageInflater(takeover=deflate is None or deflate.takeover(side))
        self._offset = 0
        self._held: list[bytes] = []
        self._held_size = 0
        self._needed = 0
        self._state = _HEAD
        self._message: _Open | None = None
        # The frame at hand, in the state _PAYLOAD.
        self._frame: _Open | None = None
        self._final = False
        self._left = 0
        self._key = b""
        self._phase = 0

    def feed(self, data: bytes) -> list[WebSocketMessage]:
        """Read the next bytes; gives the messages that ended in them."""
        found: list[WebSocketMessage] = []
        base = self._offset
        self._offset += len(data)
        if self._held:
            base -= self._held_size
            self._held.append(data)
            self._held_size += len(data)
            if self._held_size < self._needed:
                if len(self._held) > 256:
                    self._held = [b"".join(self._held)]
                return found
            data = self._take_held()
        self._run(data, base, found)
        return found

    def gap(self, size: int) -> list[WebSocketMessage]:
        """Skip `size` bytes that the recording misses."""
        found: list[WebSocketMessage] = []
        if size <= 0:
            return found
        self._flush(found)
        self.lost += size
        self._offset += size
        frame = self._frame
        if self._state == _PAYLOAD and frame is not None:
            missing = min(size, self._left)
            frame.cut()
            frame.message.missing += missing
            frame.message.lost += missing
            frame.message.end = self._offset - size + missing
            self._left -= missing
            self._phase += missing
            if not self._left:
                self._end_frame(found)
            if missing == size:
                return found
        self._lose(found)
        return found

    def finish(self) -> list[WebSocketMessage]:
        """Say that nothing follows; gives what is open."""
        found: list[WebSocketMessage] = []
        self._flush(found)
        if self._frame is not None:
            self._frame.cut()
            self._frame.message.missing += self._left
        self._lose(found)
        return found

    def unfinished(self) -> list[int]:
        """The start of each message at hand, and of a frame whose head is not whole."""
        starts = [one.message.start for one in (self._message, self._frame) if one is not None]
        return [*starts, self._offset - self._held_size] if self._held else starts

    def take_skipped(self) -> list[tuple[int, bytes]]:
        """The skipped bytes with their offsets, since the last call (bounded)."""
        return self._kept.take()

    def _hold(self, data: bytes, needed: int) -> None:
        self._held = [data] if data else []
        self._held_size = len(data)
        self._needed = needed

    def _take_held(self) -> bytes:
        data = b"".join(self._held)
        self._held = []
        self._held_size = 0
        return data

    def _run(self, data: bytes, base: int, found: list[WebSocketMessage]) -> None:
        position, size = 0, len(data)
        while position < size:
            if self._state == _PAYLOAD:
                position = self._read_payload(data, position, base, found)
                continue
            if self._state == _SEARCH:
                position = self._search(data, position, base, at_end=False)
                if position < 0:
                    return
                continue
            needed = 2 if position + 2 > size else head_size(data[position + 1])
            if position + needed > size:
                self._hold(data[position:], needed)
                return
            head = read_head(data, position) or read_reserved_head(data, position, masked=self._masked)
            if head is None:
                self._lose(found)
                continue
            position = self._read_frame(head, data, position, base, found)

    def _read_frame(
        self, head: FrameHead, data: bytes, position: int, base: int, found: list[WebSocketMessage]
    ) -> int:
        start = base + position
        position += head.size
        opened = self._message
        if head.opcode > Opcode.BINARY:
            opened = _Open(start, head.opcode, compressed=False)
        elif opened is not None and head.opcode:
            self._give(opened, found, cut=True)
            opened = None
        if opened is None:
            opened = self._message = _Open(start, head.opcode, compressed=head.compressed)
            if not head.opcode:
                opened.gap_at = 0
                opened.message.truncated = True
                opened.message.note = NO_BEGINNING
        opened.message.size += head.size
        opened.message.end = base + position
        self._frame, self._final, self._left = opened, head.final, head.length
        self._key, self._phase = head.key, 0
        self._state = _PAYLOAD
        if not head.length:
            self._end_frame(found)
        return position

    def _read_payload(self, data: bytes, position: int, base: int, found: list[WebSocketMessage]) -> int:
        frame = self._frame
        assert frame is not None
        end = min(len(data), position + self._left, position + _PIECE)
        piece = data[position:end]
        frame.body.add(unmask(piece, self._key, self._phase))
        self._left -= len(piece)
        self._phase += len(piece)
        frame.message.size += len(piece)
        frame.message.end = base + end
        if not self._left:
            self._end_frame(found)
        return end

    def _end_frame(self, found: list[WebSocketMessage]) -> None:
        frame = self._frame
        self._frame = None
        self._state = _HEAD
        if self._final and frame is not None:
            self._give(frame, found, cut=False)

    def _give(self, opened: _Open, found: list[WebSocketMessage], *, cut: bool) -> None:
        """Hand over a message; `cut` if its end is not there."""
        if cut:
            opened.cut()
        if opened is self._message:
            self._message = None
        message, body = opened.message, opened.body
        data = body.join()
        if body.dropped:
            opened.cut()
            message.missing += body.dropped
            message.dropped += body.dropped
            message.note = f"a message beyond {MAX_MESSAGE} bytes"
        if opened.compressed:
            whole = opened.gap_at is None
            data, note = self._inflater.inflate(data[: opened.gap_at], MAX_MESSAGE, cut=not whole)
            message.dropped += self._inflater.dropped
            if note is not None:
                message.truncated = True
                message.note = note if message.note is None else f"{message.note}; {note}"
        elif not opened.message.opcode:
            self._inflater.lose()  # it may be the rest of a compressed message
        message.data = data
        found.append(message)

    def _lose(self, found: list[WebSocketMessage]) -> None:
        """Go on at the next plausible frame."""
        frame, self._frame = self._frame, None
        if frame is not None and frame is not self._message:
            self._give(frame, found, cut=True)
        if self._message is not None:
            self._give(self._message, found, cut=True)
        self._left = 0
        self._inflater.lose()
        self._state = _SEARCH

    def _search(self, data: bytes, position: int, base: int, *, at_end: bool) -> int:
        data = data[position:] if position else data
        place, needed = find_frame(data, masked=self._masked, at_end=at_end)
        self._skip(base + position, data[:place])
        if needed:
            self._hold(data[place:], needed)
            return -1
        self._state = _HEAD
        return position + place

    def _skip(self, start: int, data: bytes) -> None:
        self.skipped += len(data)
        self._kept.add(start, data)

    def _flush(self, found: list[WebSocketMessage]) -> None:
        """Read what is held, when a gap or the end comes."""
        while self._held:
            data = self._take_held()
            base = self._offset - len(data)
            if self._state == _SEARCH:
                place = self._search(data, 0, base, at_end=True)
                self._run(data[place:], base + place, found)
            else:
                self._skip(base, data)
