"""What a tool found against what was planted: recall with intervals, false findings, wrong types, speed."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.detection.weights import weight

Z95 = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding, in the terms of every tool; `weak` as the tool itself calls it."""

    index: int
    value_id: str
    type: str
    weak: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one tool found in one seed's traffic, and how long it took.

    Attributes:
        seconds: Wall time of detection alone, over requests that were already parsed.
        cpu: Processor time of the same.
        setup: Wall time before the first request.
    """

    tool: str
    version: str
    requests: int
    seconds: float
    cpu: float
    setup: float
    findings: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is in one request: a value in a class, or nothing of the subject's (`value_id` is None)."""

    index: int
    name: str
    value_id: str | None
    type: str | None


@dataclass(slots=True)
class Score:
    """One tool's result, summed over seeds.

    Attributes:
        planted: Class to number of planted requests.
        found: Class to how many of them had their value found, weakly or not.
        strong: The same, weak findings left out.
        false: (class of the request, value) of findings of what was not planted there, to their number.
        false_weak: The same, of weak findings.
        wrong_types: (planted type, reported type) of findings of the right value, to their number.
    """

    tool: str = ""
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    strong: Counter[str] = field(default_factory=Counter)
    false: Counter[tuple[str, str]] = field(default_factory=Counter)
    false_weak: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong_types: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[int] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    setup: float = 0.0


def wilson(hits: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion (E. B. Wilson 1927); 0 to 1 without trials."""
    if trials == 0:
        return 0.0, 1.0
    rate, square = hits / trials, z * z
    centre = (rate + square / (2 * trials)) / (1 + square / trials)
    spread = (
        z * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    )
    return max(0.0, centre - spread), min(1.0, centre + spread)


def load_truth(path: Path) -> tuple[Truth, ...]:
    """The truth as the generator wrote it."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Truth(index=row["index"], name=row["class"], value_id=row["value_id"], type=row["type"])
        for row in rows
    )


def load_run(path: Path) -> Run:
    """A runner's result: JSON of `Run`, findings as lists of index, value, type and weakness."""
    row = json.loads(path.read_text(encoding="utf-8"))
    findings = tuple(
        Found(index=at, value_id=value, type=kind, weak=weak) for at, value, kind, weak in row.pop("findings")
    )
    return Run(**row, findings=findings)


def add_run(score: Score, truth: Sequence[Truth], run: Run) -> None:
    """Judge one run and add it to the score."""
    by_request: defaultdict[int, list[Found]] = defaultdict(list)
    for found in run.findings:
        by_request[found.index].append(found)
    score.tool = f"{run.tool} {run.version}"
    score.requests += run.requests
    score.seconds += run.seconds
    score.cpu += run.cpu
    score.setup += run.setup
    for entry in truth:
        _add_request(score, entry, by_request[entry.index])


def _add_request(score: Score, entry: Truth, findings: Iterable[Found]) -> None:
    right = [found for found in findings if found.value_id == entry.value_id]
    for found in {(found.value_id, found.weak) for found in findings if found.value_id != entry.value_id}:
        (score.false_weak if found[1] else score.false)[(entry.name, found[0])] += 1
    if entry.value_id is None:
        return
    score.planted[entry.name] += 1
    score.found[entry.name] += bool(right)
    score.strong[entry.name] += any(not found.weak for found in right)
    if not right:
        score.missed.append(entry.index)
    for kind in {found.type for found in right if found.type != entry.type}:
        score.wrong_types[(str(entry.type), kind)] += 1


def weighted_recall(score: Score, hits: Mapping[str, int]) -> float:
    """Recall with every class counted by how common it is (`weights`)."""
    total = sum(weight(name) for name in score.planted)
    return (
        sum(weight(name) * hits[name] / count for name, count in score.planted.items()) / total
        if total
        else 0.0
    )


def overall(score: Score, hits: Mapping[str, int]) -> tuple[int, int]:
    """Hits and planted requests over all classes."""
    return sum(hits.values()), sum(score.planted.values())
