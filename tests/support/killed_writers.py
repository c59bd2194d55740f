"""Kills writers of a case in the middle, and says what each left. Run as a program; prints JSON.

    python killed_writers.py add|annotate steps|random FOLDER WRITERS

`steps` kills a writer at its first call to the system that changes or opens a file, then one at its second, and so
on until one gets through: no stage is left out. `random` kills after a random time. Each writer is forked, so that
hundreds of them take seconds.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from phonehome.case import copying
from phonehome.case.adding import Recording, add_session
from phonehome.case.correcting import correct
from phonehome.case.folder import LoadedCase, load_case
from phonehome.case.writing import PARTIAL_PREFIX, remove_partials
from phonehome.model.case import Annotation
from phonehome.model.errors import ConfigError

CAPTURE_BYTES = 2 << 20
SEED = 2014
PLANTED = f"{PARTIAL_PREFIX}0-planted"
_WATCHED = (
    "open",
    "os.rename",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.chmod",
    "os.truncate",
    "shutil.rmtree",
)
_CALLS = ("write", "fsync", "fchmod", "close", "pwrite", "ftruncate")


def add(root: Path, capture: Path, number: int) -> None:
    """Add the next session."""
    recorded = load_case(root).recorded[0]
    add_session(root, replace(recorded, id=f"{number:05}", captures=()), [Recording(capture=capture)], "test")


def annotate(root: Path, _capture: Path, number: int) -> None:
    """Append a correction."""
    note = Annotation(at=datetime.now(UTC), author="A", reason=f"reason {number}", session="01-factory")
    correct(root, note, lambda session: replace(session, clock_offset_s=float(number)), "test")


def die_at(step: int) -> None:
    """Make this process kill itself at its `step`-th watched call."""
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, _arguments: object) -> None:
        if event in _WATCHED:
            count()

    def wrap(call: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object) -> object:
            count()
            return call(*arguments)

        return counted

    for name in _CALLS:
        setattr(os, name, wrap(getattr(os, name)))
    sys.addaudithook(watch)


def describe(loaded: LoadedCase) -> tuple[list[str], list[str]]:
    """Name what a case holds: its sessions, and the reasons of its annotations."""
    return (
        [session.id for session in loaded.case.sessions],
        [annotation.reason for annotation in loaded.case.annotations],
    )


def run(what: str, how: str, root: Path, most: int) -> dict[str, object]:
    """Start at most `most` writers and kill them; count what they left."""
    write = add if what == "add" else annotate
    capture = root.parent / "capture.pcap"
    capture.write_bytes(random.Random(SEED).randbytes(CAPTURE_BYTES if how == "random" else 2_000))
    if how == "steps":
        copying.CHUNK = 1_000
    chance = random.Random(SEED)
    longest = _time_one(write, root, capture)
    counts = {"killed": 0, "done": 0, "old": 0, "new": 0, "leftovers": 0, "steps": 0}
    wrong: list[str] = []
    number = 0
    while number < most:
        number += 1
        before = describe(load_case(root))
        if how == "steps":
            _plant_leftover(root)
        child = os.fork()
        if child == 0:
            if how == "steps":
                die_at(number)
            write(root, capture, number)
            os._exit(0)
        if how == "random":
            time.sleep(chance.uniform(0, 1.2 * longest))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        counts["killed" if killed else "done"] += 1
        try:
            loaded = load_case(root)
        except ConfigError as error:
            wrong.append(f"{number}: {error}")
            break
        after = describe(loaded)
        counts["leftovers"] += any(".partial-" in text and PLANTED not in text for text in loaded.warnings)
        expected = (
            ([*before[0], f"{number:05}"], before[1])
            if what == "add"
            else (before[0], [*before[1], f"reason {number}"])
        )
        state = "old" if after == before else "new" if _same(after, expected) else ""
        if not state:
            wrong.append(f"{number}: {before} became {after}")
            break
        counts[state] += 1
        shutil.rmtree(root / "sessions" / f"{number:05}", ignore_errors=True)  # or each would open more files
        if how == "steps" and not killed:
            counts["steps"] = number
            break
    write(root, capture, 99_999)  # whatever was left, the next writer gets through and clears it away
    left = [path.name for path in root.rglob(".partial-*")]
    return {**counts, "wrong": wrong, "left": left}


def _plant_leftover(root: Path) -> None:
    """Leave what an earlier writer would: every run then makes the same calls, and dies while clearing up, too."""
    remove_partials(root)
    (root / "sessions" / PLANTED).mkdir()
    (root / "sessions" / PLANTED / "traffic.pcap").write_bytes(b"x")


def _time_one(write: Callable[[Path, Path, int], None], root: Path, capture: Path) -> float:
    """Say how long a writer takes in a process of its own, in seconds."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        write(root, capture, 0)
        os._exit(0)
    os.waitpid(child, 0)
    return time.monotonic() - started


def _same(one: tuple[list[str], list[str]], other: tuple[list[str], list[str]]) -> bool:
    return (sorted(one[0]), one[1]) == (sorted(other[0]), other[1])


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))))
