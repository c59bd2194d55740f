"""The event loop that regions run in: connections that a client leaves open do not hold up the end."""

import asyncio
import logging
import ssl
from collections.abc import Coroutine
from typing import Any

TLS_END_SECONDS = 0.5
"""For the other side's closing message; asyncio's own 30 seconds would pass at every stop of the lab."""
_log = logging.getLogger(__name__)


class _Loop(asyncio.SelectorEventLoop):
    async def create_server(self, *arguments: Any, **options: Any) -> asyncio.Server:
        if options.get("ssl") is not None:
            options.setdefault("ssl_shutdown_timeout", TLS_END_SECONDS)
        return await super().create_server(*arguments, **options)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a region to its end."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.get_loop().set_exception_handler(_handle)
        runner.run(main)


def _handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if isinstance(context.get("exception"), ssl.SSLError | OSError | TimeoutError):
        _log.debug("a client's connection broke: %s", context.get("message"))
    else:
        loop.default_exception_handler(context)
