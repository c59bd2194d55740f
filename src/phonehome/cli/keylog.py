"""The option `--keylog`: TLS key logs, checked before any capture is read."""

from pathlib import Path

import click

from phonehome.cli.output import say
from phonehome.model.errors import InputError
from phonehome.wire.tls.keylog import KeyLog

MAX_KEY_LOG_BYTES = 1 << 30
"""A key log of a day is a few megabytes."""


def read_key_logs(_ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]) -> tuple[bytes, ...]:
    """Give the contents of key logs; one that is none, or cannot be read, is wrong usage.

    A program that spoke no TLS leaves an empty one: that is told, and goes on.
    """
    return tuple(_read(path, param) for path in value)


def _read(path: Path, param: click.Parameter) -> bytes:
    try:
        return check_key_log(path)
    except InputError as error:
        raise click.BadParameter(str(error), param=param) from error


def check_key_log(path: Path) -> bytes:
    """Read a key log; of an empty one it is told that nothing is opened with it.

    Raises:
        InputError: It cannot be read, or is none; names the file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_LOG_BYTES + 1)
        if len(data) > MAX_KEY_LOG_BYTES:
            raise InputError(f"is longer than the {MAX_KEY_LOG_BYTES:,} bytes that are read of a key log")
        if data.strip():
            KeyLog.check(data)
        else:
            say(f"warning: {path}: is empty, so no TLS is opened with it")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return data


keylog_option = click.option(
    "--keylog",
    "key_logs",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    callback=read_key_logs,
    help="TLS key log (SSLKEYLOGFILE) for captures of packets; may be given more than once.",
)
