"""Deletes what is over its time, whatever clients do. Users who are being moved are left until they arrived."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from sqlalchemy import Connection, Select, Table, and_, delete, not_, or_, select, update

from phonehome.lab.cloud.backup import clear
from phonehome.lab.cloud.consent import BACKUP_TYPES
from phonehome.lab.cloud.cursors import HORIZON, purge_deleted
from phonehome.lab.cloud.messages import drop_waiting
from phonehome.lab.cloud.outgoing import expire_unsent
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.residents import NotServingError, fence
from phonehome.lab.cloud.tables import (
    DELIVERED,
    DONE,
    DROPPED,
    RETURNED,
    WAITING,
    consents,
    inbox,
    items,
    nonces,
    outbox,
    receipts,
    refusals,
    sessions,
    users,
)
from phonehome.lab.cloud.tables import residents as residents_table

_BATCH = 500


def enforce_retention(region: Region) -> dict[str, int]:
    """Delete once what is due; gives how many rows of each kind."""
    unwanted = region.settle_all()  # before all else: what is held for a move that is over is not purged
    now = region.clock.seconds()
    kept = region.config.retention
    counts = {
        "left_by_moves": unwanted,
        "undelivered": _expire_messages(region, now, now - kept.undelivered_s),
        "unsent": _expire_unsent(region, now, now - kept.undelivered_s),
        "backup": _empty_withdrawn(region, now, now - kept.backup_after_withdrawal_s),
    }

    def purge(connection: Connection) -> dict[str, int]:
        settled = now - kept.settled_s
        mine = select(residents_table.c.user_id).where(
            residents_table.c.state == "serving", residents_table.c.held.is_(False)
        )
        return {
            "receipts": connection.execute(
                delete(receipts).where(receipts.c.user_id.in_(mine), receipts.c.at < settled)
            ).rowcount,
            "inbox": connection.execute(
                delete(inbox).where(
                    inbox.c.user_id.in_(mine),
                    # A notice that its sender's handset never fetched is over, too.
                    or_(inbox.c.state.in_((DELIVERED, DROPPED)), inbox.c.kind == "notice"),
                    inbox.c.at < settled,
                )
            ).rowcount,
            "outbox": connection.execute(
                delete(outbox).where(
                    outbox.c.user_id.in_(mine), outbox.c.state.in_((DONE, RETURNED)), outbox.c.at < settled
                )
            ).rowcount,
            # Twice the window: a request may be dated from the future by one.
            "nonces": connection.execute(
                delete(nonces).where(nonces.c.user_id.in_(mine), nonces.c.at < now - 2 * kept.replay_window_s)
            ).rowcount,
            "deleted_items": _purge_deleted(connection, mine, now - kept.deleted_items_s, now),
            "sessions": _purge_sessions(connection, mine, now - kept.session_s),
            "refusals": connection.execute(
                delete(refusals).where(refusals.c.at < now - kept.refusals_s)
            ).rowcount,
        }

    counts |= region.database.write(purge)
    region.database.scrub()
    region.hub.wake_all()  # a stream ends with its session
    return counts


def _overdue(region: Region, table: Table, before: float) -> Sequence[str]:
    """List the users of whom a message waits there too long; so many at a time."""
    query = (
        select(table.c.user_id)
        .where(table.c.state == WAITING, table.c.kind == "message", table.c.at <= before)
        .distinct()
        .limit(_BATCH)
    )
    return region.database.read(lambda connection: connection.execute(query).scalars().all())


def _write_each(region: Region, works: Iterable[Callable[[Connection], int]]) -> int:
    """Do each work in a transaction of its own, but for users who are not served here now; gives the sum.

    One user at a time: whoever holds the turns of many waits for others who wait for one of them.
    """
    count = 0
    for work in works:
        try:
            count += region.database.write(work)
        except NotServingError:
            continue
    return count


def _expire_unsent(region: Region, now: float, before: float) -> int:
    """Let go of texts that a region which does not answer was to have; the receiver's region expires those it has."""
    expire = partial(expire_unsent, at=now, region=region.name, before=before)
    return _write_each(region, [partial(expire, user_id=one) for one in _overdue(region, outbox, before)])


def _expire_messages(region: Region, now: float, before: float) -> int:
    expire = partial(drop_waiting, at=now, region=region.name, reason="expired", before=before)
    return _write_each(region, [partial(expire, user_id=one) for one in _overdue(region, inbox, before)])


def _purge_deleted(connection: Connection, mine: Select[tuple[str]], before: float, now: float) -> int:
    due = (items.c.user_id.in_(mine), items.c.deleted, items.c.at < before, items.c.item_id != HORIZON)
    kinds = connection.execute(select(items.c.user_id, items.c.type).where(*due).distinct()).all()
    return sum(
        purge_deleted(connection, row.user_id, row.type, before=before, now=now) for row in sorted(kinds)
    )


def _purge_sessions(connection: Connection, mine: Select[tuple[str]], before: float) -> int:
    old = (sessions.c.user_id.in_(mine), sessions.c.created_at < before)
    sims = select(users.c.user_id).where(users.c.kind == "sim")
    # Of a SIM's session that was ended the token's digest stays: the same password must open none again.
    spent = and_(sessions.c.ended_at.is_not(None), sessions.c.user_id.in_(sims))
    connection.execute(update(sessions).where(*old, spent).values(device=""))
    return connection.execute(delete(sessions).where(*old, not_(spent))).rowcount


def _empty_withdrawn(region: Region, now: float, before: float) -> int:
    def due(connection: Connection) -> list[tuple[str, str]]:
        held = select(items.c.user_id, items.c.type).where(items.c.deleted.is_(False)).distinct()
        rows = [(row.user_id, row.type) for row in connection.execute(held)]
        return [row for row in rows if row[1] in BACKUP_TYPES and _is_over(connection, *row, before)]

    def work(connection: Connection, user_id: str, kind: str) -> int:
        rev = fence(connection, user_id)
        if not _is_over(connection, user_id, kind, before):  # agreed to again meanwhile
            return 0
        reason = "kept long enough after consent was withdrawn"
        return clear(connection, user_id, kind, rev=rev, at=now, region=region.name, reason=reason)

    held = region.database.read(due)
    return _write_each(region, [partial(work, user_id=user_id, kind=kind) for user_id, kind in held])


def _is_over(connection: Connection, user_id: str, kind: str, before: float) -> bool:
    last = connection.execute(
        select(consents.c.state, consents.c.at)
        .where(consents.c.user_id == user_id, consents.c.service == f"backup.{kind}")
        .order_by(consents.c.n.desc())
        .limit(1)
    ).one_or_none()
    return last is not None and last.state != "granted" and last.at <= before
