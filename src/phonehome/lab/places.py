"""Where the scenario's hosts stand: in the scenario, and on loopback in truth."""

from collections.abc import Sequence

from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.hosts import SERVICES
from phonehome.lab.cloud.topology import Endpoint
from phonehome.lab.handset.network import AddressMap
from phonehome.lab.tap.relay import Route
from phonehome.lab.truth import Receiver
from phonehome.model.session import StandIn

PORTS = {"http": 80, "https": 443, "push": 5222}
_INVENTED = "203.0.113."
"""Where no address was published, one that is set aside for documentation stands (RFC 5737): it tells no country."""
_ELSEWHERE = "198.51.100."

VENDOR = "Xiaomi"
"""Who operates the vendor's hosts, in the words of attribution."""
_COUNTRY = "CN"
"""Of the home region, where the published addresses lie."""


def make_routes(
    endpoints: Sequence[Endpoint], elsewhere: Sequence[str], place: tuple[str, int]
) -> list[Route]:
    """Give each host of the vendor's home region, and those of others, its address in the scenario.

    Args:
        endpoints: Of the running cloud.
        elsewhere: Hosts that are not the vendor's.
        place: Where the server for those listens.
    """
    home = [one for one in endpoints if one.region is RegionName.BEIJING]
    hosts = list(dict.fromkeys(one.host for one in home))
    published = {one.host: one.published_address for one in home if one.published_address}
    routes = [
        Route(
            host=one.host,
            port=PORTS[one.protocol],
            address=published.get(one.host) or f"{_INVENTED}{hosts.index(one.host) + 10}",
            server=(one.address, one.port),
        )
        for one in home
    ]
    routes += [
        Route(host=host, port=80, address=f"{_ELSEWHERE}{number + 10}", server=place)
        for number, host in enumerate(elsewhere)
    ]
    return routes


def name_receivers(elsewhere: Sequence[str], *, keeps_addresses: bool) -> list[Receiver]:
    """Say whose the hosts are: the vendor's, and others of whom the lab knows nothing.

    Args:
        elsewhere: Hosts that are not the vendor's.
        keeps_addresses: Whether the recording has the scenario's addresses, and not those of loopback.
    """
    vendors = [
        Receiver(
            host=one.host,
            organisation=VENDOR,
            country=_COUNTRY if one.published_address is not None and keeps_addresses else None,
        )
        for one in SERVICES
    ]
    return vendors + [Receiver(host=host, organisation=None, country=None) for host in elsewhere]


def stand_ins(routes: Sequence[Route], relays: AddressMap) -> tuple[StandIn, ...]:
    """Give the whole map from loopback to the scenario, as a session has it.

    Args:
        routes: The scenario's hosts, and the servers that stand for them.
        relays: Where the handset connects to instead of a server, by host and port of the scenario.
    """
    return tuple(
        StandIn(
            host=route.host,
            port=route.port,
            address=route.address,
            server=_write(route.server),
            relay=_write(relays[route.host, route.port]) if (route.host, route.port) in relays else None,
        )
        for route in routes
    )


def _write(place: tuple[str, int]) -> str:
    return f"{place[0]}:{place[1]}"
