"""A worker of `read_shared`: `python -m phonehome.readers.worker` takes an order from standard input.

It answers on standard output: the parts of its share, then what it counted.
"""

import gc
import os
import pickle
import signal
import sys
import traceback
from typing import BinaryIO

from phonehome.model.account import Account
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.readers.base import Rendered
from phonehome.readers.capture import CaptureReading
from phonehome.readers.packets.share import Part
from phonehome.readers.shared import Answer, Failure, Order, render

_PIPE_BYTES = 1 << 20


def main() -> None:
    """Read one share."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked ends us
    order = pickle.load(sys.stdin.buffer)  # noqa: S301  from the process that started this one
    assert isinstance(order, Order)
    _widen(sys.stdout.fileno())
    try:
        work(order, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(1)  # nobody listens any more


def work(order: Order, out: BinaryIO) -> None:
    """Read an order's share, and write the answers."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    reading: CaptureReading | None = None
    try:
        with order.path.open("rb") as stream:
            reading = CaptureReading(stream, order.where, order.number, order.options, order.share)
            for part in reading.iter_parts():
                _send(Part(own_items(render(part, order.options)), part.fresh), out)
    except (InputError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        # Whoever asked reads the same file, and says so.
    except Exception as error:  # noqa: BLE001  whatever it is, the other side has to know
        if os.environ.get("PHONEHOME_DEBUG"):
            traceback.print_exc()
        _send(Failure(type(error).__name__), out)
        return
    if reading is not None:
        _send(reading.counts, out)


def own_items(part: Part) -> list[Exchange | Rendered | Account]:
    """Leave out what every worker sees."""
    return [item for item in part.items if isinstance(item, Exchange | Rendered | Account)]


def _send(answer: Answer, out: BinaryIO) -> None:
    pickle.dump(answer, out, protocol=pickle.HIGHEST_PROTOCOL)
    out.flush()


def _widen(pipe: int) -> None:
    """Make the pipe hold more, where the system can, so that the two wait for each other less."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        pass


if __name__ == "__main__":
    main()
