"""HTTP/1.1, HTTP/2 and TLS: Hypercorn on sockets of ours.

Bytes that are no HTTP/1.1 never reach the application: Hypercorn answers them itself. It has no hook for that, so its
classes are replaced by some that tell (`_TellingH11`, `_TellingH2`), and the refusal gets into the log like any other.
"""

import asyncio
import ssl
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from socket import socket

import hypercorn.protocol
from h2.errors import ErrorCodes
from h2.events import Event, RequestReceived
from hypercorn.asyncio import serve
from hypercorn.config import Config, Sockets
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import Framework

GRACE_SECONDS = 0.5
_SILENCE_SECONDS = 300
MAX_HEAD_BYTES = 32 << 10
"""Of headers, names and values. Hypercorn bounds what is incomplete; the application counts what came."""


class _TellingH11(H11Protocol):
    async def _send_error_response(self, status_code: int) -> None:
        if isinstance(self.config, WebConfig) and self.config.on_malformed is not None:
            why = f"bytes that are not HTTP/1.1, or too long a head (answered {status_code})"
            await asyncio.to_thread(self.config.on_malformed, why)
        await super()._send_error_response(status_code)


class _TellingH2(H2Protocol):
    """Resets a stream whose path is not ASCII; Hypercorn would end the connection with a traceback."""

    async def _handle_events(self, events: list[Event]) -> None:
        refused: set[int] = set()
        kept: list[Event] = []
        for event in events:
            if isinstance(event, RequestReceived) and not _is_plain(event):
                refused.add(event.stream_id)
                self.connection.reset_stream(event.stream_id, ErrorCodes.PROTOCOL_ERROR)
                if isinstance(self.config, WebConfig) and self.config.on_malformed is not None:
                    why = "a method or a path over HTTP/2 that is not ASCII"
                    await asyncio.to_thread(self.config.on_malformed, why)
            elif getattr(event, "stream_id", None) not in refused:
                kept.append(event)
        await super()._handle_events(kept)


def _is_plain(request: RequestReceived) -> bool:
    return all(
        bytes(value).isascii() for name, value in request.headers if bytes(name) in (b":method", b":path")
    )


hypercorn.protocol.H11Protocol = _TellingH11  # type: ignore[attr-defined]  # see above
hypercorn.protocol.H2Protocol = _TellingH2  # type: ignore[attr-defined]


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
        on_malformed: Callable[[str], None] | None = None,
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
        self.h11_max_incomplete_size = MAX_HEAD_BYTES
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
