"""Programs of others that record: found, started, waited for, ended."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from phonehome.model.errors import ConfigError

START_S = 60.0
STOP_S = 30.0
POLL_S = 0.02
_TAIL = 400


def find_program(name: str, variable: str, advice: str) -> Path:
    """Find a program: where an environment variable says, or on the path.

    Raises:
        ConfigError: It is nowhere.
    """
    said = os.environ.get(variable)
    found = said or shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not found or not os.access(found, os.X_OK):
        raise ConfigError(f"{name} is not installed here; {advice}, or name it in {variable}")
    return Path(found)


class Program:
    """A running program, whose output goes to a file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, command: Sequence[str], log: Path, ready: str) -> "Program":
        """Start it, and wait until it writes that it is ready.

        Raises:
            ConfigError: It ends before that, or does not say so in time.
        """
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
            )
        program = cls(command[0], process, log)
        try:
            async with asyncio.timeout(START_S):
                while ready.encode() not in log.read_bytes():
                    if process.returncode is not None:
                        raise ConfigError(f"{command[0]} cannot record here: {program.said()}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            await program.stop()
            raise ConfigError(f"{command[0]} did not start: {program.said()}") from error
        except BaseException:  # interrupted: whoever asked for it never gets it, and so could not stop it
            await program.stop()
            raise
        return program

    async def finish(self, settle_s: float, *, whole: bool) -> None:
        """Stop it when what was sent last has arrived.

        Args:
            settle_s: For how long to wait for that.
            whole: Whether the session came to its end, so that the recording is to be whole.

        Raises:
            ConfigError: It ended by itself before: nobody knows what it did not record.
        """
        try:
            await asyncio.sleep(settle_s)
            if whole and self._process.returncode is not None:
                raise ConfigError(
                    f"{self._name} ended before the session did (status {self._process.returncode}), so the recording "
                    f"is not whole: {self.said()}"
                )
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Ask it to write what it has and end; make it end when it does not."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self._process.wait()
                return
            self._process.kill()
        await self._process.wait()

    def said(self) -> str:
        """Give the end of what it wrote."""
        return self._log.read_bytes()[-_TAIL:].decode(errors="replace").strip()


async def ask_version(program: Path) -> str:
    """Give the first line that a program says of its version."""
    process = await asyncio.create_subprocess_exec(
        str(program), "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return (said.decode(errors="replace").strip().splitlines() or ["unknown"])[0][:200]
