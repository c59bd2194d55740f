"""Carries what waits in the outbox to the region of its receiver: at least once, in order, and the inbox keeps one.

Each region has a carrier of its own, so one that is dead or hangs holds up nobody else's messages. What one user wrote
to another arrives in the order in which it was accepted: where a message cannot be delivered yet, those after it wait.
A relay that is killed between the other region's commit and its own note of it sends again after the restart.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.database import DatabaseUnavailableError
from phonehome.lab.cloud.messages import put_in_inbox, settle_in_inbox
from phonehome.lab.cloud.peers import PeerError, PeerUnreachableError
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.residents import NotServingError, fence
from phonehome.lab.cloud.tables import DONE, RETURNED, SETTLING, WAITING, outbox, residents

BATCH = 100
RECEIVERS = 20_000
"""Looked at in one turn; more than a lab has."""
CARRY_SECONDS = 5.0
"""A region that takes longer to take one message is tried again; it may have taken it, and will say so."""
PAUSE_SECONDS = 0.3
"""Before a region, or a receiver, that could take nothing is tried again."""
_log = logging.getLogger(__name__)


class _Pauses:
    """What is not tried for a moment, by name; safe from any thread."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def begin(self, name: str) -> None:
        with self._lock:
            self._ends[name] = time.monotonic() + PAUSE_SECONDS

    def __contains__(self, name: str) -> bool:
        with self._lock:
            end = self._ends.get(name)
            if end is not None and end < time.monotonic():
                del self._ends[name]
                return False
            return end is not None


class Relay:
    """The carriers of one region."""

    def __init__(self, region: Region, stopped: threading.Event) -> None:
        self._region = region
        self._stopped = stopped
        self._carriers = ThreadPoolExecutor(len(region.topology.control), thread_name_prefix="relay")
        self._at_work: dict[RegionName, Future[None]] = {}
        self._pauses = _Pauses()
        """Of regions and of receivers."""

    def turn(self) -> None:
        """Send off the carriers that have something to carry and are not on their way; wait for none."""
        receivers = self._region.database.read(_receivers)
        if not receivers:
            return
        homes = self._region.directory.regions_of(receivers)
        waiting: dict[RegionName, list[str]] = defaultdict(list)
        for receiver in receivers:
            if receiver not in self._pauses:
                waiting[homes.get(receiver, self._region.name)].append(
                    receiver
                )  # erased ones are settled here
        for destination, names in waiting.items():
            carrier = self._at_work.get(destination)
            if destination.value not in self._pauses and (carrier is None or carrier.done()):
                self._at_work[destination] = self._carriers.submit(self._carry_all, destination, names)

    def wait(self) -> None:
        """Wait until every carrier is back."""
        for carrier in list(self._at_work.values()):
            carrier.result()

    def close(self) -> None:
        """Let each carrier end the message that it is at, and send off no more."""
        self._carriers.shutdown(wait=True, cancel_futures=True)

    def _carry_all(self, destination: RegionName, receivers: Sequence[str]) -> None:
        held_back: set[str] = set()
        try:
            for row in self._region.database.read(lambda connection: _pending(connection, receivers)):
                if self._stopped.is_set():
                    break
                # One that could not be delivered holds back those after it; other receivers' go on.
                if held_back.isdisjoint((row.receiver, row.user_id)):
                    held_back |= self._carry(row)
        except PeerUnreachableError as error:
            _log.info("messages stay in the outbox: %s", error)
            self._pauses.begin(destination.value)
        except DatabaseUnavailableError:
            _log.warning("%s: the database does not answer; messages stay in the outbox", self._region.name)
        except Exception:  # noqa: BLE001  a fault here must not end the relay for good
            _log.exception("%s: carrying messages to %s failed", self._region.name, destination)
            self._pauses.begin(destination.value)

    def _carry(self, row: Row[Any]) -> set[str]:
        """Carry one entry; gives whose other entries have to wait, if it could not be."""
        try:
            refused = _deliver(self._region, row)
            _note(self._region, row, refused)
        except PeerUnreachableError:
            raise
        except (PeerError, NotServingError) as error:
            _log.info("message stays in the outbox: %s", error)
            who = error.user_id if isinstance(error, NotServingError) else row.receiver
            self._pauses.begin(who)
            return {who}
        self._region.hub.wake(row.user_id)
        self._region.hub.wake(row.receiver)
        return set()


def _receivers(connection: Connection) -> list[str]:
    # Of users served here: what is left of one that is being moved is for the new region to carry.
    query = (
        select(outbox.c.receiver)
        .join(residents, residents.c.user_id == outbox.c.user_id)
        .where(residents.c.state == "serving", outbox.c.state.in_((WAITING, SETTLING)))
        .distinct()
        .limit(RECEIVERS)
    )
    return list(connection.execute(query).scalars())


def _pending(connection: Connection, receivers: Sequence[str]) -> list[Row[Any]]:
    # Senders take turns, and each one's messages go in the order of the changes that accepted them: their times may be
    # equal, or go back with the clock.
    turn = func.row_number().over(partition_by=outbox.c.user_id, order_by=(outbox.c.rev, outbox.c.message_id))
    ranked = (
        select(outbox, turn.label("turn"))
        .join(residents, residents.c.user_id == outbox.c.user_id)
        .where(residents.c.state == "serving", outbox.c.state.in_((WAITING, SETTLING)))
        .where(outbox.c.receiver.in_(receivers))
        .subquery()
    )
    query = select(ranked).order_by(ranked.c.turn, ranked.c.at, ranked.c.user_id).limit(BATCH)
    return list(connection.execute(query))


def _deliver(region: Region, row: Row[Any]) -> str | None:
    """Bring an entry to its receiver, or find out whether it arrived; gives why not, or None."""
    home = region.directory.home(row.receiver)
    if home is None:  # the receiver was erased meanwhile
        return "not-registered"
    local = home.region == region.name
    if row.state == SETTLING:
        return _settle(region, row, local=local, home=home.region)
    return _bring(region, row, local=local, home=home.region)


def _message(row: Row[Any]) -> dict[str, object]:
    message = {name: getattr(row, name) for name in ("message_id", "kind", "sender_phone", "body", "at")}
    return {**message, "sender": row.user_id}


def _bring(region: Region, row: Row[Any], *, local: bool, home: RegionName) -> str | None:
    if local:
        return region.database.write(
            lambda connection: put_in_inbox(connection, row.receiver, _message(row), region.config)
        )
    data = {"receiver": row.receiver, "message": _message(row)}
    refused = region.peers.call(home, "/internal/deliver", data, seconds=CARRY_SECONDS).get("refused")
    return None if refused is None else str(refused)


def _settle(region: Region, row: Row[Any], *, local: bool, home: RegionName) -> str | None:
    if local:
        arrived = region.database.write(
            lambda connection: settle_in_inbox(connection, row.receiver, row.message_id, row.at)
        )
    else:
        data = {"receiver": row.receiver, "message_id": row.message_id, "at": row.at}
        arrived = bool(region.peers.call(home, "/internal/settle", data, seconds=CARRY_SECONDS)["arrived"])
    return None if arrived else "taken-back"


def _note(region: Region, row: Row[Any], refused: str | None) -> None:
    """Note how an entry ended; a message that came back becomes a notice to its sender, or is listed as returned.

    The sender who switched messaging off is told by the list; who waited too long for a region, by a notice (the
    entry's text is gone by then, and has given its place to the reason).
    """

    def work(connection: Connection) -> None:
        rev = fence(connection, row.user_id)
        listed = row.state == SETTLING and refused is not None and row.body is None
        changed = connection.execute(
            update(outbox)
            .where(outbox.c.user_id == row.user_id, outbox.c.message_id == row.message_id)
            .where(outbox.c.state == row.state)
            .values(state=RETURNED if listed else DONE, body=None, sender_phone=None, rev=rev)
        )
        if changed.rowcount and refused is not None and row.kind == "message" and not listed:
            reason = row.body if row.state == SETTLING else refused
            notice = {"message_id": row.message_id, "kind": "notice", "sender_phone": None, "at": row.at}
            put_in_inbox(
                connection, row.user_id, {**notice, "sender": row.receiver, "body": reason}, region.config
            )

    region.database.write(work)
