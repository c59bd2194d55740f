"""The same on PostgreSQL: a real server of Debian's, killed and started again under load."""

import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from lab_clients import Phone, Push, phone_of
from lab_load import NoteTaker, kill_at_random, working
from lab_talk import check_messages, make_talkers
from postgresql_server import PostgreSql, postgresql

from phonehome.lab import cloud
from phonehome.lab.cloud import CloudConfig, Group, RegionConfig, RegionName, ResidencyRule, database
from phonehome.lab.cloud.deletions import check

pytestmark = [pytest.mark.heavy, pytest.mark.needs_tool("pg_ctlcluster")]
BEIJING, SINGAPORE = RegionName.BEIJING, RegionName.SINGAPORE
REGIONS = {BEIJING: RegionConfig(), SINGAPORE: RegionConfig()}


@pytest.fixture
def server() -> Iterator[PostgreSql]:
    """A server in a folder of its own; pytest's may be reached by one user only."""
    with tempfile.TemporaryDirectory(prefix="phonehome-pg-") as folder:
        Path(folder).chmod(0o755)
        with postgresql(Path(folder)) as started:
            yield started


def _account(taker: NoteTaker, name: str) -> NoteTaker:
    taker.phone.register(f"{name}@example.com", country="CN")
    taker.phone.consent("backup.notes", "granted")
    return taker


def test_the_cloud_works_on_postgresql(server: PostgreSql, tmp_path: Path) -> None:
    config = CloudConfig(regions=REGIONS, database=server.url, retention_every_s=0.3)
    with (
        cloud.start(tmp_path / "cloud", config, mode="threads") as running,
        phone_of(running) as ann,
        phone_of(running) as bob,
        phone_of(running) as account,
    ):
        ann.activate("+447700900111")
        bob.activate("+447700900112")
        push = Push(bob).connect()
        assert ann.data(ann.send(bob.number, "hello", "a")) == ann.data(ann.send(bob.number, "hello", "a"))
        push.until("confirmed")
        taker = _account(NoteTaker(account), "pg")
        for number in range(5):
            taker.once(number)
        assert running.migrate(BEIJING, SINGAPORE).moved == 3
        assert taker.kept() == taker.stored
        assert check(running.deletions(BEIJING)) is None
        push.connect()
        assert push.order == list(push.got)
        ann.consent("messaging", "withdrawn")
        assert ann.send(bob.number, "x", "b").json()["reason"] == "consent"
        assert running.refusals(SINGAPORE)[-1]["reason"] == "consent"


def test_many_at_once_get_the_answers_that_one_after_another_would(
    server: PostgreSql, tmp_path: Path
) -> None:
    config = CloudConfig(regions={BEIJING: RegionConfig()}, database=server.url, retention_every_s=600)
    with (
        cloud.start(tmp_path / "cloud", config, mode="threads") as running,
        ExitStack() as stack,
        ThreadPoolExecutor(6) as at_once,
    ):
        phones = [stack.enter_context(phone_of(running)) for _ in range(6)]

        def register(phone: Phone) -> int:
            given = {"user": "same@example.com", "password": "correct horse", "country": "CN"}
            return phone.ask("POST", "https://api.account.xiaomi.com/pass/register", given).status_code

        assert set(at_once.map(register, phones)) == {201}
        list(at_once.map(lambda phone: phone.activate("+447700900120"), phones))
        ann, bob = phones[0], stack.enter_context(phone_of(running))
        bob.activate("+447700900121")
        pushes = [Push(phone).connect() for phone in (ann, bob)]
        writers = [(ann, bob.number, "a"), (bob, ann.number, "b"), (phones[1], bob.number, "c")]

        def write(writer: tuple[Phone, str, str]) -> float:
            phone, to, name = writer
            slowest = 0.0
            for number in range(15):
                began = time.monotonic()
                answer = phone.data(phone.send(to, f"{name}{number}", f"{name}{number}"))
                assert answer["result"] == "accepted"
                slowest = max(slowest, time.monotonic() - began)
            return slowest

        # Two who wait for one another are found out by PostgreSQL after a second; nobody waits that long here.
        assert max(at_once.map(write, writers)) < 1
        for push, count in zip(pushes, (15, 30), strict=True):
            while len(push.got) < count:
                push.until("confirmed")


def test_while_the_database_is_down_everybody_is_asked_to_come_again(
    server: PostgreSql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "RETRY_SECONDS", 0.5)
    config = CloudConfig(regions={BEIJING: RegionConfig()}, database=server.url, retention_every_s=600)
    with cloud.start(tmp_path / "cloud", config, mode="threads") as running, phone_of(running) as phone:
        server.kill()
        for path in ("/none", "/pass/consent"):
            answer = phone.ask("GET", f"https://api.account.xiaomi.com{path}")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        server.start()
        assert phone.ask("GET", "https://api.account.xiaomi.com/none").status_code == 404
        assert running.refusals(BEIJING)[-1]["reason"] == "unknown"


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_a_database_that_is_killed_and_restarted_loses_nothing(
    server: PostgreSql, tmp_path: Path, seed: int
) -> None:
    drawn = random.Random(seed)
    india = ResidencyRule(group=Group.PERSONAL, countries=("IN",), region=SINGAPORE)
    config = CloudConfig(regions=REGIONS, residency=(india,), database=server.url, retention_every_s=0.3)
    with cloud.start(tmp_path / "cloud", config) as running, ExitStack() as stack:
        takers = [
            _account(NoteTaker(stack.enter_context(phone_of(running))), f"pg{number}") for number in range(2)
        ]
        talkers, listeners = make_talkers(running, stack)
        with working([*listeners, *talkers, *takers]):
            for _ in range(4):
                time.sleep(drawn.uniform(0.2, 1.5))
                server.kill()
                time.sleep(drawn.uniform(0, 1))
                server.start()
            kill_at_random(running, (BEIJING, SINGAPORE), drawn, times=2)
            time.sleep(1)
        try:
            assert check_messages(talkers, listeners) > 10
        finally:
            for listener in listeners:
                listener.stop()
        for taker in takers:
            assert taker.stored
            assert taker.kept() == taker.stored
