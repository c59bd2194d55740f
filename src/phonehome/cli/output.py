"""Where results and messages go: results to standard output or a file, everything else to standard error."""

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from phonehome.model.errors import ConfigError
from phonehome.reports.text import visible

OWNER_ONLY = 0o600

_ENOUGH_BYTES = 256 * 1024
"""Bytes of a result that are written together."""


def say(text: str) -> None:
    """Tell the user something on standard error, each line with the program's name before it."""
    for line in text.splitlines():
        click.echo(f"phonehome: {visible(line)}", err=True)


def write_stdout(text: str | bytes, *, private: bool = False) -> None:
    """Write a result to standard output as UTF-8, whatever the locale.

    Args:
        text: The result; bytes are written as they are.
        private: It shows personal values: where standard output is a file, only its owner may read it.
    """
    if private:
        _protect_redirect(sys.stdout.fileno())
    with open_stdout() as stdout:
        stdout.write(_encode(text))


def _encode(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")


class Stdout:
    """Standard output; tells its own failures from those of what it is given to write.

    What is written is gathered, whatever the buffer of the system's own stream: each call of the system costs.
    """

    def __init__(self) -> None:
        self._out = sys.stdout.buffer
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write all of it, or hold it until there is more.

        Raises:
            BrokenPipeError: Its reader went away.
            ConfigError: It cannot be written: its disk is full.
        """
        self._held.append(data)
        self._size += len(data)
        if self._size >= _ENOUGH_BYTES:
            self._write_held()

    def flush(self) -> None:
        """Hand on what is held; it raises what `write` raises."""
        self._write_held(flush=True)

    def _write_held(self, *, flush: bool = False) -> None:
        data = b"".join(self._held)
        self._held, self._size = [], 0
        try:
            self._out.write(data)
            if flush:
                self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _cannot_write(error) from error


def _cannot_write(error: OSError) -> ConfigError:
    mute_stdout()  # or what is left in the buffer would fail again
    return ConfigError(f"standard output cannot be written: {error.strerror}")


@contextmanager
def open_stdout() -> Iterator[Stdout]:
    """Give standard output; ends quietly when its reader went away.

    Raises:
        ConfigError: It cannot be written: its disk is full.
    """
    stdout = Stdout()
    try:
        yield stdout
        stdout.flush()
    except BrokenPipeError:
        # The reader had enough (`| head`): no fault, and the command's exit status still counts.
        mute_stdout()


def write_file(path: Path, text: str | bytes, *, private: bool = False) -> None:
    """Write a result to a file: whole or not at all, never half over an older one.

    Raises:
        ConfigError: The place cannot be written.
    """
    data = _encode(text)
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            if target.is_dir():
                raise ConfigError(f"{path} is a folder; name a file to write, as in {path / 'report.html'}")
            target.write_bytes(data)  # /dev/stdout, a named pipe: nothing to replace
            return
        _replace(target, data, private=private)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
        raise ConfigError(f"{path}: cannot be written: {reason}; give another place with -o") from error


def _replace(target: Path, data: bytes, *, private: bool) -> None:
    draft = target.with_name(f".{target.name[:200]}.{secrets.token_hex(6)}")
    mode = OWNER_ONLY if private else 0o666  # less the umask
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _protect_redirect(descriptor: int) -> None:
    """Take a redirected file from other users' eyes: the shell made it with the usual permissions."""
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) & 0o077:
        os.fchmod(descriptor, OWNER_ONLY)
        say("the output shows personal values, so its file is now readable by its owner only")


def mute_stdout() -> None:
    """Point standard output at nothing, after its reader went away, so that the exit does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
