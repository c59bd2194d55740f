"""A region at work: web, push and control servers, and the threads that relay and delete."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from socket import socket
from typing import cast

from hypercorn.typing import Framework

from phonehome.lab.addresses import listen
from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.database import DatabaseUnavailableError
from phonehome.lab.cloud.distance import DelayLine
from phonehome.lab.cloud.faults import describe
from phonehome.lab.cloud.hosts import Protocol
from phonehome.lab.cloud.push import PushConnection
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region, open_region
from phonehome.lab.cloud.relay import Relay
from phonehome.lab.cloud.retention import enforce_retention
from phonehome.lab.cloud.web.app import CloudApp
from phonehome.lab.cloud.web.control import ControlApp
from phonehome.lab.cloud.webserver import WebConfig, serve_web

RELAY_SECONDS = 0.05
"""How long a message for another region waits at most before it is carried."""
SCRUB_SECONDS = 1.0
"""How long what was deleted stays in SQLite's log."""
HEAD_SECONDS = 1.0
"""How often the head of the log of deletions is kept: a log that was cut shows what is older than that."""
_THREADS = 48
_JOIN_SECONDS = 10.0
_log = logging.getLogger(__name__)


async def serve_region(
    folder: Path, name: RegionName, *, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Serve a region until `stop` is set; `ready` is called when all of it listens."""
    # Requests wait for other regions in these threads; the control address has its own, so that two
    # regions that wait for one another always answer one another.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    region = await asyncio.to_thread(open_region, folder, name)
    control = ControlApp(region)
    address, port = region.topology.control[name]
    line = DelayLine(region.delay_s)
    web = WebConfig(
        clear=await line.stand_before(_listeners(region, "http")),
        secure=await line.stand_before(_listeners(region, "https")),
        certificate=folder / f"{name}.pem",
        tls_minimum=region.config.tls_minimum,
        keylog=folder / f"{name}.keys" if region.config.server_keylog else None,
        on_malformed=lambda why: _log_malformed(region, why),
    )
    push = [
        await asyncio.start_server(lambda r, w: PushConnection(region, r, w).serve(), sock=listener)
        for listener in await line.stand_before(_listeners(region, "push"))
    ]
    stopped = threading.Event()
    relay = Relay(region, stopped)
    threads = _start_threads(region, relay, stopped)
    servers = [
        asyncio.ensure_future(serve_web(cast(Framework, app), config, stop.wait))
        for app, config in (
            (CloudApp(region), web),
            (control, WebConfig(clear=[listen(address, port)], secure=[])),
        )
    ]
    # A socket listens from the moment its server starts, and both start before they first wait for anything.
    await asyncio.sleep(0.05)
    ready()
    try:
        await asyncio.gather(*servers)
    finally:
        stopped.set()
        await line.close()
        for listening in push:
            listening.close()
        region.hub.end_all("stopping")
        for thread in threads:
            await asyncio.to_thread(thread.join, _JOIN_SECONDS)
        await asyncio.to_thread(relay.close)
        # Nobody is in the middle of a transaction when the connections close.
        await asyncio.to_thread(control.close)
        await asyncio.get_running_loop().shutdown_default_executor()
        region.close()


def _log_malformed(region: Region, why: str) -> None:
    refusal = Refusal(Reason.MALFORMED, why)
    try:
        region.log_refusal(refusal, service="?", method="?", path="?")
    except DatabaseUnavailableError:
        _log.warning("%s: the database does not answer; a refusal is not in the log", region.name)


def _listeners(region: Region, protocol: Protocol) -> list[socket]:
    with ExitStack() as stack:
        listeners = [
            stack.enter_context(listen(endpoint.address, endpoint.port))
            for endpoint in region.topology.of(region.name)
            if endpoint.protocol == protocol
        ]
        stack.pop_all()  # all of them listen, so none is closed
        return listeners


def _start_threads(region: Region, relay: Relay, stopped: threading.Event) -> list[threading.Thread]:
    works: tuple[tuple[Callable[[], object], float], ...] = (
        (relay.turn, RELAY_SECONDS),
        (lambda: enforce_retention(region), region.config.retention_every_s),
        (region.keep_head, HEAD_SECONDS),
        (lambda: _scrub(region), SCRUB_SECONDS),
    )
    threads = [
        threading.Thread(target=_repeat, args=(work, pause, region, stopped), daemon=True)
        for work, pause in works
    ]
    for thread in threads:
        thread.start()
    return threads


def _scrub(region: Region) -> None:
    region.database.scrub_if_written()
    region.directory.scrub()


def _repeat(work: Callable[[], object], pause: float, region: Region, stopped: threading.Event) -> None:
    while not stopped.wait(pause):
        try:
            work()
        except DatabaseUnavailableError:
            _log.warning("%s: the database does not answer; trying again", region.name)
        except Exception as error:  # noqa: BLE001  a fault here must not end the relay for good
            _log.error("%s: a background task failed; trying again: %s", region.name, describe(error))
