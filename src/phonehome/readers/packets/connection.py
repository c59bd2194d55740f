"""A TCP connection: its two streams, the layer that each turns out to be, and what it leaves behind."""

from phonehome.model.account import Account
from phonehome.model.exchange import Transport
from phonehome.readers.packets.accounts import make_account
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.link import Counts, Link
from phonehome.readers.packets.origins import Origins
from phonehome.readers.packets.protocols import Keys, TlsHandler, UnknownHandler
from phonehome.wire.handshake import Handshake
from phonehome.wire.side import Side
from phonehome.wire.tcp import FIN, RST, Batch, Stream

HEAD_BYTES = 1024
"""How much of a direction's beginning is kept, to tell another connection between the same ports from it."""

_SIDES = (Side.CLIENT, Side.SERVER)


class Connection:
    """One connection from its first packet to its last.

    Attributes:
        link: Its ends.
        client_is_one: Whether the client is the first of the pair that the connection is known by.
        active: The window that it was last seen in.
        first: Number of its first packet.
        handshake: How it was opened.
        closing: Both ends said that they are done, or one broke it off.
        is_ending: One end said that it is done, or broke it off.
        missing: Bytes of both directions that the recording does not hold.
    """

    __slots__ = (
        "_ended",
        "_handler",
        "_heads",
        "_isn",
        "_streams",
        "active",
        "client_is_one",
        "closing",
        "first",
        "handshake",
        "is_ending",
        "link",
        "missing",
        "time",
    )

    def __init__(
        self, link: Link, keys: Keys, *, client_is_one: bool, isn: int | None, first: int, time: int
    ) -> None:
        self.link = link
        self.client_is_one = client_is_one
        self.active = 0
        self.closing = False
        self.is_ending = False
        self.missing = 0
        self.time = time
        self._isn = isn
        self.first = first
        self.handshake = Handshake()
        self._streams = (Stream(), Stream())
        self._ended = [False, False]
        self._heads: list[bytes | None] = [None, None]
        places = (self._streams[Side.CLIENT].places, self._streams[Side.SERVER].places)
        self._handler = UnknownHandler(link, places, keys)
        if isn is not None:
            self._streams[Side.CLIENT].begin(isn + 1)

    def is_reopened(self, isn: int, *, is_ending: bool) -> bool:
        """Whether a SYN with this number begins another connection between the same ports."""
        return (is_ending or self._isn != isn) and (
            self._isn is not None or self._streams[Side.CLIENT].places.end > 0
        )

    def note_begin(self, side: Side, sequence: int) -> None:
        """Take a side's opening: the number of its first byte. Repeated, it changes nothing."""
        self._streams[side].begin(sequence)
        if side is Side.CLIENT and self._isn is None:
            self._isn = sequence - 1

    def receive(self, side: Side, batch: Batch, begin: int, end: int) -> None:
        """Take the segments of one side."""
        items = self._streams[side].receive(batch, begin, end)
        if self._heads[side] is None and items:
            self._heads[side] = items[0][:HEAD_BYTES] if isinstance(items[0], bytes) else b""
        for item in items:
            self._pass(side, item)

    def beginning(self, side: Side) -> tuple[int | None, bytes] | None:
        """Give the number of a direction's first byte, and what it begins with; None if nothing came of it."""
        head = self._heads[side]
        return None if head is None else (self._streams[side].origin, head)

    def is_over(self, side: Side, sequence: int) -> bool:
        """Whether a number lies behind what a side said to be its end."""
        return self._streams[side].is_behind_end(sequence)

    def note_end(self, side: Side, flags: int, end: int) -> None:
        """Take the word that a side is done, and the number behind its last byte."""
        self.is_ending = True
        if flags & RST:
            self.closing = True
        elif flags & FIN:
            self._streams[side].note_end(end)
            self._ended[side] = True
            self.closing = self.closing or all(self._ended)

    def note_acknowledged(self, by: Side, sequence: int) -> None:
        """Take the word of a side that the other sent all before a number."""
        self._streams[by.other].note_sent(sequence)

    def pump(self) -> None:
        """Go on with what had to wait for the other side."""
        self._handler.pump()

    def end_window(self) -> list[Begun]:
        """Give up what was waited for long enough; gives the exchanges that are not complete."""
        for side in _SIDES:
            for item in self._streams[side].end_window():
                self._pass(side, item)
        return self._handler.begun()

    @property
    def stray(self) -> int:
        """Bytes of segments so far off that they are no part of it."""
        return sum(stream.left_out for stream in self._streams)

    @property
    def differing(self) -> int:
        """Bytes that were sent again with another content."""
        return sum(stream.differing for stream in self._streams)

    @property
    def is_waiting(self) -> bool:
        """Whether segments wait for one that is missing."""
        return any(stream.is_waiting for stream in self._streams)

    def finish(self) -> None:
        """Give what is left."""
        for side in _SIDES:
            for item in self._streams[side].finish():
                self._pass(side, item)
        self._handler.pump()
        self._handler.finish()

    def account(self, origins: Origins) -> Account | None:
        """Give the account of what was finished, where there is something to account for."""
        counts = self._handler.counts()
        layer = self._handler.tls
        unfit = self._streams[self.link.up].left_out + self._streams[self.link.up].differing
        # Of a connection that the other end opened, the answer is the handset's own.
        round_trip = self.handshake.round_trip_us if self.link.up is Side.CLIENT else None
        if layer is None and round_trip is None and not counts.read + counts.closed + counts.lost + unfit:
            return None
        reason = _explain(layer, counts, self.missing)
        total = Counts()
        total += counts
        total.lost += unfit
        facts = layer.facts if layer is not None else None
        return make_account(
            self.link,
            total,
            facts,
            origins,
            first=self.first,
            time=self.time,
            transport=Transport.TLS if layer is not None else Transport.CLEARTEXT,
            host=self.link.reached,
            reason=reason or ("segments do not fit the rest of it" if unfit else None),
            version=facts.version if facts is not None else None,
            round_trip_us=round_trip,
        )

    def _pass(self, side: Side, item: bytes | int) -> None:
        if isinstance(item, int):
            self.missing += item
            self._handler.gap(side, item)
        else:
            self._handler.feed(side, item)


def _explain(layer: TlsHandler | None, counts: Counts, missing: int) -> str | None:
    if counts.closed and layer is not None:
        return layer.tls.reason_closed or "no key opens it"
    if not counts.lost:
        return None
    return (
        "packets are missing from the recording"
        if missing
        else "malformed, or beyond a bound of what is read"
    )
