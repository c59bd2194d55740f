"""What a user agreed to, kept and enforced by the server.

Services are `messaging` and `backup.TYPE`. Every change is kept, as a consent is a story, not a switch. Taking
consent away deletes, in the same transaction, what the service holds.
"""

from typing import Literal, get_args

from sqlalchemy import Connection, func, insert, select

from phonehome.lab.cloud.config import CloudConfig
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.tables import consents, users

State = Literal["not_asked", "declined", "granted", "withdrawn"]
STATES: tuple[State, ...] = get_args(State)
MESSAGING = "messaging"
BACKUP_TYPES = ("contacts", "messages", "calls", "photos", "notes", "positions", "networks")
SERVICES = (MESSAGING, *(f"backup.{kind}" for kind in BACKUP_TYPES))
MAX_SHOWN = 2_000


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
    return service == MESSAGING and config.messaging_default_on and _is_sim(connection, user_id)


def consents_of(connection: Connection, user_id: str) -> dict[str, str]:
    """Give the state of every service."""
    return {service: state_of(connection, user_id, service) for service in SERVICES}


def _is_sim(connection: Connection, user_id: str) -> bool:
    kind = connection.execute(select(users.c.kind).where(users.c.user_id == user_id)).scalar_one_or_none()
    return kind == "sim"
