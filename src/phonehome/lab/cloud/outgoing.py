"""A user's messages on their way to another region: kept, taken back, expired, and listed when they came back."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, insert, select, update

from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.deletions import log_deletion
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.residents import fence
from phonehome.lab.cloud.tables import RETURNED, SETTLING, WAITING, inbox, outbox

EXPIRED = "expired"


def take_back(connection: Connection, user_id: str, rev: int) -> None:
    """Delete the texts of a user's messages that are still on their way; the relay finds out which arrived."""
    connection.execute(
        update(outbox)
        .where(outbox.c.user_id == user_id, outbox.c.state == WAITING, outbox.c.kind == "message")
        .values(state=SETTLING, body=None, sender_phone=None, rev=rev)
    )


def expire_unsent(
    connection: Connection, user_id: str, *, at: float, region: RegionName, before: float
) -> int:
    """Delete a user's texts that no region took in time; the relay finds out which arrived, and tells of the others."""
    rev = fence(connection, user_id)
    late = (
        *(outbox.c.user_id == user_id, outbox.c.state == WAITING),
        *(outbox.c.kind == "message", outbox.c.at <= before),
    )
    ids = connection.execute(select(outbox.c.message_id).where(*late)).scalars().all()
    connection.execute(
        update(outbox).where(*late).values(state=SETTLING, body=EXPIRED, sender_phone=None, rev=rev)
    )
    log_deletion(
        connection,
        at=at,
        region=region.value,
        reason=EXPIRED,
        user_id=user_id,
        table="outbox",
        ids=ids,
    )
    return len(ids)


def unsent(connection: Connection, user_id: str) -> dict[str, list[str]]:
    """List the ids of a user's messages that came back (send an SMS) or whose fate is not known yet."""
    rows = connection.execute(
        select(outbox.c.message_id, outbox.c.state).where(
            outbox.c.user_id == user_id, outbox.c.kind == "message"
        )
    ).all()
    notices = connection.execute(
        select(inbox.c.message_id).where(
            inbox.c.user_id == user_id, inbox.c.kind == "notice", inbox.c.state == WAITING
        )
    ).scalars()
    returned = [row.message_id for row in rows if row.state == RETURNED]
    return {
        "returned": sorted({*returned, *notices}),
        "pending": sorted(row.message_id for row in rows if row.state == SETTLING),
    }


def put_in_outbox(
    connection: Connection, owner: str, rev: int, receiver: str, message: Mapping[str, object], region: Region
) -> None:
    """Keep a message for a receiver in another region, for the relay to carry."""
    count = connection.execute(
        select(func.count()).select_from(outbox).where(outbox.c.user_id == owner, outbox.c.state == WAITING)
    ).scalar_one()
    if count >= region.config.limits.waiting_messages:
        raise Refusal(Reason.FULL, "too many messages of this user are on their way", user_id=owner)
    connection.execute(
        insert(outbox).values(
            user_id=owner,
            message_id=message["message_id"],
            rev=rev,
            kind="message",
            receiver=receiver,
            sender_phone=message["sender_phone"],
            body=message["body"],
            state=WAITING,
            at=message["at"],
        )
    )


def is_waiting_for(connection: Connection, sender: str, receiver: str) -> bool:
    """Tell whether earlier messages to a receiver, who has come here since, still wait to be carried."""
    query = select(outbox.c.message_id).where(
        *(outbox.c.user_id == sender, outbox.c.receiver == receiver),
        *(outbox.c.state == WAITING, outbox.c.kind == "message"),
    )
    return connection.execute(query.limit(1)).one_or_none() is not None
