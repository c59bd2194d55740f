"""HTTP/2 (RFC 9113) as recorded: both directions of one connection, from its beginning or from the middle.

Strategy. Each direction is a loop over whole frames in the bytes at hand; only DATA is taken in pieces. A
stream is reported when both halves of it ended. Where frames are lost, reading goes on at the next place
where three plausible frame heads follow one another, and the direction's header table is unknown from there.
For each side, sizes of messages, `framing`, `skipped` and `lost` add up to the bytes fed and the gaps; the
request of a pushed stream counts for the server, which sent it.
"""

from phonehome.wire.http1_buffers import SkippedBytes
from phonehome.wire.http2_blocks import HeaderBlocks
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
from phonehome.wire.http2_half import DATA, FRAMES, SEARCH, SKIP, START, Block, Half
from phonehome.wire.http2_stream import Http2Stream
from phonehome.wire.http2_table import StreamTable
from phonehome.wire.http_message import MAX_HEAD, HttpMessage
from phonehome.wire.side import Side

_DATA_KIND, _HEADERS_KIND = int(Frame.DATA), int(Frame.HEADERS)  # members of an enum compare slowly
_HEADER_KINDS = frozenset(map(int, (Frame.HEADERS, Frame.PUSH_PROMISE, Frame.CONTINUATION)))
_HELD_KINDS = _HEADER_KINDS | {int(Frame.RST_STREAM), int(Frame.GOAWAY)}
_LAST_KIND = int(Frame.CONTINUATION)
_GOAWAY_SIZE = 8  # what stands before its debug data
_ODD_HEAD = END_HEADERS | PADDED | PRIORITY_FLAG


class Http2Connection:
    """Reads both directions of one connection; either may be fed first.

    Args:
        upgraded: The HTTP/1.1 request that asked for h2c, whose answer is stream 1. Its size stays the
            business of the HTTP/1 parser.

    Attributes:
        framing: Bytes of preface and control frames, per side.
        skipped: Bytes that could not be read, or that have no meaning to HTTP: frames of unknown types, debug data,
            padding that is not empty; per side.
        lost: Bytes of gaps, per side.
        middle: The recording does not hold the connection's beginning.
    """

    def __init__(self, upgraded: HttpMessage | None = None) -> None:
        self.framing = [0, 0]
        self.skipped = [0, 0]
        self.lost = [0, 0]
        self.middle = False
        self._kept = (SkippedBytes(), SkippedBytes())
        self._halves = (Half(Side.CLIENT), Half(Side.SERVER))
        self._table = StreamTable(self._halves)
        self._streams = self._table.streams
        self._blocks = HeaderBlocks(self._table, self.skipped)
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
        return self._table.take_found()

    def gap(self, side: Side, size: int) -> list[Http2Stream]:
        """Skip `size` bytes of one side that the recording misses."""
        if size <= 0:
            return []
        half = self._halves[side]
        self._flush(half, size)
        self.lost[side] += size
        half.offset += size
        if half.state == DATA and half.message is not None:
            self._gap_in_data(half, half.message, size)
        elif half.state == SKIP and size <= half.left:
            half.left -= size
            if not half.left:
                half.state = FRAMES
        else:
            self._search_on(half)
        return self._table.take_found()

    def _gap_in_data(self, half: Half, message: HttpMessage, size: int) -> None:
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
        for number in list(self._streams):
            self._table.report(number)
        return self._table.take_found()

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

    def take_skipped(self, side: Side) -> list[tuple[int, bytes]]:
        """The skipped bytes of one side with their offsets, since the last call (bounded)."""
        return self._kept[side].take()

    def first_skipped(self, side: Side) -> int | None:
        """Where those begin that were not taken yet."""
        return self._kept[side].start

    # One direction's bytes.

    def _run(self, half: Half, data: bytes, base: int) -> None:
        position, size = 0, len(data)
        while position < size:
            state = half.state
            if state == FRAMES:
                if half.block is None:
                    position = self._read_frames(half, data, position, base)
                    if position == size:
                        return
                if position + HEAD_SIZE > size:
                    half.hold(data[position:], HEAD_SIZE)
                    return
                position = self._read_frame(half, data, position, base)
                if position < 0:
                    return
            elif state == DATA:
                position = self._read_data(half, data, position, base)
            elif state == SKIP:
                end = min(size, position + half.left)
                if half.unread:
                    self._skip(half, base + position, data[position:end])
                else:
                    self.framing[half.side] += end - position
                half.left -= end - position
                position = end
                if not half.left:
                    half.state = FRAMES
            else:
                position = (
                    self._read_start(half, data, position)
                    if state == START
                    else self._search(half, data, position, base)
                )
                if position < 0:
                    return

    def _skip(self, half: Half, start: int, data: bytes) -> None:
        self.skipped[half.side] += len(data)
        self._kept[half.side].add(start, data)

    def _skip_padding(self, half: Half, start: int, padding: bytes) -> int:
        """Keep padding that is not empty; gives how much of it counts as skipped."""
        if not padding.strip(b"\0"):
            return 0
        self._skip(half, start, padding)
        return len(padding)

    def _read_start(self, half: Half, data: bytes, position: int) -> int:
        """Read the preface of the client, or see that the server begins with SETTINGS."""
        if half.side == Side.CLIENT:
            if data[: len(PREFACE)] == PREFACE:
                self.framing[half.side] += len(PREFACE)
                half.state = FRAMES
                return len(PREFACE)
            fits, needed = PREFACE.startswith(data), len(PREFACE)
        else:
            fits, needed = len(data) < HEAD_SIZE, HEAD_SIZE
            if not fits:
                high, low, kind, flags, stream = unpack_head(data)
                if kind == Frame.SETTINGS and not (high or stream or low % 6 or flags):
                    half.state = FRAMES
                    return position
        if fits:
            half.hold(data, needed)
            return -1
        self.middle = True
        self._search_on(half)
        return position

    def _search_on(self, half: Half) -> None:
        """Go on at the next plausible frame; what the frames between did to the header table is not known."""
        half.decoder.lose()
        half.message = None
        half.left = half.padding = 0
        half.state = SEARCH

    def _search(self, half: Half, data: bytes, position: int, base: int, *, at_end: bool = False) -> int:
        data = data[position:] if position else data
        place, needed = find_frame(data, at_end=at_end)
        self._skip(half, base + position, data[:place])
        if needed:
            half.hold(data[place:], needed)
            return -1
        half.state = FRAMES
        return position + place

    def _read_frames(self, half: Half, data: bytes, position: int, base: int) -> int:
        """Read the ordinary frames, which are nearly all; gives the position of the first that is not.

        Those are whole and without padding: DATA of a stream whose head was read, HEADERS that no frame
        continues, and what only counts as framing.
        """
        side, size = half.side, len(data)
        last = size - HEAD_SIZE
        streams, table = self._streams, self._table
        while position <= last:
            high, low, kind, flags, number = unpack_head(data, position)
            behind = position + HEAD_SIZE
            end = behind + (high << 16 | low)
            if end > size or end - behind > MAX_HEAD:
                break
            number &= STREAM_MASK
            if kind == _DATA_KIND:
                stream = streams.get(number)
                if stream is None or flags & PADDED or (stream.pushed and not side):
                    break
                message = stream.response if side else stream.request
                if message is None:
                    break
                if behind < end:
                    table.keep(stream, side, message, data[behind:end])
                message.size += end - position
                message.end = base + end
                if flags & END_STREAM:
                    table.end_half(number, side)
            elif kind == _HEADERS_KIND:
                if flags & _ODD_HEAD != END_HEADERS:
                    break
                self._blocks.take(
                    half, number, base + position, flags, data[behind:end], base + end, end - position
                )
            elif kind in _HELD_KINDS or kind > _LAST_KIND:
                break
            else:
                self.framing[side] += end - position
            position = end
        return position

    def _read_frame(self, half: Half, data: bytes, position: int, base: int) -> int:
        high, low, kind, flags, number = unpack_head(data, position)
        length: int = high << 16 | low
        number &= STREAM_MASK
        behind = position + HEAD_SIZE
        end = behind + length
        if half.block is not None and (kind != Frame.CONTINUATION or half.block.stream != number):
            self._blocks.end(half, base + position, cut=True)
        if kind == _DATA_KIND:
            return self._begin_data(half, data, behind, length, flags, number, base)
        if kind in _HELD_KINDS and length <= MAX_HEAD:
            if end > len(data):
                half.hold(data[position:], HEAD_SIZE + length)
                return -1
            self._take_frame(half, kind, flags, number, data[behind:end], base + position)
            return end
        if end <= len(data) and length <= MAX_HEAD and kind <= _LAST_KIND:
            self.framing[half.side] += HEAD_SIZE + length
            return end
        half.unread = kind in _HELD_KINDS or kind > _LAST_KIND
        if kind in _HEADER_KINDS:
            half.decoder.lose()
        self.framing[half.side] += HEAD_SIZE
        if length:
            half.state, half.left = SKIP, length
        return behind

    # DATA.

    def _begin_data(
        self, half: Half, data: bytes, behind: int, length: int, flags: int, number: int, base: int
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
            stream = self._table.open(number)
        elif stream.pushed and not side:
            self._pass(half, taken, length + padding)
            return behind
        message = stream.message(side, base + behind - taken)
        end = behind + length
        if end + padding <= len(data):
            if length:
                self._table.keep(stream, side, message, data[behind:end])
            skipped = self._skip_padding(half, base + end, data[end : end + padding]) if padding else 0
            end += padding
            message.size += taken + length + padding - skipped
            message.end = base + end
            if flags & END_STREAM:
                self._table.end_half(number, side)
            return end
        message.size += taken
        message.end = base + behind
        half.state, half.message, half.left, half.padding = DATA, message, length, padding
        half.number, half.ends = number, bool(flags & END_STREAM)
        return behind

    def _pass(self, half: Half, taken: int, left: int) -> None:
        half.unread = True
        self.framing[half.side] += taken
        if left:
            half.state, half.left = SKIP, left

    def _read_data(self, half: Half, data: bytes, position: int, base: int) -> int:
        message, stream = half.message, self._streams[half.number]
        assert message is not None
        end = min(len(data), position + half.left)
        if end > position:
            self._table.keep(stream, half.side, message, data[position:end])
            half.left -= end - position
        behind = end if half.left else min(len(data), end + half.padding)
        half.padding -= behind - end
        skipped = self._skip_padding(half, base + end, data[end:behind]) if behind > end else 0
        message.size += behind - position - skipped
        message.end = base + behind
        if not half.left + half.padding:
            self._end_data(half)
        return behind

    def _end_data(self, half: Half) -> None:
        half.state = FRAMES
        half.message = None
        if half.ends:
            self._table.end_half(half.number, half.side)

    # Frames that are read whole.

    def _take_frame(
        self,
        half: Half,
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
            self._table.end_by_reset(number, half.side)
            return
        if kind == Frame.GOAWAY:
            self.framing[half.side] += HEAD_SIZE + len(payload[:_GOAWAY_SIZE])
            self._skip(half, start + HEAD_SIZE + _GOAWAY_SIZE, payload[_GOAWAY_SIZE:])
            return
        if kind == Frame.CONTINUATION:
            block = half.block
            if block is None:
                self.framing[half.side] += HEAD_SIZE
                self._skip(half, start + HEAD_SIZE, payload)
                half.decoder.lose()
                return
        else:
            promised = 0
            end = start + size
            if flags & PADDED and payload:
                padding = b"" if cut else payload[1:][max(len(payload) - 1 - payload[0], 0) :]
                size -= self._skip_padding(half, end - len(padding), padding)
                payload = unpad(payload, flags)
            if kind != _HEADERS_KIND:
                promised = int.from_bytes(payload[:4], "big") & STREAM_MASK
                payload = payload[4:]
            elif flags & PRIORITY_FLAG:
                payload = payload[5:]
            if flags & END_HEADERS and not cut:
                self._blocks.take(half, number, start, flags, payload, end, size, promised=promised)
                return
            block = half.block = Block(number, start, flags, promised)
        block.parts.append(payload)
        block.kept += len(payload)
        block.size += size
        if flags & END_HEADERS or cut or block.kept > MAX_HEAD:
            self._blocks.end(half, start + size, cut=cut or not flags & END_HEADERS)

    # What is held when a gap or the end comes.

    def _flush(self, half: Half, gap: int) -> None:
        while half.held:
            data = half.take_held()
            base = half.offset - len(data)
            if half.state == SEARCH:
                place = self._search(half, data, 0, base, at_end=True)
                self._run(half, data[place:], base + place)
            elif half.state == START:
                self._skip(half, base, data)
            else:
                self._flush_frame(half, data, base, gap)
        if half.block is not None:
            self._blocks.end(half, half.offset, cut=True)

    def _flush_frame(self, half: Half, data: bytes, base: int, gap: int) -> None:
        """Take the beginning of a frame."""
        kind = -1
        if len(data) >= HEAD_SIZE:
            high, low, kind, flags, number = unpack_head(data)
        if kind not in _HELD_KINDS:
            self._skip(half, base, data)
            return
        self._take_frame(half, kind, flags, number & STREAM_MASK, data[HEAD_SIZE:], base, cut=True)
        left = HEAD_SIZE + (high << 16 | low) - len(data)
        if gap <= left:
            half.state, half.left, half.unread = SKIP, left, True
