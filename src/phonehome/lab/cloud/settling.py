"""Settles what moves left behind in a region: by what the directory says now, whoever was killed, and where.

A copy that nobody wants any more, a freeze that nobody ends, rows that may not be purged because they are being
copied: each stands in the region's own list of residents, with the number of the attempt that made it. Attempts are
counted by the directory and never come back, so a row of one that is over is settled, and no later one is touched. A
region does this when it is asked for the user, when it enforces retention, and when the mover asks.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, delete, or_, select, update

from phonehome.lab.cloud import residents
from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.directory import Home
from phonehome.lab.cloud.erasing import erase_rows
from phonehome.lab.cloud.residents import FROZEN, MOVED, SERVING, STAGED
from phonehome.lab.cloud.tables import residents as table

_COMPARED = (table.c.state, table.c.epoch, table.c.attempt, table.c.held)


class Settlement(StrEnum):
    """What is done with a user's row."""

    SERVE = "serve"
    """The directory has decided for this region, and nobody said so."""
    THAW = "thaw"
    """The attempt was given up; this region serves on."""
    LET_GO = "let go"
    """The attempt is over that kept the rows from being purged."""
    DISCARD = "discard"
    """A copy for an attempt that is over."""
    RELEASE = "release"
    """The user moved away."""
    FORGET = "forget"
    """The user was erased, where they lived last."""


ENDS_STREAM = {Settlement.RELEASE: "moved", Settlement.FORGET: "erased"}
_DELETES = {
    Settlement.DISCARD: "copy of a move that was given up",
    Settlement.RELEASE: "moved to another region",
    Settlement.FORGET: "erased by the user",
}


def decide(row: RowMapping, home: Home | None, here: RegionName) -> Settlement | None:
    """Say what is to be done with a row, which was read before the home was; None if it is as it should be."""
    state = row["state"]
    if home is None:
        return None if state == SERVING else Settlement.FORGET
    under_way = home.moving_to is not None and home.attempt == row["attempt"]
    if state == STAGED:
        if home.region == here and home.epoch == row["epoch"]:
            return Settlement.SERVE
        return None if under_way and home.moving_to == here else Settlement.DISCARD
    if state == FROZEN:
        if home.region != here:
            return Settlement.RELEASE if home.epoch > row["epoch"] else None
        return None if under_way else Settlement.THAW
    return Settlement.LET_GO if state == SERVING and row["held"] and not under_way else None


def apply(
    connection: Connection, row: RowMapping, settlement: Settlement, *, at: float, region: RegionName
) -> bool:
    """Do it, unless the row changed since it was read; tells whether it was done."""
    user_id = row["user_id"]
    mine = table.c.user_id == user_id
    now = connection.execute(select(*_COMPARED).where(mine).with_for_update()).one_or_none()
    if now is None or tuple(now) != tuple(row[column.name] for column in _COMPARED):
        return False
    if settlement is Settlement.SERVE:
        return residents.activate(connection, user_id, row["epoch"])
    if settlement is Settlement.THAW:
        return residents.thaw(connection, user_id, row["attempt"])
    if settlement is Settlement.LET_GO:
        connection.execute(update(table).where(mine).values(held=False))
        return True
    erase_rows(connection, user_id, at=at, region=region, reason=_DELETES[settlement])
    if settlement is Settlement.RELEASE:
        return residents.leave(connection, user_id, row["attempt"])
    connection.execute(delete(table).where(mine))
    return True


def unsettled(connection: Connection) -> Sequence[RowMapping]:
    """List the rows that may have to be settled."""
    query = select(table).where(or_(table.c.state.in_((STAGED, FROZEN, MOVED)), table.c.held))
    return connection.execute(query.order_by(table.c.user_id)).mappings().all()
