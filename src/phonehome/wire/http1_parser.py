"""What both directions of HTTP/1 share: finding heads, reading bodies, skipping the rest.

Strategy. A message is read where it stands: its head ends at the first empty line, its body at the end that
the head tells. Bytes that cannot begin a message are skipped, up to the next start line, and counted. Each
decision waits until the bytes that it depends on are there, so pieces of any size give the same messages.
Over a stream, the messages' sizes, `skipped`, `lost` and `passed` add up to the bytes fed and the gaps.
"""

from typing import TypeAlias

from phonehome.model.exchange import Header
from phonehome.wire.body import BodyBuffer
from phonehome.wire.http1_buffers import HeldBytes, SkippedBytes
from phonehome.wire.http1_chunked import ChunkReader
from phonehome.wire.http1_head import Fields, Framing, parse_fields, split_lines
from phonehome.wire.http_message import (
    CUT_HEAD,
    LONG_HEAD,
    MANY_HEADERS,
    MAX_BODY,
    MAX_HEAD,
    MAX_HEADERS,
    SHORT_BODY,
    HttpMessage,
)

MAX_LINE = 16 * 1024
"""Bytes before the version of a request line, when a start line is looked for in the middle of a stream."""
MAX_WAITING = 1024 * 1024
"""Bytes held back while it is open whether the protocol was switched; then what they look like decides."""
_ORDINARY_HEAD = 8192
"""Where the end of a head is looked for first: few are longer, and only hostile data lets that search fail often."""

OrdinaryHead: TypeAlias = tuple[bytes, tuple[Header, ...], int, int | None, bytes | None, bool]
"""First line, fields, where the body begins, its length, its codings, and whether another protocol is asked for."""


def read_no_head(_data: bytes, _position: int, _limit: int, _most: int) -> OrdinaryHead | None:
    """Leave every head to what is read here; stands in for `native.http1.read_head` where that is not compiled."""
    return None


try:
    from phonehome.wire.native.http1 import read_head as _read_ordinary
except ImportError:
    _read_ordinary = read_no_head

HEAD, LENGTH, CHUNKED, CLOSE, WAITING, PASSED = range(6)
"""What is read next. WAITING: nobody knows yet whether the protocol was switched. PASSED: it was."""

# In force between messages, where nothing is written to them.
_NO_BODY = BodyBuffer(0)
_NO_CHUNKS = ChunkReader()


class MessageParser:
    """What both directions share.

    Attributes:
        skipped: Bytes that were no HTTP (empty lines between messages among them).
        lost: Bytes of gaps.
        passed: Bytes that came after a switch of protocols.
        upgraded: After a switch (101, CONNECT): the offset where the other protocol begins, and what came
            of it already. From then on the caller keeps what it gets; bytes still fed here only count.
    """

    def __init__(self) -> None:
        self.skipped = 0
        self.lost = 0
        self.passed = 0
        self.upgraded: tuple[int, bytes] | None = None
        self._offset = 0
        self._state = HEAD
        self._held = HeldBytes()
        self._fresh = True
        self._message: HttpMessage | None = None
        self._body = _NO_BODY
        self._left = 0
        self._chunks = _NO_CHUNKS
        self._after = HEAD
        self._kept = SkippedBytes()

    # What the directions differ in.

    def _begin(self, line: bytes, start: int) -> HttpMessage | None:
        raise NotImplementedError

    def _begin_cut(self, line: bytes, start: int) -> HttpMessage | None:
        raise NotImplementedError

    def _simple(self, line: bytes, start: int) -> HttpMessage | None:
        raise NotImplementedError

    def _find(self, data: bytes, start: int, end: int) -> int:
        raise NotImplementedError

    def _framing(self, message: HttpMessage, fields: Fields) -> tuple[Framing, int, int]:
        """How the body is framed, its length, and the state behind it."""
        raise NotImplementedError

    # What the caller uses.

    def feed(self, data: bytes) -> list[HttpMessage]:
        """Read the next bytes; gives the messages that ended in them."""
        found: list[HttpMessage] = []
        base = self._offset
        self._offset += len(data)
        if self._held.size:
            if self._state == WAITING or not self._held.decides(data):
                self._held.add(data)
                if self._state == WAITING and self._held.size > MAX_WAITING:
                    self._settle(not self._looks_like_http(), found)
                return found
            base -= self._held.size
            data = self._held.take(data)
        self._run(data, base, found)
        return found

    def gap(self, size: int) -> list[HttpMessage]:
        """Skip `size` bytes that the recording misses; gives the message that they cut short, if one."""
        found: list[HttpMessage] = []
        if size <= 0:
            return found
        if self._state == WAITING:
            self._settle(not self._looks_like_http(), found)
        self._close_held(found, at_end=False)
        self.lost += size
        self._offset += size
        message = self._message
        if message is None:
            self._fresh = False
            return found
        if self._state == CHUNKED:
            missing = min(size, self._chunks.left)
            goes_on = self._chunks.gap(size)
        else:
            missing = size if self._state == CLOSE else min(size, self._left)
            goes_on = self._state == CLOSE or size <= self._left
            self._left -= missing
        message.truncated = True
        message.missing += missing
        message.lost += size if goes_on else missing
        if not goes_on:
            self._after = HEAD
            self._end_body(self._offset - size + missing, found)
        elif self._state == LENGTH and not self._left:
            self._end_body(self._offset, found)
        return found

    def finish(self, *, closed: bool = True) -> list[HttpMessage]:
        """Say that nothing follows; gives the message at hand.

        Args:
            closed: The connection was seen to end, so a body without a length is whole.
        """
        found: list[HttpMessage] = []
        if self._state == WAITING:
            self._settle(not self._looks_like_http(), found)
        self._close_held(found, at_end=True)
        message = self._message
        if message is not None:
            if self._state == CHUNKED:
                message.truncated = True
                message.missing += self._chunks.left
                message.add_note(SHORT_BODY)
            elif self._state == LENGTH:
                message.truncated = True
                message.add_note(SHORT_BODY)
                message.missing += self._left
            elif not closed:
                message.truncated = True
            self._end_body(self._offset, found)
        return found

    def unfinished(self) -> list[int]:
        """The start of the message at hand, if one is."""
        if self._message is not None:
            return [self._message.start]
        return [self._offset - self._held.size] if self._held.size and self._state == HEAD else []

    def take_skipped(self) -> list[tuple[int, bytes]]:
        """The skipped bytes with their offsets, since the last call (bounded, without empty lines)."""
        return self._kept.take()

    # Heads.

    def _run(self, data: bytes, base: int, found: list[HttpMessage]) -> None:
        position, size = 0, len(data)
        while position < size:
            state = self._state
            if state == HEAD:
                position = self._read_head(data, position, base, found)
                if position < 0:
                    return
            elif state == LENGTH:
                end = min(size, position + self._left)
                self._body.add(data[position:end])
                self._left -= end - position
                position = end
                if not self._left:
                    self._end_body(base + position, found)
            elif state == CHUNKED:
                position = self._chunks.read(data, position)
                if self._chunks.done:
                    rejected = self._chunks.rejected
                    if rejected:
                        data = rejected + data[position:]
                        base += position - len(rejected)
                        position, size = 0, len(data)
                    self._end_body(base + position, found)
            elif state == CLOSE:
                self._body.add(data[position:])
                return
            elif state == WAITING:
                self._held.add(data[position:])
                return
            else:
                self.passed += size - position
                return

    def _read_head(self, data: bytes, position: int, base: int, found: list[HttpMessage]) -> int:
        """Read what stands where a message may begin; gives the next position, −1 when more is needed."""
        if data[position] in b"\r\n":
            blank = data[position : position + MAX_LINE]
            width = len(blank) - len(blank.lstrip(b"\r\n"))
            self.skipped += width
            return position + width
        limit = position + MAX_HEAD
        ordinary = _read_ordinary(data, position, position + _ORDINARY_HEAD, MAX_HEADERS)
        if ordinary is not None:
            line, headers, behind, length, coding, upgrade = ordinary
            message = self._begin(line, base + position)
            if message is None:
                return self._skip_to_next(data, position, behind, base, found)
            fields = Fields(headers, length, coding, upgrade)
            return self._take_head(message, fields, data, position, behind, base, found)
        behind = data.find(b"\r\n\r\n", position, position + _ORDINARY_HEAD) + 4
        head = data[position : behind - 4] if behind > 4 else b"\n"
        lines = head.split(b"\r\n")
        if head.count(b"\n") != len(lines) - 1:
            # A bare LF ends a line too, so that the head may end earlier.
            end = data.find(b"\n\r\n", position, limit)
            short = data.find(b"\n\n", position, end if end >= 0 else limit)
            if short >= 0:
                end, behind = short, short + 2
            elif end >= 0:
                behind = end + 3
            elif len(data) < limit:
                self._held.add(data[position:])
                return -1
            else:
                return self._read_long(data, position, base, found)
            lines = split_lines(data[position : end - 1 if data[end - 1] == 13 else end])
        message = self._begin(lines[0], base + position)
        if message is None:
            return self._skip_to_next(data, position, behind, base, found)
        return self._take_head(message, parse_fields(lines), data, position, behind, base, found)

    def _take_head(
        self,
        message: HttpMessage,
        fields: Fields,
        data: bytes,
        position: int,
        behind: int,
        base: int,
        found: list[HttpMessage],
    ) -> int:
        """Go on behind a head that was read; gives the next position."""
        self._fresh = False
        message.headers = fields.headers
        message.note = fields.note
        message.dropped = fields.dropped
        framing, length, after = self._framing(message, fields)
        if framing == Framing.NONE or (
            framing == Framing.LENGTH and behind + length <= len(data) and length <= MAX_BODY
        ):
            end = behind + length
            message.body = data[behind:end]
            message.end = base + end
            message.size = end - position
            found.append(message)
            if after != HEAD:
                return self._leave(data, end, base, after)
            return end
        self._start_body(message, framing, length)
        self._after = after
        return behind

    def _leave(self, data: bytes, position: int, base: int, state: int) -> int:
        """Go on to what may be another protocol."""
        self._state = state
        if state == PASSED:
            self.upgraded = (base + position, data[position:])
        return position

    def _start_body(self, message: HttpMessage, framing: Framing, length: int) -> None:
        self._message = message
        if framing == Framing.LENGTH:
            self._state, self._left, self._body = LENGTH, length, BodyBuffer()
        elif framing == Framing.CHUNKED:
            self._state, self._chunks = CHUNKED, ChunkReader()
        else:
            self._state, self._body = CLOSE, BodyBuffer()

    def _end_body(self, end: int, found: list[HttpMessage]) -> None:
        message = self._message
        if message is None:
            return
        body = self._body
        if self._state == CHUNKED:
            body = self._chunks.body
            message.headers += self._chunks.trailers
            if self._chunks.dropped:
                message.dropped += self._chunks.dropped
                message.add_note(MANY_HEADERS)
            if self._chunks.fault:
                message.truncated = True
                message.add_note(self._chunks.fault)
                self._after = HEAD
        body.give(message)
        message.end = end
        message.size = end - message.start - message.lost
        self._message = None
        self._body, self._chunks = _NO_BODY, _NO_CHUNKS
        self._state, self._after = self._after, HEAD
        found.append(message)

    def _read_long(self, data: bytes, position: int, base: int, found: list[HttpMessage]) -> int:
        """Read MAX_HEAD bytes in which no head ends."""
        end = position + MAX_HEAD
        last = data.rfind(b"\n", position, end) + 1
        if last:
            lines = split_lines(data[position:last].rstrip(b"\r\n"))
            message = self._begin(lines[0], base + position)
            if message is not None:
                self._emit_cut(message, lines, base + last, LONG_HEAD, found)
                return last
        if self._fresh:
            return self._skip_to_next(data, position, end, base, found)
        place = self._find(data, position + 1, end)
        if place < 0:
            place = max(last, end - MAX_LINE)
        self._skip(data, position, place, base)
        return place

    def _skip_to_next(self, data: bytes, position: int, end: int, base: int, found: list[HttpMessage]) -> int:
        """Read an HTTP/0.9 message, if one may stand here, or go to the next start line before `end`."""
        if self._fresh:
            self._fresh = False
            line_end = data.find(b"\n", position, end) + 1 or end
            message = self._simple(data[position:line_end].rstrip(b"\r\n"), base + position)
            if message is not None:
                if self._message is message:
                    return position
                message.end = base + line_end
                message.size = line_end - position
                found.append(message)
                return line_end
        place = self._find(data, position + 1, end)
        if place < 0:
            place = end
        self._skip(data, position, place, base)
        return place

    def _skip(self, data: bytes, start: int, end: int, base: int) -> None:
        self.skipped += end - start
        self._kept.add(base + start, data[start:end])

    def _close_held(self, found: list[HttpMessage], *, at_end: bool) -> None:
        """Read what is left of a head that does not end."""
        if not self._held.size or self._state != HEAD:
            return
        data = self._held.take()
        base = self._offset - len(data)
        position = 0
        while position < len(data) and self._state == HEAD and self._message is None:
            position = self._read_cut(data, position, base, found, at_end=at_end)
        if position < len(data):
            self._run(data[position:], base + position, found)

    def _read_cut(
        self, data: bytes, position: int, base: int, found: list[HttpMessage], *, at_end: bool
    ) -> int:
        line_end = data.find(b"\n", position) + 1
        lines = split_lines(data[position:])
        message = (
            self._begin(lines[0], base + position) if line_end else self._begin_cut(lines[0], base + position)
        )
        if message is not None:
            self._emit_cut(message, lines, base + len(data), CUT_HEAD, found)
            return len(data)
        if self._fresh and at_end:
            return self._skip_to_next(data, position, len(data), base, found)
        place = self._find(data, position + 1, len(data))
        place = len(data) if place < 0 else place
        self._skip(data, position, place, base)
        return place

    def _emit_cut(
        self, message: HttpMessage, lines: list[bytes], end: int, note: str, found: list[HttpMessage]
    ) -> None:
        self._fresh = False
        fields = parse_fields([line for line in lines if line])
        message.headers = fields.headers
        message.note = fields.note
        message.dropped = fields.dropped
        message.truncated = True
        message.missing = fields.length or 0
        message.add_note(note)
        message.end = end
        message.size = end - message.start
        found.append(message)

    # A switch of protocols.

    def _looks_like_http(self) -> bool:
        data = self._held.peek()
        return self._find(data, 0, min(len(data), MAX_HEAD)) == 0

    def _settle(self, switched: bool, found: list[HttpMessage]) -> None:
        data = self._held.take()
        base = self._offset - len(data)
        if switched:
            self._state = PASSED
            self.passed += len(data)
            self.upgraded = (base, data)
        else:
            self._state = HEAD
            self._run(data, base, found)
