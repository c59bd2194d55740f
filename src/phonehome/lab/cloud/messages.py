"""Text messages between two handsets over IP: accepted, carried, delivered, given back.

A message is acknowledged when it is committed, in the receiver's inbox (same region) or in the sender's outbox
(another region; `relay.py` carries it). The inbox is keyed by the message's id, so however often it arrives it is
there once. Its text is deleted when the receiver's handset has confirmed it. If it cannot be delivered any more,
its sender gets a notice with the id, and sends an SMS: the server never drops what it accepted without saying so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update

from phonehome.lab.cloud.config import CloudConfig, RegionName
from phonehome.lab.cloud.consent import MESSAGING, has_consent, need_consent
from phonehome.lab.cloud.deletions import log_deletion
from phonehome.lab.cloud.outgoing import is_waiting_for, put_in_outbox
from phonehome.lab.cloud.peers import PeerError
from phonehome.lab.cloud.receipts import Answer, fingerprint, known_answer, once
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.residents import fence, is_serving, lock
from phonehome.lab.cloud.sessions import Caller
from phonehome.lab.cloud.tables import DELIVERED, DROPPED, WAITING, inbox, outbox

Reach = Literal["online", "offline", "not-registered", "messaging-off", "unreachable"]
BATCH = 50


def reach_here(region: Region, user_id: str) -> Reach:
    """Say whether a user of this region can be sent a message."""

    def work(connection: Connection) -> Reach:
        if not is_serving(connection, user_id):
            return "unreachable"
        if not has_consent(connection, user_id, MESSAGING, region.config):
            return "messaging-off"
        return "online" if region.hub.is_online(user_id) else "offline"

    return region.database.read(work)


def reach(region: Region, user_id: str) -> Reach:
    """Say whether a user, wherever served, can be sent a message."""
    home = region.directory.home(user_id)
    if home is None:
        return "not-registered"
    if home.region == region.name:
        return reach_here(region, user_id)
    try:
        answer = region.peers.ask(home.region, "/internal/reach", {"user_id": user_id})
    except PeerError:
        return "unreachable"
    found = answer.get("reach")
    return found if found in ("online", "offline", "messaging-off") else "unreachable"


def look_up(region: Region, number: str) -> tuple[str | None, Reach]:
    """Give the user of a phone number and whether a message would reach them. Who asked is not kept."""
    user_id = region.directory.find("phone", number)
    return (None, "not-registered") if user_id is None else (user_id, reach(region, user_id))


def send(region: Region, caller: Caller, *, to: str, body: str, key: str) -> Answer:
    """Accept a message for the user of a phone number, or say that an SMS is needed.

    The answer's `result` is `accepted` or `sms`; a retry with the same key gets the same answer.
    """
    mark = fingerprint("message", to, body)
    known = region.database.read(lambda connection: known_answer(connection, caller.user_id, key, mark))
    if known is not None:
        return known
    if caller.phone is not None and not region.directory.owns_phone(caller.user_id, caller.phone):
        why = "the number of this session is another SIM's now"
        raise Refusal(Reason.FOREIGN, why, user_id=caller.user_id)
    receiver, reached = look_up(region, to)
    if receiver == caller.user_id:
        raise Refusal(Reason.MALFORMED, "a message to its own sender", user_id=caller.user_id)
    at = region.clock.seconds()

    def work(connection: Connection) -> Answer:
        def act(rev: int) -> Mapping[str, object]:
            need_consent(connection, caller.user_id, MESSAGING, region.config)
            if receiver is None or reached != "online":
                return {"result": "sms", "reason": reached}
            message: dict[str, object] = {
                # Of the change, not of the key: a key may be used again when its receipt is gone.
                "message_id": region.tokens.message_id(caller.user_id, rev),
                "kind": "message",
                "sender": caller.user_id,
                "sender_phone": caller.phone,
                "body": body,
                "at": at,
            }
            if is_serving(connection, receiver) and not is_waiting_for(connection, caller.user_id, receiver):
                refused = put_in_inbox(connection, receiver, message, region.config)
                if refused is not None:
                    return {"result": "sms", "reason": refused}
            else:
                put_in_outbox(connection, caller.user_id, rev, receiver, message, region)
            return {"result": "accepted", "messageId": message["message_id"]}

        lock(connection, caller.user_id, *(() if receiver is None else (receiver,)))
        return once(connection, user_id=caller.user_id, key=key, fingerprint=mark, at=at, act=act)

    answer = region.database.write(work)
    if receiver is not None:
        region.hub.wake(receiver)
    return answer


def put_in_inbox(
    connection: Connection, receiver: str, message: Mapping[str, Any], config: CloudConfig
) -> str | None:
    """Put a message into the inbox of a user served here, once; gives why not, or None.

    Raises:
        NotServingError: The receiver is not served here (any more).
    """
    seq = fence(connection, receiver)
    there = connection.execute(
        select(inbox.c.state).where(inbox.c.user_id == receiver, inbox.c.message_id == message["message_id"])
    ).scalar_one_or_none()
    if there is not None:
        return "returned" if there == DROPPED else None
    if message["kind"] == "message":
        if not has_consent(connection, receiver, MESSAGING, config):
            return "messaging-off"
        if _waiting(connection, receiver) >= config.limits.waiting_messages:
            return "full"
    connection.execute(
        insert(inbox).values(
            user_id=receiver,
            message_id=message["message_id"],
            rev=seq,
            seq=seq,
            kind=message["kind"],
            sender=message["sender"],
            sender_phone=message["sender_phone"],
            body=message["body"],
            state=WAITING,
            at=message["at"],
        )
    )
    return None


def settle_in_inbox(connection: Connection, receiver: str, message_id: str, at: float) -> bool:
    """Say whether a message arrived; if it did not, see to it that it never will."""
    seq = fence(connection, receiver)
    there = connection.execute(
        select(inbox.c.state).where(inbox.c.user_id == receiver, inbox.c.message_id == message_id)
    ).scalar_one_or_none()
    if there is not None:
        return bool(there != DROPPED)
    values = {"user_id": receiver, "message_id": message_id, "rev": seq, "seq": seq, "kind": "message"}
    connection.execute(insert(inbox).values(**values, sender="", state=DROPPED, at=at))
    return False


def waiting_for(
    connection: Connection, user_id: str, after: int, *, notices_only: bool = False
) -> Sequence[Row[Any]]:
    """Give what is to be delivered after a sequence number, in order, a batch at a time."""
    query = select(inbox).where(inbox.c.user_id == user_id, inbox.c.state == WAITING, inbox.c.seq > after)
    if notices_only:
        query = query.where(inbox.c.kind == "notice")
    return connection.execute(query.order_by(inbox.c.seq).limit(BATCH)).all()


def confirm(connection: Connection, user_id: str, seq: int) -> None:
    """Note that the handset has everything up to a sequence number; the texts are deleted."""
    rev = fence(connection, user_id)
    connection.execute(
        update(inbox)
        .where(inbox.c.user_id == user_id, inbox.c.state == WAITING, inbox.c.seq <= seq)
        .values(state=DELIVERED, body=None, sender_phone=None, rev=rev)
    )


def drop_waiting(
    connection: Connection,
    user_id: str,
    *,
    at: float,
    region: RegionName,
    reason: str,
    before: float | None = None,
) -> int:
    """Delete undelivered messages for a user, all or those that came before a time; each sender gets a notice.

    All are all: a message's time was read before it waited for its turn, and the clock may have been set back since.
    """
    rev = fence(connection, user_id)
    mine = (inbox.c.user_id == user_id, inbox.c.state == WAITING, inbox.c.kind == "message")
    query = select(inbox.c.message_id, inbox.c.sender).where(*mine)
    if before is not None:
        query = query.where(inbox.c.at <= before)
    rows = connection.execute(query).all()
    for row in rows:
        connection.execute(
            update(inbox)
            .where(inbox.c.user_id == user_id, inbox.c.message_id == row.message_id)
            .values(state=DROPPED, body=None, sender_phone=None, rev=rev)
        )
        connection.execute(
            insert(outbox).values(
                user_id=user_id,
                message_id=row.message_id,
                rev=rev,
                kind="notice",
                receiver=row.sender,
                body=reason,
                state=WAITING,
                at=at,
            )
        )
    log_deletion(
        connection,
        at=at,
        region=region.value,
        reason=reason,
        user_id=user_id,
        table="inbox",
        ids=[row.message_id for row in rows],
    )
    return len(rows)


def _waiting(connection: Connection, user_id: str) -> int:
    return connection.execute(
        select(func.count()).select_from(inbox).where(inbox.c.user_id == user_id, inbox.c.state == WAITING)
    ).scalar_one()
