"""One capture read by several processes, each its share of the conversations; results come as from one.

Every process reads the file itself, so what travels between them is results alone. The indexes that a worker
gives count its own exchanges; as each step of the capture (see `CaptureReading.take`) is complete, the steps of
all workers are numbered together, by first packets, just as a single reader numbers them.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeGuard

from phonehome.model.exchange import Exchange
from phonehome.readers.base import ByteStream, Item, ReadingOptions, Rendered
from phonehome.readers.capture import CaptureReading
from phonehome.readers.packets.share import Counts, Share, Step, cut_shares
from phonehome.wire.tls.keylog import KeyLog
from phonehome.workers import Worker

MIN_SHARED_BYTES = 4 * 1024**2
"""Captures that are smaller are read before a worker has started."""

_AHEAD = 3
"""Parts of a worker that wait for those of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a worker is to read."""

    path: Path
    where: str
    number: int
    options: ReadingOptions
    share: Share


def is_worth_sharing(path: Path | None, options: ReadingOptions) -> TypeGuard[Path]:
    """Whether a capture at this path is large enough, and its conversations do not need one another.

    Where a key log holds what an RSA key exchange leads to, a resumed connection needs the one that it resumes.
    """
    if path is None or path.stat().st_size < MIN_SHARED_BYTES:
        return False
    if not any(map(KeyLog.may_have_premasters, options.key_logs)):
        return True
    return not KeyLog.join(options.key_logs).has_premasters


def read_shared(
    stream: ByteStream, path: Path, where: str, number: int, options: ReadingOptions
) -> Iterator[Item]:
    """Read a capture with `options.workers` processes, this one among them.

    Args:
        stream: The capture, for this process.
        path: Where it lies, for the others.
        where: Its name as problems give it.
        number: The input's number.
        options: What the user says; `render` is called in the workers.

    Yields:
        What `CaptureReader.read` gives, in the same order; exchanges as `Rendered` where `options.render` is set.

    Raises:
        InputError: The stream is no capture.
        WorkerError: A worker failed.
    """
    shares = cut_shares(options.workers)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                _Sharer(Order(path=path, where=where, number=number, options=options, share=share))
            )
            for share in shares[1:]
        ]
        own = CaptureReading(where, number, options, share=shares[0])
        merger = Merger(options.workers)
        for step in chain(own.take(stream, where, number), own.end()):
            yield from merger.merge([render(step, options), *(worker.next_step() for worker in workers)])
        counts = own.count()
        for index, worker in enumerate(workers, 1):
            # A file that still grows may have had more to read for one than for another.
            while (step := worker.next_step()) is not _NOTHING:
                yield from merger.merge([_NOTHING] * index + [step])
            counts.add(worker.counts)
        yield from own.closing_items(counts)


def render(step: Step, options: ReadingOptions) -> Step:
    """Write a step's exchanges as the options say."""
    if options.render is None:
        return step
    items = [
        Rendered(item.input, item.index, item.time, options.render(item))
        if isinstance(item, Exchange)
        else item
        for item in step.items
    ]
    return Step(items, step.fresh)


_NOTHING = Step(())
_NUMBERED = (Exchange, Rendered)


class Merger:
    """Numbers the exchanges of all workers together."""

    def __init__(self, workers: int) -> None:
        self._next = 0
        self._given = [0] * workers
        self._indexes: list[dict[int, int]] = [{} for _ in range(workers)]

    def merge(self, steps: Sequence[Step]) -> Iterator[Item]:
        """Give the items of one step of the capture, of all workers, in their order."""
        new = []
        for worker, step in enumerate(steps):
            given = self._given[worker]
            new += [(first, worker, given + place) for place, first in enumerate(step.fresh)]
            self._given[worker] = given + len(step.fresh)
        new.sort()
        for index, (_, worker, theirs) in enumerate(new, self._next):
            self._indexes[worker][theirs] = index
        self._next += len(new)
        exchanges: list[tuple[int, Exchange | Rendered]] = []
        others: list[Item] = []
        for worker, step in enumerate(steps):
            indexes = self._indexes[worker]
            for item in step.items:
                if isinstance(item, _NUMBERED):
                    exchanges.append((indexes.pop(item.index), item))
                else:
                    others.append(item)
        exchanges.sort(key=_index)
        for index, exchange in exchanges:
            if isinstance(exchange, Rendered):
                yield Rendered(exchange.input, index, exchange.time, exchange.data)
            else:
                yield replace(exchange, index=index) if exchange.index != index else exchange
        yield from others


def _index(numbered: tuple[int, Exchange | Rendered]) -> int:
    return numbered[0]


class _Sharer(Worker):
    """A worker that reads a share."""

    def __init__(self, order: Order) -> None:
        super().__init__("phonehome.readers.worker", ahead=_AHEAD)
        self.counts = Counts()
        self._ended = False
        self.send(order)

    def next_step(self) -> Step:
        """Wait for the next step; behind the last there are empty ones."""
        answer = _NOTHING if self._ended else self.receive()
        if isinstance(answer, Step):
            return answer
        assert isinstance(answer, Counts)
        self._ended, self.counts = True, answer
        return _NOTHING
