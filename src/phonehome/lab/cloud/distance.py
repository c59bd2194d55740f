"""How far away a region is: everything that goes over its connections takes its time, both ways.

A delay line stands before the region's servers and holds each piece of a stream for half a round trip, so a handshake
of TLS takes as many round trips as it would, and so does whatever follows. The handshake of TCP is the kernel's: it
answers a SYN on loopback at once, and only network emulation, which needs rights, could hold that back. So the round
trip that the handshake would have cost is put before the first bytes: the time to an answer is right, the time to a
SYN-ACK is not, which is why the lab's sessions say `tap`, and no round-trip time is read from them.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from socket import socket

from phonehome.lab.addresses import free_port, listen

LOOPBACK = "127.0.0.1"
CHUNK = 64 << 10
WAITING_CHUNKS = 64
"""Pieces that are on their way in one direction; then no more are read, as a full window would have it."""

_Piece = tuple[float, bytes]


class DelayLine:
    """Listens in place of a region's servers, and passes on what comes after its time on the way."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Take no more connections, and break off those that are open."""
        for server in self._servers:
            server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def stand_before(self, listeners: Sequence[socket]) -> list[socket]:
        """Take over listeners; give those on which the servers are to listen instead."""
        if not self._delay_s or not listeners:
            return list(listeners)
        inner = listen(LOOPBACK, free_port(LOOPBACK))
        for listener in listeners:
            accept = partial(self._accept, inner.getsockname()[:2])
            self._servers.append(await asyncio.start_server(accept, sock=listener, limit=CHUNK))
        return [inner]

    def _accept(
        self, target: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # A task of our own: one that the server makes complains when it is cancelled (Python 3.11).
        task = asyncio.get_running_loop().create_task(self._relay(target, reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _relay(
        self, target: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # What the handset sends first would have waited for a SYN-ACK.
        first = asyncio.get_running_loop().time() + self._delay_s
        far_writer = None
        try:
            far_reader, far_writer = await asyncio.open_connection(*target)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, far_writer, not_before=first))
                group.create_task(self._carry(far_reader, writer, not_before=first))
        except* OSError:
            pass  # one side broke off: so does the other
        finally:
            for end in (writer, far_writer):
                if end is not None:
                    end.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, not_before: float
    ) -> None:
        """Carry one direction to its end, each piece half a round trip after it came."""
        way: asyncio.Queue[_Piece] = asyncio.Queue(WAITING_CHUNKS)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_off(reader, way, not_before))
            group.create_task(_bring_in(way, writer))

    async def _send_off(
        self, reader: asyncio.StreamReader, way: "asyncio.Queue[_Piece]", not_before: float
    ) -> None:
        now = asyncio.get_running_loop().time
        data = b"more"
        while data:
            data = await reader.read(CHUNK)
            await way.put((max(now(), not_before) + self._delay_s / 2, data))


async def _bring_in(way: "asyncio.Queue[_Piece]", writer: asyncio.StreamWriter) -> None:
    now = asyncio.get_running_loop().time
    while True:
        due, data = await way.get()
        await asyncio.sleep(max(due - now(), 0))
        if not data:
            break
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
