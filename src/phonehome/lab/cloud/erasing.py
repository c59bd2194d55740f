"""Deletes all rows of a user in a region, and logs it."""

from sqlalchemy import Connection, select

from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.deletions import log_deletion
from phonehome.lab.cloud.tables import OWNED


def erase_rows(connection: Connection, user_id: str, *, at: float, region: RegionName, reason: str) -> None:
    """Delete all rows of a user, and log it."""
    for table in OWNED:
        key = [column for column in table.primary_key.columns if column.name != "user_id"]
        mine = table.c.user_id == user_id
        ids = [
            "/".join(str(part) for part in row) or user_id
            for row in connection.execute(
                select(*key).where(mine) if key else select(table.c.rev).where(mine)
            )
        ]
        connection.execute(table.delete().where(mine))
        log_deletion(
            connection, at=at, region=region.value, reason=reason, user_id=user_id, table=table.name, ids=ids
        )
