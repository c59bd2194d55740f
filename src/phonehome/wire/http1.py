"""HTTP/0.9 to 1.1 (RFC 9112) as recorded: a parser for each direction, which never gives up.

Strategy. A message is read where it stands: its head ends at the first empty line, its body at the end that
the head tells. Bytes that cannot begin a message are skipped, up to the next start line, and counted. Each
decision waits until the bytes that it depends on are there, so pieces of any size give the same messages.
Over a stream, the messages' sizes, `skipped`, `lost` and `passed` add up to the bytes fed and the gaps.
"""

from collections import deque

from phonehome.wire.body import BodyBuffer
from phonehome.wire.http1_chunked import ChunkReader
from phonehome.wire.http1_head import (
    Fields,
    Framing,
    final_coding_is_chunked,
    find_request_line,
    find_status_line,
    is_cut_request_line,
    parse_fields,
    parse_request_line,
    parse_simple_request,
    parse_status_line,
    split_lines,
)
from phonehome.wire.http_message import MAX_BODY, MAX_HEAD, HttpMessage

MAX_LINE = 16 * 1024
"""Bytes before the version of a request line, when a start line is looked for in the middle of a stream."""
MAX_SKIPPED_KEPT = 4 * 1024 * 1024
"""Bytes that were no HTTP and are kept for `take_skipped`."""
MAX_STRETCHES_KEPT = 65_536
MAX_PENDING_METHODS = 65_536
MAX_WAITING = 1024 * 1024
"""Bytes held back while it is open whether the protocol was switched; then what they look like decides."""

_HEAD, _LENGTH, _CHUNKED, _CLOSE, _WAITING, _PASSED = range(6)


class _Parser:
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
        self._state = _HEAD
        self._held: list[bytes] = []
        self._held_size = 0
        self._fresh = True
        self._message: HttpMessage | None = None
        self._body = BodyBuffer()
        self._left = 0
        self._chunks = ChunkReader()
        self._after = _HEAD
        self._kept: list[tuple[int, bytearray]] = []
        self._kept_size = 0

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
        if self._held:
            if not self._is_enough(data):
                self._hold(data)
                if self._state == _WAITING and self._held_size > MAX_WAITING:
                    self._settle(not self._looks_like_http(), found)
                return found
            base -= self._held_size
            data = self._take_held(data)
        self._run(data, base, found)
        return found

    def gap(self, size: int) -> list[HttpMessage]:
        """Skip `size` bytes that the recording misses; gives the message that they cut short, if one."""
        found: list[HttpMessage] = []
        if size <= 0:
            return found
        if self._state == _WAITING:
            self._settle(not self._looks_like_http(), found)
        self._close_held(found, at_end=False)
        self.lost += size
        self._offset += size
        message = self._message
        if message is None:
            self._fresh = False
            return found
        if self._state == _CHUNKED:
            missing = min(size, self._chunks.left)
            goes_on = self._chunks.gap(size)
        else:
            missing = size if self._state == _CLOSE else min(size, self._left)
            goes_on = self._state == _CLOSE or size <= self._left
            self._left -= missing
        message.truncated = True
        message.missing += missing
        message.lost += size if goes_on else missing
        if not goes_on:
            self._after = _HEAD
            self._end_body(self._offset - size + missing, found)
        elif self._state == _LENGTH and not self._left:
            self._end_body(self._offset, found)
        return found

    def finish(self, *, closed: bool = True) -> list[HttpMessage]:
        """Say that nothing follows; gives the message at hand.

        Args:
            closed: The connection was seen to end, so a body without a length is whole.
        """
        found: list[HttpMessage] = []
        if self._state == _WAITING:
            self._settle(not self._looks_like_http(), found)
        self._close_held(found, at_end=True)
        message = self._message
        if message is not None:
            if self._state == _CHUNKED:
                message.truncated = True
                message.missing += self._chunks.left
            elif self._state == _LENGTH:
                message.truncated = True
                message.missing += self._left
            elif not closed:
                message.truncated = True
            self._end_body(self._offset, found)
        return found

    def unfinished(self) -> list[int]:
        """The start of the message at hand, if one is."""
        if self._message is not None:
            return [self._message.start]
        return [self._offset - self._held_size] if self._held and self._state == _HEAD else []

    def take_skipped(self) -> list[tuple[int, bytes]]:
        """The skipped bytes with their offsets, since the last call (bounded, without empty lines)."""
        kept, self._kept, self._kept_size = self._kept, [], 0
        return [(start, bytes(data)) for start, data in kept]

    # Heads.

    def _hold(self, data: bytes) -> None:
        if data:
            self._held.append(data)
            self._held_size += len(data)
            if len(self._held) > 256:
                self._held = [b"".join(self._held)]

    def _take_held(self, data: bytes = b"") -> bytes:
        self._held.append(data)
        whole = b"".join(self._held)
        self._held = []
        self._held_size = 0
        return whole

    def _is_enough(self, data: bytes) -> bool:
        if self._state == _WAITING:
            return False
        if self._held_size + len(data) >= MAX_HEAD:
            return True
        tail = self._held[-1]
        if len(tail) < 2 and len(self._held) > 1:
            tail = self._held[-2][-1:] + tail
        probe = tail[-2:] + data
        return b"\n\r\n" in probe or b"\n\n" in probe

    def _run(self, data: bytes, base: int, found: list[HttpMessage]) -> None:
        position, size = 0, len(data)
        while position < size:
            state = self._state
            if state == _HEAD:
                position = self._read_head(data, position, base, found)
                if position < 0:
                    return
            elif state == _LENGTH:
                end = min(size, position + self._left)
                self._body.add(data[position:end])
                self._left -= end - position
                position = end
                if not self._left:
                    self._end_body(base + position, found)
            elif state == _CHUNKED:
                position = self._chunks.read(data, position)
                if self._chunks.done:
                    rejected = self._chunks.rejected
                    if rejected:
                        data = rejected + data[position:]
                        base += position - len(rejected)
                        position, size = 0, len(data)
                    self._end_body(base + position, found)
            elif state == _CLOSE:
                self._body.add(data[position:])
                return
            elif state == _WAITING:
                self._hold(data[position:])
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
        end = data.find(b"\n\r\n", position, limit)
        short = data.find(b"\n\n", position, end if end >= 0 else limit)
        if short >= 0:
            end, behind = short, short + 2
        elif end >= 0:
            behind = end + 3
        elif len(data) < limit:
            self._hold(data[position:])
            return -1
        else:
            return self._read_long(data, position, base, found)
        head = data[position : end - 1 if data[end - 1] == 13 else end]
        lines = split_lines(head)
        message = self._begin(lines[0], base + position)
        if message is None:
            return self._skip_to_next(data, position, behind, base, found)
        self._fresh = False
        fields = parse_fields(lines)
        message.headers = fields.headers
        message.note = fields.note
        framing, length, after = self._framing(message, fields)
        if framing == Framing.NONE or (
            framing == Framing.LENGTH and behind + length <= len(data) and length <= MAX_BODY
        ):
            end = behind + length
            message.body = data[behind:end]
            message.end = base + end
            message.size = end - position
            found.append(message)
            if after != _HEAD:
                return self._leave(data, end, base, after)
            return end
        self._start_body(message, framing, length)
        self._after = after
        return behind

    def _leave(self, data: bytes, position: int, base: int, state: int) -> int:
        """Go on to what may be another protocol."""
        self._state = state
        if state == _PASSED:
            self.upgraded = (base + position, data[position:])
        return position

    def _start_body(self, message: HttpMessage, framing: Framing, length: int) -> None:
        self._message = message
        if framing == Framing.LENGTH:
            self._state, self._left, self._body = _LENGTH, length, BodyBuffer()
        elif framing == Framing.CHUNKED:
            self._state, self._chunks = _CHUNKED, ChunkReader()
        else:
            self._state, self._body = _CLOSE, BodyBuffer()

    def _end_body(self, end: int, found: list[HttpMessage]) -> None:
        message = self._message
        if message is None:
            return
        body = self._body
        if self._state == _CHUNKED:
            body = self._chunks.body
            message.headers += self._chunks.trailers
            if self._chunks.fault:
                message.truncated = True
                message.add_note(self._chunks.fault)
                self._after = _HEAD
        message.body = body.join()
        if body.dropped:
            message.truncated = True
            message.missing += body.dropped
            message.add_note(f"a body beyond {MAX_BODY} bytes")
        message.end = end
        message.size = end - message.start - message.lost
        self._message = None
        self._body = BodyBuffer()
        self._chunks = ChunkReader()
        self._state, self._after = self._after, _HEAD
        found.append(message)

    def _read_long(self, data: bytes, position: int, base: int, found: list[HttpMessage]) -> int:
        """Read MAX_HEAD bytes in which no head ends."""
        end = position + MAX_HEAD
        last = data.rfind(b"\n", position, end) + 1
        if last:
            lines = split_lines(data[position:last].rstrip(b"\r\n"))
            message = self._begin(lines[0], base + position)
            if message is not None:
                self._emit_cut(message, lines, base + last, f"a head beyond {MAX_HEAD} bytes", found)
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
        if self._kept_size + end - start > MAX_SKIPPED_KEPT:
            return
        self._kept_size += end - start
        if self._kept and self._kept[-1][0] + len(self._kept[-1][1]) == base + start:
            self._kept[-1][1].extend(data[start:end])
        elif len(self._kept) < MAX_STRETCHES_KEPT:
            self._kept.append((base + start, bytearray(data[start:end])))

    def _close_held(self, found: list[HttpMessage], *, at_end: bool) -> None:
        """Read what is left of a head that does not end."""
        if not self._held or self._state != _HEAD:
            return
        data = self._take_held()
        base = self._offset - len(data)
        position = 0
        while position < len(data) and self._state == _HEAD and self._message is None:
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
            self._emit_cut(message, lines, base + len(data), "a head that does not end", found)
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
        message.truncated = True
        message.missing = fields.length or 0
        message.add_note(note)
        message.end = end
        message.size = end - message.start
        found.append(message)

    # A switch of protocols.

    def _looks_like_http(self) -> bool:
        data = b"".join(self._held)
        return self._find(data, 0, min(len(data), MAX_HEAD)) == 0

    def _settle(self, switched: bool, found: list[HttpMessage]) -> None:
        data = self._take_held()
        base = self._offset - len(data)
        if switched:
            self._state = _PASSED
            self.passed += len(data)
            self.upgraded = (base, data)
        else:
            self._state = _HEAD
            self._run(data, base, found)


class RequestParser(_Parser):
    """The client's direction.

    After a request that asks for another protocol (Upgrade, CONNECT) it waits for `settle`; `finish` and
    `gap` decide by the bytes that follow.

    Attributes:
        methods: The method of each request whose head was read, for the parser of the responses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.methods: deque[str] = deque(maxlen=MAX_PENDING_METHODS)

    @property
    def undecided(self) -> bool:
        """Whether the last request asked for another protocol, and the answer is not known."""
        return self._state == _WAITING

    def settle(self, *, switched: bool) -> list[HttpMessage]:
        """Say whether the server took the other protocol (101, or 2xx to CONNECT); reads on."""
        found: list[HttpMessage] = []
        if self._state == _WAITING:
            self._settle(switched, found)
        return found

    def _begin(self, line: bytes, start: int) -> HttpMessage | None:
        parsed = parse_request_line(line)
        if parsed is None:
            return None
        self.methods.append(parsed[0])
        return HttpMessage(start, parsed[2], parsed[0], parsed[1], None)

    def _begin_cut(self, line: bytes, start: int) -> HttpMessage | None:
        if not is_cut_request_line(line):
            return None
        method, _, target = line.partition(b" ")
        self.methods.append(method.decode("ascii"))
        return HttpMessage(start, "1.1", method.decode("ascii"), target, None)

    def _simple(self, line: bytes, start: int) -> HttpMessage | None:
        target = parse_simple_request(line)
        if target is None:
            return None
        self.methods.append("0.9")
        return HttpMessage(start, "0.9", "GET", target, None)

    def _find(self, data: bytes, start: int, end: int) -> int:
        return find_request_line(data, start, end, MAX_LINE)

    def _framing(self, message: HttpMessage, fields: Fields) -> tuple[Framing, int, int]:
        after = _WAITING if fields.upgrade or message.method == "CONNECT" else _HEAD
        if fields.coding is not None:
            if fields.length is not None:
                message.add_note("both a length and a transfer coding")
            if final_coding_is_chunked(fields.coding):
                return Framing.CHUNKED, 0, after
            message.add_note("a transfer coding that does not end the body")
        if fields.length:
            return Framing.LENGTH, fields.length, after
        return Framing.NONE, 0, after


class ResponseParser(_Parser):
    """The server's direction.

    Args:
        methods: What `RequestParser.methods` of the other direction fills; without it, `expect` does.
    """

    def __init__(self, methods: "deque[str] | None" = None) -> None:
        super().__init__()
        self._methods: deque[str] = deque(maxlen=MAX_PENDING_METHODS) if methods is None else methods

    def expect(self, method: str, version: str = "1.1") -> None:
        """Say which request comes next; its answer to HEAD or CONNECT is framed otherwise."""
        self._methods.append("0.9" if version == "0.9" else method)

    def _begin(self, line: bytes, start: int) -> HttpMessage | None:
        parsed = parse_status_line(line)
        return None if parsed is None else HttpMessage(start, parsed[1], None, None, parsed[0])

    def _begin_cut(self, line: bytes, start: int) -> HttpMessage | None:
        return self._begin(line, start)

    def _simple(self, line: bytes, start: int) -> HttpMessage | None:
        if not self._methods or self._methods[0] != "0.9":
            return None
        self._methods.popleft()
        message = HttpMessage(start, "0.9", None, None, None)
        self._start_body(message, Framing.CLOSE, 0)
        return message

    def _find(self, data: bytes, start: int, end: int) -> int:
        return find_status_line(data, start, end, MAX_LINE)

    def _framing(self, message: HttpMessage, fields: Fields) -> tuple[Framing, int, int]:
        status = message.status or 0
        if status == 101:
            if self._methods:
                self._methods.popleft()
            return Framing.NONE, 0, _PASSED
        if status < 200:
            return Framing.NONE, 0, _HEAD
        method = self._methods.popleft() if self._methods else "GET"
        if method == "CONNECT" and status < 300:
            return Framing.NONE, 0, _PASSED
        if method == "HEAD" or status in (204, 304):
            return Framing.NONE, 0, _HEAD
        if fields.coding is not None:
            if fields.length is not None:
                message.add_note("both a length and a transfer coding")
            if final_coding_is_chunked(fields.coding):
                return Framing.CHUNKED, 0, _HEAD
            if fields.coding != b"identity":
                return Framing.CLOSE, 0, _HEAD
        if fields.length is not None:
            return (Framing.LENGTH if fields.length else Framing.NONE), fields.length, _HEAD
        return Framing.CLOSE, 0, _HEAD
