"""What was compiled of older sources is not used: it would be no twin of what stands beside it."""

import os
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from compiled_parts import compiled_parts

with compiled_parts():
    from phonehome.wire.native import is_stale


@pytest.mark.parametrize(
    ("compiled", "written", "expected"),
    [
        ([20], [10], False),
        ([20, 20], [10, 21], True),
        ([5, 20], [10, 10], True),
        ([20], [], False),
        ([], [10], False),
    ],
    ids=["newer", "one source changed", "one module left over", "installed", "not compiled"],
)
def test_modules_older_than_their_sources_are_told(
    tmp_path: Path, compiled: list[int], written: list[int], expected: bool
) -> None:
    for number, time in enumerate(compiled):
        _touch(tmp_path / f"part{number}{EXTENSION_SUFFIXES[0]}", time)
    for number, time in enumerate(written):
        _touch(tmp_path / f"part{number}.{('pyx', 'pxd')[number % 2]}", time)
    _touch(tmp_path / "part0.cpython-39-of-another.so", 1)
    assert is_stale(tmp_path) is expected


def _touch(path: Path, time: int) -> None:
    path.touch()
    os.utime(path, (time, time))
