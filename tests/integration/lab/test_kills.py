"""Real processes, SIGKILL at random moments, under load: nothing acknowledged is lost, nothing is doubled."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from lab_clients import Phone, phone_of
from lab_load import NoteTaker, Worker, kill_at_random, working
from lab_talk import check_messages, make_talkers

from phonehome.lab import cloud
from phonehome.lab.cloud import Cloud, CloudConfig, Group, RegionConfig, RegionName, ResidencyRule

BEIJING, SINGAPORE = RegionName.BEIJING, RegionName.SINGAPORE
REGIONS = (BEIJING, SINGAPORE)
INDIA = ResidencyRule(group=Group.PERSONAL, countries=("IN",), region=SINGAPORE)


@contextmanager
def _world(folder: Path) -> Iterator[tuple[Cloud, ExitStack]]:
    config = CloudConfig(
        regions={name: RegionConfig() for name in REGIONS}, residency=(INDIA,), retention_every_s=0.5
    )
    with cloud.start(folder, config) as running, ExitStack() as stack:
        yield running, stack


def _phone(running: Cloud, stack: ExitStack) -> Phone:
    return stack.enter_context(phone_of(running))


def _note_takers(running: Cloud, stack: ExitStack, count: int) -> list[NoteTaker]:
    takers = []
    for number in range(count):
        phone = _phone(running, stack)
        phone.register(f"taker{number}@example.com", country="CN")
        phone.consent("backup.notes", "granted")
        takers.append(NoteTaker(phone))
    return takers


def _kill_under_load(folder: Path, seed: int, times: int) -> int:
    drawn = random.Random(seed)
    with _world(folder) as (running, stack):
        talkers, listeners = make_talkers(running, stack)
        takers = _note_takers(running, stack, 2)
        workers: list[Worker] = [*listeners, *talkers, *takers]
        with working(workers):
            time.sleep(0.5)
            kill_at_random(running, REGIONS, drawn, times=times)
            time.sleep(1)
        try:
            delivered = check_messages(talkers, listeners)
        finally:
            for listener in listeners:
                listener.stop()
        for taker in takers:
            assert taker.kept() == taker.stored
        stored = sum(len(taker.stored) for taker in takers)
    assert delivered
    assert stored
    return delivered + stored


def test_killed_servers_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    assert _kill_under_load(tmp_path / "cloud", seed=1, times=3) > 20


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_killed_servers_lose_nothing_and_double_nothing_in_the_long_run(tmp_path: Path, seed: int) -> None:
    assert _kill_under_load(tmp_path / "cloud", seed=seed, times=12) > 100


_HOLD = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
database.execute("BEGIN IMMEDIATE")
database.execute("UPDATE inbox SET body = 'spoiled', state = 'dropped'")
database.execute("DELETE FROM outbox")
print("held", flush=True)
time.sleep(60)
"""


def _hold_and_die(database: Path, seconds: float) -> None:
    """Be a process that writes into a region's database, and is killed before it commits."""
    holder = subprocess.Popen([sys.executable, "-c", _HOLD, str(database)], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        time.sleep(seconds)
        holder.kill()


def test_messages_survive_a_database_that_nobody_can_write_and_that_restarts(tmp_path: Path) -> None:
    drawn = random.Random(8)
    with _world(tmp_path / "cloud") as (running, stack):
        talkers, listeners = make_talkers(running, stack)
        with working([*listeners, *talkers]):
            for region in REGIONS:
                time.sleep(drawn.uniform(0.3, 0.8))
                _hold_and_die(running.folder / f"{region}.sqlite", drawn.uniform(0.5, 1.0))
                running.kill(region)  # the region has its SQLite with it: this is how that restarts
                running.restart(region)
            time.sleep(1)
        try:
            assert check_messages(talkers, listeners) > 10
        finally:
            for listener in listeners:
                listener.stop()


def _move_under_kills(folder: Path, seed: int, users: int, times: int) -> None:
    drawn = random.Random(seed)
    with _world(folder) as (running, stack):
        takers = _note_takers(running, stack, users)
        with working(takers):
            for _ in range(times):
                mover = running.start_migration(BEIJING, SINGAPORE)
                time.sleep(drawn.uniform(0, 0.6))
                victim = drawn.choice((BEIJING, SINGAPORE, None))
                if victim is not None:
                    running.kill(victim)
                    time.sleep(drawn.uniform(0, 0.3))
                mover.kill()
                if victim is not None:
                    running.restart(victim)
                result = running.recover_migration(give_up=drawn.random() < 0.3)
                assert result.left == 0
            assert running.migrate(BEIJING, SINGAPORE).left == 0
        assert running.residents(SINGAPORE)
        for taker in takers:
            user = taker.phone.user_id
            assert taker.kept() == taker.stored
            assert running.residents(SINGAPORE)[user]["state"] == "serving"
            assert running.residents(BEIJING)[user] | {"epoch": 0} == {
                "user_id": user,
                "state": "moved",
                "epoch": 0,
                "rows": 0,
            }
            assert taker.stored


def test_a_migration_that_is_killed_loses_nothing_and_leaves_nobody_in_two_places(tmp_path: Path) -> None:
    _move_under_kills(tmp_path / "cloud", seed=5, users=3, times=2)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [6, 7])
def test_a_migration_that_is_killed_again_and_again_arrives(tmp_path: Path, seed: int) -> None:
    _move_under_kills(tmp_path / "cloud", seed=seed, users=6, times=8)


def test_what_was_acknowledged_is_there_after_a_kill_without_any_retry(tmp_path: Path) -> None:
    with _world(tmp_path / "cloud") as (running, stack):
        taker = _note_takers(running, stack, 1)[0]
        taker.once(0)
        running.kill(BEIJING)
        running.restart(BEIJING)
        assert taker.kept() == {"n0": "note 0"}


def test_servers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with _world(tmp_path / "cloud") as (running, _):
        pid = running.pid(BEIJING)
        child = running._child(BEIJING)
        assert child._process.stdin is not None
        child._process.stdin.close()  # what the end of this process would do
        assert child.wait(15) == 0
        assert not Path(f"/proc/{pid}").exists()
