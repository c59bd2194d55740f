"""Hosts that are not the vendor's: one small server that takes whatever comes and keeps nothing.

A build that moves data to another owner needs somebody to send it to. Names and addresses are reserved for
documentation, so nobody is accused of anything.
"""

import asyncio

from phonehome.lab.addresses import free_port

LOOPBACK = "127.0.0.1"
MAX_BODY = 1 << 20
_ANSWER = b"HTTP/1.1 204 No Content\r\nServer: phonehome-lab\r\n\r\n"
_REFUSED = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Elsewhere:
    """Use it as an asynchronous context manager; `place` is where it listens."""

    def __init__(self) -> None:
        self.place = (LOOPBACK, free_port(LOOPBACK))
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "Elsewhere":
        self._server = await asyncio.start_server(_serve, *self.place)
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._server is not None:
            self._server.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            size = _length(head)
            if size > MAX_BODY:
                writer.write(_REFUSED)
                break
            await reader.readexactly(size)
            writer.write(_ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        pass
    finally:
        writer.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return 0
