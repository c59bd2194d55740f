"""DNS over TCP and over TLS: messages cut out of the stream, queries joined with their answers."""

from phonehome.model.errors import DecodeError
from phonehome.readers.packets.datagrams import dns_fields
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.link import Counts, Link, to_time
from phonehome.readers.packets.raw import put_stretch
from phonehome.wire.dns import looks_like_dns
from phonehome.wire.dns_flow import DnsExchange, DnsPairs, DnsStream
from phonehome.wire.places import StreamPlaces
from phonehome.wire.side import Side

_LENGTH_BYTES = 2
_SIDES = (Side.CLIENT, Side.SERVER)


class DnsStreamHandler:
    """Both directions of DNS over a stream."""

    def __init__(self, link: Link, places: tuple[StreamPlaces, StreamPlaces]) -> None:
        self._link = link
        self._places = places
        self._streams = (DnsStream(), DnsStream())
        self._pairs = DnsPairs()
        self._numbers: dict[int, int] = {}
        self._fed = [0, 0]
        # A message's mark is its packet's number; two in one packet need marks of their own.
        self._marks: dict[int, tuple[Side, int, int]] = {}
        self._next = 0
        self._counts = Counts()

    @staticmethod
    def looks_like(head: bytes) -> bool:
        """Tell whether a stream begins with a message's length and a message."""
        return len(head) > _LENGTH_BYTES and looks_like_dns(head[_LENGTH_BYTES:])

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        self._fed[side] += len(data)
        for start, end, message in self._streams[side].feed(data):
            self._next += 1
            self._marks[self._next] = (side, start, end)
            if side is self._link.up:
                self._counts.read += _LENGTH_BYTES
            try:
                exchanges = self._pairs.feed(side, message, self._next)
            except DecodeError:
                put_stretch(self._link, self._places, side, start + _LENGTH_BYTES, message)
                continue
            self._put(exchanges)

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        self._fed[side] += size
        if side is self._link.up:
            self._counts.lost += size
        self._streams[side].gap(size)

    def pump(self) -> None:
        """Nothing waits here."""

    def finish(self) -> None:
        """Give what is left."""
        self._put(self._pairs.finish())
        for stream in self._streams:
            stream.finish()
        self._counts.lost += self._streams[self._link.up].skipped

    def begun(self) -> list[Begun]:
        """Give the queries that wait for their answers."""
        waiting = self._pairs.unfinished()
        starts = [self._marks[mark] for mark in waiting if mark in self._marks]
        for side in _SIDES:
            needed = [start for of, start, _ in starts if of is side] + self._streams[side].unfinished()
            self._places[side].forget(min(needed, default=self._fed[side]))
        return [
            Begun(self._places[side].first(start), self._numbers, mark)
            for mark, (side, start, _) in zip(waiting, starts, strict=False)
        ]

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        return self._counts

    def _put(self, exchanges: list[DnsExchange]) -> None:
        for exchange in exchanges:
            marks = [mark for mark in (exchange.query_mark, exchange.answer_mark) if mark is not None]
            spans = [self._marks.pop(mark) for mark in marks]
            _, fields = dns_fields(self._link, exchange)
            side, start, _ = spans[0]
            fields["time"] = to_time(self._places[side].time(start))
            packets = {number for of, begin, end in spans for number in self._places[of].packets(begin, end)}
            fields["packets"] = tuple(sorted(packets))
            self._link.put(self._places[side].first(start), self._numbers, marks[0], fields)
