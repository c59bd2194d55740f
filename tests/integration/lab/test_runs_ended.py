"""A run that is ended early stops all that it started, leaves no keys behind, and says that it is incomplete."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import PHONEHOME

from phonehome.cli.main import main
from phonehome.lab.workplace import PREFIX

SCENARIO = ("encodes", "01-factory", "02-new")
SECONDS = 60


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that the run alone uses."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def run_until(words: str, root: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start a run and give it when it says something; it is killed in the end if it still runs."""
    command = [str(PHONEHOME), "lab", "run", SCENARIO[0], "-o", str(root), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if words in line:
                break
        yield process
        if process.poll() is None:
            process.kill()


def children(pid: int) -> list[int]:
    """Give the processes that a process started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(one) for one in listed.split()]


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except OSError:
        return False


def end(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send a signal and give what it says until its end, by when all that it started has ended."""
    started = children(process.pid)
    assert started
    process.send_signal(number)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert [pid for pid in started if runs(pid)] == []
    return said


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, *(pytest.param(one, marks=pytest.mark.heavy) for one in (signal.SIGHUP, signal.SIGINT))],
)
def test_a_signal_ends_a_run_and_what_was_recorded_is_incomplete(
    number: signal.Signals, tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "case"
    for process in run_until(f"session {SCENARIO[2]}", root):
        said = end(process, number)
        assert "the case is incomplete, 1 of 2 sessions were recorded (01-factory)" in said
    assert list(temporary.glob(f"{PREFIX}*")) == []
    assert main(["lab", "score", str(root)]) == 4
    assert "INCOMPLETE" in capsys.readouterr().out
    assert main(["lab", "run", SCENARIO[0], "-o", str(root)]) == 2
    assert "a run that was broken off (1 of 2 sessions were recorded)" in capsys.readouterr().err


@pytest.mark.needs_tool("tcpdump")
def test_a_program_that_records_ends_with_the_run(tmp_path: Path, temporary: Path) -> None:
    for process in run_until(f"session {SCENARIO[1]}", tmp_path / "case", "--recorder", "tcpdump"):
        end(process, signal.SIGTERM)
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "case").exists()  # nothing was recorded, so nothing is left


@pytest.mark.heavy
def test_the_next_run_sweeps_the_keys_of_one_that_was_killed(tmp_path: Path, temporary: Path) -> None:
    for process in run_until(f"session {SCENARIO[1]}", tmp_path / "killed"):
        process.kill()
        process.wait(SECONDS)
    (left,) = temporary.glob(f"{PREFIX}*")
    for process in run_until(f"session {SCENARIO[1]}", tmp_path / "next"):
        (own,) = temporary.glob(f"{PREFIX}*")
        assert own != left
        end(process, signal.SIGTERM)
    assert list(temporary.iterdir()) == []


@pytest.mark.heavy
def test_a_run_that_ignores_hangups_goes_on(tmp_path: Path, temporary: Path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    command = [str(PHONEHOME), "lab", "run", SCENARIO[0], "-o", str(tmp_path / "case")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=ignore) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "session 01" in line:
                process.send_signal(signal.SIGHUP)
        assert process.wait(SECONDS) == 0
    assert list(temporary.iterdir()) == []
