"""Writes subject.yaml, traffic.har and truth.json of a seed.

`python -m benchmarks.detection.generate --seed 1 --out DIR`
"""

import argparse
import json
from pathlib import Path

from benchmarks.detection.generator.traffic import Traffic, make_traffic


def subject_yaml(traffic: Traffic) -> str:
    """The subject as `phonehome.subject/1`; JSON strings are YAML strings."""
    lines = [f"name: Benchmark subject {traffic.people.seed}", f"region: {traffic.people.region}", "values:"]
    for value in traffic.people.values:
        text = json.dumps(value.text, ensure_ascii=False)
        lines.append(f"  - {{id: {value.id}, type: {value.type}, value: {text}, origin: planted}}")
    return "\n".join(lines) + "\n"


def write_traffic(traffic: Traffic, folder: Path) -> None:
    """The three files, into a folder that is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    log = {
        "version": "1.2",
        "creator": {"name": "benchmarks.detection", "version": "1"},
        "pages": [],
        "entries": traffic.entries,
    }
    (folder / "subject.yaml").write_text(subject_yaml(traffic), encoding="utf-8")
    (folder / "traffic.har").write_text(json.dumps({"log": log}, ensure_ascii=False), encoding="utf-8")
    (folder / "truth.json").write_text(
        json.dumps(traffic.truth, ensure_ascii=False, indent=0), encoding="utf-8"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-class", type=int, default=12)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    traffic = make_traffic(options.seed, options.per_class)
    write_traffic(traffic, options.out)
    planted = sum(entry["kind"] == "planted" for entry in traffic.truth)
    print(
        f"{planted} planted requests and {len(traffic.truth) - planted} of strangers, in {options.out}:"
        " subject.yaml traffic.har truth.json"
    )


if __name__ == "__main__":
    main()
