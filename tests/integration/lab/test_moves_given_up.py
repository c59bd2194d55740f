"""Moves that are given up, overtaken, or outlived by their user: no copy stays, and nothing is held for ever."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from lab_clients import Phone, Push, phone_of

from phonehome.lab import cloud
from phonehome.lab.cloud import Cloud, CloudConfig, RegionConfig, RegionName
from phonehome.lab.cloud.mover import Moved
from phonehome.model.errors import ConfigError

BEIJING, OREGON, SINGAPORE = RegionName.BEIJING, RegionName.OREGON, RegionName.SINGAPORE
REGIONS = (BEIJING, SINGAPORE)
CONFIG = CloudConfig(regions={name: RegionConfig() for name in REGIONS}, retention_every_s=600)
ACCOUNT = "https://api.account.xiaomi.com/pass/account"
AT_HOME = {"beijing": ("serving", False, True)}


class StoppedError(Exception):
    """Stands for the end of the mover."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Two regions."""
    with cloud.start(tmp_path_factory.mktemp("cloud"), CONFIG, mode="threads") as started:
        yield started


def _account(phone: Phone, name: str) -> None:
    phone.register(f"{name}@example.com", country="CN")
    phone.consent("backup.notes", "granted")
    phone.data(phone.sync("notes", [{"id": "n", "data": {"text": f"text of {name}"}}], key="before"))


def _rows(running: Cloud, user_id: str) -> dict[str, tuple[str, bool, bool]]:
    """Give by region the user's state, whether it is held, and whether there are rows."""
    found = {}
    for region in REGIONS:
        with closing(sqlite3.connect(running.folder / f"{region}.sqlite")) as database:
            row = database.execute(
                "SELECT state, held FROM residents WHERE user_id = ?", (user_id,)
            ).fetchone()
            users = database.execute("SELECT count(*) FROM users WHERE user_id = ?", (user_id,)).fetchone()
            items = database.execute("SELECT count(*) FROM items WHERE user_id = ?", (user_id,)).fetchone()
        if row is not None:
            found[region.value] = (row[0], bool(row[1]), users[0] + items[0] > 0)
    return found


def _stop_before(wanted: str, *, after: int = 0) -> Callable[[str, str], None]:
    seen = []

    def before(step: str, _: str) -> None:
        if step == wanted:
            seen.append(step)
            if len(seen) > after:
                raise StoppedError(step)

    return before


def _begin(running: Cloud, phone: Phone, *, until: str) -> None:
    with pytest.raises(StoppedError):
        running.mover(before_step=_stop_before(until)).move_user(phone.user_id, BEIJING, SINGAPORE)


@contextmanager
def _later(running: Cloud, days: int) -> Iterator[None]:
    at = running.clock.now()
    running.set_time(at + timedelta(days=days))
    try:
        yield
    finally:
        running.set_time(at)


@pytest.mark.parametrize(("step", "after"), [("give-up", 0), ("settle", 0), ("settle", 1), ("settle", 2)])
@pytest.mark.parametrize("until", ["freeze", "digest"])
def test_a_move_whose_giving_up_is_interrupted_leaves_no_copy(
    running: Cloud, until: str, step: str, after: int
) -> None:
    with phone_of(running) as phone:
        _account(phone, f"{until}-{step}-{after}")
        _begin(running, phone, until=until)
        assert len(_rows(running, phone.user_id)) == 2
        with pytest.raises(StoppedError):
            running.mover(before_step=_stop_before(step, after=after)).recover(give_up=True)
        assert running.recover_migration(give_up=True) == Moved(given_up=int(step == "give-up"))
        assert _rows(running, phone.user_id) == AT_HOME
        assert running.recover_migration() == Moved()


def test_what_a_move_left_behind_is_settled_by_the_regions_themselves(running: Cloud) -> None:
    with phone_of(running) as phone:
        _account(phone, "alone")
        _begin(running, phone, until="freeze")
        home = running.directory.home(phone.user_id)
        assert home is not None
        assert running.directory.abandon_move(home)
        with _later(running, 400):
            assert running.enforce_retention(SINGAPORE)["left_by_moves"] == 1
            assert running.enforce_retention(BEIJING)["receipts"] >= 1, "nothing is held back for ever"
        assert _rows(running, phone.user_id) == AT_HOME


@pytest.mark.parametrize("dead", REGIONS)
def test_a_move_given_up_while_a_region_is_dead_is_settled_when_it_is_back(
    tmp_path: Path, dead: RegionName
) -> None:
    with cloud.start(tmp_path / "cloud", CONFIG) as running, phone_of(running) as phone:
        _account(phone, "dead")
        _begin(running, phone, until="digest")
        running.kill(dead)
        assert running.recover_migration(give_up=True, seconds=0.5) == Moved(given_up=1, left=1)
        running.restart(dead)
        assert running.recover_migration() == Moved()
        assert _rows(running, phone.user_id) == AT_HOME


@pytest.mark.parametrize("until", ["import", "freeze"])
def test_who_was_erased_while_being_moved_is_nowhere_though_the_mover_was_killed(
    running: Cloud, until: str
) -> None:
    with phone_of(running) as phone:
        _account(phone, f"erased-{until}")
        _begin(running, phone, until=until)
        assert phone.ask("DELETE", ACCOUNT).status_code == 200
        assert running.recover_migration() == Moved()
        assert _rows(running, phone.user_id) == {}


@pytest.mark.parametrize("settle", ["recover", "retention"])
def test_who_was_erased_in_the_target_before_the_origin_let_go_is_nowhere(
    running: Cloud, settle: str
) -> None:
    with phone_of(running) as phone:
        _account(phone, f"let-go-{settle}")
        _begin(running, phone, until="serve")
        assert phone.ask("DELETE", ACCOUNT).status_code == 200
        assert _rows(running, phone.user_id) == {"beijing": ("frozen", True, True)}
        if settle == "recover":
            assert running.recover_migration() == Moved()
        else:
            running.enforce_retention(BEIJING)
        assert _rows(running, phone.user_id) == {}
        record = running.deletions(BEIJING)["entries"][-1]["record"]
        assert "erased by the user" in record


@pytest.mark.parametrize("step", range(1, 11))
def test_a_mover_that_was_overtaken_at_any_step_leaves_everything_at_home(running: Cloud, step: int) -> None:
    with phone_of(running) as phone:
        _account(phone, f"overtaken{step}")
        seen: list[str] = []

        def meanwhile(name: str, _: str) -> None:
            seen.append(name)
            if len(seen) == step + 1:
                assert running.recover_migration(give_up=True).given_up == 1
                phone.data(phone.sync("notes", [{"id": "m", "data": {"text": "late"}}], key="late"))

        assert running.mover(before_step=meanwhile).move_user(phone.user_id, BEIJING, SINGAPORE) == Moved()
        assert _rows(running, phone.user_id) == AT_HOME
        phone.data(phone.sync("notes", [{"id": "o", "data": {"text": "later"}}], key="later"))
        assert running.mover().move_user(phone.user_id, BEIJING, SINGAPORE) == Moved(moved=1)


def test_what_is_being_copied_is_not_purged(running: Cloud) -> None:
    with phone_of(running) as phone:
        _account(phone, "held")

        def meanwhile(step: str, _: str) -> None:
            if step == "freeze":
                running.enforce_retention(BEIJING)

        with _later(running, 40):  # the answer to the key is over its time, and was copied before
            mover = running.mover(before_step=meanwhile)
            assert mover.move_user(phone.user_id, BEIJING, SINGAPORE) == Moved(moved=1)


def test_a_handset_goes_on_where_it_was_after_quiet_days_and_a_move(running: Cloud) -> None:
    with phone_of(running) as ann, phone_of(running) as bob:
        ann.activate("+447700900501", country="CN")
        bob.activate("+447700900502", country="CN")
        push = Push(bob).connect()
        for number in range(4):
            ann.data(ann.send(bob.number, f"m{number}", f"k{number}"))
            push.until("confirmed")
        push.leave()
        with _later(running, 40):
            running.enforce_retention(BEIJING)  # the rows that bear the highest numbers are gone
            assert running.migrate(BEIJING, SINGAPORE).moved >= 2
            other = Push(bob).connect()  # one that remembers nothing has a message put below the other's mark
            ann.data(ann.send(bob.number, "important", "i"))
            assert other.next().name == "message"
            other.close()
            push.connect().until("confirmed")
        assert list(push.got.values()) == ["m0", "m1", "m2", "m3", "important"]


def test_a_name_that_was_erased_after_a_move_can_be_taken_again(running: Cloud) -> None:
    with phone_of(running) as phone, phone_of(running) as other:
        _account(phone, "again")
        assert running.mover().move_user(phone.user_id, BEIJING, SINGAPORE) == Moved(moved=1)
        assert phone.ask("DELETE", ACCOUNT).status_code == 200
        _account(other, "again")
        assert other.user_id != phone.user_id
        assert running.mover().move_user(other.user_id, BEIJING, SINGAPORE) == Moved(moved=1)
        assert phone.ask("GET", "https://api.account.xiaomi.com/pass/consent").status_code == 401
        running.enforce_retention(BEIJING)
        assert _rows(running, phone.user_id) == {}, "not even that the user once lived here is kept"


def test_users_are_not_moved_to_a_region_that_is_not_there(running: Cloud) -> None:
    with phone_of(running) as phone:
        _account(phone, "nowhere")
        with pytest.raises(ConfigError, match="no region oregon"):
            running.migrate(BEIJING, OREGON)
        home = running.directory.home(phone.user_id)
        assert home is not None
        assert home.moving_to is None
