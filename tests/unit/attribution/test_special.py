from ipaddress import ip_address

import pytest

from phonehome.attribution.special import name_special, unwrap


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("127.0.0.53", "loopback"),
        ("169.254.7.7", "link-local"),
        ("100.64.0.1", "carrier-grade NAT"),
        ("100.127.255.255", "carrier-grade NAT"),
        ("192.0.2.1", "documentation"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("198.18.0.9", "benchmarking"),
        ("224.0.0.251", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("255.255.255.254", "reserved"),
        ("0.0.0.0", "no host"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("fe80::1", "link-local"),
        ("fd00::1", "private"),
        ("ff02::fb", "multicast"),
        ("2001:db8::1", "documentation"),
        ("3fff:fff::1", "documentation"),
        ("2001::1", "Teredo"),
    ],
)
def test_a_special_address_says_what_it_is(address: str, says: str) -> None:
    note = name_special(ip_address(address))

    assert note is not None
    assert says in note


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "42.62.48.181", "100.63.255.255", "100.128.0.0", "172.32.0.0", "192.0.1.0", "2001:4860::1"],
)
def test_an_ordinary_address_is_not_special(address: str) -> None:
    assert name_special(ip_address(address)) is None


@pytest.mark.parametrize(
    ("written", "reached", "says"),
    [
        ("::ffff:8.8.8.8", "8.8.8.8", "IPv4-mapped"),
        ("64:ff9b::808:808", "8.8.8.8", "NAT64"),
        ("2002:808:808::1", "8.8.8.8", "6to4"),
    ],
)
def test_an_ipv4_address_is_taken_out_of_ipv6(written: str, reached: str, says: str) -> None:
    unwrapped = unwrap(ip_address(written))

    assert unwrapped.address == ip_address(reached)
    assert unwrapped.note is not None
    assert says in unwrapped.note


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_other_addresses_stay_as_they_are(address: str) -> None:
    unwrapped = unwrap(ip_address(address))

    assert (unwrapped.address, unwrapped.note) == (ip_address(address), None)
