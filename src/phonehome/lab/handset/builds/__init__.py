"""The builds that come with the lab, each a file beside this one; they extend one another."""

from functools import cache
from pathlib import Path

from phonehome.lab.handset.build import Build
from phonehome.lab.handset.build_file import read_build
from phonehome.model.errors import ConfigError

SUFFIX = ".yaml"
FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Name them all."""
    return tuple(sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}")))


@cache
def find_build(name: str) -> Build:
    """Give a build.

    Raises:
        ConfigError: There is none of this name, or its file is wrong.
    """
    if name not in names():
        raise ConfigError(f"there is no build {name!r}; there are {', '.join(names())}")
    return _load(name, ())


def _load(name: str, above: tuple[str, ...]) -> Build:
    def find(other: str) -> Build | None:
        if other in (name, *above):
            raise ConfigError(f"the builds {', '.join((*above, name))} extend one another in a circle")
        return _load(other, (*above, name)) if other in names() else None

    return read_build(FOLDER / f"{name}{SUFFIX}", find)
