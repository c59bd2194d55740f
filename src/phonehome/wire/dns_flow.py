"""DNS conversations: messages cut out of a TCP or TLS stream, and queries joined with their answers.

A query and its answer share a number and the question, and go opposite ways (RFC 5452, 9.1). What has no partner
is a result too: a query that nobody answered was sent all the same, and multicast answers come unasked.
"""

from collections import OrderedDict
from dataclasses import dataclass

from phonehome.model.errors import DecodeError
from phonehome.wire.dns import HEADER_BYTES, DnsMessage, dns_url, parse_dns
from phonehome.wire.side import Side

MAX_WAITING = 1024
"""Queries of one flow that wait for their answers; the oldest beyond it is given alone."""

_LENGTH_BYTES = 2  # RFC 1035, 4.2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsExchange:
    """A query with its answer, or one of them alone.

    Attributes:
        asker: Who sent the query, or whom the answer was sent to.
        query_mark: The number that the query was fed with; None without one.
        answer_mark: Likewise.
    """

    asker: Side
    query: DnsMessage | None = None
    answer: DnsMessage | None = None
    query_mark: int | None = None
    answer_mark: int | None = None

    @property
    def operation(self) -> str:
        """`QUERY`, `UPDATE`…: the exchange's method."""
        message = self.query or self.answer
        return message.operation if message is not None else "QUERY"

    @property
    def url(self) -> bytes:
        """The exchange's URL (RFC 4501)."""
        message = self.query or self.answer
        return dns_url(message) if message is not None else b"dns:"

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the two could not be read."""
        return tuple(one.note for one in (self.query, self.answer) if one is not None and one.note)


@dataclass(frozen=True, slots=True)
class _Waiting:
    side: Side
    message: DnsMessage
    mark: int


class DnsPairs:
    """Joins the queries of one flow with their answers; one of them per pair of endpoints."""

    __slots__ = ("_serial", "_waiting")

    def __init__(self) -> None:
        self._serial = 0
        # By number, then in the order of asking: a repeated query leaves its first sending without an answer.
        self._waiting: OrderedDict[tuple[int, int], _Waiting] = OrderedDict()

    def feed(self, side: Side, data: bytes, mark: int) -> list[DnsExchange]:
        """Take one message; gives what is complete by it.

        Args:
            side: Who sent it.
            data: The message, without a length before it.
            mark: A number of the caller's own, given back with the result: packet number or offset.

        Raises:
            DecodeError: It is no DNS message, or its questions cannot be read.
        """
        message = parse_dns(data)
        if not message.is_answer:
            return self._wait(_Waiting(side, message, mark))
        found = self._find(side, message)
        if found is None:
            return [DnsExchange(asker=side.other, answer=message, answer_mark=mark)]
        query = self._waiting.pop(found)
        pair = DnsExchange(
            asker=query.side, query=query.message, answer=message, query_mark=query.mark, answer_mark=mark
        )
        return [pair]

    def finish(self) -> list[DnsExchange]:
        """Give the queries that stay without an answer."""
        rest = [_alone(one) for one in self._waiting.values()]
        self._waiting.clear()
        return rest

    def unfinished(self) -> list[int]:
        """The marks of the queries that wait."""
        return [one.mark for one in self._waiting.values()]

    def _wait(self, query: _Waiting) -> list[DnsExchange]:
        self._serial += 1
        self._waiting[query.message.id, self._serial] = query
        if len(self._waiting) <= MAX_WAITING:
            return []
        return [_alone(self._waiting.popitem(last=False)[1])]

    def _find(self, side: Side, answer: DnsMessage) -> tuple[int, int] | None:
        for key, query in self._waiting.items():
            if key[0] == answer.id and query.side is not side and _answers(query.message, answer):
                return key
        return None


def _alone(query: _Waiting) -> DnsExchange:
    return DnsExchange(asker=query.side, query=query.message, query_mark=query.mark)


def _answers(query: DnsMessage, answer: DnsMessage) -> bool:
    if query.operation != answer.operation:
        return False
    if not answer.questions or not query.questions:
        return True  # a refusal may repeat no question (RFC 1035, 4.1.1: FORMERR)
    asked, answered = query.questions[0], answer.questions[0]
    # Resolvers mix the case of what they ask and expect it back as it was; not all servers comply.
    return asked.type == answered.type and asked.name.casefold() == answered.name.casefold()


class DnsStream:
    """Cuts one direction of a TCP or TLS stream into messages.

    Attributes:
        skipped: Bytes that could not be given: behind a gap or something that is no DNS, or cut at the end.
    """

    __slots__ = ("_buffer", "_lost", "_offset", "_to_lose", "_unsure", "skipped")

    def __init__(self) -> None:
        self.skipped = 0
        self._buffer = bytearray()
        self._offset = 0  # of the buffer's first byte in the stream
        self._to_lose = 0  # bytes of a message with a hole that are still to come
        self._unsure = False  # behind a gap: the next bytes must prove that a message begins there
        self._lost = False

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Take bytes; gives start and end in the stream (the length included) and the bytes of each message."""
        self._buffer += data
        self._lose_tail()
        messages, at, buffer = [], 0, self._buffer
        while not self._lost and len(buffer) - at >= _LENGTH_BYTES:
            behind = at + _LENGTH_BYTES + int.from_bytes(buffer[at : at + _LENGTH_BYTES])
            if behind - at - _LENGTH_BYTES < HEADER_BYTES:
                self._lost = True
                break
            if behind > len(buffer):
                break
            message = bytes(buffer[at + _LENGTH_BYTES : behind])
            if self._unsure and not _is_message(message):
                self._lost = True
                break
            self._unsure = False
            messages.append((self._offset + at, self._offset + behind, message))
            at = behind
        self._drop(at)
        if self._lost:
            self._skip(len(buffer))
        return messages

    def gap(self, size: int) -> None:
        """Say that `size` bytes are missing; reading goes on behind the message that they are part of."""
        held = len(self._buffer)
        if self._to_lose or (held >= _LENGTH_BYTES and not self._lost and not self._unsure):
            rest = self._to_lose or _LENGTH_BYTES + int.from_bytes(self._buffer[:_LENGTH_BYTES]) - held
            self._to_lose = max(rest - size, 0)
            self._unsure = rest < size
        else:
            self._unsure = True
        self._lost = False
        self._skip(held)
        self._offset += size

    def finish(self) -> None:
        """Say that no more comes; a message that is cut counts as skipped."""
        self._skip(len(self._buffer))

    def unfinished(self) -> list[int]:
        """Where the message begins that is not complete yet, if there is one."""
        return [self._offset] if self._buffer else []

    def _lose_tail(self) -> None:
        size = min(self._to_lose, len(self._buffer))
        self._to_lose -= size
        self._skip(size)

    def _skip(self, size: int) -> None:
        self.skipped += size
        self._drop(size)

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._offset += size


def _is_message(data: bytes) -> bool:
    try:
        return parse_dns(data).note is None
    except DecodeError:
        return False
