"""Writers of a case are killed, run out of disk and meet one another: nothing is lost, and a sentence says so."""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import killed_writers
import pytest
from case_folders import write_case
from command_line import PHONEHOME, run

from phonehome.case.folder import load_case
from phonehome.case.lock import locked

PCAP = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000065000000")


def kill_writers(what: str, how: str, folder: Path, most: int) -> dict[str, object]:
    root = write_case(folder / "case")
    done = subprocess.run(
        [sys.executable, killed_writers.__file__, what, how, str(root), str(most)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("what", "fewest"), [("add", 40), ("annotate", 15)])
def test_a_writer_killed_at_any_call_leaves_the_old_or_the_new_case(
    tmp_path: Path, what: str, fewest: int
) -> None:
    found = kill_writers(what, "steps", tmp_path, 1_000)
    assert found["wrong"] == []
    assert found["left"] == []
    assert isinstance(found["steps"], int)
    assert found["steps"] > fewest, "that many calls change something"
    assert found["killed"] == found["steps"] - 1
    assert isinstance(found["new"], int)
    assert found["new"] >= 4, "the last calls come after the rename"
    assert found["leftovers"], "some died with half of it written"


@pytest.mark.parametrize("what", ["add", "annotate"])
def test_writers_killed_at_random_moments_leave_the_old_or_the_new_case(tmp_path: Path, what: str) -> None:
    found = kill_writers(what, "random", tmp_path, 80)
    assert found["wrong"] == []
    assert found["left"] == []
    assert isinstance(found["killed"], int)
    assert found["killed"] >= 5
    assert found["old"], "some died before the end"


def test_a_command_that_is_killed_while_it_copies_leaves_the_case_and_the_next_says_so(
    tmp_path: Path,
) -> None:
    root = write_case(tmp_path / "case")
    capture = tmp_path / "large.pcap"
    with capture.open("wb") as file:
        file.write(PCAP)
        file.truncate(1 << 30)  # sparse: copying it takes a while
    command = [
        str(PHONEHOME),
        "case",
        "add-session",
        str(root),
        str(capture),
        "--id",
        "02",
        "--position",
        "tap",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as writer:
        while not list((root / "sessions").glob(".partial-*/large.pcap")):
            assert writer.poll() is None, "it ended before it could be killed"
        writer.send_signal(signal.SIGSTOP)
        second = run("case", "annotate", root, "--author", "A", "--reason", "r", "--note", "n")
        writer.send_signal(signal.SIGKILL)
    assert second.status == 2
    assert f"phonehome case add-session, process {writer.pid} on " in second.err
    (warning,) = load_case(root).warnings
    assert "interrupted" in warning
    third = run("case", "annotate", root, "--author", "A", "--reason", "r", "--note", "n")
    assert third.status == 0
    assert "removed sessions/.partial-" in third.err
    assert [path.name for path in (root / "sessions").iterdir()] == ["01-factory"]


def test_a_file_that_the_system_does_not_let_grow_is_named_and_nothing_is_added(tmp_path: Path) -> None:
    root = write_case(tmp_path / "case")
    capture = tmp_path / "large.pcap"
    capture.write_bytes(PCAP + bytes(3 << 20))
    done = subprocess.run(
        [PHONEHOME, "case", "add-session", root, capture, "--id", "02", "--position", "tap"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )
    assert done.returncode == 2
    assert "large.pcap: cannot be written: File too large" in done.stderr
    assert "nothing was changed" in done.stderr
    assert [path.name for path in (root / "sessions").iterdir()] == ["01-factory"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small file system; the other tests fill a disk by halves")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.needs_tool("mount")
def test_on_a_disk_that_is_really_full_a_case_stays_what_it_was(small_disk: Path, tmp_path: Path) -> None:
    root = write_case(small_disk / "case")
    capture = tmp_path / "large.pcap"
    capture.write_bytes(PCAP + bytes(5 << 20))
    add = ("case", "add-session", root, capture, "--id", "02", "--position", "tap")
    annotate = ("case", "annotate", root, "01-factory", "--author", "A", "--reason", "r", "--clock-offset")
    added = run(*add)
    assert added.status == 2
    assert "large.pcap: cannot be written: the disk is full" in added.err
    assert [path.name for path in (root / "sessions").iterdir()] == ["01-factory"]
    assert run(*annotate, "2").status == 0, "what was begun made room again"
    before = (root / "annotations.yaml").read_bytes()
    with (small_disk / "fill").open("wb", buffering=0) as file, suppress(OSError):
        while True:  # until there is no room
            file.write(bytes(4096))
    annotated = run(*annotate, "3")
    assert annotated.status == 2
    assert "annotations.yaml: cannot be written: the disk is full" in annotated.err
    assert (root / "annotations.yaml").read_bytes() == before
    assert load_case(root).warnings == ()


def test_readers_need_no_lock(tmp_path: Path) -> None:
    root = write_case(tmp_path / "case")
    with locked(root, "a long copy"):
        assert run("case", "show", root).status == 0
