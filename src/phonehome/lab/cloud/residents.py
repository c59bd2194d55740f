"""Whether a region serves a user: the fence that every change passes, in the change's own transaction.

serving   changes are accepted here, and nowhere else
frozen    the last changes are being copied; clients come again in a moment
staged    the copy is here, the directory has not decided yet
moved     gone; what is left is this row

A change takes the next `rev` from the row it finds `serving`: so no change slips past a freeze, and the
changes of a user are numbered in the order in which they were committed.
"""

from sqlalchemy import Connection, Row, delete, insert, select, update

from phonehome.lab.cloud.tables import residents

SERVING, FROZEN, STAGED, MOVED = "serving", "frozen", "staged", "moved"


class NotServingError(Exception):
    """This region does not serve the user at this moment."""

    def __init__(self, user_id: str) -> None:
        super().__init__(user_id)
        self.user_id = user_id


def fence(connection: Connection, user_id: str) -> int:
    """Take the user's next change number; raise NotServingError unless the user is served here."""
    rev: int | None = connection.execute(
        update(residents)
        .where(residents.c.user_id == user_id, residents.c.state == SERVING)
        .values(rev=residents.c.rev + 1)
        .returning(residents.c.rev)
    ).scalar_one_or_none()
    if rev is None:
        raise NotServingError(user_id)
    return rev


def lock(connection: Connection, *user_ids: str) -> None:
    """Take the turn of several users before any of them is fenced, always in the same order.

    Two users who write to one another would otherwise each hold what the other waits for. (SQLite has one writer.)
    """
    query = select(residents.c.user_id).where(residents.c.user_id.in_(user_ids))
    connection.execute(query.order_by(residents.c.user_id).with_for_update()).all()


def resident(connection: Connection, user_id: str) -> Row[tuple[object, ...]] | None:
    """Give the row of a user."""
    return connection.execute(select(residents).where(residents.c.user_id == user_id)).one_or_none()


def is_serving(connection: Connection, user_id: str) -> bool:
    """Tell whether the user is served here."""
    row = resident(connection, user_id)
    return row is not None and row._mapping["state"] == SERVING


def add_resident(connection: Connection, user_id: str, epoch: int) -> None:
    """Begin to serve a user that the directory has just placed here."""
    if resident(connection, user_id) is None:
        connection.execute(
            insert(residents).values(
                user_id=user_id, state=SERVING, epoch=epoch, attempt=0, held=False, rev=0
            )
        )


def stage(connection: Connection, user_id: str, *, epoch: int, attempt: int, rev: int) -> bool:
    """Prepare for a user that may come; False if the user is served here or a later attempt is under way.

    `rev` is the user's last change in the origin: the numbers that handsets know go on from there, and never back.
    """
    row = resident(connection, user_id)
    if row is not None:
        if row._mapping["state"] in (SERVING, FROZEN) or row._mapping["attempt"] > attempt:
            return False
        rev = max(rev, row._mapping["rev"])
        connection.execute(delete(residents).where(residents.c.user_id == user_id))
    values = {"user_id": user_id, "state": STAGED, "epoch": epoch, "attempt": attempt}
    connection.execute(insert(residents).values(**values, held=False, rev=rev))
    return True


def hold(connection: Connection, user_id: str, attempt: int) -> None:
    """Keep rows from being purged while they are copied, for this attempt to move."""
    connection.execute(
        update(residents)
        .where(residents.c.user_id == user_id, residents.c.state == SERVING, residents.c.attempt <= attempt)
        .values(held=True, attempt=attempt)
    )


def freeze(connection: Connection, user_id: str, attempt: int) -> int | None:
    """Accept no more changes, for this attempt to move; gives the last change's number."""
    return connection.execute(
        update(residents)
        .where(residents.c.user_id == user_id, residents.c.state.in_((SERVING, FROZEN)))
        .where(residents.c.attempt <= attempt)
        .values(state=FROZEN, attempt=attempt)
        .returning(residents.c.rev)
    ).scalar_one_or_none()


def thaw(connection: Connection, user_id: str, attempt: int) -> bool:
    """Serve again after the attempt was given up; a later attempt's freeze stays."""
    changed = connection.execute(
        update(residents)
        .where(residents.c.user_id == user_id, residents.c.state == FROZEN, residents.c.attempt == attempt)
        .values(state=SERVING, held=False)
    )
    return changed.rowcount == 1


def activate(connection: Connection, user_id: str, epoch: int) -> bool:
    """Serve a user whose move here the directory has committed."""
    changed = connection.execute(
        update(residents)
        .where(residents.c.user_id == user_id, residents.c.state == STAGED, residents.c.epoch == epoch)
        .values(state=SERVING)
    )
    return changed.rowcount == 1


def leave(connection: Connection, user_id: str, attempt: int) -> bool:
    """Note that a frozen user is gone."""
    changed = connection.execute(
        update(residents)
        .where(residents.c.user_id == user_id, residents.c.state == FROZEN, residents.c.attempt == attempt)
        .values(state=MOVED, held=False)
    )
    return changed.rowcount == 1
