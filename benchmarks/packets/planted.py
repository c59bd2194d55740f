"""Which of the planted values the audit found, and what it found where nothing was planted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What was planted, and what of it was found.

    Attributes:
        false: Findings of a value in a request in which it was not planted.
        missed: Class of each planted value that was not found.
    """

    planted: int
    found: int
    false: int
    missed: tuple[str, ...]


def score(audit: Path, truth: Path, numbers: Mapping[int, int]) -> Planted:
    """Hold an audit against the truth.

    Args:
        numbers: Index of an exchange to the number of its request.
    """
    rows = json.loads(truth.read_bytes())["planted"]
    wanted = {(row["number"], row["value_id"]): row["case"] for row in rows}
    found = {
        (numbers.get(finding["exchange"]["index"], -1), finding["value_id"])
        for finding in json.loads(audit.read_bytes())["findings"]
    }
    return Planted(
        planted=len(wanted),
        found=len(found & wanted.keys()),
        false=len(found - wanted.keys()),
        missed=tuple(sorted(case for key, case in wanted.items() if key not in found)),
    )
