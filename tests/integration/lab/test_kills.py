"""Real processes, SIGKILL at random moments, under load: nothing acknowledged is lost, nothing is doubled."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from lab_clients import Phone, eventually, phone_of
from lab_load import Listener, NoteTaker, Talker, Worker, kill_at_random, working

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


def _talkers(running: Cloud, stack: ExitStack) -> tuple[list[Talker], list[Listener]]:
    """Two in each region; each writes to the next, so half of the messages cross from region to region."""
    phones = []
    for number, country in enumerate(("CN", "CN", "IN", "IN")):
        phone = _phone(running, stack)
        phone.activate(f"+4477009001{number:02}", country=country)
        phones.append(phone)
    listeners = []
    for phone in phones:
        twin = _phone(running, stack)  # a client of its own for the stream's thread
        twin.user_id, twin.token, twin.security, twin.number = (
            *(phone.user_id, phone.token),
            *(phone.security, phone.number),
        )
        listeners.append(Listener(twin))
    talkers = [Talker(phone, phones[(n + 1) % len(phones)].number) for n, phone in enumerate(phones)]
    return talkers, listeners


def _note_takers(running: Cloud, stack: ExitStack, count: int) -> list[NoteTaker]:
    takers = []
    for number in range(count):
        phone = _phone(running, stack)
        phone.register(f"taker{number}@example.com", country="CN")
        phone.consent("backup.notes", "granted")
        takers.append(NoteTaker(phone))
    return takers


def _check_messages(talkers: list[Talker], listeners: list[Listener]) -> int:
    total = 0
    for number, talker in enumerate(talkers):
        listener = listeners[(number + 1) % len(listeners)]

        def arrived(talker: Talker = talker, listener: Listener = listener) -> bool:
            return set(talker.accepted) == set(listener.push.got) | talker.returned()

        eventually(arrived, seconds=30)
        assert len(listener.push.order) == len(set(listener.push.order)), "a message was doubled"
        assert not set(listener.push.got) & talker.returned(), "a message arrived and came back"
        for name, text in listener.push.got.items():
            assert talker.accepted[name] == text
        assert not set(talker.by_sms) & set(listener.push.got.values())
        total += len(listener.push.got)
    return total


def _kill_under_load(folder: Path, seed: int, times: int) -> int:
    drawn = random.Random(seed)
    with _world(folder) as (running, stack):
        talkers, listeners = _talkers(running, stack)
        takers = _note_takers(running, stack, 2)
        workers: list[Worker] = [*listeners, *talkers, *takers]
        with working(workers):
            time.sleep(0.5)
            kill_at_random(running, REGIONS, drawn, times=times)
            time.sleep(1)
        try:
            delivered = _check_messages(talkers, listeners)
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


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_killed_servers_lose_nothing_and_double_nothing_in_the_long_run(tmp_path: Path, seed: int) -> None:
    assert _kill_under_load(tmp_path / "cloud", seed=seed, times=12) > 100


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


@pytest.mark.heavy
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
