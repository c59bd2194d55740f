"""Records a phone's traffic, reads it with phonehome, tshark and pcapng-utils in turn, and prints the ratios.

`python -m benchmarks.packets [--requests N] [--seed N] [--gigabytes N]`. What was recorded is kept in build/packets.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from recording import why_not

from benchmarks.packets import BUILD, tools
from benchmarks.packets.measure import Measured, cores, measure
from benchmarks.packets.planted import Planted, score
from benchmarks.packets.record import REQUESTS, make_recording
from benchmarks.packets.repeat import Repeater

SLICE_PACKETS = 12_000
"""About 9 MB: the converter needs some ten seconds for that."""
WANTED_READING, WANTED_WORKERS, WANTED_PEER, WANTED_MEMORY = 10.0, 15.0, 100.0, 1.2


@dataclass(slots=True)
class Results:
    """Runs by name, in the order in which they ran; `size` is what each had to read, in bytes."""

    runs: dict[str, tuple[Measured, int, int]] = field(default_factory=dict)

    def add(self, name: str, run: Measured, size: int, requests: int) -> Measured:
        """Note a run, and print it at once: the next may take minutes."""
        self.runs[name] = run, size, requests
        rate = size / 1e6 / run.seconds
        bad = f"  exit status {run.status}" if run.status else ""
        print(
            f"{name:<34}{run.seconds:8.1f} s {run.cpu:8.1f} s CPU {rate:8.1f} MB/s"
            f"{run.peak / 1e6:9.0f} MB {requests:9,} requests{bad}",
            flush=True,
        )
        return run


def compare(folder: Path, scratch: Path) -> None:
    """Everything on the whole recording, and the converter on a slice."""
    capture, keylog = folder / "capture.pcap", folder / "keys.log"
    results, size, one = Results(), capture.stat().st_size, cores()[-1:]
    reading = measure(tools.reading(capture, keylog), scratch / "reading", cores_used=one)
    results.add("phonehome, reading", reading, size, len(tools.numbers_in_lines(scratch / "reading")))
    written = measure(tools.exchanges(str(capture), keylog), scratch / "exchanges", cores_used=one)
    numbers = tools.numbers_in_exchanges(scratch / "exchanges")
    results.add("phonehome exchanges", written, size, len(set(numbers.values())))
    whole = measure(
        tools.audit(str(capture), keylog, folder / "subject.yaml"), scratch / "audit", cores_used=one
    )
    results.add("phonehome audit", whole, size, len(set(numbers.values())))
    oracle = measure(tools.tshark(capture, keylog), scratch / "fields", cores_used=one)
    sent = json.loads((folder / "truth.json").read_bytes())["requests"]
    read = tools.numbers_in_fields(scratch / "fields", sent)
    results.add("tshark", oracle, size, len(read))
    print(_ratio("reading", oracle, reading, WANTED_READING))
    print(_ratio("reading and writing as ndjson", oracle, written))
    print(_ratio("whole audit", oracle, whole))
    _compare_workers(results, capture, keylog, scratch, oracle)
    _compare_peer(results, capture, keylog, scratch)
    missing = set(numbers.values()) ^ read
    print(f"requests that only one of phonehome and tshark read: {len(missing)} {sorted(missing)[:10]}")
    if whole.status in (0, 3):
        print(_sentence(score(scratch / "audit", folder / "truth.json", numbers)))


def _compare_workers(results: Results, capture: Path, keylog: Path, scratch: Path, oracle: Measured) -> None:
    two = cores()[-2:]
    if len(two) < 2:
        print("two workers: left out, there is one core")
        return
    reading = measure(tools.reading(capture, keylog, 2), scratch / "two", cores_used=two)
    count = len(tools.numbers_in_lines(scratch / "two"))
    results.add("phonehome, reading, two workers", reading, capture.stat().st_size, count)
    print(_ratio("reading, two workers", oracle, reading, WANTED_WORKERS))
    command = tools.exchanges(str(capture), keylog, "--workers", "2")
    run = measure(command, scratch / "two", cores_used=two)
    count = len(tools.numbers_in_exchanges(scratch / "two"))
    results.add("phonehome exchanges, two workers", run, capture.stat().st_size, count)
    print(_ratio("reading and writing as ndjson, two workers", oracle, run))


def _compare_peer(results: Results, capture: Path, keylog: Path, scratch: Path) -> None:
    if reason := tools.set_up_pcapng_utils():
        print(f"pcapng-utils: left out, {reason}")
        return
    cut = tools.cut_slice(capture, keylog, SLICE_PACKETS, scratch)
    one, size, har = cores()[-1:], cut.stat().st_size - keylog.stat().st_size, scratch / "slice.har"
    peer = measure(tools.pcapng_utils(cut, har), scratch / "peer", cores_used=one)
    count = len(tools.numbers_in_har(har)) if har.exists() else 0
    results.add("pcapng-utils, on a slice", peer, size, count)
    ours = measure(
        [str(tools.PHONEHOME), "exchanges", str(cut), "--format", "har"], scratch / "ours", cores_used=one
    )
    count = len(tools.numbers_in_har(scratch / "ours")) if not ours.status else 0
    results.add("phonehome --format har, on it", ours, size, count)
    print(_ratio("against the converter, on the slice, starts included", peer, ours))
    whole = measure(
        tools.exchanges(str(capture), keylog, "--format", "har"), scratch / "whole", cores_used=one
    )
    results.add("phonehome --format har, all of it", whole, capture.stat().st_size, 0)
    if not peer.status and not whole.status:
        times = (capture.stat().st_size / whole.seconds) / (size / peer.seconds)
        print(f"against the converter, by megabytes a second: {times:.0f} times (wanted: {WANTED_PEER:g})")


def _ratio(what: str, theirs: Measured, ours: Measured, wanted: float | None = None) -> str:
    if ours.status not in (0, 3):
        return f"{what}: no ratio, phonehome ended with {ours.status}"
    goal = f" (wanted: {wanted:g})" if wanted is not None else ""
    by_cpu = f"{theirs.cpu / ours.cpu:.1f} by processor time"
    return f"{what}: {theirs.seconds / ours.seconds:.1f} times as fast, {by_cpu}{goal}"


def _sentence(planted: Planted) -> str:
    share = planted.found / planted.planted
    missed = f"; missed: {', '.join(planted.missed)}" if planted.missed else ""
    return (
        f"planted values found: {planted.found} of {planted.planted} ({share:.1%}), "
        f"findings elsewhere: {planted.false}{missed}"
    )


def compare_sizes(folder: Path, scratch: Path, gigabytes: float) -> bool:
    """Read the recording once, and so often that it has that size, both from a pipe; whether memory held."""
    keylog, subject = folder / "keys.log", folder / "subject.yaml"
    repeater = Repeater(folder / "capture.pcap")
    times = round(gigabytes * 1e9 / repeater.size)
    one, results, held = cores()[-1:], Results(), True
    for name, command in (
        ("phonehome exchanges", tools.exchanges("-", keylog)),
        ("phonehome audit", tools.audit("-", keylog, subject)),
    ):
        peaks = []
        for turns in (1, times):
            feed = partial(repeater.write, times=turns)
            run = measure(command, scratch / "sized", cores_used=one, feed=feed)
            results.add(f"{name}, {turns * repeater.size / 1e9:.1f} GB", run, turns * repeater.size, 0)
            peaks.append(run.peak)
            held &= run.status in (0, 3)
        print(f"peak memory of {name}: {peaks[1] / peaks[0]:.2f} times (allowed: {WANTED_MEMORY:g})")
        held &= peaks[1] <= WANTED_MEMORY * peaks[0]
    return held


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.packets", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--gigabytes", type=float, help="instead: peak memory at this size against the recording's"
    )
    parser.add_argument("--recording", type=Path, help="a folder that benchmarks.packets.record wrote")
    parser.add_argument("--keep", type=Path, help="keep what the tools wrote in this folder")
    options = parser.parse_args(arguments)
    folder = options.recording or BUILD / f"seed-{options.seed}-{options.requests}"
    if not (folder / "truth.json").exists() and (reason := why_not()):
        print(f"packets: left out, {reason}")
        return
    make_recording(folder, options.seed, options.requests)
    print(
        f"{(folder / 'capture.pcap').stat().st_size / 1e6:.0f} MB recorded, one core each, one after another\n"
    )
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        work = options.keep or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        if options.gigabytes:
            sys.exit(0 if compare_sizes(folder, work, options.gigabytes) else 1)
        if shutil.which("tshark") is None:
            print("packets: left out, tshark is not installed")
            return
        compare(folder, work)


if __name__ == "__main__":
    main()
