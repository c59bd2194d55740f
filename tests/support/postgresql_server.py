"""A real PostgreSQL for tests: Debian's, in a folder of the test's, as an unprivileged user, on a Unix socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATABASE = "lab"
USER = "lab"
START_SECONDS = 60
_UNPRIVILEGED = "nobody"


def _programs() -> Path:
    """Debian keeps the server's programs in a folder of their version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    assert program is not None, "there is no PostgreSQL here"
    return Path(program).parent


class PostgreSql:
    """One server; may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._programs = _programs()
        self._folder = folder
        self._data = folder / "data"
        # PostgreSQL refuses to run as root.
        self._user = pwd.getpwnam(_UNPRIVILEGED) if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", str(self._data), "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where SQLAlchemy finds it."""
        return f"postgresql+psycopg://{USER}@/{DATABASE}?host={self._folder}"

    def start(self) -> None:
        """Start it and wait until it answers; the first time makes the database."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._folder)),
                    *("-c", "listen_addresses=", "-c", "max_connections=300"),
                ],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=None if self._user is None else self._user.pw_uid,
                group=None if self._user is None else self._user.pw_gid,
                extra_groups=None if self._user is None else [],
            )
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < end, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        if DATABASE not in self._query("SELECT datname FROM pg_database"):
            self._query(f"CREATE DATABASE {DATABASE}")

    def kill(self) -> None:
        """End it at once, as a power cut would: SIGQUIT has every process of it exit without cleaning up."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(START_SECONDS)

    def _answers(self) -> bool:
        try:
            return bool(self._query("SELECT 1"))
        except subprocess.CalledProcessError:
            return False

    def _query(self, query: str) -> list[str]:
        command = ["-h", str(self._folder), "-U", USER, "-d", "postgres", "-Atc", query]
        return self._run("psql", *command).split()

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            capture_output=True,
            text=True,
            cwd=self._folder,
            user=None if self._user is None else self._user.pw_uid,
            group=None if self._user is None else self._user.pw_gid,
            extra_groups=None if self._user is None else [],
        )
        return done.stdout


@contextmanager
def postgresql(folder: Path) -> Iterator[PostgreSql]:
    """Run a server in a folder, which an unprivileged user must be able to reach."""
    server = PostgreSql(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
