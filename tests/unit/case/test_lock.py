"""One writer at a time; the second is told who the first is."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from phonehome.case.lock import LOCK_FILE, locked
from phonehome.model.errors import ConfigError

HOLD = """
import sys, time
from pathlib import Path
from phonehome.case.lock import locked
with locked(Path(sys.argv[1]), "phonehome case add-session"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        locked(tmp_path, "phonehome case add-session"),
        pytest.raises(ConfigError, match=rf"add-session, process {os.getpid()} on .*, since 20"),
        locked(tmp_path, "phonehome case annotate"),
    ):
        pytest.fail("two writers at once")


def test_after_the_block_another_may_write(tmp_path: Path) -> None:
    with locked(tmp_path, "one"):
        pass
    with locked(tmp_path, "two"):
        assert b"two" in (tmp_path / LOCK_FILE).read_bytes()
    assert (tmp_path / LOCK_FILE).read_bytes() == b""


def test_a_killed_writer_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ConfigError, match=f"process {holder.pid} "), locked(tmp_path, "two"):
            pytest.fail("two writers at once")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with locked(tmp_path, "two"):
        pass


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"outside")
    (tmp_path / LOCK_FILE).symlink_to(tmp_path / "outside")
    with pytest.raises(ConfigError, match="cannot be written"), locked(tmp_path, "x"):
        pytest.fail("followed a link")
    assert (tmp_path / "outside").read_bytes() == b"outside"


def test_what_a_lock_says_is_read_within_bounds(tmp_path: Path) -> None:
    with locked(tmp_path, "x" * 10_000):
        (tmp_path / LOCK_FILE).write_bytes(b"\xff\n" * 10_000)
        with pytest.raises(ConfigError) as caught, locked(tmp_path, "two"):
            pytest.fail("two writers at once")
    assert len(str(caught.value)) < 2_000
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"), locked(tmp_path / "nowhere", "x"):
        pytest.fail("locked nothing")
