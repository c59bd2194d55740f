"""Asking for a passphrase: at the terminal, or for scripts from the environment or an open file.

Never from the command line, where every process of the machine could read it.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from phonehome.case.keys import shown_to_others
from phonehome.cli.output import say
from phonehome.model.errors import ConfigError

MAX_BYTES = 4096
_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PassphraseSource:
    """Where the passphrase comes from; without a name and a number, from the terminal."""

    variable: str | None = None
    descriptor: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether a source for scripts was named."""
        return self.variable is not None or self.descriptor is not None

    def read(self, of: str, *, twice: bool = False) -> str:
        """Get it.

        Args:
            of: What it opens, for the question.
            twice: Ask again, since a slip would lock something for good.

        Raises:
            ConfigError: The source holds none, or there is no terminal to ask at.
        """
        if self.variable is not None:
            found = os.environ.get(self.variable)
            if not found:
                raise ConfigError(
                    f"the environment has no {self.variable}, or it is empty; --passphrase-env names it"
                )
            return found
        if self.descriptor is not None:
            return _read_descriptor(self.descriptor)
        if not sys.stdin.isatty():
            raise ConfigError(
                f"the passphrase {of} is needed, and there is no terminal to ask at; "
                "scripts give it with --passphrase-env or --passphrase-fd"
            )
        answer: str = click.prompt(
            f"Passphrase {of}",
            hide_input=True,
            confirmation_prompt="The same again" if twice else False,
            err=True,
        )
        return answer


def _read_descriptor(descriptor: int) -> str:
    data = b""
    try:
        while len(data) < MAX_BYTES and (block := os.read(descriptor, MAX_BYTES)):
            data += block
        text = data.partition(b"\n")[0].removesuffix(b"\r").decode()
    except (OSError, UnicodeDecodeError, OverflowError) as error:
        raise ConfigError(f"no passphrase can be read from file descriptor {descriptor}: {error}") from error
    if not text:
        raise ConfigError(f"file descriptor {descriptor} gave no passphrase: its first line is empty")
    return text


def warn_if_shown(path: Path) -> None:
    """Tell the owner of a private key that others on the machine can take a copy, and try passphrases on it."""
    if shown_to_others(path):
        say(
            f"warning: {path}: others on this machine may read this private key; `chmod 600` keeps it to its owner"
        )


def passphrase_options(command: _Command) -> _Command:
    """Add the two options for scripts; they come as `passphrase_env` and `passphrase_fd`."""
    command = click.option(
        "--passphrase-fd",
        type=click.IntRange(min=0),
        metavar="NUMBER",
        help="For scripts: read the passphrase from this open file descriptor (its first line).",
    )(command)
    return click.option(
        "--passphrase-env",
        metavar="NAME",
        help="For scripts: take the passphrase from this environment variable.",
    )(command)
