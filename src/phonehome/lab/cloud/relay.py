"""Carries what waits in the outbox to the region of its receiver: at least once, and the inbox keeps one.

A relay that is killed between the other region's commit and its own note of it sends again after the restart.
"""

import logging
import threading
from typing import Any

from sqlalchemy import Connection, Row, select, update

from phonehome.lab.cloud.database import DatabaseUnavailableError
from phonehome.lab.cloud.messages import DONE, RETURNED, SETTLING, WAITING, put_in_inbox, settle_in_inbox
from phonehome.lab.cloud.peers import PeerError
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.residents import NotServingError, fence
from phonehome.lab.cloud.tables import outbox, residents

BATCH = 100
_log = logging.getLogger(__name__)


def relay_once(region: Region, stopped: threading.Event) -> int:
    """Carry what can be carried now; gives how many entries were settled."""
    done = 0
    for row in region.database.read(_pending):
        if stopped.is_set():
            break
        try:
            done += _relay(region, row)
        except (PeerError, NotServingError, DatabaseUnavailableError) as error:
            _log.info("message stays in the outbox: %s", error)
    return done


def _pending(connection: Connection) -> list[Row[Any]]:
    # Of users served here: what is left of one that is being moved is for the new region to carry.
    return list(
        connection.execute(
            select(outbox)
            .join(residents, residents.c.user_id == outbox.c.user_id)
            .where(residents.c.state == "serving", outbox.c.state.in_((WAITING, SETTLING)))
            .order_by(outbox.c.at, outbox.c.message_id)
            .limit(BATCH)
        )
    )


def _relay(region: Region, row: Row[Any]) -> bool:
    home = region.directory.home(row.receiver)
    if home is None:  # the receiver was erased meanwhile
        refused: str | None = "not-registered"
    elif row.state == SETTLING:
        refused = _settle(region, row, local=home.region == region.name, home=home.region)
    else:
        refused = _carry(region, row, local=home.region == region.name, home=home.region)
    note(region, row, refused)
    region.hub.wake(row.user_id)
    region.hub.wake(row.receiver)
    return True


def _message(row: Row[Any]) -> dict[str, object]:
    message = {name: getattr(row, name) for name in ("message_id", "kind", "sender_phone", "body", "at")}
    return {**message, "sender": row.user_id}


def _carry(region: Region, row: Row[Any], *, local: bool, home: Any) -> str | None:
    if local:
        return region.database.write(
            lambda connection: put_in_inbox(connection, row.receiver, _message(row), region.config)
        )
    answer = region.peers.call(
        home, "/internal/deliver", {"receiver": row.receiver, "message": _message(row)}
    )
    refused = answer.get("refused")
    return None if refused is None else str(refused)


def _settle(region: Region, row: Row[Any], *, local: bool, home: Any) -> str | None:
    if local:
        arrived = region.database.write(
            lambda connection: settle_in_inbox(connection, row.receiver, row.message_id, row.at)
        )
    else:
        data = {"receiver": row.receiver, "message_id": row.message_id, "at": row.at}
        arrived = bool(region.peers.call(home, "/internal/settle", data)["arrived"])
    return None if arrived else "taken-back"


def note(region: Region, row: Row[Any], refused: str | None) -> None:
    """Note how an entry ended; a message that came back becomes a notice to its sender."""

    def work(connection: Connection) -> None:
        rev = fence(connection, row.user_id)
        taken_back = row.state == SETTLING and refused is not None
        changed = connection.execute(
            update(outbox)
            .where(outbox.c.user_id == row.user_id, outbox.c.message_id == row.message_id)
            .where(outbox.c.state == row.state)
            .values(state=RETURNED if taken_back else DONE, body=None, sender_phone=None, rev=rev)
        )
        if changed.rowcount and refused is not None and row.kind == "message" and not taken_back:
            notice = {"message_id": row.message_id, "kind": "notice", "sender_phone": None, "at": row.at}
            notice |= {"sender": row.receiver, "body": refused}
            put_in_inbox(connection, row.user_id, notice, region.config)

    region.database.write(work)
