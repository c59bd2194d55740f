"""Clients and servers for recordings that curl and nginx cannot make; run in a namespace as a script.

Usage: phone_clients.py websocket-server FOLDER | websocket-client FOLDER | pipeline ADDRESS PORT KEYLOG
"""

import asyncio
import socket
import ssl
import sys
from pathlib import Path

from recording import CLOUD_ADDRESSES, WEBSOCKET_PORT
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

WEBSOCKET_HOST = "chat.vendor.example"
SAID: tuple[str | bytes, ...] = (
    "hello",
    '{"type": "presence", "text": "' + "where are you? " * 200 + '"}',
    b"\x00\x01\x02" * 3_000,
    "",
    "ünïcödé",
)
IN_PIECES = ("first ", "second ", "third")
PIPELINED = (
    ("GET", "/v1/first?n=1", b""),
    ("POST", "/v1/second", b"body of the second" * 50),
    ("HEAD", "/v1/third", b""),
    ("GET", "/v1/fourth", b""),
    ("POST", "/v1/fifth", b"x" * 20_000),
    ("GET", "/v1/sixth?n=6", b""),
)
PIPELINE_HOST = "pipe.vendor.example"


async def _serve(folder: Path) -> None:
    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    closed = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    closed.load_cert_chain(folder / "ec.crt", folder / "ec.key")
    address = CLOUD_ADDRESSES[0]
    async with (
        serve(echo, address, WEBSOCKET_PORT),
        serve(echo, address, WEBSOCKET_PORT + 1, ssl=closed) as last,
    ):
        (folder / "ready").touch()
        await last.serve_forever()


async def _talk(folder: Path) -> None:
    trusting = _trusting(folder / "keys.log")
    for scheme, port, tls in (("ws", WEBSOCKET_PORT, None), ("wss", WEBSOCKET_PORT + 1, trusting)):
        for compression in (None, "deflate"):
            url = f"{scheme}://{WEBSOCKET_HOST}:{port}/chat?compression={compression}"
            async with connect(
                url, host=CLOUD_ADDRESSES[0], port=port, ssl=tls, compression=compression, proxy=None
            ) as end:
                for message in SAID:
                    await end.send(message)
                    assert await end.recv() == message
                await end.send(IN_PIECES)
                assert await end.recv() == "".join(IN_PIECES)
                await end.ping()


def _trusting(keylog: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.keylog_filename = str(keylog)
    return context


def _pipeline(address: str, port: int, keylog: Path | None) -> None:
    """Send all requests before the first answer is read; the last asks the server to close."""
    plain = socket.create_connection((address, port), timeout=10)
    end = plain if keylog is None else _trusting(keylog).wrap_socket(plain, server_hostname=PIPELINE_HOST)
    data = b""
    for place, (method, target, body) in enumerate(PIPELINED):
        last = place == len(PIPELINED) - 1
        head = f"{method} {target} HTTP/1.1\r\nHost: {PIPELINE_HOST}\r\n"
        head += f"Content-Length: {len(body)}\r\n" if body else ""
        data += f"{head}{'Connection: close' if last else 'X-More: yes'}\r\n\r\n".encode() + body
    end.sendall(data)
    while end.recv(65536):
        pass
    end.close()


def main(arguments: list[str]) -> None:
    """The command line."""
    match arguments:
        case ["websocket-server", folder]:
            asyncio.run(_serve(Path(folder)))
        case ["websocket-client", folder]:
            asyncio.run(_talk(Path(folder)))
        case ["pipeline", address, port]:
            _pipeline(address, int(port), None)
        case ["pipeline", address, port, keylog]:
            _pipeline(address, int(port), Path(keylog))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
