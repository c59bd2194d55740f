"""What a change of consent does: taking it away deletes what the service holds, and says what is unsent.

Off is off: once the transaction that records it is committed, nothing that the service held is left, whatever was
written at the same moment, and only the user's own session switches the service on again. An activation shows no more
than digests that went over the air in clear, so without the SIM's session it may give the first answer, and no other.
"""

from sqlalchemy import Connection

from phonehome.lab.cloud.backup import clear
from phonehome.lab.cloud.consent import (
    MESSAGING,
    SERVICES,
    ActivatedBy,
    came_on_by,
    has_consent,
    record_consent,
    state_of,
)
from phonehome.lab.cloud.messages import drop_waiting
from phonehome.lab.cloud.outgoing import take_back, unsent
from phonehome.lab.cloud.receipts import Answer
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.residents import fence
from phonehome.lab.cloud.sessions import Caller

SETTABLE = ("granted", "declined", "withdrawn")


def set_consent(region: Region, caller: Caller, *, service: str, state: str, shown: str | None) -> Answer:
    """Record what the user says now, and act on it before answering."""
    if service not in SERVICES or state not in SETTABLE:
        raise Refusal(
            Reason.MALFORMED,
            f"service is one of {', '.join(SERVICES)}; state one of {', '.join(SETTABLE)}",
            user_id=caller.user_id,
        )
    if (service == MESSAGING) != (caller.kind == "sim"):
        raise Refusal(
            Reason.MALFORMED,
            "messaging is agreed to with the SIM's session, backup with the account's",
            user_id=caller.user_id,
        )

    def work(connection: Connection) -> Answer:
        _apply(connection, region, caller.user_id, service=service, state=state, shown=shown)
        data: dict[str, object] = {"service": service, "state": state}
        if state != "granted" and service == MESSAGING:
            data |= unsent(connection, caller.user_id)
        return Answer(data=data)

    answer = region.database.write(work)
    if state != "granted":
        let_go(region, caller.user_id, service)
    return answer


def answer_of_activation(
    connection: Connection,
    region: Region,
    user_id: str,
    *,
    state: str,
    shown: str | None,
    caller: Caller | None,
) -> None:
    """Take what the user said to a build that asks.

    Raises:
        Refusal: The user said something else before, and this is not the SIM's own session.
    """
    fence(connection, user_id)  # first: what was said is what holds when our turn has come
    said = state_of(connection, user_id, MESSAGING)
    if said == state:
        return
    if caller is not None and caller.user_id != user_id:
        raise Refusal(Reason.FOREIGN, "this is another SIM's session", user_id=caller.user_id)
    if said != "not_asked" and caller is None:
        why = f"messaging is {said} for this SIM; only its own session changes that"
        raise Refusal(Reason.UNAUTHENTICATED, why, user_id=user_id)
    came_on_by(connection, user_id, ActivatedBy.UPDATE)
    _apply(connection, region, user_id, service=MESSAGING, state=state, shown=shown)


def meet_build(connection: Connection, region: Region, user_id: str, by: ActivatedBy) -> bool:
    """Note which kind of build speaks for a SIM; True if that switched off what had come on by itself."""
    before = has_consent(connection, user_id, MESSAGING, region.config)
    if not came_on_by(connection, user_id, by):
        return False
    off = before and not has_consent(connection, user_id, MESSAGING, region.config)
    if off:
        _empty_messaging(connection, region, user_id)
    return off


def let_go(region: Region, user_id: str, service: str) -> None:
    """Do what follows the transaction that switched a service off: overwrite what it deleted, end the stream."""
    region.database.scrub()
    if service == MESSAGING:
        region.hub.end(user_id, "messaging-off")


def _apply(
    connection: Connection, region: Region, user_id: str, *, service: str, state: str, shown: str | None
) -> None:
    at = region.clock.seconds()
    rev = fence(connection, user_id)
    record_consent(connection, user_id=user_id, rev=rev, service=service, state=state, shown=shown, at=at)
    if state == "granted":
        return
    if service == MESSAGING:
        _empty_messaging(connection, region, user_id)
    elif region.config.retention.backup_after_withdrawal_s <= 0:
        kind = service.removeprefix("backup.")
        clear(connection, user_id, kind, rev=rev, at=at, region=region.name, reason="consent withdrawn")


def _empty_messaging(connection: Connection, region: Region, user_id: str) -> None:
    take_back(connection, user_id, fence(connection, user_id))
    at = region.clock.seconds()
    drop_waiting(connection, user_id, at=at, region=region.name, reason="messaging-off")
