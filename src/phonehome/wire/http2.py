"""HTTP/2 (RFC 9113) as recorded: both directions of one connection, from its beginning or from the middle.

Strategy. Each direction is a loop over whole frames in the bytes at hand; only DATA is taken in pieces. A
stream is reported when both halves of it ended. Where frames are lost, reading goes on at the next place
where three plausible frame heads follow one another, and the direction's header table is unknown from there.
For each side, sizes of messages, `framing`, `skipped` and `lost` add up to the bytes fed and the gaps; the
request of a pushed stream counts for the server, which sent it.
"""

from phonehome.model.exchange import Header
from phonehome.wire.hpack import HpackDecoder
from phonehome.wire.http2_frames import (
    END_HEADERS,
    END_STREAM,
    HEAD_SIZE,
    PADDED,
    PREFACE,
    PRIORITY_FLAG,
    STREAM_MASK,
    Frame,
    find_frame,
    unpack_head,
    unpad,
)
from phonehome.wire.http2_stream import Http2Stream
from phonehome.wire.http_message import MAX_HEAD, HttpMessage
from phonehome.wire.side import Side

MAX_STREAMS = 4096
"""Streams that are open at a time; beyond, the oldest is reported as far as it is known."""
MAX_RESET = 256
"""Streams of which one side was reset and the other did not end yet: its frames may be fed later."""
MAX_OPEN_BODIES = 512 * 1024 * 1024
"""Bytes of bodies of all open streams that are kept."""

_START, _FRAMES, _DATA, _SKIP, _SEARCH = range(5)
_DATA_KIND, _HEADERS_KIND = int(Frame.DATA), int(Frame.HEADERS)  # members of an enum compare slowly
_HELD_KINDS = frozenset(map(int, (Frame.HEADERS, Frame.RST_STREAM, Frame.PUSH_PROMISE, Frame.CONTINUATION)))
_HEADERS_LOST = "header fields that refer to a part of the connection that was not recorded"
_HEADERS_CUT = "header fields that do not end"


class _Block:
    """A header block that CONTINUATION frames go on with."""

    __slots__ = ("flags", "kept", "parts", "promised", "size", "start", "stream")

    def __init__(self, stream: int, start: int, flags: int, promised: int) -> None:
        self.stream = stream
        self.start = start
        self.flags = flags
        self.promised = promised
        self.parts: list[bytes] = []
        self.kept = 0
        self.size = 0  # with the frames' heads


class _Half:
    """One direction."""

    __slots__ = (
        "block",
        "decoder",
        "ends",
        "held",
        "held_size",
        "left",
        "message",
        "needed",
        "number",
        "offset",
        "padding",
        "side",
        "state",
        "unread",
    )

    def __init__(self, side: Side) -> None:
        self.side = int(side)
        self.state = _START
        self.offset = 0
        self.held: list[bytes] = []
        self.held_size = 0
        self.needed = 0
        self.decoder = HpackDecoder()
        self.block: _Block | None = None
        # The frame at hand, in the states _DATA and _SKIP.
        self.message: HttpMessage | None = None
        self.number = 0
        self.ends = False  # it ends its stream
        self.left = 0
        self.padding = 0
        self.unread = False  # what _SKIP passes is no framing that was understood

    def hold(self, data: bytes, needed: int) -> None:
        self.held = [data]
        self.held_size = len(data)
        self.needed = needed

    def take_held(self, data: bytes = b"") -> bytes:
        self.held.append(data)
        whole = b"".join(self.held)
        self.held = []
        self.held_size = 0
        return whole


class Http2Connection:
    """Reads both directions of one connection; either may be fed first.

    Args:
        upgraded: The HTTP/1.1 request that asked for h2c, whose answer is stream 1. Its size stays the
            business of the HTTP/1 parser.

    Attributes:
        framing: Bytes of preface and control frames, per side.
        skipped: Bytes that could not be read, per side.
        lost: Bytes of gaps, per side.
        middle: The recording does not hold the connection's beginning.
    """

    def __init__(self, upgraded: HttpMessage | None = None) -> None:
        self.framing = [0, 0]
        self.skipped = [0, 0]
        self.lost = [0, 0]
        self.middle = False
        self._halves = (_Half(Side.CLIENT), _Half(Side.SERVER))
        self._streams: dict[int, Http2Stream] = {}
        self._reset: dict[int, None] = {}
        self._held = 0
        self._found: list[Http2Stream] = []
        self._upgraded = upgraded
        if upgraded is not None:
            stream = self._streams[1] = Http2Stream(1)
            stream.request = upgraded
            stream.ended = 1

    # What the caller uses.

    def feed(self, side: Side, data: bytes) -> list[Http2Stream]:
        """Read the next bytes of one side; gives the streams that are complete with them."""
        half = self._halves[side]
        base = half.offset
        half.offset += len(data)
        if half.held:
            if half.held_size + len(data) < half.needed:
                half.held.append(data)
                half.held_size += len(data)
                if len(half.held) > 256:
                    half.held = [b"".join(half.held)]
                return []
            base -= half.held_size
            data = half.take_held(data)
        self._run(half, data, base)
        return self._take_found()

    def gap(self, side: Side, size: int) -> list[Http2Stream]:
        """Skip `size` bytes of one side that the recording misses."""
        if size <= 0:
            return []
        half = self._halves[side]
        self._flush(half, size)
        self.lost[side] += size
        half.offset += size
        if half.state == _DATA and half.message is not None:
            self._gap_in_data(half, half.message, size)
        elif half.state == _SKIP and size <= half.left:
            half.left -= size
            if not half.left:
                half.state = _FRAMES
        else:
            self._search_on(half)
        return self._take_found()

    def _gap_in_data(self, half: _Half, message: HttpMessage, size: int) -> None:
        missing = min(size, half.left)
        padding = min(size - missing, half.padding)
        half.left -= missing
        half.padding -= padding
        message.truncated = True
        message.missing += missing
        message.lost += missing + padding
        message.end = half.offset - size + missing + padding
        if not half.left + half.padding:
            self._end_data(half)
        if missing + padding < size:
            self._search_on(half)

    def finish(self) -> list[Http2Stream]:
        """Say that nothing follows on either side; gives all that is open."""
        for half in self._halves:
            self._flush(half, 0)
            if half.state == _DATA and half.message is not None:
                half.message.truncated = True
                half.message.missing += half.left
        for number in list(self._streams):
            self._report(number)
        return self._take_found()

    def unfinished(self, side: Side) -> list[int]:
        """The start of each message of one side that is open, and of what is held of its next frame."""
        starts = []
        for stream in self._streams.values():
            sent = stream.response if side else stream.request
            if stream.pushed:  # the server sent both
                sent = (stream.request or stream.response) if side else None
            if sent is not None and sent is not self._upgraded:
                starts.append(sent.start)
        half = self._halves[side]
        return [*starts, half.offset - half.held_size] if half.held else starts

    def _take_found(self) -> list[Http2Stream]:
        if not self._found:
            return []
        found, self._found = self._found, []
        return found

    # One direction's bytes.

    def _run(self, half: _Half, data: bytes, base: int) -> None:
        position, size = 0, len(data)
        while position < size:
            state = half.state
            if state == _FRAMES:
                if position + HEAD_SIZE > size:
                    half.hold(data[position:], HEAD_SIZE)
                    return
                position = self._read_frame(half, data, position, base)
                if position < 0:
                    return
            elif state == _DATA:
                position = self._read_data(half, data, position, base)
            elif state == _SKIP:
                end = min(size, position + half.left)
                self._count(half, end - position)
                half.left -= end - position
                position = end
                if not half.left:
                    half.state = _FRAMES
            else:
                position = (
                    self._read_start(half, data, position)
                    if state == _START
                    else self._search(half, data, position)
                )
                if position < 0:
                    return

    def _count(self, half: _Half, size: int) -> None:
        (self.skipped if half.unread else self.framing)[half.side] += size

    def _read_start(self, half: _Half, data: bytes, position: int) -> int:
        """Read the preface of the client, or see that the server begins with SETTINGS."""
        if half.side == Side.CLIENT:
            if data[: len(PREFACE)] == PREFACE:
                self.framing[half.side] += len(PREFACE)
                half.state = _FRAMES
                return len(PREFACE)
            fits, needed = PREFACE.startswith(data), len(PREFACE)
        else:
            fits, needed = len(data) < HEAD_SIZE, HEAD_SIZE
            if not fits:
                high, low, kind, flags, stream = unpack_head(data)
                if kind == Frame.SETTINGS and not (high or stream or low % 6 or flags):
                    half.state = _FRAMES
                    return position
        if fits:
            half.hold(data, needed)
            return -1
        self.middle = True
        self._search_on(half)
        return position

    def _search_on(self, half: _Half) -> None:
        """Go on at the next plausible frame; what the frames between did to the header table is not known."""
        half.decoder.lose()
        half.message = None
        half.left = half.padding = 0
        half.state = _SEARCH

    def _search(self, half: _Half, data: bytes, position: int, *, at_end: bool = False) -> int:
        data = data[position:] if position else data
        place, needed = find_frame(data, at_end=at_end)
        self.skipped[half.side] += place
        if needed:
            half.hold(data[place:], needed)
            return -1
        half.state = _FRAMES
        return position + place

    def _read_frame(self, half: _Half, data: bytes, position: int, base: int) -> int:
        high, low, kind, flags, number = unpack_head(data, position)
        length: int = high << 16 | low
        number &= STREAM_MASK
        behind = position + HEAD_SIZE
        end = behind + length
        if half.block is not None and (kind != Frame.CONTINUATION or half.block.stream != number):
            self._end_block(half, base + position, cut=True)
        if kind == _DATA_KIND:
            if (
                end <= len(data)
                and not flags & PADDED
                and self._take_data(half, data, behind, end, flags, number, base)
            ):
                return end
            return self._begin_data(half, data, behind, length, flags, number, base)
        if kind in _HELD_KINDS and length <= MAX_HEAD:
            if end > len(data):
                half.hold(data[position:], HEAD_SIZE + length)
                return -1
            self._take_frame(half, kind, flags, number, data[behind:end], base + position)
            return end
        if end <= len(data) and length <= MAX_HEAD:
            self.framing[half.side] += HEAD_SIZE + length
            return end
        half.unread = kind in _HELD_KINDS
        if half.unread:
            half.decoder.lose()
        self._count(half, HEAD_SIZE)
        if length:
            half.state, half.left = _SKIP, length
        return behind

    # DATA.

    def _take_data(
        self, half: _Half, data: bytes, behind: int, end: int, flags: int, number: int, base: int
    ) -> bool:
        """Take the ordinary DATA frame: whole, of a stream whose head was read."""
        stream = self._streams.get(number)
        side = half.side
        if stream is None:
            return False
        message = stream.response if side else stream.request
        if message is None or (stream.pushed and not side):
            return False
        if behind < end:
            self._keep(stream, side, message, data[behind:end])
        message.size += HEAD_SIZE + end - behind
        message.end = base + end
        if flags & END_STREAM:
            self._end_half(number, side)
        return True

    def _begin_data(
        self, half: _Half, data: bytes, behind: int, length: int, flags: int, number: int, base: int
    ) -> int:
        side = half.side
        padding = 0
        taken = HEAD_SIZE
        if flags & PADDED and length:
            if behind >= len(data):
                half.hold(data[behind - HEAD_SIZE :], HEAD_SIZE + 1)
                return -1
            padding = min(data[behind], length - 1)
            length -= 1 + padding
            behind += 1
            taken += 1
        stream = self._streams.get(number)
        if stream is None:
            if not length or not number or not (side or number % 2):
                self._pass(half, taken, length + padding)
                return behind
            stream = self._open(number)
        elif stream.pushed and not side:
            self._pass(half, taken, length + padding)
            return behind
        message = stream.message(side, base + behind - taken)
        end = behind + length
        if end + padding <= len(data):
            if length:
                self._keep(stream, side, message, data[behind:end])
            end += padding
            message.size += taken + length + padding
            message.end = base + end
            if flags & END_STREAM:
                self._end_half(number, side)
            return end
        message.size += taken
        message.end = base + behind
        half.state, half.message, half.left, half.padding = _DATA, message, length, padding
        half.number, half.ends = number, bool(flags & END_STREAM)
        return behind

    def _pass(self, half: _Half, taken: int, left: int) -> None:
        half.unread = left > 0
        self._count(half, taken)
        if left:
            half.state, half.left = _SKIP, left

    def _read_data(self, half: _Half, data: bytes, position: int, base: int) -> int:
        message, stream = half.message, self._streams[half.number]
        assert message is not None
        end = min(len(data), position + half.left)
        if end > position:
            self._keep(stream, half.side, message, data[position:end])
            half.left -= end - position
        behind = end if half.left else min(len(data), end + half.padding)
        half.padding -= behind - end
        message.size += behind - position
        message.end = base + behind
        if not half.left + half.padding:
            self._end_data(half)
        return behind

    def _end_data(self, half: _Half) -> None:
        half.state = _FRAMES
        half.message = None
        if half.ends:
            self._end_half(half.number, half.side)

    def _keep(self, stream: Http2Stream, side: int, message: HttpMessage, piece: bytes) -> None:
        if self._held + len(piece) > MAX_OPEN_BODIES:
            message.truncated = True
            message.missing += len(piece)
            message.add_note("too many bytes in open streams")
            return
        self._held += len(piece)
        stream.held += len(piece)
        stream.add_data(side, message, piece)

    # Header blocks.

    def _take_frame(
        self,
        half: _Half,
        kind: int,
        flags: int,
        number: int,
        payload: bytes,
        start: int,
        *,
        cut: bool = False,
    ) -> None:
        """Take a frame of a kind that is read whole; `cut` if only the beginning of its payload is there."""
        size = HEAD_SIZE + len(payload)
        if kind == Frame.RST_STREAM:
            self.framing[half.side] += size
            self._end_by_reset(number, half.side)
            return
        if kind == Frame.CONTINUATION:
            block = half.block
            if block is None:
                self.skipped[half.side] += size
                half.decoder.lose()
                return
        else:
            promised = 0
            if flags & PADDED:
                payload = unpad(payload, flags)
            if kind != _HEADERS_KIND:
                promised = int.from_bytes(payload[:4], "big") & STREAM_MASK
                payload = payload[4:]
            elif flags & PRIORITY_FLAG:
                payload = payload[5:]
            if flags & END_HEADERS and not cut:
                self._take_block(half, _Block(number, start, flags, promised), payload, start + size, size)
                return
            block = half.block = _Block(number, start, flags, promised)
        block.parts.append(payload)
        block.kept += len(payload)
        block.size += size
        if flags & END_HEADERS or cut or block.kept > MAX_HEAD:
            self._end_block(half, start + size, cut=cut or not flags & END_HEADERS)

    def _end_block(self, half: _Half, end: int, *, cut: bool) -> None:
        block = half.block
        if block is None:
            return
        half.block = None
        self._take_block(half, block, b"".join(block.parts), end, block.size, cut=cut)

    def _take_block(
        self, half: _Half, block: _Block, data: bytes, end: int, size: int, *, cut: bool = False
    ) -> None:
        side, number, decoder = half.side, block.stream, half.decoder
        headers = decoder.decode(data)
        note = _HEADERS_CUT if cut else decoder.fault
        if decoder.skipped:
            note = f"{note}; {_HEADERS_LOST}" if note else _HEADERS_LOST
        if cut:
            decoder.lose()
        if block.promised:
            self._promise(half, block, headers, end, size, note)
            return
        stream = self._streams.get(number)
        if not number or not (side or number % 2):  # a client has no part in streams that the server begins
            self.skipped[side] += size
            return
        if stream is None:
            stream = self._open(number)
        message = stream.add_headers(side, block.start, end, size, headers)
        if note is not None:
            message.add_note(note)
            message.truncated = message.truncated or cut
        if block.flags & END_STREAM:
            self._end_half(number, side)
        elif side and message.interim:
            stream.set_aside_interim()

    def _promise(
        self, half: _Half, block: _Block, headers: list[Header], end: int, size: int, note: str | None
    ) -> None:
        if half.side == Side.CLIENT or block.promised % 2 or block.promised in self._streams:
            self.skipped[half.side] += size
            return
        stream = self._open(block.promised)
        message = stream.add_headers(Side.CLIENT, block.start, end, size, headers)
        if note is not None:
            message.add_note(note)

    # Streams.

    def _open(self, number: int) -> Http2Stream:
        if len(self._streams) >= MAX_STREAMS:
            self._report(next(iter(self._streams)), "too many open streams")
        stream = self._streams[number] = Http2Stream(number)
        if not number % 2:
            stream.pushed = True
            stream.ended = 1
        return stream

    def _end_half(self, number: int, side: int) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        stream.ended |= 1 << side
        if stream.ended == 3:
            self._report(number)

    def _end_by_reset(self, number: int, side: int) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        stream.note = "reset by the server" if side else "reset by the client"
        message = stream.response if side else stream.request
        if message is not None and not stream.ended & (1 << side):
            message.truncated = True
        self._reset[number] = None
        self._end_half(number, side)
        if len(self._reset) > MAX_RESET:
            self._report(next(iter(self._reset)))

    def _report(self, number: int, note: str | None = None) -> None:
        stream = self._streams.pop(number)
        self._reset.pop(number, None)
        self._held -= stream.held
        for half in self._halves:
            if half.state == _DATA and half.number == number and half.message is not None:
                half.message.truncated = True
                half.message.missing += half.left
                half.message = None
                half.state, half.left, half.padding, half.unread = _SKIP, half.left + half.padding, 0, True
        if note is not None:
            stream.note = note
        stream.close()
        self._found.append(stream)

    # What is held when a gap or the end comes.

    def _flush(self, half: _Half, gap: int) -> None:
        while half.held:
            data = half.take_held()
            base = half.offset - len(data)
            if half.state == _SEARCH:
                place = self._search(half, data, 0, at_end=True)
                self._run(half, data[place:], base + place)
            elif half.state == _START:
                self.skipped[half.side] += len(data)
            else:
                self._flush_frame(half, data, base, gap)
        if half.block is not None:
            self._end_block(half, half.offset, cut=True)

    def _flush_frame(self, half: _Half, data: bytes, base: int, gap: int) -> None:
        """Take the beginning of a frame."""
        kind = -1
        if len(data) >= HEAD_SIZE:
            high, low, kind, flags, number = unpack_head(data)
        if kind not in _HELD_KINDS:
            self.skipped[half.side] += len(data)
            return
        self._take_frame(half, kind, flags, number & STREAM_MASK, data[HEAD_SIZE:], base, cut=True)
        left = HEAD_SIZE + (high << 16 | low) - len(data)
        if gap <= left:
            half.state, half.left, half.unread = _SKIP, left, True
