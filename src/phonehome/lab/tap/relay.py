"""The relay: listens on loopback for each host of the scenario, and passes bytes on to the server behind it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from phonehome.lab.tap.clock import StepClock, nanoseconds
from phonehome.lab.tap.frames import Side, TcpFrames
from phonehome.lab.tap.pcapng import CaptureBook

LOOPBACK = "127.0.0.1"
CHUNK = 64 << 10
FIRST_PORT, LAST_PORT = 32_768, 60_999
"""Ports that a handset (Linux) connects from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One host of the scenario and the server that stands for it.

    Attributes:
        host: Its name.
        port: Its port in the scenario: 80, 443, 5222.
        address: Its IPv4 address in the scenario.
        server: Address and port of the real server, on loopback.
    """

    host: str
    port: int
    address: str
    server: tuple[str, int]


class Tap:
    """Relays between a handset and servers, and notes every byte.

    Use it as an asynchronous context manager; inside, `listening` tells where each host is to be reached.
    """

    def __init__(
        self, routes: Sequence[Route], book: CaptureBook, clock: StepClock, *, handset: str = "192.168.43.20"
    ) -> None:
        self._routes = routes
        self._book = book
        self._clock = clock
        self._handset = handset
        self._servers: list[asyncio.Server] = []
        self._port = FIRST_PORT
        self._open: set[asyncio.Task[None]] = set()
        self._listening: dict[tuple[str, int], tuple[str, int]] = {}

    @property
    def listening(self) -> Mapping[tuple[str, int], tuple[str, int]]:
        """Name and port of the scenario, to the address and port on loopback that the handset connects to."""
        return self._listening

    async def __aenter__(self) -> "Tap":
        for route in self._routes:
            server = await asyncio.start_server(partial(self._accept, route), LOOPBACK, 0)
            self._servers.append(server)
            address, port = server.sockets[0].getsockname()[:2]
            self._listening[route.host, route.port] = (address, port)
        return self

    async def __aexit__(self, *exception: object) -> None:
        for server in self._servers:
            server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.gather(*(server.wait_closed() for server in self._servers))

    def _accept(self, route: Route, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: one that the server makes complains when it is cancelled (Python 3.11).
        task = asyncio.get_running_loop().create_task(self.relay(route, reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def relay(self, route: Route, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection until both sides have ended."""
        frames = TcpFrames(ends=((self._handset, self._next_port()), (route.address, route.port)))
        try:
            far_reader, far_writer = await asyncio.open_connection(*route.server)
        except OSError:
            writer.transport.abort()
            return
        self._note(*frames.open())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(frames, Side.HANDSET, reader, far_writer))
                group.create_task(self._pass_on(frames, Side.CLOUD, far_reader, writer))
        finally:
            far_writer.transport.abort()
            writer.transport.abort()

    async def _pass_on(
        self, frames: TcpFrames, side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(CHUNK):
                # Noted before it is passed on: an answer must not stand before its question.
                self._note(*frames.send(side, data))
                writer.write(data)
                await writer.drain()
            self._note(*frames.end(side))
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:  # ENOTCONN is no ConnectionError
            self._note(*frames.reset(side))
            writer.transport.abort()

    def _note(self, *frames: bytes) -> None:
        for frame in frames:
            self._book.note(nanoseconds(self._clock.tick()), frame)

    def _next_port(self) -> int:
        port = self._port
        self._port = port + 1 if port < LAST_PORT else FIRST_PORT
        return port
