"""What a run leaves that does not come to its end, and what it says of that; with sessions that are folders only."""

import errno
import fcntl
import os
import stat
from pathlib import Path

import pytest

from phonehome.lab.scenarios import find_scenario
from phonehome.lab.truth import PlannedRecording, Truth, TruthBook
from phonehome.lab.unfinished import beginning
from phonehome.lab.workplace import LOCK, PREFIX, open_workplace, sweep
from phonehome.model.errors import ConfigError

SCENARIO = find_scenario("encodes")
FULL = OSError(errno.ENOSPC, "No space left on device")


def break_off(root: Path, error: BaseException, *sessions: str, notes: bool = False) -> list[str]:
    """Break a run off when some sessions are recorded; gives what it said."""
    said: list[str] = []
    plan = [PlannedRecording(session=one.session.id, recorded=True) for one in SCENARIO.sessions]
    head = Truth(planned=plan, receivers=[], absent=[], unknown=[], verdicts=[], sent=[])

    def record() -> None:
        with beginning(SCENARIO, root, said.append):
            TruthBook(root / "truth.yaml", head).close()
            for name in sessions:
                (root / "sessions" / name).mkdir(parents=True)
            if notes:
                (root / "notes.txt").write_text("mine", encoding="utf-8")
            raise error

    with pytest.raises((type(error), ConfigError)) as raised:
        record()
    return [*said, str(raised.value)]


def test_a_run_that_recorded_nothing_leaves_nothing(tmp_path: Path) -> None:
    assert break_off(tmp_path / "case", KeyboardInterrupt()) == [""]
    assert not (tmp_path / "case").exists()


def test_a_folder_that_was_there_stays_with_what_somebody_else_put_into_it(tmp_path: Path) -> None:
    root = tmp_path / "case"
    root.mkdir()
    break_off(root, KeyboardInterrupt(), notes=True)
    assert [path.name for path in root.iterdir()] == ["notes.txt"]


def test_what_was_recorded_stays_and_is_said_to_be_incomplete(tmp_path: Path) -> None:
    said, _ = break_off(tmp_path / "case", KeyboardInterrupt(), "01-factory")
    assert "1 of 2 sessions were recorded (01-factory)" in said
    assert (tmp_path / "case" / "sessions" / "01-factory").is_dir()


def test_the_next_run_names_what_was_broken_off(tmp_path: Path) -> None:
    root = tmp_path / "case"
    break_off(root, KeyboardInterrupt(), "01-factory")
    (root / "sessions" / ".partial-1234-02-new").mkdir()
    with (
        pytest.raises(ConfigError, match=r"1 of 2 sessions .*'sessions/\.partial-1234-02-new'"),
        beginning(SCENARIO, root, print),
    ):
        pass


def test_a_full_disk_says_what_is_left_and_what_to_do(tmp_path: Path) -> None:
    wrapped = ConfigError("cannot be written; nothing was changed")
    wrapped.__cause__ = FULL
    (said,) = break_off(tmp_path / "case", wrapped)
    assert "the disk is full, and nothing was left there; free some space and run the command again" in said
    assert not (tmp_path / "case").exists()
    (said,) = break_off(tmp_path / "case", BaseExceptionGroup("tasks", [FULL]), "02-new")
    assert "the disk is full; the case is incomplete, 1 of 2" in said
    assert "nothing was changed" not in said


def test_a_work_folder_is_private_and_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_workplace() as work:
        assert stat.S_IMODE(work.stat().st_mode) == 0o700
        assert sweep(tmp_path) == []  # it is held
        assert work.exists()
    assert list(tmp_path.iterdir()) == []


def test_only_folders_that_nobody_holds_are_swept(tmp_path: Path) -> None:
    left, held, other, young = (tmp_path / f"{PREFIX}{name}" for name in ("left", "held", "other", "young"))
    for folder in (left, held, young):
        folder.mkdir()
    (left / LOCK).touch()
    (held / LOCK).touch()
    other.symlink_to(left)
    descriptor = os.open(held / LOCK, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert sweep(tmp_path) == [left]
    finally:
        os.close(descriptor)
    assert not left.exists()
    assert held.exists()
    assert young.exists()
    assert other.is_symlink()
