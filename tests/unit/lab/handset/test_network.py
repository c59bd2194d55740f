"""The handset reaches the hosts of its map, and nothing else: no socket is opened for any other."""

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest
from tls_live import certificate_file

from phonehome.lab.handset.network import AddressMap, open_client
from phonehome.model.errors import ConfigError

HOST = "api.account.xiaomi.com"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    seen = head.split(b"\r\n")[0]
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(seen), seen))
    await writer.drain()
    writer.close()


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _get(url: str, addresses: AddressMap) -> httpx.Response:
    async with open_client(addresses, client_context()) as client:
        return await client.get(url)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_of_the_map_is_reached_on_loopback(scheme: str, tmp_path: Path) -> None:
    async def ask() -> httpx.Response:
        context = None
        if scheme == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate_file(tmp_path, "rsa"))
        server = await asyncio.start_server(_serve, "127.0.0.1", 0, ssl=context)
        place = server.sockets[0].getsockname()[:2]
        async with server:
            return await _get(
                f"{scheme}://{HOST}/pass?x=1", {(HOST, 443 if scheme == "https" else 80): place}
            )

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.text) == (200, "GET /pass?x=1 HTTP/1.1")


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ({}, "never dials out"),
        ({(HOST, 443): ("127.0.0.1", 9)}, "never dials out"),
        ({(HOST, 80): ("192.0.2.1", 80)}, "loopback only"),
        ({(HOST, 80): (HOST, 80)}, "loopback only"),
        ({(HOST, 80): ("0.0.0.0", 80)}, "loopback only"),
    ],
    ids=["no host", "another port", "an address elsewhere", "a name", "any address"],
)
def test_a_map_that_lacks_a_host_or_leads_away_is_an_error_before_any_socket(
    addresses: AddressMap, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "sock_connect", refuse)
        monkeypatch.setattr(loop, "create_connection", refuse)
        await _get(f"http://{HOST}/", addresses)

    with pytest.raises(ConfigError, match=said):
        asyncio.run(ask())


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    async def ask() -> httpx.Response:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0)
        async with server:
            return await _get(f"http://{HOST}/", {(HOST, 80): server.sockets[0].getsockname()[:2]})

    assert asyncio.run(ask()).status_code == 200


def test_a_server_that_is_gone_is_an_error_of_the_network() -> None:
    with pytest.raises(httpx.NetworkError):
        asyncio.run(_get(f"http://{HOST}/", {(HOST, 80): ("127.0.0.1", 1)}))
