"""HTTP/1.1, HTTP/2 and TLS: Hypercorn on sockets of ours.

Bytes that are no HTTP/1.1 never reach the application: Hypercorn answers them itself. It has no hook for that, so its
class is replaced by one that tells (`_TellingH11`), and the refusal gets into the log like any other.
"""

import asyncio
import ssl
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from socket import socket

import hypercorn.protocol
from hypercorn.asyncio import serve
from hypercorn.config import Config, Sockets
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import Framework

GRACE_SECONDS = 0.5
_SILENCE_SECONDS = 300
_MAX_HEADER_BYTES = 32 << 10


class _TellingH11(H11Protocol):
    async def _send_error_response(self, status_code: int) -> None:
        if isinstance(self.config, WebConfig) and self.config.on_malformed is not None:
            await asyncio.to_thread(self.config.on_malformed, status_code)
        await super()._send_error_response(status_code)


hypercorn.protocol.H11Protocol = _TellingH11  # type: ignore[attr-defined]  # see above


class WebConfig(Config):
    """Hypercorn's settings for listeners that are open already."""

    def __init__(
        self,
        *,
        clear: list[socket],
        secure: list[socket],
        certificate: Path | None = None,
        tls_minimum: str = "1.2",
        keylog: Path | None = None,
        on_malformed: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__()
        self.on_malformed = on_malformed
        self._listeners = Sockets(secure, clear, [])
        self._tls_minimum = tls_minimum
        self._keylog = keylog
        if certificate is not None:
            self.certfile = self.keyfile = str(certificate)
        self.loglevel = "WARNING"
        self.graceful_timeout = GRACE_SECONDS
        self.keep_alive_timeout = self.read_timeout = _SILENCE_SECONDS
        self.h11_max_incomplete_size = _MAX_HEADER_BYTES
        self.include_date_header = False  # the application says what time it is
        self.include_server_header = False

    def create_sockets(self) -> Sockets:
        """Give the listeners."""
        return self._listeners

    def create_ssl_context(self) -> ssl.SSLContext | None:
        """Allow what the scenario's handsets speak, old versions too if it says so."""
        context = super().create_ssl_context()
        if context is None:
            return None
        if self._tls_minimum == "1.0":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        if self._keylog is not None:
            context.keylog_filename = str(self._keylog)
        return context


async def serve_web(app: Framework, config: WebConfig, stop: Callable[[], Awaitable[object]]) -> None:
    """Serve until `stop` returns."""
    await serve(app, config, shutdown_trigger=stop)
