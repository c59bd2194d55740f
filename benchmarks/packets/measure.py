"""Runs a program and says how long it took and how much memory it held."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

Feed = Callable[[IO[bytes]], None]
"""Writes a program's standard input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How a run went.

    Attributes:
        seconds: Wall time.
        cpu: Processor time of the process and of those that it waited for.
        peak: The most memory resident in one process, in bytes.
    """

    seconds: float
    cpu: float
    peak: int
    status: int


def cores() -> tuple[int, ...]:
    """The cores that this process may use."""
    return tuple(sorted(os.sched_getaffinity(0)))


def measure(
    command: Sequence[str], output: Path, *, cores_used: Sequence[int], feed: Feed | None = None
) -> Measured:
    """Run a command on the given cores, its standard output into a file, its complaints beside it."""
    os.sync()  # what the run before wrote goes to the disk in its own time
    began = time.perf_counter()
    with output.open("wb") as out, output.with_suffix(".stderr").open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=out,
            stderr=errors,
            preexec_fn=lambda: os.sched_setaffinity(0, cores_used),
        )
        if feed is not None:
            assert process.stdin is not None
            _feed(feed, process.stdin)
        # wait4 alone tells what this one child used; getrusage adds up all that have been.
        _, status, usage = os.wait4(process.pid, 0)
    return Measured(
        seconds=time.perf_counter() - began,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * 1024,
        status=os.waitstatus_to_exitcode(status),
    )


def _feed(feed: Feed, stdin: IO[bytes]) -> None:
    try:
        feed(stdin)
        stdin.close()
    except BrokenPipeError:  # the program ended early; its status says why
        pass
