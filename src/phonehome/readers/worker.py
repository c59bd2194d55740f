"""A worker of `read_shared`: it reads the share that its order names, and answers with steps, then with counts."""

from collections.abc import Iterator, Sequence

from phonehome.model.account import Account
from phonehome.model.exchange import Exchange
from phonehome.readers.base import Item, Rendered
from phonehome.readers.capture import CaptureReading
from phonehome.readers.packets.share import Counts, Step
from phonehome.readers.shared import Order, render
from phonehome.readers.sources import Tally, open_file
from phonehome.workers import serve


def work(order: object) -> Iterator[Step | Counts]:
    """Read an order's share: its steps, and what it counted behind them."""
    assert isinstance(order, Order)
    reading = CaptureReading(order.where, order.number, order.options, share=order.share)
    try:
        with open_file(order.path, Tally(hashed=False)) as stream:
            for step in reading.take(stream, order.where, order.number):
                yield _own(step, order)
    except OSError:
        pass  # whoever asked reads the same file, and says so
    for step in reading.end():
        yield _own(step, order)
    yield reading.count()


def _own(step: Step, order: Order) -> Step:
    return Step(own_items(render(step, order.options).items), step.fresh)


_OWN = (Exchange, Rendered, Account)


def own_items(items: Sequence[Item]) -> list[Item]:
    """Leave out what every worker sees."""
    return [item for item in items if isinstance(item, _OWN)]


if __name__ == "__main__":
    serve(work)
