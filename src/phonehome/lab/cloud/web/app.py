"""The ASGI application of a region: which service is meant, then bounds, answer; every refusal is logged."""

import asyncio
import json
import logging
from collections import defaultdict
from email.utils import format_datetime
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.routing import Route as PathRoute
from starlette.types import Receive, Scope, Send

from phonehome.lab.cloud.database import DatabaseUnavailableError
from phonehome.lab.cloud.faults import describe
from phonehome.lab.cloud.hosts import Service, regional_host, service_of_host
from phonehome.lab.cloud.receipts import Answer
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import BusyError, ElsewhereError, Region
from phonehome.lab.cloud.residents import NotServingError
from phonehome.lab.cloud.sealing import seal_text
from phonehome.lab.cloud.web.account import ACCOUNT
from phonehome.lab.cloud.web.background import BACKGROUND
from phonehome.lab.cloud.web.calls import Call, Route, parse_call
from phonehome.lab.cloud.web.chat import CHAT
from phonehome.lab.cloud.web.micloud import MICLOUD
from phonehome.lab.cloud.webserver import MAX_HEAD_BYTES

ROUTES: tuple[Route, ...] = (*ACCOUNT, *CHAT, *MICLOUD, *BACKGROUND)
RETRY_AFTER = "1"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
_WORDS = {word for route in ROUTES for word in route.path.split("/") if not word.startswith("{")}
DRAINED_BYTES = 64 << 20
"""Of a body that is too large: read, let go, then refused. A client that sends more is cut off."""
_log = logging.getLogger(__name__)


class CloudApp:
    """Answers every web request to a region."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._routes: dict[str, list[tuple[PathRoute, Route]]] = defaultdict(list)
        for route in ROUTES:
            self._routes[route.service].append(
                (PathRoute(route.path, _unused, methods=[route.method]), route)
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await Starlette()(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._refuse_upgrade()
            await send({"type": "websocket.close", "code": 1000})
            return
        request = Request(scope, receive)
        service = service_of_host(request.headers.get("host", ""))
        try:
            answer = await self._answer_or_refuse(request, service)
        except ClientDisconnect:
            await self._log(Refusal(Reason.MALFORMED, "the body ended before its end"), request, service)
            return
        except ElsewhereError as elsewhere:
            assert service is not None
            answer = self._redirect(request, service, elsewhere)
        except (BusyError, NotServingError, DatabaseUnavailableError) as error:
            _log.info("busy: %s", type(error).__name__)
            answer = JSONResponse(
                {"code": 503, "result": "error", "description": "busy, come again"},
                503,
                {"Retry-After": RETRY_AFTER},
            )
        except Exception as error:  # noqa: BLE001  the server's traceback would quote what it failed on
            _log.error("a request failed: %s", describe(error))
            answer = JSONResponse(
                {"code": 500, "result": "error", "description": "a fault of the server"}, 500
            )
        answer.headers["date"] = format_datetime(self._region.clock.now(), usegmt=True)
        answer.headers["server"] = "phonehome-lab"
        await answer(scope, receive, send)

    async def _answer_or_refuse(self, request: Request, service: Service | None) -> Response:
        try:
            return await self._answer(request, service)
        except Refusal as refusal:
            # In the log before it is told: when the database does not answer, the client is asked to come again.
            await self._log(refusal, request, service)
            return _refused(refusal)

    async def _log(self, refusal: Refusal, request: Request, service: Service | None) -> None:
        await asyncio.to_thread(
            self._region.log_refusal,
            refusal,
            service="?" if service is None else service.name,
            method=request.method if request.method in METHODS else "?",
            path=mask_path(request.url.path),
        )

    async def _refuse_upgrade(self) -> None:
        refusal = Refusal(Reason.UNKNOWN, "no WebSocket is spoken here")
        try:
            await asyncio.to_thread(self._region.log_refusal, refusal, service="?", method="GET", path="?")
        except DatabaseUnavailableError:
            _log.warning("the database does not answer; a refusal is not in the log")

    async def _answer(self, request: Request, service: Service | None) -> Response:
        limits = self._region.config.limits
        found = None if service is None else self._route(request, service)
        limit = limits.body_bytes if found is None else getattr(limits, found[0].body_limit)
        body = await _read_body(request, limit)
        if sum(len(name) + len(value) for name, value in request.headers.raw) > MAX_HEAD_BYTES:
            raise Refusal(Reason.OVERSIZED, f"at most {MAX_HEAD_BYTES} bytes of headers are taken")
        if service is None:
            raise Refusal(Reason.UNKNOWN, "no service of this cloud has this host name")
        if found is None:
            raise Refusal(Reason.UNKNOWN, "no such path is asked with this method")
        route, variables = found

        def work() -> tuple[Call, Answer]:
            call = parse_call(self._region, request, body, service=service, route=route, variables=variables)
            return call, _attributed(self._region, route, call)

        call, answer = await asyncio.to_thread(work)
        return _response(answer, call)

    def _route(self, request: Request, service: Service) -> tuple[Route, dict[str, str]] | None:
        for path, route in self._routes[service.name]:
            match, found = path.matches(request.scope)
            if match is Match.FULL:
                return route, dict(found["path_params"])
        return None

    def _redirect(self, request: Request, service: Service, elsewhere: ElsewhereError) -> Response:
        host = regional_host(elsewhere.region, service)
        parts = urlsplit(str(request.url))
        location = parts._replace(netloc=host).geturl()
        # 307: the same method and body, to where the user is served.
        return JSONResponse(
            {"code": 307, "result": "elsewhere", "region": elsewhere.region.value},
            307,
            {"Location": location},
        )


def mask_path(path: str) -> str:
    """Give a path for the log: the words of our own paths, and … for whatever else, which may be a person's."""
    return "/".join(word if word in _WORDS else "…" for word in path.split("/"))


def _attributed(region: Region, route: Route, call: Call) -> Answer:
    """Answer a call; a refusal's log entry says whose it was."""
    try:
        return route.handler(region, call)
    except Refusal as refusal:
        if refusal.user_id is None and call.caller is not None:
            refusal.user_id = call.caller.user_id
        raise


async def _read_body(request: Request, limit: int) -> bytes:
    """Read the body; one that is too large is read to its end all the same, and let go.

    A client that is still sending does not listen: only then does it see the refusal.
    """
    announced = request.headers.get("content-length", "0")
    size, body, keep = 0, bytearray(), not (announced.isdigit() and int(announced[:20]) > limit)
    async for piece in request.stream():
        size += len(piece)
        keep = keep and size <= limit
        if keep:
            body += piece
        elif size > DRAINED_BYTES:
            break
    if not keep:
        raise Refusal(Reason.OVERSIZED, f"at most {limit} bytes are taken here")
    return bytes(body)


def _response(answer: Answer, call: Call) -> Response:
    if answer.location is not None:
        response: Response = Response(status_code=answer.status, headers={"Location": answer.location})
    elif answer.content is not None:
        response = Response(answer.content, answer.status, media_type=answer.media_type)
    else:
        data = {"code": 0, "result": "ok", "data": answer.data}
        if call.sealed and call.caller is not None:
            text = json.dumps(data, separators=(",", ":"))
            response = Response(seal_text(text, call.caller.security), answer.status, media_type="text/plain")
        else:
            response = JSONResponse(data, answer.status)
    for name, value in answer.cookies.items():
        response.set_cookie(name, value, httponly=True)
    return response


def _refused(refusal: Refusal) -> Response:
    data = {"code": refusal.status, "result": "error", "reason": refusal.reason.value}
    return JSONResponse({**data, "description": refusal.why}, refusal.status)


async def _unused(_: Request) -> Response:
    raise AssertionError("routes are matched here and answered by CloudApp")
