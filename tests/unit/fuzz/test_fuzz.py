"""The fuzz targets run a little with every test run, repeat by their seed, and do notice a fault."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.run import TARGETS, Target, fuzz, main, make_input

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_short_run_finds_nothing_and_reads_something(target: Target) -> None:
    read = fuzz(target, range(200), seed=1)
    assert read is not None, "see standard error for the run that repeats it"
    assert read > 0


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_seed_gives_the_same_inputs_and_another_gives_others(target: Target) -> None:
    first = [make_input(target, 5, run) for run in range(20)]
    assert first == [make_input(target, 5, run) for run in range(20)]
    assert first != [make_input(target, 6, run) for run in range(20)]


def test_a_fault_ends_with_1_and_says_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(chance: random.Random) -> bytes:
        return bytes([chance.randrange(256)])

    def check(data: bytes) -> int:
        if data[0] > 250:
            raise IndexError
        return 1

    monkeypatch.setattr("fuzz.run.TARGETS", (Target("broken", make, check),))
    monkeypatch.chdir(tmp_path)
    assert main(["--runs", "2000", "--seed", "3"]) == 1
    said = capsys.readouterr().err
    assert "IndexError" in said
    repeat = said.rpartition("python -m fuzz.run ")[2].split()
    assert main(repeat) == 1
    assert (tmp_path / "fuzz-input.bin").read_bytes()[0] > 250


def test_it_runs_as_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.run", "readers", "decoders", "--runs", "5", "--seed", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "nothing found" in done.stderr
    assert done.stdout == ""
