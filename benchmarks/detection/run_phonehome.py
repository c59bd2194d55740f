"""Runs phonehome's detection over one seed's traffic, through its public API, in one process.

`python -m benchmarks.detection.run_phonehome DIR --out FILE` reads DIR/traffic.har and DIR/subject.yaml first, and
times only what the engine does with exchanges that are already read, as TrackHAR is timed on requests that are
already parsed.
"""

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path

from phonehome.case.subject import load_subject
from phonehome.detect import Detector
from phonehome.model.exchange import Exchange
from phonehome.model.finding import Finding
from phonehome.model.subject import Subject
from phonehome.readers import iter_inputs, read_input


def read_exchanges(path: Path) -> list[Exchange]:
    """All exchanges of a capture, in its order."""
    return [item for file in iter_inputs([path]) for item in read_input(file) if isinstance(item, Exchange)]


def detect(subject: Subject, exchanges: list[Exchange]) -> tuple[list[Finding], float, float, float]:
    """Findings, and the seconds that setting up, detecting and detecting by processor time took."""
    began = time.perf_counter()
    detector = Detector(subject)
    ready, ready_cpu = time.perf_counter(), time.process_time()
    findings = list(detector.detect(exchanges))
    return findings, ready - began, time.perf_counter() - ready, time.process_time() - ready_cpu


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--passes", type=int, default=3, help="passes over the traffic; the fastest counts")
    options = parser.parse_args()
    subject = load_subject(options.folder / "subject.yaml").subject
    exchanges = read_exchanges(options.folder / "traffic.har")
    runs = [detect(subject, exchanges) for _ in range(options.passes)]
    findings, setup, seconds, cpu = min(runs, key=lambda run: run[2])
    rows = [
        [found.exchange.index, found.value_id, found.data_type.value, found.weak is not None]
        for found in findings
    ]
    result = {
        "tool": "phonehome",
        "version": version("phonehome"),
        "requests": len(exchanges),
        "setup": setup,
    }
    result |= {"seconds": seconds, "cpu": cpu, "findings": rows}
    options.out.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
