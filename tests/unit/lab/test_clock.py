"""One clock for all processes of a lab."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from phonehome.lab.clock import LabClock, set_clock

START = datetime(2014, 8, 7, 9, 0, tzinfo=UTC)


def test_a_clock_that_stands_still_says_what_it_was_set_to(tmp_path: Path) -> None:
    set_clock(tmp_path, START, speed=0)
    clock = LabClock(tmp_path)
    assert clock.now() == clock.now() == START


def test_every_reader_follows_when_the_clock_is_set(tmp_path: Path) -> None:
    set_clock(tmp_path, START, speed=0)
    readers = [LabClock(tmp_path) for _ in range(2)]
    for day in range(1, 20):
        set_clock(tmp_path, START + timedelta(days=day), speed=0)
        assert {reader.now() for reader in readers} == {START + timedelta(days=day)}


def test_a_clock_runs_at_its_speed(tmp_path: Path) -> None:
    clock = set_clock(tmp_path, START, speed=100_000)
    first = clock.now()
    while clock.now() < first + timedelta(hours=1):
        pass
    assert clock.now() > START


def test_without_a_moment_it_is_now(tmp_path: Path) -> None:
    assert abs(set_clock(tmp_path).now() - datetime.now(UTC)) < timedelta(seconds=5)
