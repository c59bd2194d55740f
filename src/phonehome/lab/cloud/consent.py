"""What a user agreed to, kept and enforced by the server.

Services are `messaging` and `backup.TYPE`. Every change is kept, as a consent is a story, not a switch. Taking
consent away deletes, in the same transaction, what the service holds.

Messaging is on without an answer for a SIM that a factory build activated, and only for that one: an SMS to the short
code says nothing of the build, and a build that asks first (the update's) is off until somebody agreed.
"""

import re
from enum import StrEnum
from typing import Literal, get_args

from sqlalchemy import Connection, func, insert, select, update

from phonehome.lab.cloud.config import CloudConfig
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.residents import fence
from phonehome.lab.cloud.tables import consents, users

State = Literal["not_asked", "declined", "granted", "withdrawn"]
STATES: tuple[State, ...] = get_args(State)
MESSAGING = "messaging"
BACKUP_TYPES = ("contacts", "messages", "calls", "photos", "notes", "positions", "networks")
SERVICES = (MESSAGING, *(f"backup.{kind}" for kind in BACKUP_TYPES))
MAX_SHOWN = 2_000
_BUILD = re.compile(r"MI([A-Z]{2})([0-9]{1,3})\.[0-9]+\Z")
_FIRST_THAT_ASKS = ("BH", 47)
"""JHCMIBH47.0, the update of 10 August 2014: letters of the month, then the number in it."""


class ActivatedBy(StrEnum):
    """Which kind of build spoke for a SIM; one that asks first stands, whatever comes after it."""

    FACTORY = "factory"
    UPDATE = "update"


def kind_of_build(name: str) -> ActivatedBy:
    """Say which kind a build is by its name (`JHCMIBH45.0`); one that is not known asks first."""
    found = _BUILD.search(name)
    if found is None or (found[1], int(found[2])) >= _FIRST_THAT_ASKS:
        return ActivatedBy.UPDATE
    return ActivatedBy.FACTORY


def came_on_by(connection: Connection, user_id: str, by: ActivatedBy) -> bool:
    """Note which kind of build speaks for a SIM; False if that was known, or one that asks first was there before."""
    if _activated_by(connection, user_id) in (by, ActivatedBy.UPDATE):
        return False  # as nearly always: a question that writes nothing
    rev = fence(connection, user_id)
    if _activated_by(connection, user_id) in (by, ActivatedBy.UPDATE):
        return False
    mine = users.c.user_id == user_id
    connection.execute(update(users).where(mine).values(activated_by=by.value, rev=rev))
    return True


def state_of(connection: Connection, user_id: str, service: str) -> str:
    """Give the state that holds now."""
    found = connection.execute(
        select(consents.c.state)
        .where(consents.c.user_id == user_id, consents.c.service == service)
        .order_by(consents.c.n.desc())
        .limit(1)
    ).scalar_one_or_none()
    return "not_asked" if found is None else found


def record_consent(
    connection: Connection, *, user_id: str, rev: int, service: str, state: str, shown: str | None, at: float
) -> None:
    """Add a consent to the user's story."""
    count = connection.execute(
        select(func.count())
        .select_from(consents)
        .where(consents.c.user_id == user_id, consents.c.service == service)
    ).scalar_one()
    connection.execute(
        insert(consents).values(
            user_id=user_id, service=service, n=count, rev=rev, state=state, shown=shown, at=at
        )
    )


def need_consent(connection: Connection, user_id: str, service: str, config: CloudConfig) -> None:
    """Refuse unless the user agreed to the service, or it is on by itself and nobody said otherwise."""
    if not has_consent(connection, user_id, service, config):
        state = state_of(connection, user_id, service)
        raise Refusal(Reason.CONSENT, f"{service} is off for this user ({state})", user_id=user_id)


def has_consent(connection: Connection, user_id: str, service: str, config: CloudConfig) -> bool:
    """Tell whether the service may be used for this user."""
    state = state_of(connection, user_id, service)
    if state != "not_asked":
        return state == "granted"
    if service != MESSAGING or not config.messaging_default_on:
        return False
    return _activated_by(connection, user_id) is ActivatedBy.FACTORY


def consents_of(connection: Connection, user_id: str) -> dict[str, str]:
    """Give the state of every service."""
    return {service: state_of(connection, user_id, service) for service in SERVICES}


def _activated_by(connection: Connection, user_id: str) -> ActivatedBy | None:
    found = connection.execute(
        select(users.c.activated_by).where(users.c.user_id == user_id)
    ).scalar_one_or_none()
    return None if found is None else ActivatedBy(found)
