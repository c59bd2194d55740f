"""A capture read by several workers gives what one gives: the same exchanges, numbers, accounts and problems."""

import gc
import io
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, zip_longest
from pathlib import Path
from threading import active_count

import pytest

from cases import CAPTURES, CASES, keylog_of
from phonehome.cli.main import main
from phonehome.model.account import Account
from phonehome.model.exchange import Exchange
from phonehome.readers import Rendered, iter_inputs, read_input, shared, worker
from phonehome.readers.base import Item, ReadingOptions
from phonehome.readers.capture import CaptureReading
from phonehome.readers.packets.share import WHOLE, Counts, Step, cut_shares
from phonehome.readers.shared import Merger, Order
from phonehome.workers import WorkerError

LARGE = CASES / "pcap-suricata-http2-range" / "suricata-http2-range.pcap"


def options_for(capture: Path, *, workers: int = 1) -> ReadingOptions:
    keylog = keylog_of(capture)
    return ReadingOptions(key_logs=(keylog.read_bytes(),) if keylog is not None else (), workers=workers)


def read(reading: CaptureReading, data: bytes) -> Iterator[Step]:
    return chain(reading.take(io.BytesIO(data), "a.pcap", 0), reading.end())


def read_in_shares(capture: Path, workers: int) -> Iterator[Item]:
    data, options = capture.read_bytes(), options_for(capture)
    readings = [CaptureReading("a.pcap", 0, options, share=share) for share in cut_shares(workers)]
    merger, counts = Merger(workers), Counts()
    for steps in zip_longest(*(read(reading, data) for reading in readings)):
        assert all(isinstance(step, Step) for step in steps)  # as many of each
        yield from merger.merge(
            [steps[0], *(Step(worker.own_items(step.items), step.fresh) for step in steps[1:])]
        )
    for reading in readings:
        counts.add(reading.count())
    yield from readings[0].closing_items(counts)


def sorted_out(items: list[Item]) -> tuple[list[Item], Counter[str]]:
    """Apart from accounts, which are sums and come in any order."""
    return [item for item in items if not isinstance(item, Account)], Counter(
        repr(item) for item in items if isinstance(item, Account)
    )


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.parent.name)
def test_shares_together_are_the_whole(capture: Path) -> None:
    whole = sorted_out(list(read_in_shares(capture, 1)))
    for workers in (2, 5):
        assert sorted_out(list(read_in_shares(capture, workers))) == whole


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 64])
def test_every_conversation_is_in_one_share(workers: int) -> None:
    shares = cut_shares(workers)
    assert [share.index for share in shares] == list(range(workers))
    assert [share.begin for share in shares] == [0, *(share.end for share in shares[:-1])]
    assert shares[-1].end == WHOLE.end


def test_each_worker_has_something_to_do() -> None:
    sizes: Counter[int] = Counter()
    for capture in CAPTURES:
        for share in cut_shares(3):
            reading = CaptureReading("a.pcap", 0, ReadingOptions(), share=share)
            sizes[share.index] += sum(len(step.fresh) for step in read(reading, capture.read_bytes()))
    assert min(sizes.values()) > sum(sizes.values()) / 10


@pytest.mark.parametrize("command", [("--bodies",), ("--format", "har")])
def test_the_program_writes_the_same(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(shared, "MIN_SHARED_BYTES", 0)
    written = []
    for workers in ("1", "3"):
        assert main(["exchanges", str(LARGE), *command, "--workers", workers]) == 0
        written.append(capfdbinary.readouterr())
    assert written[0] == written[1]
    assert written[0].out.count(b"status") >= 5


def test_processes_give_exchanges_where_none_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MIN_SHARED_BYTES", 0)
    [file] = iter_inputs([LARGE])
    one, two = read_input(file, options_for(LARGE)), read_input(file, options_for(LARGE, workers=2))
    assert sorted_out(list(two)) == sorted_out(list(one))
    assert two.facts == one.facts


def test_small_captures_and_what_is_no_file_are_read_by_one() -> None:
    assert not shared.is_worth_sharing(LARGE, ReadingOptions(workers=2))
    assert not shared.is_worth_sharing(None, ReadingOptions(workers=2))


def test_connections_that_need_one_another_are_read_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MIN_SHARED_BYTES", 0)
    rsa = b"RSA 0123456789abcdef " + b"ab" * 48 + b"\n"
    assert not shared.is_worth_sharing(LARGE, ReadingOptions(workers=2, key_logs=(rsa,)))
    assert shared.is_worth_sharing(LARGE, ReadingOptions(workers=2))


def test_a_key_log_that_is_empty_keeps_no_worker_from_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MIN_SHARED_BYTES", 0)
    [file] = iter_inputs([LARGE])
    one, two = (read_input(file, ReadingOptions(workers=n, key_logs=(b"",))) for n in (1, 2))
    assert sorted_out(list(two)) == sorted_out(list(one))


def order(path: Path, render: Callable[[Exchange], bytes] | None = None) -> Order:
    options = ReadingOptions(render=render)
    return Order(path=path, where="a", number=0, options=options, share=WHOLE)


def test_a_worker_answers_with_its_parts_and_its_counts() -> None:
    *steps, counts = worker.work(order(LARGE, lambda exchange: repr(exchange.index).encode()))
    assert isinstance(counts, Counts)
    items = [item for step in steps if isinstance(step, Step) for item in step.items]
    rendered = [item for item in items if isinstance(item, Rendered)]
    assert [item.data for item in rendered] == [b"%d" % item.index for item in rendered]
    assert len(rendered) >= 5


def test_a_worker_leaves_a_file_that_is_no_capture_to_who_asked(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(b"nothing")
    for path in (tmp_path / "a.pcap", tmp_path / "gone.pcap"):
        *_, counts = worker.work(order(path))
        assert counts == Counts()


def test_a_worker_that_fails_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MIN_SHARED_BYTES", 0)
    monkeypatch.setattr(shared, "render", lambda step, _: step)  # here; not in the workers
    [file] = iter_inputs([LARGE])
    options = ReadingOptions(workers=2, render=bytes.fromhex)  # type: ignore[arg-type]
    with pytest.raises(WorkerError, match=r"a worker failed \(TypeError\)"):
        list(read_input(file, options))


def test_whoever_has_enough_ends_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MIN_SHARED_BYTES", 0)
    [file] = iter_inputs([LARGE])
    before = active_count()
    reading = read_input(file, ReadingOptions(workers=3))
    next(reading)
    assert active_count() > before
    del reading
    gc.collect()
    assert active_count() == before
