"""The scenarios that come with the lab, each a file beside this one, and the files that their cases begin with."""

from functools import cache
from pathlib import Path

from phonehome.case.affair_2014 import FOLDER as AFFAIR
from phonehome.lab.scenario import Scenario
from phonehome.lab.scenario_file import read_scenario
from phonehome.model.errors import ConfigError

SUFFIX = ".yaml"
FOLDER = Path(__file__).parent
SKELETONS = {"affair-2014": AFFAIR, "two-builds": FOLDER / "two-builds"}
FIRST = "redmi-1s-2014"
"""What this lab is for; it is listed first."""


def names() -> tuple[str, ...]:
    """Name them all."""
    return tuple(
        sorted((path.stem for path in FOLDER.glob(f"*{SUFFIX}")), key=lambda one: (one != FIRST, one))
    )


@cache
def find_scenario(name: str) -> Scenario:
    """Give a scenario.

    Raises:
        ConfigError: There is none of this name, or its file is wrong.
    """
    if name not in names():
        raise ConfigError(f"there is no scenario {name[:80]!r}; there are {', '.join(names())}")
    return read_scenario(FOLDER / f"{name}{SUFFIX}", SKELETONS.get)
