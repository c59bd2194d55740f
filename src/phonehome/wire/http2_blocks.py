"""HTTP/2 header blocks (RFC 9113, 4.3): decoded, and given to the streams that they are of."""

from phonehome.model.exchange import Header
from phonehome.wire.http2_frames import END_STREAM
from phonehome.wire.http2_half import Half
from phonehome.wire.http2_table import StreamTable
from phonehome.wire.side import Side

_HEADERS_LOST = "header fields that refer to a part of the connection that was not recorded"
_HEADERS_CUT = "header fields that do not end"


class HeaderBlocks:
    """Takes the blocks of both directions, in the order in which they were sent.

    Args:
        table: The connection's streams.
        skipped: Bytes without a meaning, per side; counted on.
    """

    __slots__ = ("_skipped", "_table")

    def __init__(self, table: StreamTable, skipped: list[int]) -> None:
        self._table = table
        self._skipped = skipped

    def end(self, half: Half, end: int, *, cut: bool) -> None:
        """Take the block that CONTINUATION frames went on with, if there is one; `cut` if it does not end."""
        block = half.block
        if block is None:
            return
        half.block = None
        data = b"".join(block.parts)
        self.take(
            half,
            block.stream,
            block.start,
            block.flags,
            data,
            end,
            block.size,
            promised=block.promised,
            cut=cut,
        )

    def take(
        self,
        half: Half,
        number: int,
        start: int,
        flags: int,
        data: bytes,
        end: int,
        size: int,
        *,
        promised: int = 0,
        cut: bool = False,
    ) -> None:
        """Take a header block; `size` counts the heads of its frames."""
        side, decoder = half.side, half.decoder
        headers = decoder.decode(data)
        note = _HEADERS_CUT if cut else decoder.fault
        if decoder.skipped:
            note = f"{note}; {_HEADERS_LOST}" if note else _HEADERS_LOST
        if cut:
            decoder.lose()
        if promised:
            self._promise(half, promised, start, headers, end, size, note)
            return
        stream = self._table.streams.get(number)
        if not number or not (side or number % 2):  # a client has no part in streams that the server begins
            self._skipped[side] += size
            return
        if stream is None:
            stream = self._table.open(number)
        message = stream.add_headers(side, start, end, size, headers)
        message.dropped += decoder.dropped
        if note is not None:
            message.add_note(note)
            message.truncated = message.truncated or cut
        if flags & END_STREAM:
            self._table.end_half(number, side)
        elif side and message.interim:
            stream.set_aside_interim()

    def _promise(
        self,
        half: Half,
        promised: int,
        start: int,
        headers: list[Header],
        end: int,
        size: int,
        note: str | None,
    ) -> None:
        if half.side == Side.CLIENT or promised % 2 or promised in self._table.streams:
            self._skipped[half.side] += size
            return
        message = self._table.open(promised).add_headers(Side.CLIENT, start, end, size, headers)
        message.dropped += half.decoder.dropped
        if note is not None:
            message.add_note(note)
