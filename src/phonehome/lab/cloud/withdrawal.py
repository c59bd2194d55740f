"""What a change of consent does: taking it away deletes what the service holds, and says what is unsent."""

from sqlalchemy import Connection

from phonehome.lab.cloud.backup import clear
from phonehome.lab.cloud.consent import MESSAGING, SERVICES, record_consent
from phonehome.lab.cloud.messages import drop_waiting, take_back, unsent
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
    at = region.clock.seconds()

    def work(connection: Connection) -> Answer:
        rev = fence(connection, caller.user_id)
        record_consent(
            connection, user_id=caller.user_id, rev=rev, service=service, state=state, shown=shown, at=at
        )
        if state == "granted":
            return Answer(data={"service": service, "state": state})
        if service == MESSAGING:
            take_back(connection, caller.user_id, rev)
            drop_waiting(
                connection, caller.user_id, at=at, region=region.name, reason="messaging-off", before=at
            )
            return Answer(data={"service": service, "state": state, **unsent(connection, caller.user_id)})
        if region.config.retention.backup_after_withdrawal_s <= 0:
            kind = service.removeprefix("backup.")
            clear(
                connection,
                caller.user_id,
                kind,
                rev=rev,
                at=at,
                region=region.name,
                reason="consent withdrawn",
            )
        return Answer(data={"service": service, "state": state})

    answer = region.database.write(work)
    if state != "granted":
        region.database.scrub()
        if service == MESSAGING:
            region.hub.end(caller.user_id, "messaging-off")
    return answer
