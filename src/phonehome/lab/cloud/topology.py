"""Where everything of one cloud listens: chosen once, kept in the folder, the same after every restart."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from phonehome.lab.addresses import BLOCKS, free_port, has_all_loopback, loopback_address
from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.hosts import SERVICES, Protocol, regional_host
from phonehome.model.errors import ConfigError

FILE = "topology.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One service of one region, over one protocol."""

    region: RegionName
    service: str
    host: str
    """The name that this region has for the service; the plain name is served there, too."""
    protocol: Protocol
    address: str
    port: int
    published_address: str | None
    """What was published for 2014, if anything was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """All endpoints of a cloud, and where each region is controlled."""

    endpoints: tuple[Endpoint, ...]
    control: dict[RegionName, tuple[str, int]]

    def of(self, region: RegionName) -> tuple[Endpoint, ...]:
        """Give the endpoints of a region."""
        return tuple(endpoint for endpoint in self.endpoints if endpoint.region == region)

    def find(self, region: RegionName, service: str, protocol: Protocol) -> Endpoint:
        """Give one endpoint; raise ConfigError if there is none."""
        for endpoint in self.endpoints:
            if (endpoint.region, endpoint.service, endpoint.protocol) == (region, service, protocol):
                return endpoint
        raise ConfigError(f"the lab's cloud has no service {service!r} over {protocol} in {region}")

    def write(self, folder: Path) -> None:
        """Keep it in the cloud's folder."""
        text = {"endpoints": [asdict(e) for e in self.endpoints], "control": self.control}
        (folder / FILE).write_text(json.dumps(text, indent=1))


def plan(regions: tuple[RegionName, ...]) -> Topology:
    """Choose addresses and free ports for regions."""
    everywhere = has_all_loopback()
    numbers = {name: number for number, name in enumerate(RegionName)}
    block = os.getpid() % BLOCKS
    all_addresses = [
        loopback_address(numbers[r], h, block) if everywhere else "127.0.0.1"
        for r in regions
        for h in range(len(SERVICES) + 1)
    ]
    taken: dict[str, int] = {}

    def port(use: str) -> int:
        if not everywhere:  # one address for all: each endpoint needs its own port
            return free_port("127.0.0.1")
        if use not in taken:
            taken[use] = free_port(*all_addresses)
        return taken[use]

    endpoints = [
        Endpoint(
            region=region,
            service=service.name,
            host=regional_host(region, service),
            protocol=protocol,
            address=loopback_address(numbers[region], number + 1, block) if everywhere else "127.0.0.1",
            port=port(protocol),
            published_address=service.published_address if region == RegionName.BEIJING else None,
        )
        for region in regions
        for number, service in enumerate(SERVICES)
        for protocol in service.protocols
    ]
    control = {
        region: (
            loopback_address(numbers[region], 0, block) if everywhere else "127.0.0.1",
            port("control"),
        )
        for region in regions
    }
    return Topology(endpoints=tuple(endpoints), control=control)


def read_topology(folder: Path) -> Topology:
    """Read the topology that `plan` made for this folder."""
    raw = json.loads((folder / FILE).read_bytes())
    return Topology(
        endpoints=tuple(Endpoint(**{**e, "region": RegionName(e["region"])}) for e in raw["endpoints"]),
        control={RegionName(r): (str(address), int(port)) for r, (address, port) in raw["control"].items()},
    )
