"""A mover that stops before any one of its steps: afterwards everything is in one place, and only there."""

from collections.abc import Callable, Iterator

import pytest
from lab_clients import Phone, phone_of

from phonehome.lab import cloud
from phonehome.lab.cloud import Cloud, CloudConfig, RegionConfig, RegionName
from phonehome.lab.cloud.mover import Moved

BEIJING, SINGAPORE = RegionName.BEIJING, RegionName.SINGAPORE
STEPS = (
    *("begin", "hold", "export", "import", "export", "freeze", "export", "import", "digest", "digest"),
    *("commit", "serve", "release", "finish"),
)


class StoppedError(Exception):
    """Stands for the end of the mover."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Two regions."""
    config = CloudConfig(regions={BEIJING: RegionConfig(), SINGAPORE: RegionConfig()}, retention_every_s=600)
    with cloud.start(tmp_path_factory.mktemp("cloud"), config, mode="threads") as started:
        yield started


def _account(phone: Phone, name: str) -> None:
    phone.register(f"{name}@example.com", country="CN")
    phone.consent("backup.notes", "granted")
    phone.data(phone.sync("notes", [{"id": "n", "data": {"text": "before"}}], key="before"))


def _notes(phone: Phone) -> dict[str, str]:
    answer = phone.ask("GET", "https://noteapi.micloud.xiaomi.net/mic/v1/items", {"cursor": "0"})
    return {item["id"]: item["data"]["text"] for item in phone.data(answer)["items"]}


def _rows(running: Cloud, user_id: str) -> dict[str, tuple[str, bool]]:
    found = {region.value: running.residents(region).get(user_id) for region in (BEIJING, SINGAPORE)}
    return {name: (row["state"], row["rows"] > 0) for name, row in found.items() if row is not None}


def _stop_at(wanted: int) -> tuple[list[str], Callable[[str, str], None]]:
    seen: list[str] = []

    def before(step: str, _: str) -> None:
        if len(seen) == wanted:
            raise StoppedError(step)
        seen.append(step)

    return seen, before


@pytest.mark.parametrize("give_up", [False, True])
@pytest.mark.parametrize("stop", range(len(STEPS)))
def test_an_interrupted_move_ends_in_one_place(running: Cloud, stop: int, give_up: bool) -> None:
    with phone_of(running) as phone:
        _account(phone, f"stop{stop}-{give_up}")
        seen, before = _stop_at(stop)
        mover = running.mover(before_step=before)
        with pytest.raises(StoppedError):
            mover.move_user(phone.user_id, BEIJING, SINGAPORE)
        assert tuple(seen) == STEPS[:stop]
        committed, frozen = stop > STEPS.index("commit"), stop > STEPS.index("freeze")
        # Meanwhile the user goes on, unless it is frozen; then a request says to come again.
        answer = phone.sync("notes", [{"id": "m", "data": {"text": "while"}}], key="while")
        assert answer.status_code == (503 if frozen and not committed else 200)
        result = running.recover_migration(give_up=give_up)
        moves = stop > 0
        assert result.left == 0
        assert result.moved == int(moves and (committed or not give_up))
        assert result.given_up == int(moves and give_up and not committed)
        there = moves and (committed or not give_up)
        expected = {"singapore": ("serving", True), "beijing": ("moved", False)}
        assert _rows(running, phone.user_id) == (expected if there else {"beijing": ("serving", True)})
        kept = phone.data(phone.sync("notes", [{"id": "m", "data": {"text": "while"}}], key="while"))
        assert kept["stored"] == {"m": 1}
        assert _notes(phone) == {"n": "before", "m": "while"}
        assert running.recover_migration() == Moved(), "nothing is left to do"


def test_a_mover_that_was_overtaken_changes_nothing(running: Cloud) -> None:
    with phone_of(running) as phone:
        _account(phone, "overtaken")
        before_commit = STEPS.index("commit")
        seen: list[str] = []

        def meanwhile(step: str, _: str) -> None:
            if len(seen) == before_commit:
                seen.append(step)
                assert running.recover_migration(give_up=True) == Moved(given_up=1)
                phone.data(phone.sync("notes", [{"id": "late", "data": {"text": "late"}}], key="late"))
            seen.append(step)

        running.mover(before_step=meanwhile).move_user(phone.user_id, BEIJING, SINGAPORE)
        assert _rows(running, phone.user_id) == {"beijing": ("serving", True)}
        assert _notes(phone) == {"n": "before", "late": "late"}
        assert running.migrate(BEIJING, SINGAPORE).moved >= 1
        assert _notes(phone) == {"n": "before", "late": "late"}


def test_a_user_who_deletes_the_account_meanwhile_is_nowhere(running: Cloud) -> None:
    with phone_of(running) as phone:
        _account(phone, "erased")

        def meanwhile(step: str, _: str) -> None:
            if step == "freeze":
                answer = phone.ask("DELETE", "https://api.account.xiaomi.com/pass/account")
                assert answer.status_code == 200

        running.mover(before_step=meanwhile).move_user(phone.user_id, BEIJING, SINGAPORE)
        assert _rows(running, phone.user_id) == {}


def test_a_copy_that_differs_is_not_committed(running: Cloud) -> None:
    with phone_of(running) as phone:
        _account(phone, "differs")

        def meanwhile(step: str, user_id: str) -> None:
            if step == "digest":  # what a fault of the target's disk might do
                rows = running.control(SINGAPORE, "/internal/move/export", {"user_id": user_id, "after": 0})
                for row in rows["rows"]:
                    if row["table"] == "items":
                        row["row"]["data"] = '{"text": "damaged"}'
                arguments = {"epoch": 2, "attempt": 1, "rev": rows["rev"], "fresh": False}
                running.control(
                    SINGAPORE,
                    "/internal/move/import",
                    {"user_id": user_id, "rows": rows["rows"], **arguments},
                )

        result = running.mover(before_step=meanwhile).move_user(phone.user_id, BEIJING, SINGAPORE)
        assert result == Moved(given_up=1)
        assert _rows(running, phone.user_id) == {"beijing": ("serving", True)}
        assert _notes(phone) == {"n": "before"}
