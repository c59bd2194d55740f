"""What of the sendings the captures of a case hold, measured: not what the sender meant to be recorded.

The captures are read without being searched. A sending that can be read is among their requests, told by its digest
and moment. One that stayed closed cannot be told from others, so the closed bytes that went to its host in its session
must have room for it, and for all before it. So packets that a recorder lost are the recorder's, and no miss of the
audit's.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from phonehome.case.folder import LoadedCase
from phonehome.lab.moments import pair, read_moment
from phonehome.lab.sending import digest_request, split_target
from phonehome.lab.truth import SentValue, Truth
from phonehome.model.account import Account
from phonehome.model.exchange import Direction, Exchange
from phonehome.model.session import Session
from phonehome.readers import ReadingOptions, iter_inputs, read_inputs

Sending = tuple[str, int]
"""Session and number of a sending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the captures hold.

    Attributes:
        recorded: Sendings whose bytes are there.
        readable: Those of them whose request can be read.
    """

    recorded: frozenset[Sending]
    readable: frozenset[Sending]

    def holds(self, value: SentValue) -> bool:
        """Say whether a value was recorded."""
        return sending_of(value) in self.recorded

    def opens(self, value: SentValue) -> bool:
        """Say whether a value could be read: its request can, and it lies under no key of an app's own."""
        return sending_of(value) in self.readable and not value.is_sealed


def sending_of(value: SentValue) -> Sending:
    """Give the sending that a value went with."""
    return value.session, value.sending


@dataclass(slots=True)
class _Capture:
    """What the captures of one session hold: requests by digest, and closed bytes by host."""

    requests: dict[str, list[datetime | None]] = field(default_factory=lambda: defaultdict(list))
    closed: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def measure(loaded: LoadedCase, truth: Truth) -> Measured:
    """Read the captures of a case, and look for what was sent.

    Raises:
        InputError: A capture cannot be opened.
    """
    sendings: dict[str, dict[int, SentValue]] = defaultdict(dict)
    for value in truth.sent:
        sendings[value.session].setdefault(value.sending, value)
    recorded: set[Sending] = set()
    readable: set[Sending] = set()
    for session in loaded.case.sessions:
        asked = sendings.get(session.id, {})
        if asked:
            capture = _read(loaded, session)
            read = set(_find(capture, asked.values()))
            readable |= read
            recorded |= read | set(
                _fit(capture, (one for one in asked.values() if sending_of(one) not in read))
            )
    return Measured(recorded=frozenset(recorded), readable=frozenset(readable))


def _read(loaded: LoadedCase, session: Session) -> _Capture:
    found = _Capture()
    offset = timedelta(seconds=session.clock_offset_s)
    options = ReadingOptions(
        key_logs=tuple(path.read_bytes() for path in loaded.keylog_paths(session)),
        handset=session.handset,
    )
    for reading in read_inputs(iter_inputs([str(path) for path in loaded.capture_paths(session)]), options):
        for item in reading:
            if isinstance(item, Exchange):
                _take(found, item, offset)
            elif isinstance(item, Account):
                found.closed[item.sni or item.host or ""] += item.closed
    return found


def _take(found: _Capture, exchange: Exchange, offset: timedelta) -> None:
    request, host = exchange.request, exchange.host or ""
    if request is None or exchange.method is None or exchange.inbound:
        found.closed[host] += sum(
            piece.wire_size for piece in exchange.pieces if piece.direction is Direction.UP
        )
        return
    digest = digest_request(exchange.method, host, split_target(exchange.url or b""), request.body)
    found.requests[digest].append(exchange.time - offset if exchange.time is not None else None)


def _find(capture: _Capture, sendings: Iterable[SentValue]) -> Iterable[Sending]:
    """Give the sendings whose request can be read."""
    wanted: dict[str, list[SentValue]] = defaultdict(list)
    for one in sendings:
        if one.digest is not None:
            wanted[one.digest].append(one)
    for digest, alike in wanted.items():
        moments = [read_moment(one.at) for one in alike]
        for place, _ in pair(moments, capture.requests.get(digest, ())):
            yield sending_of(alike[place])


def _fit(capture: _Capture, sendings: Iterable[SentValue]) -> Iterable[Sending]:
    """Give the sendings for which closed bytes to their host have room, in the order in which they were sent."""
    room = dict(capture.closed)
    for one in sorted(sendings, key=lambda one: one.sending):
        if one.digest is not None and room.get(one.host, 0) >= one.size:
            room[one.host] -= one.size
            yield sending_of(one)
