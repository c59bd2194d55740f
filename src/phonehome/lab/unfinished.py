"""The case of a run from its beginning to its end, and what is said and left where it does not come to its end."""

import errno
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from phonehome.case.lock import LOCK_FILE
from phonehome.case.places import SESSIONS
from phonehome.case.writing import PARTIAL_PREFIX, find_partials
from phonehome.lab.scenario import Scenario
from phonehome.lab.skeleton import FILES, README, SUBJECTS, write_skeleton
from phonehome.lab.truth import FILE as TRUTH_FILE
from phonehome.lab.truth import load_truth
from phonehome.model.errors import ConfigError

_OURS = (*FILES, README, TRUTH_FILE, SUBJECTS, SESSIONS, LOCK_FILE)
"""What a run makes in the folder of its case."""
NAMED = 5
"""Unfinished files and folders that a sentence names."""


@contextmanager
def beginning(scenario: Scenario, root: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Begin the case of a scenario, to be recorded in the block.

    A block that ends early leaves the sessions that were recorded, and says that the case is incomplete; where there
    are none, it leaves nothing.

    Args:
        scenario: What is to be recorded.
        root: The folder of the case.
        tell: Called with what became of the case.

    Raises:
        ConfigError: The folder holds something already or cannot be written, or the disk is full.
    """
    _refuse(root)
    was_there = root.exists()
    try:
        write_skeleton(scenario, root)
        yield
    except BaseException as error:
        planned = [one.session.id for one in scenario.sessions]
        recorded = _recorded(root, planned)
        if not recorded:
            _take_away(root, keep=was_there)
        is_full = any(getattr(one, "errno", None) in (errno.ENOSPC, errno.EDQUOT) for one in _causes(error))
        if is_full and not recorded:
            raise ConfigError(
                f"{root}: the disk is full, and nothing was left there; free some space and run the command again"
            ) from error
        if is_full:
            raise ConfigError(
                f"{root}: the disk is full; {_incomplete(recorded, planned)}: free some space, and delete it before "
                "you run the scenario again"
            ) from error
        if recorded:
            tell(
                f"{root}: {_incomplete(recorded, planned)}: delete it before you run the scenario again, or name "
                "another folder with -o"
            )
        raise


def _incomplete(recorded: Sequence[str], planned: Sequence[str]) -> str:
    return (
        f"the case is incomplete, {len(recorded)} of {len(planned)} sessions were recorded ({', '.join(recorded)}), "
        "and no score of it will be perfect"
    )


def _recorded(root: Path, planned: Iterable[str]) -> list[str]:
    return [name for name in planned if (root / SESSIONS / name).is_dir()]


def _refuse(root: Path) -> None:
    """See that there is nothing yet; what a run left that was broken off is named."""
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return
    if root.is_dir() and (root / TRUTH_FILE).is_file() and (left := _left(root)):
        raise ConfigError(
            f"{root} holds a run that was broken off ({left}); delete it, or name another folder with -o"
        )
    raise ConfigError(f"{root} is there already and not an empty folder; name another with -o")


def _left(root: Path) -> str:
    """Say what is unfinished in a case of the lab; empty where nothing is."""
    parts = []
    with suppress(ConfigError):  # a truth that was cut in the middle of a line
        planned = [one.session for one in load_truth(root / TRUTH_FILE).planned]
        recorded = _recorded(root, planned)
        if len(recorded) < len(planned):
            parts.append(f"{len(recorded)} of {len(planned)} sessions were recorded")
    partials = [path.relative_to(root).as_posix() for path in find_partials(root)]
    if partials:
        more = f" and {len(partials) - NAMED} more" if len(partials) > NAMED else ""
        parts.append(f"unfinished: {', '.join(map(ascii, partials[:NAMED]))}{more}")
    return "; ".join(parts)


def _take_away(root: Path, *, keep: bool) -> None:
    """Remove what a run made; what else is there, and a folder that was there before, stays."""
    for path in [*(root / name for name in _OURS), *root.glob(f"{PARTIAL_PREFIX}*")]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
    if not keep:
        with suppress(OSError):  # somebody put something there meanwhile
            root.rmdir()


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and what led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__
