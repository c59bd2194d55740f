"""The fence: which region may change a user's data, through every order of freezing, thawing and serving."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine

from phonehome.lab.cloud import residents
from phonehome.lab.cloud.residents import NotServingError
from phonehome.lab.cloud.tables import region_metadata


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A region's database with one user."""
    engine = create_engine("sqlite://")
    region_metadata.create_all(engine)
    with engine.connect() as opened:
        residents.add_resident(opened, "u", epoch=1)
        yield opened
    engine.dispose()


def test_changes_are_numbered_one_by_one(connection: Connection) -> None:
    assert [residents.fence(connection, "u") for _ in range(3)] == [1, 2, 3]


def test_no_change_passes_a_freeze(connection: Connection) -> None:
    residents.fence(connection, "u")
    assert residents.freeze(connection, "u", attempt=1) == 1
    with pytest.raises(NotServingError):
        residents.fence(connection, "u")
    assert residents.thaw(connection, "u", attempt=1)
    assert residents.fence(connection, "u") == 2


def test_a_late_thaw_does_not_undo_a_later_freeze(connection: Connection) -> None:
    residents.freeze(connection, "u", attempt=1)
    residents.freeze(connection, "u", attempt=2)
    assert not residents.thaw(connection, "u", attempt=1)
    with pytest.raises(NotServingError):
        residents.fence(connection, "u")


def test_a_late_freeze_does_not_undo_a_later_attempt(connection: Connection) -> None:
    residents.freeze(connection, "u", attempt=2)
    assert residents.freeze(connection, "u", attempt=1) is None
    assert residents.leave(connection, "u", attempt=1) is False
    assert residents.leave(connection, "u", attempt=2) is True


def test_a_user_who_is_served_here_is_not_staged(connection: Connection) -> None:
    assert not residents.stage(connection, "u", epoch=2, attempt=5, rev=9)
    residents.freeze(connection, "u", attempt=1)
    assert not residents.stage(connection, "u", epoch=2, attempt=5, rev=9)


def test_a_staged_user_is_served_for_the_right_move_only(connection: Connection) -> None:
    assert residents.stage(connection, "v", epoch=2, attempt=1, rev=7)
    with pytest.raises(NotServingError):
        residents.fence(connection, "v")
    assert not residents.activate(connection, "v", epoch=3)
    assert residents.activate(connection, "v", epoch=2)
    assert residents.fence(connection, "v") == 8


def test_a_user_who_moved_away_may_come_back(connection: Connection) -> None:
    residents.freeze(connection, "u", attempt=1)
    residents.leave(connection, "u", attempt=1)
    with pytest.raises(NotServingError):
        residents.fence(connection, "u")
    assert residents.stage(connection, "u", epoch=3, attempt=2, rev=20)
    assert residents.activate(connection, "u", epoch=3)
    assert residents.fence(connection, "u") == 21
