"""The ways by which a handset's traffic leaves: past the recorder, or on a network that it does not see."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from phonehome.lab.handset.network import AddressMap, MappedTransport, Proxy

USER_AGENT = "Dalvik/1.6.0 (Linux; U; Android 4.3)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One network.

    Attributes:
        addresses: Where on loopback each host of the scenario is.
        context: Makes what its TLS connections are opened with, given whether the host's certificate is pinned.
        recorded: Whether what goes this way is recorded.
        proxy: The proxy that the handset is set to use; None for none.
    """

    addresses: AddressMap
    context: Callable[[bool], ssl.SSLContext]
    recorded: bool
    proxy: Proxy | None = None


class Clients:
    """HTTP clients of one way: one for what is pinned, and one for the rest."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._clients: dict[bool, httpx.AsyncClient] = {}

    def get(self, pinned: bool) -> httpx.AsyncClient:
        """Give the client; made when it is first asked for."""
        if pinned not in self._clients:
            transport = MappedTransport(self._way.addresses, self._way.context(pinned), proxy=self._way.proxy)
            self._clients[pinned] = httpx.AsyncClient(
                transport=transport,
                timeout=20.0,
                trust_env=False,
                headers={"user-agent": USER_AGENT},
            )
        return self._clients[pinned]

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()
