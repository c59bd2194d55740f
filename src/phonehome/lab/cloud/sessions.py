"""Sessions: a token to be known by, and the key under which parameters are sealed."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from phonehome.lab.cloud.refusal import NO_SESSION, Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.residents import fence
from phonehome.lab.cloud.tables import nonces, sessions, users
from phonehome.lab.cloud.tokens import token_hash

MAX_NONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The session behind a request."""

    user_id: str
    token: str
    """Its digest, as kept."""
    security: bytes
    phone: str | None
    kind: str
    country: str


def add_session(
    connection: Connection, *, user_id: str, rev: int, token: str, security: bytes, device: str, at: float
) -> None:
    """Keep a session; one that was there under the same token begins again."""
    digest = token_hash(token)
    connection.execute(delete(sessions).where(sessions.c.user_id == user_id, sessions.c.token == digest))
    connection.execute(
        insert(sessions).values(
            user_id=user_id, token=digest, rev=rev, security=security, device=device, created_at=at
        )
    )


def open_sessions(region: Region, user_id: str) -> Select[Any]:
    """Select the sessions of a user that are neither ended nor over their time, with what a `Caller` has."""
    oldest = region.clock.seconds() - region.config.retention.session_s
    return (
        select(sessions, users.c.phone, users.c.kind, users.c.country)
        .join(users, users.c.user_id == sessions.c.user_id)
        .where(sessions.c.user_id == user_id)
        .where(sessions.c.ended_at.is_(None), sessions.c.created_at > oldest)
    )


def caller_of(row: Row[Any]) -> Caller:
    """Give the caller that a row of `open_sessions` stands for."""
    return Caller(
        user_id=row.user_id,
        token=row.token,
        security=row.security,
        phone=row.phone,
        kind=row.kind,
        country=row.country,
    )


def is_open(connection: Connection, region: Region, caller: Caller) -> bool:
    """Tell whether a session that was open still is."""
    query = open_sessions(region, caller.user_id).where(sessions.c.token == caller.token)
    return connection.execute(query).one_or_none() is not None


def identify(region: Region, user_id: str, token: str) -> Caller:
    """Find the session of a user served here; refuse if there is none or it is over.

    Raises:
        ElsewhereError: Another region serves the user.
        BusyError: The user is being moved.
    """
    region.place(user_id)
    query = open_sessions(region, user_id).where(sessions.c.token == token_hash(token))

    def work(connection: Connection) -> Caller | None:
        row = connection.execute(query).one_or_none()
        return None if row is None else caller_of(row)

    caller = region.database.read(work)
    if caller is None:
        raise Refusal(Reason.UNAUTHENTICATED, NO_SESSION, user_id=user_id)
    return caller


def end_session(connection: Connection, caller: Caller, at: float) -> None:
    """End the session; its token is worth nothing from now on."""
    rev = fence(connection, caller.user_id)
    connection.execute(
        update(sessions)
        .where(sessions.c.user_id == caller.user_id, sessions.c.token == caller.token)
        .values(ended_at=at, rev=rev, security=b"")
    )


def use_nonce(region: Region, caller: Caller, nonce: str) -> None:
    """Refuse a sealed request that came before, or whose time is not now.

    A nonce is `RANDOM:SECONDS`: the time bounds for how long it has to be remembered.
    """
    random, colon, seconds = nonce.partition(":")
    if not (random and colon and len(nonce) <= MAX_NONCE and seconds.isascii() and seconds.isdigit()):
        raise Refusal(
            Reason.MALFORMED,
            "a sealed request needs _nonce=RANDOM:SECONDS, the seconds since 1970",
            user_id=caller.user_id,
        )
    now = region.clock.seconds()
    if abs(now - int(seconds)) > region.config.retention.replay_window_s:
        raise Refusal(
            Reason.REPLAYED, "the request's time is too far from the server's", user_id=caller.user_id
        )

    # When the database is lost in the middle of a commit, the work runs again and may find its own entry.
    request = secrets.token_hex(8)

    def work(connection: Connection) -> None:
        rev = fence(connection, caller.user_id)
        seen = connection.execute(
            select(nonces.c.request).where(nonces.c.user_id == caller.user_id, nonces.c.nonce == nonce)
        ).scalar_one_or_none()
        if seen == request:
            return
        if seen is not None:
            raise Refusal(Reason.REPLAYED, "this request came before", user_id=caller.user_id)
        connection.execute(
            insert(nonces).values(user_id=caller.user_id, nonce=nonce, request=request, rev=rev, at=now)
        )

    region.database.write(work)
