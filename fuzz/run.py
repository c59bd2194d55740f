"""Looks for input that breaks phonehome; stops at the first exception and says how to repeat it.

    python -m fuzz.run                                     every target, 2,000 runs each
    python -m fuzz.run detector --runs 100000 --seed 7
    python -m fuzz.run detector --seed 7 --only 4711       one run again; keeps its input in fuzz-input.bin

Each input follows from the target, the seed and the number of the run, so a finding is repeated by its number alone.
"""

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzz import decoders, detector, packets, readers

MAX_SECONDS = 20.0
"""A single small input that takes longer than this counts as a finding: something is not linear."""

INPUT_FILE = Path("fuzz-input.bin")


@dataclass(frozen=True, slots=True)
class Target:
    """Something to break: `make` gives an input, `check` raises if it breaks, and counts what it read."""

    name: str
    make: Callable[[random.Random], bytes]
    check: Callable[[bytes], int]


TARGETS: tuple[Target, ...] = (
    Target("readers", readers.make, readers.check),
    Target("packets", packets.make, packets.check),
    Target("decoders", decoders.make, decoders.check),
    Target("detector", detector.make, detector.check),
)


def make_input(target: Target, seed: int, run: int) -> bytes:
    """Make the input of one run."""
    return target.make(random.Random(f"{target.name}/{seed}/{run}"))


def fuzz(target: Target, runs: Sequence[int], seed: int) -> int | None:
    """Run a target; gives what it read in all, or None after a finding, which is told on standard error."""
    read = 0
    for run in runs:
        repeat = f"repeat it with: python -m fuzz.run {target.name} --seed {seed} --only {run}"
        began = time.monotonic()
        try:
            read += target.check(make_input(target, seed, run))
        except Exception:  # noqa: BLE001  whatever it is, it is what we look for
            sys.stderr.write(f"{traceback.format_exc()}{target.name}: run {run} with seed {seed}; {repeat}\n")
            return None
        if (took := time.monotonic() - began) > MAX_SECONDS:
            sys.stderr.write(f"{target.name}: run {run} with seed {seed} took {took:.0f} s; {repeat}\n")
            return None
    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets; exit status 1 if anything was found."""
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"any of: {', '.join(names)}")
    parser.add_argument("--runs", type=int, default=2000, help="how many inputs for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="repeat one run, and keep its input")
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - set(names):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if options.only is not None and len(options.targets) != 1:
        parser.error("--only repeats a run of one target: name it")
    found = False
    for target in TARGETS:
        if options.targets and target.name not in options.targets:
            continue
        runs: Sequence[int] = range(options.runs)
        if options.only is not None:
            runs = [options.only]
            INPUT_FILE.write_bytes(make_input(target, options.seed, options.only))
        read = fuzz(target, runs, options.seed)
        found = found or read is None
        if read is not None:
            sys.stderr.write(f"{target.name}: {len(runs):,} runs, {read:,} things read, nothing found\n")
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
