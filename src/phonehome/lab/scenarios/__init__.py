"""The scenarios that come with the lab, each a file beside this one, and the files that their cases begin with.

One of a user's is a file anywhere; builds of its own lie in `builds/` beside it, and what its case begins with in a
folder there.
"""

import os
from functools import cache
from pathlib import Path

from phonehome.case.affair_2014 import FOLDER as AFFAIR
from phonehome.lab.handset.builds import find_build_in
from phonehome.lab.scenario import Scenario
from phonehome.lab.scenario_file import read_scenario
from phonehome.model.errors import ConfigError

SUFFIX = ".yaml"
FOLDER = Path(__file__).parent
BUILDS = "builds"
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
    """Give a scenario that comes with the lab.

    Raises:
        ConfigError: There is none of this name, or its file is wrong.
    """
    if name not in names():
        raise ConfigError(f"there is no scenario {name[:80]!r}; there are {', '.join(names())}")
    return load_scenario(FOLDER / f"{name}{SUFFIX}")


def load_scenario(path: Path) -> Scenario:
    """Read a scenario from a file.

    Raises:
        ConfigError: Something is wrong in it, in its builds, or in what its case begins with.
    """

    def find_skeleton(name: str) -> Path | None:
        own = path.parent / name
        shipped = SKELETONS.get(name)
        if shipped is None:
            return own if os.path.lexists(own) else None
        if own != shipped and os.path.lexists(own):
            raise ConfigError(f"{own}: a skeleton of this name comes with the lab; give yours another")
        return shipped

    return read_scenario(path, find_skeleton, lambda name: find_build_in(path.parent / BUILDS, name))
