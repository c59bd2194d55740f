"""HTTP/1 on a connection: requests joined with their responses, and what an upgrade switches to."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from phonehome.readers.packets.doh import put_dns
from phonehome.readers.packets.drafts import Begun
from phonehome.readers.packets.http_exchange import http_fields
from phonehome.readers.packets.link import Counts, Handler, Link
from phonehome.readers.packets.raw import RawHandler, put_stretch
from phonehome.wire.http1 import RequestParser, ResponseParser
from phonehome.wire.http_message import HttpMessage
from phonehome.wire.places import ShiftedPlaces, StreamPlaces
from phonehome.wire.side import Side
from phonehome.wire.websocket_frames import begins_masked

MAX_LATE = 1 << 20
"""Bytes of what one side switched to that wait for the other side's word of it."""

MAX_UNPAIRED = 1_000
"""Responses that wait for a request, and requests for a response."""

MAX_BLANK = 1 << 16
"""Bytes between messages that are taken for empty lines."""


class Upgrade(NamedTuple):
    """A switch of protocols: the messages that agreed on it, and the exchange that they are.

    The exchange is handed over by whoever reads on, under the key `request.start` of `numbers`.
    """

    request: HttpMessage
    answer: HttpMessage
    first: int
    fields: dict[str, object]
    numbers: dict[int, int]


Switch = Callable[[Link, tuple[StreamPlaces, StreamPlaces], Upgrade], Handler]
"""Makes the handler of what follows an upgrade."""


class Http1Handler:
    """Both directions of HTTP/1; after an upgrade, of whatever that led to."""

    def __init__(self, link: Link, places: tuple[StreamPlaces, StreamPlaces], switch: Switch) -> None:
        self._link = link
        self._places = places
        self._switch = switch
        self._requests = RequestParser()
        self._responses = ResponseParser(self._requests.methods)
        self._asked: deque[HttpMessage] = deque()
        self._answered: deque[HttpMessage] = deque()
        self._numbers: dict[int, int] = {}
        self._fed = [0, 0]
        self._lost_answer = False
        self._in_messages = 0  # bytes of gaps that messages of the way up count
        self._dropped = 0  # bytes of answers that go up and are beyond a bound
        self._given = 0  # bytes of the way up that were no HTTP and were handed over
        self._late: list[tuple[Side, bytes | int]] = []  # of another protocol, until it is known which
        self._late_size = 0
        self._inner: Handler | None = None

    def feed(self, side: Side, data: bytes) -> None:
        """Take the next bytes of a direction."""
        if self._inner is not None:
            self._inner.feed(side, data)
            return
        if self._is_past(side):
            self._late.append((side, data))
            self._late_size += len(data)
            return
        self._fed[side] += len(data)
        if side is Side.CLIENT:
            self._asked += self._requests.feed(data)
        else:
            self._answered += self._responses.feed(data)
            self._pair()

    def gap(self, side: Side, size: int) -> None:
        """Take the word that bytes are missing."""
        if self._inner is not None:
            self._inner.gap(side, size)
            return
        if self._is_past(side):
            self._late.append((side, size))
            return
        self._fed[side] += size
        if side is Side.CLIENT:
            self._asked += self._requests.gap(size)
        else:
            self._lost_answer = True
            self._answered += self._responses.gap(size)

    def pump(self) -> None:
        """Join what has arrived."""
        if self._inner is None:
            self._pair()
            if self._late_size > MAX_LATE:
                self._change_alone()
            self._give_skipped()
        if self._inner is not None:
            self._inner.pump()

    def finish(self) -> None:
        """Give what is left."""
        if self._inner is None:
            self._asked += self._requests.finish()
            self._answered += self._responses.finish()
            self._pair()
            self._change_alone()
            self._give_skipped()
        if self._inner is not None:
            self._inner.finish()
        while self._asked:
            self._put(self._asked.popleft(), None)
        while self._answered:
            self._put(None, self._answered.popleft())

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        if self._inner is not None:
            return self._inner.begun()
        client, server = self._places
        starts = [message.start for message in self._asked] + self._requests.unfinished()
        waiting = [message.start for message in self._answered] + self._responses.unfinished()
        begun = [Begun(client.first(start), self._numbers, start) for start in starts]
        client.forget(min([*starts, _switched_at(self._requests, self._fed[Side.CLIENT])]))
        server.forget(min([*waiting, _switched_at(self._responses, self._fed[Side.SERVER])]))
        return begun

    def counts(self) -> Counts:
        """Give what was sent up beside the exchanges."""
        parser = self._requests if self._link.up is Side.CLIENT else self._responses
        total = Counts()
        rest = parser.skipped - self._given
        if rest > MAX_BLANK:
            total.lost += rest
        else:
            total.read += rest
        total.lost += parser.lost - self._in_messages + self._dropped
        if self._inner is not None:
            total += self._inner.counts()
        return total

    def _pair(self) -> None:
        """Join responses with requests, in their order and by their time."""
        while self._answered:
            answer = self._answered[0]
            if answer.interim:
                self._answered.popleft()
                continue
            if not self._asked:
                if len(self._answered) > MAX_UNPAIRED:
                    self._put(None, self._answered.popleft())
                    continue
                break
            self._answered.popleft()
            came = self._places[Side.SERVER].first(answer.start)
            if came < self._places[Side.CLIENT].first(self._asked[0].start):
                if self._responses.upgraded is not None and not self._answered:
                    self._answered.append(answer)
                    self._change_alone()
                    return
                self._put(None, answer)  # the request to it is not in the recording
                continue
            while (
                self._lost_answer
                and len(self._asked) > 1
                and self._places[Side.CLIENT].first(self._asked[1].start) < came
            ):
                self._put(self._asked.popleft(), None)
            self._lost_answer = False
            request = self._asked.popleft()
            if self._responses.upgraded is not None and not self._answered and not self._asked:
                self._change(request, answer)
                return
            self._put(request, answer)
            if self._requests.undecided and not self._asked:
                self._asked += self._requests.settle(switched=False)
        while len(self._asked) > MAX_UNPAIRED:
            self._put(self._asked.popleft(), None)

    def _change(self, request: HttpMessage, answer: HttpMessage) -> None:
        """Go on with the protocol that the server switched to."""
        self._asked += self._requests.settle(switched=True)
        if self._requests.upgraded is None or self._responses.upgraded is None:
            self._put(request, answer)
            return
        self._give_skipped()
        begins = (self._requests.upgraded, self._responses.upgraded)
        first, fields = self._fields(request, answer)
        upgrade = Upgrade(request, answer, first, fields, self._numbers)
        self._read_on(begins, lambda places: self._switch(self._link, places, upgrade))

    def _change_alone(self) -> None:
        """Go on with what one side switched to, where the other side's word of it is not in the recording."""
        if self._inner is not None or not (self._requests.upgraded or self._responses.upgraded):
            return
        if self._requests.upgraded is None:
            self._asked += self._requests.finish()
        if self._responses.upgraded is None:
            self._answered += self._responses.finish()
        begins = (
            self._requests.upgraded or self._skipped_at_end(),
            self._responses.upgraded or (self._fed[Side.SERVER], b""),
        )
        if not self._late and not begins[Side.CLIENT][1] and not begins[Side.SERVER][1]:
            return
        request = self._asked.pop() if self._requests.upgraded is not None and self._asked else None
        answer = self._answered.pop() if self._responses.upgraded is not None and self._answered else None
        if request is None and answer is None:
            self._read_on(begins, lambda places: RawHandler(self._link, places))
            return
        first, fields = self._fields(request, answer)
        numbers = self._numbers if request is not None else {}
        if request is None:
            request = HttpMessage(0, "1.1", None, None, None)
        if answer is None:
            answer = HttpMessage(0, "1.1", None, None, 101)
            asked = (request.header(b"upgrade") or b"").strip()
            if asked.lower() != b"websocket" or begins_masked(begins[Side.CLIENT][1]):
                answer.headers = ((b"Upgrade", asked),)
        upgrade = Upgrade(request, answer, first, fields, numbers)
        self._read_on(begins, lambda places: self._switch(self._link, places, upgrade))

    def _read_on(
        self,
        begins: tuple[tuple[int, bytes], tuple[int, bytes]],
        make: Callable[[tuple[StreamPlaces, StreamPlaces]], Handler],
    ) -> None:
        """Hand on all that follows a switch: where it begins on each side, and what came of it already."""
        inner = make(
            (
                ShiftedPlaces(self._places[Side.CLIENT], begins[Side.CLIENT][0]),
                ShiftedPlaces(self._places[Side.SERVER], begins[Side.SERVER][0]),
            )
        )
        self._inner = inner
        for side in (Side.CLIENT, Side.SERVER):
            if begins[side][1]:
                inner.feed(side, begins[side][1])
        late, self._late = self._late, []
        for side, item in late:
            if isinstance(item, int):
                inner.gap(side, item)
            else:
                inner.feed(side, item)

    def _skipped_at_end(self) -> tuple[int, bytes]:
        """What the client sent last that is no HTTP; with the request lost, it is of the other protocol."""
        end = self._fed[Side.CLIENT]
        begin = end, b""
        for start, data in self._requests.take_skipped():
            if start + len(data) == end:
                begin = start, data
            else:
                put_stretch(self._link, self._places, Side.CLIENT, start, data)
            if self._link.up is Side.CLIENT:
                self._given += len(data)
        return begin

    def _is_past(self, side: Side) -> bool:
        parser = self._requests if side is Side.CLIENT else self._responses
        return parser.upgraded is not None

    def _fields(
        self, request: HttpMessage | None, answer: HttpMessage | None
    ) -> tuple[int, dict[str, object]]:
        if self._link.up is Side.CLIENT:
            self._in_messages += request.lost if request is not None else 0
        elif answer is not None:
            self._dropped += answer.dropped
        return http_fields(self._link, self._places, request, answer)

    def _put(self, request: HttpMessage | None, answer: HttpMessage | None) -> None:
        first, fields = self._fields(request, answer)
        put_dns(self._link, self._places, request, answer, fields["host"])
        if request is not None:
            self._link.put(first, self._numbers, request.start, fields)
        else:
            self._link.put(first, {}, 0, fields)

    def _give_skipped(self) -> None:
        for side, parser in ((Side.CLIENT, self._requests), (Side.SERVER, self._responses)):
            for start, data in parser.take_skipped():
                put_stretch(self._link, self._places, side, start, data)
                if side is self._link.up:
                    self._given += len(data)


def _switched_at(parser: RequestParser | ResponseParser, fed: int) -> int:
    return parser.upgraded[0] if parser.upgraded is not None else fed
