"""What a server says no to, and the log of it: reasons and places, never content."""

from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select

from phonehome.lab.cloud.tables import refusals

KEPT = 100_000
"""Newest refusals that the log holds; a flood pushes out old ones and fills no disk."""
_TRIM_EVERY = 1_000
_PATH_CHARACTERS = 200
_WHY_CHARACTERS = 300


class Reason(StrEnum):
    """Why a request was refused."""

    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    UNAUTHENTICATED = "unauthenticated"
    FOREIGN = "foreign"
    """Of another account."""
    CLEARTEXT = "cleartext"
    """Asked over plain HTTP for what is answered over TLS only."""
    CONSENT = "consent"
    REPLAYED = "replayed"
    REUSED_KEY = "reused-key"
    """An idempotency key came again with other content."""
    THROTTLED = "throttled"
    UNKNOWN = "unknown"
    FULL = "full"


NO_SESSION = "no session of this user has this token or proof"
"""Also where there is no such user: which users exist is nobody's business."""
STATUS = {
    Reason.MALFORMED: 400,
    Reason.OVERSIZED: 413,
    Reason.UNAUTHENTICATED: 401,
    Reason.FOREIGN: 403,
    Reason.CLEARTEXT: 403,
    Reason.CONSENT: 403,
    Reason.REPLAYED: 409,
    Reason.REUSED_KEY: 422,
    Reason.THROTTLED: 429,
    Reason.UNKNOWN: 404,
    Reason.FULL: 507,
}


class Refusal(Exception):  # noqa: N818  an answer, not a fault
    """A request that is refused; the reason decides the status."""

    def __init__(self, reason: Reason, why: str, *, user_id: str | None = None) -> None:
        super().__init__(why)
        self.reason = reason
        self.why = why
        self.user_id = user_id

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.reason]


def log_refusal(
    connection: Connection, refusal: Refusal, *, at: float, service: str, method: str, path: str
) -> None:
    """Write a refusal into the log."""
    number = connection.execute(
        insert(refusals)
        .values(
            at=at,
            reason=refusal.reason.value,
            service=service,
            method=method[:16],
            path=printable(path)[:_PATH_CHARACTERS],
            user_id=refusal.user_id,
            why=printable(refusal.why)[:_WHY_CHARACTERS],
        )
        .returning(refusals.c.n)
    ).scalar_one()
    if number % _TRIM_EVERY == 0:
        newest = connection.execute(select(func.max(refusals.c.n))).scalar_one()
        connection.execute(delete(refusals).where(refusals.c.n <= newest - KEPT))


def printable(text: str) -> str:
    """Give a text without control characters, which databases refuse and terminals obey."""
    return "".join(c if c.isprintable() else "�" for c in text)
