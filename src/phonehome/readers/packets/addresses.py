"""Addresses as people write them, and the names that the capture itself gives for them."""

import ipaddress
from functools import lru_cache

MAX_NAMES = 100_000
"""Addresses whose names are remembered; of more, the oldest are forgotten."""

_MAPPED = 0xFFFF << 32
_LOW = (1 << 64) - 1
_NOBODY = ((0, 0), (0, _MAPPED), (0, _MAPPED | 0xFFFFFFFF))
_LOCAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        *("100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),  # RFC 6598: carriers; RFC 3927; RFC 1122
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)


@lru_cache(maxsize=65_536)
def write_address(high: int, low: int) -> str:
    """Write an address; IPv4 stands mapped into IPv6 (`::ffff:a.b.c.d`)."""
    if high == 0 and low >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(low & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(high << 64 | low))


def read_address(text: str) -> tuple[int, int]:
    """Give the halves of a written address.

    Raises:
        ValueError: It is none.
    """
    address = ipaddress.ip_address(text)
    number = int(address) if address.version == 6 else _MAPPED | int(address)
    return number >> 64, number & _LOW


@lru_cache(maxsize=65_536)
def is_local(address: str) -> bool:
    """Tell an address of somebody's own network, or of a carrier's in front of its phones, from one of the internet."""
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in _LOCAL)


def is_nobody(address: tuple[int, int]) -> bool:
    """Whether an address (its halves) is nobody's: unspecified, or broadcast.

    Groups have senders of their own; where one sends, the recording's addresses were changed to be anonymous.
    """
    return address in _NOBODY


class NameBook:
    """Names that answers of DNS, or the recording itself, gave for addresses."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def learn(self, address: str, name: str) -> None:
        """Remember a name; a later one replaces it, as the handset connects with what it asked for last."""
        self._names.pop(address, None)
        self._names[address] = name
        if len(self._names) > MAX_NAMES:
            del self._names[next(iter(self._names))]

    def name(self, address: str) -> str | None:
        """Give the name last learnt."""
        return self._names.get(address)
