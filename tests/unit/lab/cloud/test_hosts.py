"""Host names, addresses and the topology that is made of them."""

from pathlib import Path

import pytest

from phonehome.lab.addresses import free_port, is_loopback, listen, loopback_address
from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.hosts import PREFIXES, SERVICES, regional_host, service_of_host
from phonehome.lab.cloud.topology import plan, read_topology
from phonehome.model.errors import ConfigError


@pytest.mark.parametrize("region", list(RegionName))
def test_every_service_is_found_under_its_names(region: RegionName) -> None:
    for service in SERVICES:
        host = regional_host(region, service)
        assert service_of_host(host) is service
        assert service_of_host(f"{host.upper()}:8443") is service
        assert service_of_host(f"x{host}") is None
        assert service_of_host(f"{host}.example.com") is None


def test_no_two_services_share_a_name() -> None:
    names = [regional_host(region, service) for region in RegionName for service in SERVICES]
    assert len(set(names)) == len(names)
    assert set(PREFIXES) == set(RegionName)


def test_every_host_of_every_region_has_an_address_of_its_own(tmp_path: Path) -> None:
    topology = plan(tuple(RegionName))
    places = {(endpoint.address, endpoint.port) for endpoint in topology.endpoints}
    assert len(places) == len(topology.endpoints)
    assert all(is_loopback(endpoint.address) for endpoint in topology.endpoints)
    topology.write(tmp_path)
    assert read_topology(tmp_path) == topology
    assert topology.find(RegionName.BEIJING, "push", "push").published_address == "42.62.48.181"
    with pytest.raises(ConfigError, match="no service 'push' over https"):
        topology.find(RegionName.BEIJING, "push", "https")


def test_where_there_is_one_loopback_address_each_endpoint_has_a_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("phonehome.lab.cloud.topology.has_all_loopback", lambda: False)
    topology = plan((RegionName.BEIJING,))
    assert {endpoint.address for endpoint in topology.endpoints} == {"127.0.0.1"}
    assert len({endpoint.port for endpoint in topology.endpoints}) == len(topology.endpoints)


def test_nothing_listens_where_others_could_reach_it() -> None:
    for address in ("0.0.0.0", "192.0.2.1", "example.com", ""):
        with pytest.raises(ValueError, match="loopback only"):
            listen(address, 0)
    port = free_port(loopback_address(0, 0))
    with listen("127.0.0.1", port) as listener:
        assert listener.getsockname() == ("127.0.0.1", port)
