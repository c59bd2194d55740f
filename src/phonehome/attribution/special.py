"""Addresses that belong to nobody in particular: they have no country, and saying one would be wrong.

From IANA's special-purpose address registries (IPv4 and IPv6) and the RFCs named beside each block. The
table is our own because Python's `ipaddress` answers differently from one version to the next, and a result
must repeat.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address

_BLOCKS: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "address of no host (this network, RFC 791)"),
    ("10.0.0.0/8", "private address (RFC 1918): a machine of the same network"),
    ("100.64.0.0/10", "shared address of carrier-grade NAT (RFC 6598): a machine of the same operator"),
    ("127.0.0.0/8", "loopback address (RFC 1122): the handset itself"),
    ("169.254.0.0/16", "link-local address (RFC 3927): a machine on the same link"),
    ("172.16.0.0/12", "private address (RFC 1918): a machine of the same network"),
    ("192.0.0.0/24", "address of an Internet protocol, not of a host (RFC 6890)"),
    ("192.0.2.0/24", "documentation address (RFC 5737): nothing answers there"),
    ("192.88.99.0/24", "relay of 6to4, withdrawn (RFC 7526)"),
    ("192.168.0.0/16", "private address (RFC 1918): a machine of the same network"),
    ("198.18.0.0/15", "benchmarking address (RFC 2544); VPN apps give such addresses to names"),
    ("198.51.100.0/24", "documentation address (RFC 5737): nothing answers there"),
    ("203.0.113.0/24", "documentation address (RFC 5737): nothing answers there"),
    ("224.0.0.0/4", "multicast address (RFC 5771): whoever listens"),
    ("255.255.255.255/32", "broadcast address (RFC 919): every machine on the same link"),
    ("240.0.0.0/4", "reserved address (RFC 1112)"),
    ("::/128", "unspecified address (RFC 4291)"),
    ("::1/128", "loopback address (RFC 4291): the handset itself"),
    ("64:ff9b:1::/48", "local translation between IPv4 and IPv6 (RFC 8215)"),
    ("100::/64", "discard-only address (RFC 6666)"),
    ("2001::/32", "Teredo tunnel (RFC 4380): the address names a tunnel, not a place"),
    ("2001:2::/48", "benchmarking address (RFC 5180)"),
    ("2001:10::/28", "hash identifier, not an address (ORCHID, RFC 4843)"),
    ("2001:20::/28", "hash identifier, not an address (ORCHIDv2, RFC 7343)"),
    ("2001:db8::/32", "documentation address (RFC 3849): nothing answers there"),
    ("3fff::/20", "documentation address (RFC 9637): nothing answers there"),
    ("5f00::/16", "segment identifier of an operator's own network (RFC 9602)"),
    ("fc00::/7", "private address (unique local, RFC 4193): a machine of the same network"),
    ("fe80::/10", "link-local address (RFC 4291): a machine on the same link"),
    ("fec0::/10", "site-local address, withdrawn (RFC 3879): a machine of the same network"),
    ("ff00::/8", "multicast address (RFC 4291): whoever listens"),
)

# The narrowest block comes first, so that broadcast is not called reserved.
BLOCKS: tuple[tuple[IPv4Network | IPv6Network, str], ...] = tuple(
    sorted(((ip_network(block), says) for block, says in _BLOCKS), key=lambda entry: -entry[0].prefixlen)
)

NAT64 = IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = IPv6Network("2002::/16")


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The address that is really reached, and how it was written if that was another way."""

    address: Address
    note: str | None = None


def unwrap(address: Address) -> Unwrapped:
    """Take an IPv4 address out of the IPv6 address that it is written in."""
    if isinstance(address, IPv4Address):
        return Unwrapped(address)
    if address.ipv4_mapped is not None:
        return Unwrapped(address.ipv4_mapped, "an IPv4 address written as IPv6 (IPv4-mapped, RFC 4291)")
    number = int(address)
    if address in NAT64:
        return Unwrapped(IPv4Address(number & 0xFFFFFFFF), "an IPv4 address reached through NAT64 (RFC 6052)")
    if address in SIX_TO_FOUR:
        return Unwrapped(
            IPv4Address(number >> 80 & 0xFFFFFFFF),
            "a 6to4 tunnel (RFC 3056): the answers are of its IPv4 end",
        )
    return Unwrapped(address)


def spell_address(address: Address) -> str:
    """Write an address in its shortest spelling, the same in every Python (3.13 changed mapped ones)."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return f"::ffff:{address.ipv4_mapped}"
    return str(address)


def name_special(address: Address) -> str | None:
    """Say what kind of special address it is; None for an ordinary one."""
    for block, says in BLOCKS:
        if block.version == address.version and address in block:
            return says
    return None
