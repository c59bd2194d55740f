"""The exit statuses of every command, by name: part of the contract with scripts that call phonehome."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status says."""

    DONE = 0
    FAIL_ON = 1
    """`--fail-on` was met."""
    USAGE = 2
    """Wrong usage, or no exchange could be read."""
    INCOMPLETE = 3
    """Done, but part of the input could not be read and `--strict` was given."""
    CHECK_FAILED = 4
    """A check failed (`verify`, `repeat`, `diff --exit-code`, `lab score`)."""
    INTERNAL = 70
    """A fault of phonehome's own (EX_SOFTWARE of sysexits.h)."""
    INTERRUPTED = 130


PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.INTERNAL,
    ExitCode.CHECK_FAILED,
    ExitCode.INCOMPLETE,
    ExitCode.FAIL_ON,
    ExitCode.DONE,
)


def foremost(codes: Iterable[ExitCode]) -> ExitCode:
    """Of several statuses give the one to exit with; `DONE` if there is none."""
    return min((ExitCode.DONE, *codes), key=PRECEDENCE.index)
