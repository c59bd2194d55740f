"""Up to where a handset has an account's items, and what it has to do when that was too long ago.

Ids of deleted items are kept for a while, so that other handsets learn of the deletion, and then purged. What is left
of them is one row a type, the horizon: up to which change they were purged, and how often. A handset whose cursor is
from before the horizon may have missed deletions, so it gets everything from the start and is told so. A cursor names
the horizon that it was given under (`5.1`): one in the middle of such a restart is not sent back to the start again.
"""

import re
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.tables import items

HORIZON = ""
"""The item id of the row; no handset can give it."""
_CURSOR = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A place in an account's changes of one type."""

    rev: int = 0
    horizon: int = 0

    def write(self) -> int | str:
        """Give it as handsets get it: a number, as long as nothing was purged."""
        return f"{self.rev}.{self.horizon}" if self.horizon else self.rev


def parse_cursor(text: str) -> Cursor:
    """Read a cursor."""
    found = _CURSOR.match(text)
    if found is None:
        raise Refusal(Reason.MALFORMED, "cursor is none that was given here")
    return Cursor(rev=int(found[1]), horizon=int(found[2] or 0))


def resume(connection: Connection, user_id: str, kind: str, given: Cursor) -> tuple[Cursor, bool]:
    """Say where to go on from, and whether that is the start again."""
    row = connection.execute(
        select(items.c.rev, items.c.version).where(
            items.c.user_id == user_id, items.c.type == kind, items.c.item_id == HORIZON
        )
    ).one_or_none()
    if row is None:
        return Cursor(rev=given.rev), False
    restart = 0 < given.rev < row.rev and given.horizon < row.version
    return Cursor(rev=0 if restart else given.rev, horizon=row.version), restart


def purge_deleted(connection: Connection, user_id: str, kind: str, *, before: float, now: float) -> int:
    """Purge the ids of items that were deleted before a time, and move the horizon; gives how many."""
    mine = (items.c.user_id == user_id, items.c.type == kind)
    old = (*mine, items.c.deleted, items.c.at < before, items.c.item_id != HORIZON)
    last: int | None = connection.execute(select(func.max(items.c.rev)).where(*old)).scalar_one()
    if last is None:
        return 0
    horizon = (*mine, items.c.item_id == HORIZON)
    known = connection.execute(select(items.c.rev, items.c.version).where(*horizon)).one_or_none()
    count = connection.execute(delete(items).where(*old)).rowcount
    connection.execute(delete(items).where(*horizon))
    rev, version = (0, 0) if known is None else (known.rev, known.version)
    connection.execute(
        insert(items).values(
            user_id=user_id,
            type=kind,
            item_id=HORIZON,
            version=version + 1,
            deleted=True,
            rev=max(rev, last),
            at=now,
        )
    )
    return count
