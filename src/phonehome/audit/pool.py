"""The search of one audit by several processes.

Exchanges are dealt out in the blocks in which a single detector searches them too, and the results come back in
their order: an audit is the same with any number of workers.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, islice

from phonehome.detect import BLOCK_BATCHES, Detector, Examined, Tally, iter_batches
from phonehome.model.exchange import Exchange, Protocol
from phonehome.model.finding import Finding
from phonehome.workers import Worker

_AHEAD = 2
"""Blocks that a worker has or waits for."""
_ELSEWHERE = Exchange(index=0, protocol=Protocol.RAW)
"""Stands for the exchange in results that travel: whoever asked has it."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a worker answers: the results of a block, and what it looked at for them."""

    examined: list[Examined]
    tally: Tally


class Pool:
    """Searches exchanges as a `Detector` does, in processes beside this one.

    Attributes:
        tally: What all of them have looked at so far.
    """

    def __init__(self, detector: Detector, workers: int) -> None:
        self.tally = Tally()
        self._detector = detector
        self._workers = workers

    def examine(self, exchanges: Iterable[Exchange]) -> Iterator[Examined]:
        """Search every exchange; one result for each, in order.

        Raises:
            WorkerError: A worker failed.
        """
        blocks = _iter_blocks(exchanges)
        first = next(blocks, [])
        second = next(blocks, None)
        if second is None:  # it is searched before a worker has started
            yield from self._take(first, search(self._detector, first))
            return
        waiting: deque[tuple[Worker, list[Exchange]]] = deque()
        with ExitStack() as stack:
            workers: list[Worker] = []
            for number, block in enumerate(chain((first, second), blocks)):
                if len(workers) < self._workers:  # no more than there are blocks
                    workers.append(stack.enter_context(Worker("phonehome.audit.worker", ahead=_AHEAD)))
                    workers[-1].send(self._detector.subject)
                worker = workers[number % self._workers]
                worker.send(block)
                waiting.append((worker, block))
                if len(waiting) >= _AHEAD * self._workers:
                    yield from self._receive(*waiting.popleft())
            while waiting:
                yield from self._receive(*waiting.popleft())

    def _receive(self, worker: Worker, block: list[Exchange]) -> Iterator[Examined]:
        answer = worker.receive()
        assert isinstance(answer, Searched)
        yield from self._take(block, answer)

    def _take(self, block: list[Exchange], answer: Searched) -> Iterator[Examined]:
        self.tally.bytes_searched += answer.tally.bytes_searched
        self.tally.layers_opened += answer.tally.layers_opened
        for exchange, examined in zip(block, answer.examined, strict=True):
            yield _moved(examined, exchange)


def _iter_blocks(exchanges: Iterable[Exchange]) -> Iterator[list[Exchange]]:
    loads = iter_batches(exchanges)
    while block := [*chain.from_iterable(load.exchanges for load in islice(loads, BLOCK_BATCHES))]:
        yield block


def search(detector: Detector, block: list[Exchange]) -> Searched:
    """Search a block, as a worker does."""
    before = replace(detector.tally)
    examined = [_moved(one, _ELSEWHERE) for one in detector.examine(block)]
    after = detector.tally
    tally = Tally(after.bytes_searched - before.bytes_searched, after.layers_opened - before.layers_opened)
    return Searched(examined, tally)


def _moved(examined: Examined, exchange: Exchange) -> Examined:
    return replace(
        examined,
        exchange=exchange,
        findings=_with_exchange(examined.findings, exchange),
        decoys=_with_exchange(examined.decoys, exchange),
    )


def _with_exchange(findings: tuple[Finding, ...], exchange: Exchange) -> tuple[Finding, ...]:
    return tuple(replace(finding, exchange=exchange) for finding in findings)
