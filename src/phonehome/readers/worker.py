"""A worker of `read_shared`: it reads the share that its order names, and answers with parts, then with counts."""

from collections.abc import Iterator, Sequence

from phonehome.model.account import Account
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.readers.base import Item, Rendered
from phonehome.readers.capture import CaptureReading
from phonehome.readers.packets.share import Counts, Part
from phonehome.readers.shared import Order, render
from phonehome.workers import serve


def work(order: object) -> Iterator[Part | Counts]:
    """Read an order's share: its parts, and what it counted behind them."""
    assert isinstance(order, Order)
    try:
        with order.path.open("rb") as stream:
            reading = CaptureReading(stream, order.where, order.number, order.options, order.share)
            for part in reading.iter_parts():
                yield Part(own_items(render(part, order.options).items), part.fresh)
            yield reading.counts
    except (InputError, OSError):
        yield Counts()  # whoever asked reads the same file, and says so


def own_items(items: Sequence[Item]) -> list[Item]:
    """Leave out what every worker sees."""
    return [item for item in items if isinstance(item, Exchange | Rendered | Account)]


if __name__ == "__main__":
    serve(work)
