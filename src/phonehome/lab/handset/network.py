"""How the handset reaches the scenario's hosts: by a map to loopback, and in no other way.

An ordinary HTTP client (httpx) does the talking, HTTP/1.1 and HTTP/2, in clear and over TLS. Only how it opens a
connection is ours: a host that is not in the map, or one that the map leads off this machine, is an error
before any socket is opened, so a wrong map never becomes real traffic.
"""

import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from phonehome.lab.addresses import is_loopback
from phonehome.model.errors import ConfigError

AddressMap = Mapping[tuple[str, int], tuple[str, int]]
"""Name and port of the scenario, to address and port on loopback."""

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy for HTTP that the handset is set to use; it is on loopback, like everything."""

    host: str
    port: int


class MappedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to what a map says."""

    def __init__(self, addresses: AddressMap) -> None:
        self._addresses = addresses
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the loopback address that stands for a host.

        Raises:
            ConfigError: None does, or it is not on loopback.
        """
        address, mapped = find_address(self._addresses, host, port)
        return await self._network.connect_tcp(address, mapped, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: a handset has no such thing."""
        raise ConfigError(
            "the simulated handset connects to hosts of its map only, not to a socket in a folder"
        )

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts."""
        await self._network.sleep(seconds)


def find_address(addresses: AddressMap, host: str, port: int) -> tuple[str, int]:
    """Look a host up.

    Raises:
        ConfigError: It is not in the map, or not on loopback there.
    """
    found = addresses.get((host, port))
    if found is None:
        raise ConfigError(
            f"the address map has no {host} port {port}, and the simulated handset never dials out; "
            "add it to the scenario's hosts"
        )
    if not is_loopback(found[0]):
        raise ConfigError(
            f"the address map leads {host} to {found[0]}, which is not on this machine; "
            "the simulated handset connects to loopback only"
        )
    return found


class MappedTransport(httpx.AsyncBaseTransport):
    """httpx's way to the network, over connections that a map leads to loopback."""

    def __init__(
        self,
        addresses: AddressMap,
        context: ssl.SSLContext,
        *,
        http2: bool = True,
        proxy: Proxy | None = None,
    ) -> None:
        self._addresses = addresses
        self._pool: httpcore.AsyncConnectionPool
        if proxy is None:
            backend = MappedBackend(addresses)
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=context, http1=True, http2=http2, network_backend=backend
            )
        else:
            place = (proxy.host, proxy.port)
            self._pool = httpcore.AsyncHTTPProxy(
                f"http://{proxy.host}:{proxy.port}",
                ssl_context=context,
                http1=True,
                http2=http2,
                network_backend=MappedBackend({place: place}),
            )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises:
            ConfigError: Its host is not in the map, whoever would have connected to it.
        """
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        find_address(self._addresses, request.url.host, port)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = await self._pool.handle_async_request(asked)
            try:
                content = b"".join([part async for part in answer.aiter_stream()])
            finally:
                await answer.aclose()
        except httpcore.NetworkError as error:
            raise httpx.NetworkError(str(error), request=request) from error
        except httpcore.TimeoutException as error:
            raise httpx.TimeoutException(str(error), request=request) from error
        except httpcore.ProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        return httpx.Response(
            answer.status, headers=answer.headers, content=content, extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


@asynccontextmanager
async def open_client(
    addresses: AddressMap, context: ssl.SSLContext, *, http2: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that reaches what the map holds; proxies and settings of the environment are not looked at."""
    transport = MappedTransport(addresses, context, http2=http2)
    async with httpx.AsyncClient(transport=transport, timeout=TIMEOUT_S, trust_env=False) as client:
        yield client
