"""Ending a run before its end: SIGTERM and SIGHUP end it as Ctrl-C does, so programs stop and folders with keys go."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

ENDINGS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_alike() -> Iterator[None]:
    """Let the signals that end a process interrupt the block; those that are ignored (`nohup`) stay ignored.

    Only the first of them does anything: what it ends is not to be broken off half-way.
    """
    if threading.current_thread() is not threading.main_thread():  # only that one may set handlers
        yield
        return
    before: dict[signal.Signals, Any] = {one: signal.getsignal(one) for one in ENDINGS}
    taken = [one for one, handler in before.items() if handler is not signal.SIG_IGN]

    def interrupt(number: int, frame: FrameType | None) -> None:
        for one in taken:
            signal.signal(one, signal.SIG_IGN)
        on_interrupt = signal.getsignal(signal.SIGINT)
        if callable(on_interrupt):  # an event loop has one of its own, which lets its tasks end
            on_interrupt(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    for one in taken:
        signal.signal(one, interrupt)
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, before[one])
