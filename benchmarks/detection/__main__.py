"""Generates traffic, runs phonehome and TrackHAR over it in turn on one core, and prints the table.

`python -m benchmarks.detection [--seed N ...] [--per-class K]`. Without a seed a fresh one is drawn and printed: a
result on a seed that somebody has looked at before shows less. Seeds 1 to 3 are for development.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.detection.generate import write_traffic
from benchmarks.detection.generator.traffic import Traffic, make_traffic
from benchmarks.detection.score import Score, add_run, load_run, load_truth
from benchmarks.detection.table import render

HERE = Path(__file__).parent
TRACKHAR = HERE / "trackhar"
FIRST_FRESH_SEED = 1000


def pin_to_one_core() -> None:
    """Let this process and all that it starts run on one core, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def set_up_trackhar() -> str | None:
    """Install TrackHAR where it is missing; the reason why it cannot run, if so."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "Node.js with npm is not installed"
    if not (TRACKHAR / "node_modules" / "trackhar").is_dir():
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(command, cwd=TRACKHAR, check=False).returncode:
            return "npm could not install it"
    return None


def forget_values(traffic: Traffic, left: int | None) -> Traffic:
    """The same requests with a subject of which only the first values are known; recall then means little."""
    return replace(traffic, people=replace(traffic.people, values=traffic.people.values[:left]))


def write_values(traffic: Traffic, folder: Path) -> None:
    """The subject as JSON, for runners that read no YAML."""
    rows = [{"id": value.id, "type": value.type, "value": value.text} for value in traffic.people.values]
    (folder / "values.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def run_phonehome(folder: Path, passes: int) -> Path:
    """Run phonehome's detection in a process of its own; the file of its findings."""
    out = folder / "phonehome.json"
    command = [sys.executable, "-m", "benchmarks.detection.run_phonehome", str(folder), "--out", str(out)]
    subprocess.run([*command, "--passes", str(passes)], check=True, cwd=HERE.parent.parent)
    return out


def run_trackhar(folder: Path, passes: int) -> Path:
    """Run TrackHAR in a process of its own; the file of its findings."""
    out = folder / "trackhar.json"
    subprocess.run(["node", str(TRACKHAR / "run.mjs"), str(folder), str(out), str(passes)], check=True)
    return out


def time_audit(folder: Path) -> str:
    """How long the whole command takes, reading and reporting included, and how it ended."""
    arguments = [
        "audit",
        str(folder / "traffic.har"),
        "--subject",
        str(folder / "subject.yaml"),
        "--format",
        "json",
    ]
    began = time.perf_counter()
    done = subprocess.run(
        [str(Path(sys.executable).with_name("phonehome")), *arguments, "-o", str(folder / "audit.json")],
        check=False,
        capture_output=True,
        cwd=HERE.parent.parent,
    )
    return f"`phonehome audit` as a whole: {time.perf_counter() - began:.1f} s, exit status {done.returncode}"


def show_misses(score: Score, folder: Path) -> None:
    """Every planted request that was missed, for who works on the engine."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    for index in score.missed:
        entry = truth[index]
        print(
            f"missed {index}: {entry['class']}, {entry['value_id']} as {entry['form']} under {entry['layers']}"
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", help="one or several; fresh if left out")
    parser.add_argument("--per-class", type=int, default=12)
    parser.add_argument("--passes", type=int, default=3, help="passes over the traffic; the fastest counts")
    parser.add_argument(
        "--values",
        type=int,
        help="know only so many of the subject's values, to see what that does to the speeds",
    )
    parser.add_argument("--keep", type=Path, help="keep traffic and findings in this folder")
    parser.add_argument("--misses", action="store_true", help="list what phonehome missed")
    parser.add_argument("--without-trackhar", action="store_true")
    options = parser.parse_args()
    seeds = options.seed or [FIRST_FRESH_SEED + secrets.randbelow(10**9)]
    pin_to_one_core()
    reason = "left out" if options.without_trackhar else set_up_trackhar()
    with tempfile.TemporaryDirectory() as scratch:
        _run_all(seeds, options, options.keep or Path(scratch), reason)


def _run_all(seeds: list[int], options: argparse.Namespace, base: Path, reason: str | None) -> None:
    scores = [Score()] if reason else [Score(), Score()]
    for seed in seeds:
        folder = base / f"seed-{seed}"
        traffic = forget_values(make_traffic(seed, options.per_class), options.values)
        write_traffic(traffic, folder)
        write_values(traffic, folder)
        truth = load_truth(folder / "truth.json")
        runners = (run_phonehome, run_trackhar)[: len(scores)]
        for score, runner in zip(scores, runners, strict=True):
            score.missed.clear()
            add_run(score, truth, load_run(runner(folder, options.passes)))
        if options.misses:
            show_misses(scores[0], folder)
        print(f"seed {seed}: {len(truth)} requests. {time_audit(folder)}", file=sys.stderr)
    print(
        f"seeds {', '.join(map(str, seeds))}, {options.per_class} a class; recall with Wilson 95 % intervals\n"
    )
    print("\n".join(render(scores)))
    if reason:
        print(f"TrackHAR did not run: {reason}.")


if __name__ == "__main__":
    main()
