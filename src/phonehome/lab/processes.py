"""Child processes of the lab: started as modules of this package, waited for, stopped or killed.

A child that is ready writes the line `READY` to its standard output. Its standard input is a pipe that the
parent holds: when the parent is gone, however it ended, the child reads the end and stops.
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from phonehome.model.errors import PhonehomeError

READY = b"ready\n"
START_SECONDS = 60.0
STOP_SECONDS = 15.0
_LOG_TAIL = 2_000


class ChildError(PhonehomeError):
    """A server of the lab did not start; names its log."""


class Child:
    """One process of the lab and its log file."""

    def __init__(self, module: str, arguments: Sequence[str], *, log: Path) -> None:
        self._log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603  this very program
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                start_new_session=True,  # Ctrl-C is for the parent, which then stops its children in order
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Return when the child says that it is ready; raise ChildError with the end of its log if it ends."""
        assert self._process.stdout is not None
        end, heard = time.monotonic() + seconds, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while READY not in heard:
                if not selector.select(max(0.0, end - time.monotonic())):
                    break
                data = os.read(self._process.stdout.fileno(), 1024)
                if not data:
                    break
                heard += data
        if READY not in heard:
            self.kill()
            tail = self._log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip()
            raise ChildError(f"a server of the lab did not start; the end of {self._log.name}: {tail}")

    def ask_to_stop(self) -> None:
        """Ask it to end, and do not wait."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ask it to end, and make it end when it does not; returns its exit status."""
        self.ask_to_stop()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self._reap()

    def kill(self) -> None:
        """End it with SIGKILL: no handler runs, nothing is flushed."""
        if self.running:
            self._process.kill()
        self._reap()

    def wait(self, seconds: float) -> int:
        """Wait until it ends by itself; returns its exit status."""
        self._process.wait(seconds)
        return self._reap()

    def _reap(self) -> int:
        status = self._process.wait(STOP_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        return status
