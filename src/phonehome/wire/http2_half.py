"""The state of one direction of an HTTP/2 connection: what is held, and the frame at hand."""

from phonehome.wire.hpack import HpackDecoder
from phonehome.wire.http_message import HttpMessage
from phonehome.wire.side import Side

START, FRAMES, DATA, SKIP, SEARCH = range(5)
"""What is read next: the beginning, a frame's head, the rest of a DATA frame, or of one that is passed over;
SEARCH looks for a place where a frame begins."""


class Block:
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


class Half:
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
        self.state = START
        self.offset = 0
        self.held: list[bytes] = []
        self.held_size = 0
        self.needed = 0
        self.decoder = HpackDecoder()
        self.block: Block | None = None
        # The frame at hand, in the states _DATA and _SKIP.
        self.message: HttpMessage | None = None
        self.number = 0
        self.ends = False  # it ends its stream
        self.left = 0
        self.padding = 0
        self.unread = False  # what SKIP passes is no framing that was understood

    def hold(self, data: bytes, needed: int) -> None:
        """Keep the beginning of something of `needed` bytes."""
        self.held = [data]
        self.held_size = len(data)
        self.needed = needed

    def take_held(self, data: bytes = b"") -> bytes:
        """What is held, with `data` behind it; nothing is held after that."""
        self.held.append(data)
        whole = b"".join(self.held)
        self.held = []
        self.held_size = 0
        return whole

    def detach(self) -> None:
        """Pass over the rest of the DATA frame at hand: its stream is handed over already."""
        if self.message is not None:
            self.message.truncated = True
            self.message.missing += self.left
        self.message = None
        self.state, self.left, self.padding, self.unread = SKIP, self.left + self.padding, 0, True
