"""Idempotency keys: an answer is stored in the transaction of what it answers for, and given again to a retry."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select

from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.residents import fence
from phonehome.lab.cloud.tables import receipts

MAX_KEY = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request gets: JSON data, or content of its own."""

    status: int = 200
    data: Mapping[str, object] = field(default_factory=dict)
    content: bytes | None = None
    media_type: str = "application/json"
    cookies: Mapping[str, str] = field(default_factory=dict)
    location: str | None = None


def known_answer(connection: Connection, user_id: str, key: str, fingerprint: str) -> Answer | None:
    """Give the stored answer to a key; refuse the key if it was used for something else."""
    row = connection.execute(
        select(receipts).where(receipts.c.user_id == user_id, receipts.c.key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Refusal(
            Reason.REUSED_KEY, "the idempotency key was used for other content before", user_id=user_id
        )
    return Answer(data=json.loads(row.answer))


def once(
    connection: Connection,
    *,
    user_id: str,
    key: str,
    fingerprint: str,
    at: float,
    act: Callable[[int], Mapping[str, object]],
) -> Answer:
    """Do `act` (given the change's number) unless the key was answered before; store what it gives."""
    rev = fence(connection, user_id)
    known = known_answer(connection, user_id, key, fingerprint)
    if known is not None:
        return known
    data = act(rev)
    connection.execute(
        insert(receipts).values(
            user_id=user_id, key=key, rev=rev, fingerprint=fingerprint, answer=json.dumps(data), at=at
        )
    )
    return Answer(data=data)


def fingerprint(*parts: str | bytes) -> str:
    """Give a digest of what a key stands for."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()
