"""A region's control address: for other regions, the mover and whoever runs the lab. No handset comes here.

Every request is a POST of a JSON object with the folder's token; the answer is a JSON object.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy import Connection, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from phonehome.lab.cloud import accounts, messages, migration, residents
from phonehome.lab.cloud.database import DatabaseUnavailableError
from phonehome.lab.cloud.deletions import attest, region_key
from phonehome.lab.cloud.peers import TOKEN_FILE
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import ElsewhereError, Region
from phonehome.lab.cloud.residents import NotServingError
from phonehome.lab.cloud.retention import enforce_retention
from phonehome.lab.cloud.tables import refusals
from phonehome.lab.cloud.tables import residents as residents_table

MAX_BODY = 256 << 20
_THREADS = 16
Data = Mapping[str, Any]
Action = Callable[[Region, Data], Mapping[str, object]]
_log = logging.getLogger(__name__)


def _reach(region: Region, data: Data) -> dict[str, object]:
    return {"reach": messages.reach_here(region, data["user_id"])}


def _deliver(region: Region, data: Data) -> dict[str, object]:
    refused = region.database.write(
        lambda connection: messages.put_in_inbox(connection, data["receiver"], data["message"], region.config)
    )
    region.hub.wake(data["receiver"])
    return {"refused": refused}


def _settle(region: Region, data: Data) -> dict[str, object]:
    arrived = region.database.write(
        lambda connection: messages.settle_in_inbox(
            connection, data["receiver"], data["message_id"], data["at"]
        )
    )
    return {"arrived": arrived}


def _is_under_way(region: Region, data: Data, *, as_target: bool) -> bool:
    """Ask the directory whether this attempt is still the one: a mover that was overtaken changes nothing."""
    home = region.directory.home(data["user_id"])
    if home is None or home.moving_to is None or home.committed or home.attempt != data["attempt"]:
        return False
    return region.name == (home.moving_to if as_target else home.region)


def _hold(region: Region, data: Data) -> dict[str, object]:
    if _is_under_way(region, data, as_target=False):
        region.database.write(lambda connection: residents.hold(connection, data["user_id"], data["attempt"]))
    return {}


def _export(region: Region, data: Data) -> dict[str, object]:
    return region.database.read(
        lambda connection: migration.export_rows(connection, data["user_id"], data["after"])
    )


def _import(region: Region, data: Data) -> dict[str, object]:
    if not _is_under_way(region, data, as_target=True):
        return {"taken": False}
    taken = region.database.write(
        lambda connection: migration.import_rows(
            connection,
            data["user_id"],
            data["rows"],
            epoch=data["epoch"],
            attempt=data["attempt"],
            rev=data["rev"],
            fresh=data["fresh"],
        )
    )
    return {"taken": taken}


def _freeze(region: Region, data: Data) -> dict[str, object]:
    if not _is_under_way(region, data, as_target=False):
        return {"rev": None}
    return {
        "rev": region.database.write(
            lambda connection: residents.freeze(connection, data["user_id"], data["attempt"])
        )
    }


def _digest(region: Region, data: Data) -> dict[str, object]:
    return {"digest": region.database.read(lambda connection: migration.digest(connection, data["user_id"]))}


def _serve(region: Region, data: Data) -> dict[str, object]:
    region.database.write(lambda connection: residents.activate(connection, data["user_id"], data["epoch"]))
    return {}


def _release(region: Region, data: Data) -> dict[str, object]:
    at = region.clock.seconds()
    released = region.database.write(
        lambda connection: migration.release(
            connection, data["user_id"], data["attempt"], at=at, region=region.name
        )
    )
    region.database.scrub()
    region.hub.end(data["user_id"], "moved")
    return {"released": released}


def _settle_moves(region: Region, data: Data) -> dict[str, object]:
    """Settle what moves left behind here: of one user, or of all."""
    if "user_id" in data:
        region.settle(data["user_id"])
    else:
        region.settle_all()
    region.database.scrub()
    return {}


def _sms(region: Region, data: Data) -> dict[str, object]:
    accounts.receive_activation_sms(
        region, sender=data["sender"], text=data["text"], country=data["country"], imsi=data.get("imsi")
    )
    return {}


def _refusals(region: Region, _: Data) -> dict[str, object]:
    rows = region.database.read(
        lambda connection: connection.execute(select(refusals).order_by(refusals.c.n)).all()
    )
    return {"refusals": [dict(row._mapping) for row in rows]}


def _deletions(region: Region, _: Data) -> dict[str, object]:
    region.keep_head()
    key = region_key(region.folder, region.name.value)
    return dict(
        region.database.read(lambda connection: attest(connection, region=region.name.value, key=key))
    )


def _residents(region: Region, _: Data) -> dict[str, object]:
    def work(connection: Connection) -> list[dict[str, object]]:
        rows = connection.execute(select(residents_table).order_by(residents_table.c.user_id)).all()
        return [
            {
                "user_id": row.user_id,
                "state": row.state,
                "epoch": row.epoch,
                "rows": migration.count_rows(connection, row.user_id),
            }
            for row in rows
        ]

    return {"residents": region.database.read(work), "online": len(region.hub)}


def _retention(region: Region, _: Data) -> dict[str, object]:
    return dict(enforce_retention(region))


ACTIONS: Mapping[str, Action] = {
    "/internal/reach": _reach,
    "/internal/deliver": _deliver,
    "/internal/settle": _settle,
    "/internal/move/hold": _hold,
    "/internal/move/export": _export,
    "/internal/move/import": _import,
    "/internal/move/freeze": _freeze,
    "/internal/move/digest": _digest,
    "/internal/move/serve": _serve,
    "/internal/move/release": _release,
    "/internal/move/settle": _settle_moves,
    "/control/sms": _sms,
    "/control/refusals": _refusals,
    "/control/deletions": _deletions,
    "/control/residents": _residents,
    "/control/retention": _retention,
}


class ControlApp:
    """Answers at the control address."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._authorization = f"Bearer {(region.folder / TOKEN_FILE).read_text()}".encode()
        self._threads = ThreadPoolExecutor(_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        if scope["type"] == "lifespan":
            await Starlette()(scope, receive, send)
        elif scope["type"] == "http":
            await (await self._answer(Request(scope, receive)))(scope, receive, send)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    async def _log(self, refusal: Refusal, *, service: str) -> None:
        work = partial(self._region.log_refusal, refusal, service=service, method="?", path="/")
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except DatabaseUnavailableError:
            _log.warning("the database does not answer; a refusal is not in the log")

    async def _answer(self, request: Request) -> Response:
        """Answer one request."""
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._authorization):
            await self._log(
                Refusal(Reason.UNAUTHENTICATED, "the folder's token is needed"), service="control"
            )
            return JSONResponse({"error": "the folder's token is needed"}, 401)
        action = ACTIONS.get(request.url.path)
        if action is None or request.method != "POST":
            return JSONResponse({"error": "there is no such action"}, 404)
        if int(request.headers.get("content-length", "0")) > MAX_BODY:
            return JSONResponse({"error": "too large"}, 413)
        try:
            data = json.loads(await request.body())
            return JSONResponse(
                await asyncio.get_running_loop().run_in_executor(self._threads, action, self._region, data)
            )
        except (NotServingError, DatabaseUnavailableError) as error:
            return JSONResponse({"error": type(error).__name__}, 503)
        except ElsewhereError as elsewhere:
            return JSONResponse({"error": "elsewhere", "region": elsewhere.region.value}, 409)
        except Refusal as refusal:
            await self._log(refusal, service="sms" if action is _sms else "control")
            return JSONResponse({"error": refusal.why}, 400)
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f"not such an object: {error}"}, 400)
