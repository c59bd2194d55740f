"""Coverage: every byte that went up, by destination, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from phonehome.audit.round_trips import RoundTripTally
from phonehome.detect import Examined
from phonehome.documents import audit as doc
from phonehome.model.account import Account

MAX_DESTINATIONS = 20_000
"""Destinations counted one by one; the others are counted together."""

_OPAQUE = "high entropy without a known format"
_MISSING = "they were sent, but the recording does not hold them, or they are beyond a bound of what is read"

Place = tuple[str | None, str | None]


@dataclass(slots=True)
class _Destination:
    exchanges: int = 0
    up: int = 0
    closed: int = 0
    unreadable: int = 0
    lost: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    hello: Account | None = None
    round_trips: RoundTripTally | None = None


@dataclass(slots=True)
class CoverageTally:
    """Counts while the audit runs.

    Attributes:
        exchanges: How many were looked at.
        recorded: Bytes of them in the recording, both directions.
    """

    exchanges: int = 0
    recorded: int = 0
    _by_protocol: dict[str, int] = field(default_factory=dict)
    _places: dict[Place, _Destination] = field(default_factory=dict)

    def add(self, examined: Examined) -> None:
        """Count an exchange."""
        exchange = examined.exchange
        self.exchanges += 1
        self.recorded += examined.recorded
        protocol = exchange.protocol.value
        self._by_protocol[protocol] = self._by_protocol.get(protocol, 0) + 1
        place = self._place(exchange.host, exchange.address)
        place.exchanges += 1
        place.up += exchange.bytes_up
        missing = min(exchange.request.missing, exchange.bytes_up) if exchange.request is not None else 0
        unreadable = min(examined.unreadable_up, exchange.bytes_up - missing)
        place.lost += missing
        place.unreadable += unreadable
        if unreadable:
            place.reasons[_OPAQUE] = None
        if missing:
            place.reasons[_MISSING] = None

    def add_account(self, account: Account) -> None:
        """Count what a connection sent beside its exchanges."""
        place = self._place(account.host, account.address)
        place.up += account.read + account.closed + account.lost
        place.closed += account.closed
        place.lost += account.lost
        if account.reason is not None and account.closed + account.lost:
            place.reasons[account.reason] = None
        if place.hello is None and account.ja4 is not None:
            place.hello = account
        if account.round_trip_us is not None:
            place.round_trips = place.round_trips or RoundTripTally()
            place.round_trips.add(account.round_trip_us)

    def describe(self, show: Callable[[str | None], str | None]) -> doc.Coverage:
        """Give the document's part; `show` masks names and addresses."""
        rows = [self._row(place, counted, show) for place, counted in self._places.items()]
        rows.sort(key=lambda row: (-row.read - row.closed - row.unreadable - row.lost, row.host or ""))
        return doc.Coverage(
            exchanges=self.exchanges,
            by_protocol=dict(sorted(self._by_protocol.items())),
            bytes_up=sum(place.up for place in self._places.values()),
            by_destination=rows,
        )

    def _place(self, host: str | None, address: str | None) -> _Destination:
        key: Place = (host, address)
        if key not in self._places and len(self._places) >= MAX_DESTINATIONS:
            key = (None, None)
        return self._places.setdefault(key, _Destination())

    @staticmethod
    def _row(
        place: Place, counted: _Destination, show: Callable[[str | None], str | None]
    ) -> doc.DestinationCoverage:
        hello = counted.hello or Account()
        names = (show(name) for name in hello.certificate_names)
        return doc.DestinationCoverage(
            host=show(place[0]),
            address=show(place[1]),
            exchanges=counted.exchanges,
            read=counted.up - counted.closed - counted.unreadable - counted.lost,
            closed=counted.closed,
            unreadable=counted.unreadable,
            lost=counted.lost,
            reason="; ".join(counted.reasons) or None,
            sni=show(hello.sni),
            sni_is_outer=hello.outer_sni,
            ja4=hello.ja4,
            alpn=hello.alpn,
            tls_version=hello.version,
            certificate_names=[name for name in names if name is not None],
            round_trips=counted.round_trips.describe() if counted.round_trips is not None else None,
        )
