"""The builds that come with the lab, each a file beside this one; they extend one another.

Builds of a user's lie in a folder of theirs, and extend those or one another.
"""

import os
from functools import cache, partial
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
    """Give a build that comes with the lab.

    Raises:
        ConfigError: There is none of this name, or its file is wrong.
    """
    found = _load(name, None)
    if found is None:
        raise ConfigError(f"there is no build {name[:80]!r}; there are {', '.join(names())}")
    return found


def find_build_in(folder: Path, name: str) -> Build | None:
    """Give a build that comes with the lab, or one whose file lies in a folder; None where there is neither.

    Raises:
        ConfigError: Its file is wrong, or has the name of one that comes with the lab.
    """
    return _load(name, folder)


def _load(name: str, folder: Path | None, above: tuple[str, ...] = ()) -> Build | None:
    find = partial(_load, folder=folder)
    own = None if folder is None else folder / f"{name}{SUFFIX}"
    is_own = own is not None and os.path.lexists(own)
    if name in names():
        if is_own:
            raise ConfigError(f"{own}: a build of this name comes with the lab; give yours another")
        return read_build(FOLDER / f"{name}{SUFFIX}", find, above)
    return read_build(own, find, above) if own is not None and is_own else None
