"""The backup of an account: contacts, messages, calls, photos, notes, positions, networks; each type is opt-in.

Handsets of one account synchronise by a cursor: what changed since is what has a higher `rev`. A change says which
version it was made on; if another handset was faster it is a conflict: not stored, and the answer has the
server's version. Deleted items stay as empty rows, so that the other handset learns of it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, func, insert, select, update

from phonehome.lab.cloud.changes import Change, parse_changes, parse_photo
from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.consent import need_consent
from phonehome.lab.cloud.cursors import HORIZON, Cursor, resume
from phonehome.lab.cloud.deletions import log_deletion
from phonehome.lab.cloud.receipts import Answer, fingerprint, once
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.residents import fence
from phonehome.lab.cloud.sessions import Caller
from phonehome.lab.cloud.tables import items

PAGE = 200
PAGE_BYTES = 4 << 20


def sync(region: Region, caller: Caller, *, kind: str, cursor: Cursor, changes: str, key: str) -> Answer:
    """Store a handset's changes, once, and give it what changed elsewhere since its cursor."""
    limits = region.config.limits
    parsed = parse_changes(changes, limit=limits.changes, item_bytes=limits.item_bytes)
    at = region.clock.seconds()

    def work(connection: Connection) -> Answer:
        def act(rev: int) -> Mapping[str, object]:
            need_consent(connection, caller.user_id, f"backup.{kind}", region.config)
            stored = {
                change.id: _store(connection, region, caller, kind, change, rev, at) for change in parsed
            }
            return {
                "stored": {name: version for name, version in stored.items() if version is not None},
                "conflicts": sorted(name for name, version in stored.items() if version is None),
            }

        mark = fingerprint("sync", kind, changes)
        stored = once(connection, user_id=caller.user_id, key=key, fingerprint=mark, at=at, act=act)
        need_consent(connection, caller.user_id, f"backup.{kind}", region.config)
        return Answer(data={**stored.data, **_page(connection, caller.user_id, kind, cursor)})

    return region.database.write(work)


def changed_since(region: Region, caller: Caller, *, kind: str, cursor: Cursor) -> Answer:
    """Give a page of what changed since a cursor; from 0 this restores a handset."""

    def work(connection: Connection) -> Answer:
        need_consent(connection, caller.user_id, f"backup.{kind}", region.config)
        return Answer(data=_page(connection, caller.user_id, kind, cursor))

    return region.database.read(work)


def put_photo(
    region: Region, caller: Caller, *, name: str, base: int, data: str, content: bytes, key: str
) -> Answer:
    """Store a photo, once."""
    if not content:
        raise Refusal(Reason.MALFORMED, "a photo without bytes")
    change = parse_photo(name, base=base, data=data, item_bytes=region.config.limits.item_bytes)
    at = region.clock.seconds()

    def work(connection: Connection) -> Answer:
        def act(rev: int) -> Mapping[str, object]:
            need_consent(connection, caller.user_id, "backup.photos", region.config)
            version = _store(connection, region, caller, "photos", change, rev, at, content)
            return {
                "stored": {} if version is None else {name: version},
                "conflicts": [name] * (version is None),
            }

        mark = fingerprint("photo", name, str(base), data, content)
        return once(connection, user_id=caller.user_id, key=key, fingerprint=mark, at=at, act=act)

    return region.database.write(work)


def get_photo(region: Region, caller: Caller, *, name: str) -> Answer:
    """Give a photo's bytes."""

    def work(connection: Connection) -> bytes | None:
        need_consent(connection, caller.user_id, "backup.photos", region.config)
        return connection.execute(
            select(items.c.content).where(
                items.c.user_id == caller.user_id, items.c.type == "photos", items.c.item_id == name
            )
        ).scalar_one_or_none()

    content = region.database.read(work)
    if content is None:
        raise Refusal(Reason.UNKNOWN, "there is no such photo in this account", user_id=caller.user_id)
    return Answer(content=content, media_type="image/jpeg")


def delete_all(region: Region, caller: Caller, *, kind: str) -> Answer:
    """Delete everything of a type; this needs no consent."""

    def work(connection: Connection) -> int:
        return clear(
            connection,
            caller.user_id,
            kind,
            rev=fence(connection, caller.user_id),
            at=region.clock.seconds(),
            region=region.name,
            reason="deleted by the user",
        )

    count = region.database.write(work)
    region.database.scrub()
    return Answer(data={"deleted": count})


def clear(
    connection: Connection, user_id: str, kind: str, *, rev: int, at: float, region: RegionName, reason: str
) -> int:
    """Empty all items of a type, and log it; gives how many there were."""
    mine = (items.c.user_id == user_id, items.c.type == kind, items.c.deleted.is_(False))
    ids = connection.execute(select(items.c.item_id).where(*mine)).scalars().all()
    emptied = {"deleted": True, "data": None, "content": None, "version": items.c.version + 1}
    connection.execute(update(items).where(*mine).values(**emptied, rev=rev, at=at))
    log_deletion(
        connection, at=at, region=region.value, reason=reason, user_id=user_id, table=f"items/{kind}", ids=ids
    )
    return len(ids)


def _store(
    connection: Connection,
    region: Region,
    caller: Caller,
    kind: str,
    change: Change,
    rev: int,
    at: float,
    content: bytes | None = None,
) -> int | None:
    """Store a change; gives the item's new version, or None if it is a conflict."""
    mine = (items.c.user_id == caller.user_id, items.c.type == kind, items.c.item_id == change.id)
    row = connection.execute(select(items.c.version, items.c.deleted).where(*mine)).one_or_none()
    if row is not None and row.version != change.base and not (row.deleted and change.base == 0):
        return None
    if row is None:
        if change.base != 0:
            return None
        if _count(connection, caller.user_id, kind) >= region.config.limits.items_per_type:
            raise Refusal(Reason.FULL, f"the backup of {kind} is full", user_id=caller.user_id)
        connection.execute(
            insert(items).values(
                user_id=caller.user_id, type=kind, item_id=change.id, version=0, deleted=False, rev=rev, at=at
            )
        )
    version = 1 if row is None else int(row.version) + 1
    gone = change.data is None
    values: dict[str, object] = {
        "version": version,
        "data": None if gone else json.dumps(change.data),
        "deleted": gone,
    }
    if gone or content is not None:  # the bytes of a photo outlive a change of what is said of it
        values["content"] = None if gone else content
    connection.execute(update(items).where(*mine).values(**values, rev=rev, at=at))
    if gone:
        log_deletion(
            connection,
            at=at,
            region=region.name.value,
            reason="deleted by the user",
            user_id=caller.user_id,
            table=f"items/{kind}",
            ids=[change.id],
        )
    return version


def _page(connection: Connection, user_id: str, kind: str, given: Cursor) -> dict[str, object]:
    place, restart = resume(connection, user_id, kind, given)
    cursor = place.rev
    mine = (items.c.user_id == user_id, items.c.type == kind, items.c.item_id != HORIZON)
    sizes = connection.execute(
        select(items.c.rev, func.count(), func.coalesce(func.sum(func.length(items.c.data)), 0))
        .where(*mine, items.c.rev > cursor)
        .group_by(items.c.rev)
        .order_by(items.c.rev)
        .limit(PAGE + 1)
    ).all()
    # Whole changes only: one request's items share a number, and the cursor must not split them.
    last, count, size = cursor, 0, 0
    for rev, changed, length in sizes:
        if count and (count + changed > PAGE or size + length > PAGE_BYTES):
            break
        last, count, size = rev, count + changed, size + length
    rows = connection.execute(
        select(items.c.item_id, items.c.version, items.c.data, items.c.deleted)
        .where(*mine, items.c.rev > cursor, items.c.rev <= last)
        .order_by(items.c.rev, items.c.item_id)
    ).all()
    return {
        "items": [
            {"id": row.item_id, "version": row.version, "data": None if row.deleted else json.loads(row.data)}
            for row in rows
        ],
        "cursor": replace(place, rev=last).write(),
        "more": bool(sizes) and last < sizes[-1][0],
        **({"restart": True} if restart else {}),
    }


def _count(connection: Connection, user_id: str, kind: str) -> int:
    return connection.execute(
        select(func.count())
        .select_from(items)
        .where(items.c.user_id == user_id, items.c.type == kind, items.c.deleted.is_(False))
    ).scalar_one()
