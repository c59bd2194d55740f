"""Reads captures in this process, with windows of any size: what the reader gives, sorted by kind."""

import io
from dataclasses import dataclass
from functools import partial

import pytest

from phonehome.model.account import Account
from phonehome.model.exchange import Direction, Exchange
from phonehome.model.handset import SeenHandset
from phonehome.model.problem import Problem
from phonehome.readers.base import ReadingOptions
from phonehome.readers.capture import CaptureReader
from phonehome.wire.capture import read_capture

WHOLE = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What came out of a capture."""

    exchanges: tuple[Exchange, ...]
    accounts: tuple[Account, ...]
    problems: tuple[Problem, ...]
    handset: SeenHandset | None

    @property
    def bytes_up(self) -> int:
        """Every byte that went up, in exchanges and beside them."""
        beside = sum(account.read + account.closed + account.lost for account in self.accounts)
        return beside + sum(exchange.bytes_up for exchange in self.exchanges)

    @property
    def lost(self) -> int:
        """Bytes that went up and are not in the recording."""
        missing = sum(one.request.missing for one in self.exchanges if one.request is not None)
        return missing + sum(account.lost for account in self.accounts)


def take(
    capture: bytes,
    *,
    window_bytes: int = WHOLE,
    keys: tuple[bytes, ...] = (),
    handset: str | None = None,
) -> Took:
    """Read a capture to its end."""
    options = ReadingOptions(key_logs=keys, handset=handset)
    with pytest.MonkeyPatch.context() as patch:
        sized = partial(read_capture, window_bytes=window_bytes)
        patch.setattr("phonehome.readers.capture.read_capture", sized)
        items = list(CaptureReader().read(io.BytesIO(capture), where="a.pcap", number=0, options=options))
    seen = [item for item in items if isinstance(item, SeenHandset)]
    return Took(
        exchanges=tuple(item for item in items if isinstance(item, Exchange)),
        accounts=tuple(item for item in items if isinstance(item, Account)),
        problems=tuple(item for item in items if isinstance(item, Problem)),
        handset=seen[0] if seen else None,
    )


def stream(exchange: Exchange, direction: Direction) -> bytes:
    """All that the pieces of an exchange sent one way."""
    return b"".join(piece.data for piece in exchange.pieces if piece.direction is direction)


def essence(exchange: Exchange) -> tuple[object, ...]:
    """All of an exchange that no window's border may change; of pieces, what each direction carries."""
    return (
        exchange.protocol,
        exchange.method,
        exchange.url,
        exchange.host,
        exchange.address,
        exchange.port,
        exchange.transport,
        exchange.app,
        exchange.status,
        exchange.time,
        exchange.packets,
        exchange.request,
        exchange.response,
        stream(exchange, Direction.UP),
        stream(exchange, Direction.DOWN),
    )


def brief(took: Took) -> list[tuple[str | None, str | None, int | None]]:
    """Method, path and status of each exchange, in order."""
    return [
        (one.method, one.url.decode().partition("://")[2] if one.url else None, one.status)
        for one in took.exchanges
    ]
