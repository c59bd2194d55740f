"""A region's part in moving a user: give rows, take rows, freeze, serve, delete. Each step may be repeated.

The order is the mover's (`mover.py`). Rows travel as JSON, bytes in them as Base64. A page holds whole changes
(all rows of one `rev`), so "everything up to N" is one number.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, Table, and_, delete, insert, select

from phonehome.lab.cloud import residents
from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.erasing import erase_rows
from phonehome.lab.cloud.tables import OWNED

PAGE_ROWS = 500
PAGE_BYTES = 8 << 20
_TABLES = {table.name: table for table in OWNED}


def export_rows(connection: Connection, user_id: str, after: int) -> dict[str, object]:
    """Give the user's rows changed after `after`, oldest change first, whole changes at a time."""
    revs = sorted({rev for table in OWNED for rev in _revs(connection, table, user_id, after)})
    page: list[dict[str, object]] = []
    last, size = after, 0
    for rev in revs:
        rows: list[dict[str, object]] = [
            {"table": table.name, "row": _to_json(table, row)}
            for table in OWNED
            for row in connection.execute(select(table).where(table.c.user_id == user_id, table.c.rev == rev))
        ]
        page += rows
        last = rev
        size += sum(len(json.dumps(row)) for row in rows)
        if len(page) >= PAGE_ROWS or size >= PAGE_BYTES:
            break
    row = residents.resident(connection, user_id)
    number = 0 if row is None else row._mapping["rev"]
    return {"rows": page, "last": last, "more": bool(revs) and last < revs[-1], "rev": number}


def import_rows(
    connection: Connection,
    user_id: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    epoch: int,
    attempt: int,
    rev: int,
    fresh: bool,
) -> bool:
    """Take rows of a user that may come here; False if this attempt is not the one any more.

    Args:
        connection: The transaction.
        user_id: The user.
        rows: What `export_rows` gave.
        epoch: The number of the user's move.
        attempt: The number of the try.
        rev: The number of the user's last change in the origin, whether or not it left a row.
        fresh: Whether this is the first page: what an earlier attempt left is deleted.
    """
    if not residents.stage(connection, user_id, epoch=epoch, attempt=attempt, rev=rev):
        return False
    if fresh:
        for table in OWNED:
            connection.execute(delete(table).where(table.c.user_id == user_id))
    for entry in rows:
        table = _TABLES[entry["table"]]
        row = _from_json(table, entry["row"])
        if row["user_id"] != user_id:
            raise ValueError("a row of another user")
        same = and_(*(column == row[column.name] for column in table.primary_key.columns))
        connection.execute(delete(table).where(same))
        connection.execute(insert(table).values(**row))
    return True


def digest(connection: Connection, user_id: str) -> str:
    """Give a digest of a user's last number and of all rows: the same in two regions that hold the same."""
    resident = residents.resident(connection, user_id)
    total = hashlib.sha256(b"none\n" if resident is None else f"{resident._mapping['rev']}\n".encode())
    for table in OWNED:
        lines = sorted(
            json.dumps(_to_json(table, row), sort_keys=True)
            for row in connection.execute(select(table).where(table.c.user_id == user_id))
        )
        total.update(f"{table.name} {len(lines)}\n".encode())
        for line in lines:
            total.update(hashlib.sha256(line.encode()).digest())
    return total.hexdigest()


def release(connection: Connection, user_id: str, attempt: int, *, at: float, region: RegionName) -> bool:
    """Delete a user that moved away, log it, and keep only that the user is gone; False if that was done."""
    if not residents.leave(connection, user_id, attempt):
        return False
    erase_rows(connection, user_id, at=at, region=region, reason="moved to another region")
    return True


def count_rows(connection: Connection, user_id: str) -> int:
    """Count a user's rows."""
    return sum(
        len(connection.execute(select(table.c.rev).where(table.c.user_id == user_id)).all())
        for table in OWNED
    )


def _revs(connection: Connection, table: Table, user_id: str, after: int) -> Sequence[int]:
    query = select(table.c.rev).where(table.c.user_id == user_id, table.c.rev > after).distinct()
    return connection.execute(query.order_by(table.c.rev).limit(PAGE_ROWS + 1)).scalars().all()


def _to_json(table: Table, row: Row[Any]) -> dict[str, object]:
    values = dict(row._mapping)
    for column in table.columns:
        if isinstance(column.type, LargeBinary) and values[column.name] is not None:
            values[column.name] = base64.b64encode(values[column.name]).decode()
    return values


def _from_json(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    row = {column.name: values[column.name] for column in table.columns}
    for column in table.columns:
        if isinstance(column.type, LargeBinary) and row[column.name] is not None:
            row[column.name] = base64.b64decode(row[column.name])
    return row
