"""The same on PostgreSQL: a real server of Debian's, killed and started again under load."""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lab_clients import Push, phone_of
from lab_load import NoteTaker, kill_at_random, working
from postgresql_server import PostgreSql, postgresql

from phonehome.lab import cloud
from phonehome.lab.cloud import CloudConfig, RegionConfig, RegionName
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


@pytest.mark.parametrize("seed", [1, 2])
def test_a_database_that_is_killed_and_restarted_loses_nothing(
    server: PostgreSql, tmp_path: Path, seed: int
) -> None:
    drawn = random.Random(seed)
    config = CloudConfig(regions=REGIONS, database=server.url, retention_every_s=0.3)
    with cloud.start(tmp_path / "cloud", config) as running, ExitStack() as stack:
        takers = [
            _account(NoteTaker(stack.enter_context(phone_of(running))), f"pg{number}") for number in range(4)
        ]
        with working(takers):
            for _ in range(4):
                time.sleep(drawn.uniform(0.2, 1.5))
                server.kill()
                time.sleep(drawn.uniform(0, 1))
                server.start()
            kill_at_random(running, (BEIJING, SINGAPORE), drawn, times=2)
            time.sleep(1)
        for taker in takers:
            assert taker.stored
            assert taker.kept() == taker.stored
