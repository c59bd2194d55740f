"""Somebody else's host takes whatever comes, within bounds, on loopback."""

import asyncio

from phonehome.lab.addresses import is_loopback
from phonehome.lab.elsewhere import MAX_BODY, Elsewhere


def ask(*requests: bytes) -> bytes:
    async def talk() -> bytes:
        async with Elsewhere() as server:
            assert is_loopback(server.place[0])
            reader, writer = await asyncio.open_connection(*server.place)
            for request in requests:
                writer.write(request)
            writer.write_eof()
            answer = await reader.read()
            writer.close()
            return answer

    return asyncio.run(talk())


def test_each_request_on_a_connection_is_answered() -> None:
    post = b"POST /v1 HTTP/1.1\r\nHost: collect.example.net\r\nContent-Length: 5\r\n\r\nhello"
    assert ask(post, post).count(b"HTTP/1.1 204 ") == 2


def test_what_is_too_long_or_broken_off_ends_the_connection() -> None:
    assert ask(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1)).startswith(b"HTTP/1.1 413 ")
    assert ask(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf") == b""
    assert ask(b"nothing of HTTP") == b""
