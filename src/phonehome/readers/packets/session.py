"""One recording from its first window to its last: conversations kept between windows, results in order."""

from bisect import bisect_left
from collections.abc import Iterator

import numpy as np

from phonehome.model.account import Account
from phonehome.model.exchange import Exchange
from phonehome.readers.packets.addresses import NameBook
from phonehome.readers.packets.connection import Connection
from phonehome.readers.packets.datagrams import DNS_PORTS, DatagramTable
from phonehome.readers.packets.drafts import Begun, Outbox
from phonehome.readers.packets.handset import HandsetFinder
from phonehome.readers.packets.link import make_link
from phonehome.readers.packets.origins import Origins
from phonehome.readers.packets.protocols import Keys
from phonehome.readers.packets.share import WHOLE, Counts, Share
from phonehome.wire.columns import Mask
from phonehome.wire.conversations import Pair, Talk, sort_conversations
from phonehome.wire.handshake import Handshake
from phonehome.wire.segments import Segments
from phonehome.wire.side import Side
from phonehome.wire.tcp import ACK, FIN, MAX_EARLY, RST, SYN, Batch, distance, make_batch

MAX_CONNECTIONS = 20_000
"""Connections that are followed at once; of more, those that were silent longest are taken for ended."""

_TCP, _UDP = 6, 17
_SPECIAL = SYN | FIN | RST
_WELL_KNOWN = 1024
_FEW = 8
"""Segments among which a direction's first bytes are looked for."""


class Session:
    """Follows the conversations of one recording.

    Args:
        origins: Knows which input a packet is of.
        keys: What decrypts.
        finder: Knows the handset.
        share: Which of the conversations to read.
        accounted: Whether the accounts of connections are wanted.
    """

    def __init__(
        self,
        origins: Origins,
        keys: Keys,
        finder: HandsetFinder,
        share: Share = WHOLE,
        *,
        accounted: bool = True,
    ) -> None:
        self._holed = 0
        self._missing = 0
        self._stray = 0
        self._differing = 0
        self._origins = origins
        self._keys = keys
        self._finder = finder
        self._share = share
        self._accounted = accounted
        self._names = NameBook()
        self._out = Outbox(origins)
        self._connections: dict[Pair, Connection] = {}
        self._restless: dict[Pair, Connection] = {}  # those that are over, or wait for a segment
        self._datagrams = DatagramTable(origins, finder, self._names, self._out)
        self._unheard = Outbox(origins)
        self._overheard = DatagramTable(origins, finder, self._names, self._unheard)
        self._accounts: list[Account] = []
        self._begun: list[Begun] = []  # at the end of the window before
        self._window = 0
        self._left_out = 0

    def count(self) -> Counts:
        """Give what was counted of the conversations that are over."""
        return Counts(
            holed=self._holed,
            missing=self._missing,
            stray=self._stray,
            differing=self._differing,
            left_out=self._left_out + self._datagrams.left_out,
            opened=self._keys.log.used,
            notes=self._out.notes,
        )

    @property
    def fresh(self) -> list[int]:
        """The first packets of the exchanges that were numbered last, in the order of their numbers."""
        return self._out.fresh

    @property
    def names(self) -> NameBook:
        """Names of addresses."""
        return self._names

    def take(self, segments: Segments) -> Iterator[Exchange | Account]:
        """Read one window's segments; gives what the window before it gave.

        So what becomes known only when nothing follows is still numbered among the rest of the last window.
        """
        yield from self._release()
        self._window += 1
        self._finder.observe(segments)
        touched = self._take_tcp(segments)
        self._take_datagrams(segments)
        begun = self._datagrams.begun()
        for connection in touched:
            begun += connection.end_window()
        self._begun = begun + self._end_silent(set(map(id, touched)))

    def finish(self) -> Iterator[Exchange | Account]:
        """End everything."""
        for connection in self._connections.values():
            self._finish(connection)
        self._connections.clear()
        self._accounts += self._datagrams.finish()
        self._begun = []
        yield from self._release()

    def _release(self) -> Iterator[Exchange | Account]:
        yield from self._out.release(self._begun)
        accounts, self._accounts = self._accounts, []
        yield from accounts

    def _take_datagrams(self, segments: Segments) -> None:
        share, datagrams = self._share, np.flatnonzero(segments.protocol == _UDP)
        if not share.is_whole:
            self._overheard.take(segments, share.overhear(segments, datagrams, DNS_PORTS))
            self._unheard.release(())
        self._accounts += self._datagrams.take(segments, share.choose(segments, datagrams))
        if segments.other is not None and len(segments.other):
            places = share.choose(segments.other, np.arange(len(segments.other)))
            self._accounts += self._datagrams.take(segments.other, places, again=True)

    def _take_tcp(self, segments: Segments) -> list[Connection]:
        payload = segments.end + segments.cut > segments.start
        wanted = (segments.protocol == _TCP) & (payload | (segments.flags & _SPECIAL != 0))
        chosen = self._share.choose(segments, np.flatnonzero(wanted))
        order, talks = sort_conversations(segments, chosen)
        if not talks:
            self._take_acknowledgements(segments, ~wanted)
            return []
        batch = make_batch(segments, order)
        flags = segments.flags[order]
        special = np.flatnonzero(flags & _SPECIAL).tolist()
        marks = flags.tolist()
        apps = segments.app[order].tolist()
        touched: dict[Pair, Connection] = {}
        edges = {edge for talk in talks for edge in (talk.begin, talk.middle)} if len(batch.turns) else ()
        turns = [place for place in batch.turns.tolist() if place not in edges]
        near = np.searchsorted(special, [talk.begin for talk in talks]).tolist() if special else []
        for place, talk in enumerate(talks):
            one, two = talk.pair.one, talk.pair.two
            if self._finder.is_told and not self._finder.is_involved(one[:2], two[:2], 0):
                self._left_out += int(payload[order[talk.begin : talk.end]].sum())
                continue
            seen: list[int] = []
            if special:
                at = near[place]
                while at < len(special) and special[at] < talk.end:
                    seen.append(special[at])
                    at += 1
            app = apps[talk.begin]
            name = segments.apps.known[app].label if app >= 0 else None
            turned = turns[bisect_left(turns, talk.begin) : bisect_left(turns, talk.end)] if turns else []
            touched[talk.pair] = self._take_talk(talk, batch, marks, seen, turned, name)
            if len(self._connections) > 2 * MAX_CONNECTIONS:
                self._end_oldest()
        self._take_acknowledgements(segments, ~wanted)
        known = self._connections
        return [connection for pair, connection in touched.items() if known.get(pair) is connection]

    def _take_acknowledgements(self, segments: Segments, others: Mask) -> None:
        """Of packets that only acknowledge, let each conversation's last tell what was sent to it."""
        only = others & (segments.protocol == _TCP) & (segments.flags & ACK != 0)
        order, talks = sort_conversations(segments, self._share.choose(segments, np.flatnonzero(only)))
        if not talks:
            return
        last = np.array([(max(talk.middle - 1, talk.begin), talk.end - 1) for talk in talks])
        numbers = segments.number[order[last]].tolist()
        acknowledged = segments.acknowledgement[order[last]].tolist()
        for talk, number, sequence in zip(talks, numbers, acknowledged, strict=True):
            connection = self._connections.get(talk.pair)
            if connection is None:
                continue
            sides = (Side.CLIENT, Side.SERVER) if connection.client_is_one else (Side.SERVER, Side.CLIENT)
            if talk.begin < talk.middle and number[0] > connection.first:
                connection.note_acknowledged(sides[0], sequence[0])
            if talk.middle < talk.end and number[1] > connection.first:
                connection.note_acknowledged(sides[1], sequence[1])

    def _take_talk(
        self,
        talk: Talk,
        batch: Batch,
        flags: list[int],
        special: list[int],
        turns: list[int],
        app: str | None,
    ) -> Connection:
        """Give the segments of a pair to its connection, or to several one after another; gives the last."""
        connection = self._connections.get(talk.pair)
        opens = {place for place in special if flags[place] & (SYN | ACK) == SYN}
        if connection is not None:
            turns = [*turns, *_first_places(talk)]
        ends = (
            sorted(batch.numbers[place] for place in special if flags[place] & (FIN | RST))
            if turns or opens
            else []
        )
        begin, middle, since, again = talk.begin, talk.middle, 0, False
        for number, place in sorted((batch.numbers[place], place) for place in opens.union(turns)):
            is_ending = connection is not None and connection.is_ending
            is_ending = is_ending or bisect_left(ends, number) > bisect_left(ends, since)
            if place not in opens:
                start = begin if place < talk.middle else middle
                if not _is_restart(connection, batch, flags, talk, start, place, is_ending=is_ending):
                    continue
            elif connection is not None and not (
                again or connection.is_reopened(batch.sequence[place] - 1, is_ending=is_ending)
            ):
                continue
            # The same ports again: what came before this packet belongs to another connection.
            one, two = _before(batch, begin, talk.middle, number), _before(batch, middle, talk.end, number)
            sent, got = (
                ((begin, one), (middle, two)) if place < talk.middle else ((middle, two), (begin, one))
            )
            again = place not in opens
            if connection is None and (
                again or _is_another(batch, flags, sent, got, batch.sequence[place] - 1)
            ):
                connection = self._open(talk, batch, flags, None, special, app)
            client_is_one = True
            if connection is not None:
                client_is_one = connection.client_is_one
                self._give(talk.pair, connection, batch, flags, (begin, one), (middle, two), special)
                self._finish(connection)
                begin, middle, since = one, two, number
            opening = None if again else place
            like = (place, client_is_one) if again else None
            connection = self._open(talk, batch, flags, opening, special, app, like)
        if connection is None:
            connection = self._open(talk, batch, flags, None, special, app)
        self._give(talk.pair, connection, batch, flags, (begin, talk.middle), (middle, talk.end), special)
        return connection

    def _give(
        self,
        pair: Pair,
        connection: Connection,
        batch: Batch,
        flags: list[int],
        one: tuple[int, int],
        two: tuple[int, int],
        special: list[int],
    ) -> None:
        connection.active = self._window
        both = (one, two) if connection.client_is_one else (two, one)
        for side, (begin, end) in zip(Side, both, strict=True):
            if begin == end:
                continue
            marked = special[bisect_left(special, begin) : bisect_left(special, end)]
            for place in marked:
                if flags[place] & SYN:
                    connection.note_begin(side, batch.sequence[place])
                    _note_handshake(connection.handshake, side, batch, place, flags[place])
            connection.receive(side, batch, begin, end)
            for place in marked:
                if flags[place] & (FIN | RST):
                    size = batch.ends[place] - batch.starts[place] + batch.cut[place]
                    connection.note_end(side, flags[place], batch.sequence[place] + size)
        for side, (begin, end) in zip(Side, both, strict=True):
            for places in (range(begin, end), range(end - 1, begin, -1)):
                for place in places:
                    if flags[place] & (ACK | RST) == ACK:
                        connection.note_acknowledged(side, batch.acknowledged[place])
                        break
        connection.pump()
        if connection.closing or connection.is_waiting:
            self._restless[pair] = connection

    def _open(
        self,
        talk: Talk,
        batch: Batch,
        flags: list[int],
        opening: int | None,
        special: list[int],
        app: str | None,
        again: tuple[int, bool] | None = None,
    ) -> Connection:
        pair = talk.pair
        if opening is not None:
            client_is_one = opening < talk.middle
            place, isn = opening, batch.sequence[opening] - 1
        elif again is not None:
            place, client_is_one, isn = *again, None
        else:
            client_is_one = _guess_client(talk, batch, flags, special)
            place, isn = talk.begin, None
            if talk.begin < talk.middle < talk.end and batch.numbers[talk.middle] < batch.numbers[talk.begin]:
                place = talk.middle
        client, server = (pair.one, pair.two) if client_is_one else (pair.two, pair.one)
        link = make_link(client, server, self._finder, app=app, names=self._names, out=self._out)
        connection = Connection(
            link,
            self._keys,
            client_is_one=client_is_one,
            isn=isn,
            first=batch.numbers[place],
            time=batch.times[place],
        )
        self._connections[pair] = connection
        return connection

    def _end_silent(self, touched: set[int]) -> list[Begun]:
        """End the connections that are over, and of too many those that were silent longest.

        Returns:
            The exchanges that are not complete, of connections of which no more was waited for.
        """
        begun: list[Begun] = []
        for pair in [pair for pair, connection in self._restless.items() if id(connection) not in touched]:
            connection = self._restless[pair]
            if connection is not self._connections.get(pair):
                del self._restless[pair]
            elif connection.closing:
                del self._restless[pair]
                self._finish(self._connections.pop(pair))
            else:
                begun += connection.end_window()
                if not connection.is_waiting:
                    del self._restless[pair]
        if len(self._connections) > MAX_CONNECTIONS:
            self._end_oldest()
        return begun

    def _end_oldest(self) -> None:
        """Of too many connections, end those that were silent longest."""
        by_age = sorted(self._connections, key=lambda pair: self._connections[pair].active)
        for pair in by_age[: len(self._connections) - MAX_CONNECTIONS]:
            self._finish(self._connections.pop(pair))

    def _finish(self, connection: Connection) -> None:
        connection.finish()
        self._holed += connection.missing > 0
        self._missing += connection.missing
        self._stray += connection.stray
        self._differing += connection.differing
        if self._accounted and (account := connection.account(self._origins)) is not None:
            self._accounts.append(account)


def _note_handshake(handshake: Handshake, side: Side, batch: Batch, place: int, flags: int) -> None:
    if side is Side.CLIENT:
        size = batch.ends[place] - batch.starts[place] + batch.cut[place]
        handshake.ask(flags, batch.sequence[place], size, batch.times[place])
    else:
        handshake.answer(flags, batch.acknowledged[place], batch.times[place])


def _before(batch: Batch, begin: int, end: int, number: int) -> int:
    """Give the first place of a stretch whose packet is not before a number."""
    while begin < end and batch.numbers[begin] < number:
        begin += 1
    return begin


def _first_places(talk: Talk) -> list[int]:
    """Give the first place of each direction."""
    return [begin for begin, end in ((talk.begin, talk.middle), (talk.middle, talk.end)) if begin < end]


def _is_restart(
    connection: Connection | None,
    batch: Batch,
    flags: list[int],
    talk: Talk,
    start: int,
    place: int,
    *,
    is_ending: bool,
) -> bool:
    """Whether a segment begins another connection between the same ports, without an opening.

    It has the number of the first byte and another content, as where whoever wrote the capture counts each connection
    from the same number; or it lies outside of a connection that ended before.

    Args:
        connection: The one so far, if there is one.
        batch: The window.
        flags: Of each segment.
        talk: The conversation.
        start: Where the direction's segments of the connection begin in the window.
        place: The segment.
        is_ending: The connection was said to end before it.
    """
    size = batch.ends[place] - batch.starts[place]
    if size < 2:  # or a keep-alive probe, which repeats a byte
        return False
    data = batch.view[batch.starts[place] : batch.ends[place]]
    sequence = batch.sequence[place]
    beginning, is_over = None, False
    if connection is not None:
        side = Side.CLIENT if (place < talk.middle) == connection.client_is_one else Side.SERVER
        beginning, is_over = connection.beginning(side), connection.is_over(side, sequence)
    if beginning is not None:
        origin, head = beginning
    else:
        origin, head = batch.sequence[start], b""
        for one in range(start, min(place, start + _FEW)):
            if batch.sequence[one] == origin and batch.starts[one] < batch.ends[one]:
                head = bytes(batch.view[batch.starts[one] : batch.ends[one]])
                break
    if origin is None:
        return False
    ahead = distance(origin, sequence)
    if ahead == 0:
        known = min(len(head), size)
        return head[:known] != data[:known]
    if not is_ending:
        return False
    if place > start and flags[place - 1] & FIN:
        end = batch.sequence[place - 1] + batch.ends[place - 1] - batch.starts[place - 1]
        is_over = distance(end, sequence) >= 0
    return is_over or ahead < 0


def _is_another(
    batch: Batch, flags: list[int], sent: tuple[int, int], got: tuple[int, int], isn: int
) -> bool:
    """Whether what stands before a connection's opening is of an earlier one, not of itself out of order.

    Args:
        batch: The window.
        flags: Of each segment.
        sent: The stretch before the opening from the end that opens.
        got: The stretch from the other end.
        isn: The number that the opening gives.
    """
    if sent[0] < sent[1]:
        return (batch.sequence[sent[1] - 1] - isn) % (1 << 32) > MAX_EARLY
    return got[0] < got[1] and not flags[got[0]] & SYN


def _guess_client(talk: Talk, batch: Batch, flags: list[int], special: list[int]) -> bool:
    """Whether the first end opened a connection whose opening is not in the recording."""
    for place in special:
        if flags[place] & SYN and flags[place] & ACK:
            return place >= talk.middle
    for begin, end, is_one in ((talk.begin, talk.middle, True), (talk.middle, talk.end, False)):
        if begin < end:
            head = bytes(batch.view[batch.starts[begin] : batch.ends[begin]][:16])
            if head[:1] == b"\x16" and head[5:6] in (b"\x01", b"\x02"):
                return is_one == (head[5:6] == b"\x01")
            if head.startswith((b"HTTP/1.", b"HTTP/0.")):
                return not is_one
            if head.startswith((b"GET ", b"POST ", b"PUT ", b"HEAD ", b"PRI * HTTP/2", b"CONNECT ")):
                return is_one
    one, two = talk.pair.one.port, talk.pair.two.port
    if (one < _WELL_KNOWN) != (two < _WELL_KNOWN):
        return two < _WELL_KNOWN
    return one > two
