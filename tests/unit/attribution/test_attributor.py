import json
import socket
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from phonehome.attribution import Attributor
from phonehome.attribution.addresses import DATA
from phonehome.attribution.attributor import MAX_GAP_DAYS, sort_networks
from phonehome.model.destination import CountryKind, Destination, Network
from phonehome.model.errors import ConfigError

ATTRIBUTOR = Attributor()
AUGUST_2014 = datetime(2014, 8, 7, 12, tzinfo=UTC)
PACKED_DAY = date(2026, 6, 17)
NEAR_PACKED = datetime(2026, 6, 20, tzinfo=UTC)


def at(
    host: str | None = None, address: str | None = None, when: datetime | None = NEAR_PACKED
) -> Destination:
    return ATTRIBUTOR.attribute(host, address, 443, when)


def notes(destination: Destination) -> str:
    return "\n".join(destination.notes)


@pytest.mark.parametrize(
    ("address", "asn", "holder", "registry", "country"),
    [
        ("8.8.8.8", 15169, "Google", "ARIN", "US"),
        ("1.1.1.1", 13335, "Cloudflare", "APNIC", "AU"),
        ("42.62.48.181", 23724, "China Telecom", "APNIC", "CN"),
        ("2001:4860:4860::8888", 15169, "Google", "ARIN", "US"),
        ("157.240.1.35", 32934, "Facebook", "ARIN", "US"),
        ("77.88.8.8", 13238, "YANDEX", "RIPE NCC", "RU"),
        ("2a02:6b8::feed:ff", 13238, "YANDEX", "RIPE NCC", "RU"),
    ],
)
def test_well_known_addresses_are_attributed(
    address: str, asn: int, holder: str, registry: str, country: str
) -> None:
    destination = at(address=address)

    assert destination.network is not None
    assert destination.network.asn == asn
    assert holder.lower() in (destination.network.name or "").lower()
    assert destination.registry is not None
    assert destination.registry.name == registry
    assert destination.country == country
    assert {one.kind for one in destination.countries} == {CountryKind.REGISTRATION, CountryKind.GEOLOCATION}
    assert {one.date for one in destination.countries} == {PACKED_DAY}
    assert all("@ip-location-db/" in one.source for one in destination.countries)


def test_the_registry_of_the_beijing_block_of_2014_is_not_its_recipient() -> None:
    destination = at("api.account.xiaomi.com", "42.62.48.181", AUGUST_2014)

    assert destination.organisation is not None
    assert destination.organisation.name == "Xiaomi"
    assert destination.organisation.country == "CN"
    assert destination.network is not None
    assert destination.registry is not None
    names = [destination.organisation.name, destination.network.name, destination.registry.name]
    assert len(set(names)) == 3
    assert not any("CNNIC" in (name or "") for name in names)


def test_an_address_alone_names_no_organisation() -> None:
    assert at(address="42.62.48.181").organisation is None


def test_data_far_from_the_capture_says_so() -> None:
    destination = at("api.account.xiaomi.com", "42.62.48.181", AUGUST_2014)

    assert "network and country is of 2026-06-17, 4,332 days younger than the capture" in notes(destination)
    assert "organisation is of" in notes(destination)


def test_data_older_than_the_capture_says_so() -> None:
    later = datetime(2027, 6, 17, tzinfo=UTC)

    assert "365 days older than the capture" in notes(at(address="42.62.48.181", when=later))


def test_data_near_the_capture_says_nothing_of_its_age() -> None:
    within = datetime.fromordinal(PACKED_DAY.toordinal() + MAX_GAP_DAYS)
    beyond = datetime.fromordinal(PACKED_DAY.toordinal() + MAX_GAP_DAYS + 1)

    assert "than the capture" not in notes(at(address="42.62.48.181", when=within))
    assert "than the capture" in notes(at(address="42.62.48.181", when=beyond))
    assert "than the capture" not in notes(at(address="42.62.48.181", when=None))


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.1.1",
        "224.0.0.251",
        "100.64.0.9",
        "192.0.2.7",
        "fe80::1",
        "::1",
    ],
)
def test_special_addresses_have_no_country_and_say_why(address: str) -> None:
    destination = at(address=address)

    assert destination.countries == ()
    assert destination.country is None
    assert destination.network is None
    assert destination.registry is None
    assert "RFC" in notes(destination)


def test_a_mapped_address_is_looked_up_as_ipv4() -> None:
    destination = at(address="::ffff:8.8.8.8")

    assert destination.address == "::ffff:8.8.8.8"
    assert destination.network is not None
    assert destination.network.asn == 15169
    assert "IPv4-mapped" in notes(destination)


def test_a_mapped_private_address_stays_private() -> None:
    destination = at(address="::ffff:192.168.0.1")

    assert destination.countries == ()
    assert "private" in notes(destination)


def test_a_host_that_is_an_address_stands_for_the_peer() -> None:
    destination = at("8.8.8.8")

    assert (destination.host, destination.address, destination.domain) == ("8.8.8.8", "8.8.8.8", None)
    assert destination.country == "US"


def test_a_host_that_is_another_address_than_the_peers_says_so() -> None:
    assert "not the peer's" in notes(at("8.8.8.8", "10.0.0.1"))


@pytest.mark.parametrize(
    ("host", "owner", "customer"),
    [
        ("bucket.s3.amazonaws.com", "Amazon Web Services", "bucket.s3.amazonaws.com"),
        ("s3.amazonaws.com", "Amazon Web Services", None),
        ("cognito-identity.eu-west-1.amazonaws.com", "Amazon Web Services", None),
        ("d111111abcdef8.cloudfront.net", "Amazon Web Services", "d111111abcdef8.cloudfront.net"),
        ("shop.github.io", "GitHub", "shop.github.io"),
        ("app-1234.firebaseio.com", "Google", None),
        ("app.appspot.com", "Google", "app.appspot.com"),
        ("app.azurewebsites.net", "Microsoft", "app.azurewebsites.net"),
        ("oss-cn-beijing.aliyuncs.com", "Alibaba", None),
        ("e1234.a.akamaiedge.net", "Akamai", None),
    ],
)
def test_a_customers_host_names_the_hosting_and_no_organisation(
    host: str, owner: str, customer: str | None
) -> None:
    destination = at(host)

    assert destination.organisation is None
    assert destination.hosting is not None
    assert destination.hosting.name == owner
    assert f"hosted on {owner}" in notes(destination)
    assert customer is None or destination.customer_domain == customer


@pytest.mark.parametrize("host", ["fcm.googleapis.com", "play.withgoogle.com", "raw.githubusercontent.com"])
def test_an_owners_own_host_on_a_private_suffix_is_the_owners(host: str) -> None:
    destination = at(host)

    assert destination.organisation is not None
    assert destination.hosting is None
    assert destination.customer_domain is None


def test_a_private_suffix_that_the_list_lacks_still_says_that_it_is_lent() -> None:
    destination = at("somebody.myfritz.net")

    assert destination.customer_domain == "somebody.myfritz.net"
    assert (destination.organisation, destination.hosting) == (None, None)
    assert "lends to customers" in notes(destination)


def test_a_delivery_network_says_that_it_is_not_the_recipient() -> None:
    assert "is not the recipient" in notes(at("www.example.com", "104.16.132.229"))


def test_unknown_hosts_have_no_organisation() -> None:
    destination = at("nobody-knows.example.org", "8.8.8.8")

    assert (destination.organisation, destination.hosting, destination.domain) == (None, None, "example.org")


def test_nothing_given_gives_nothing() -> None:
    assert at() == Destination(port=443)


def test_notes_hold_no_text_of_the_capture() -> None:
    for host, address in (
        ("490154203237518.s3.amazonaws.com", "8.8.8.8"),
        ("490154203237518", "490154203237518"),
    ):
        assert "490154203237518" not in notes(at(host, address))


def write_user_database(path: Path) -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="User-Mixed")
    record = {
        "country": {"iso_code": "SG"},
        "autonomous_system_number": 64500,
        "autonomous_system_organization": "Mine",
    }
    writer.insert_network(IPSet(["42.62.48.0/24"]), record)
    writer.to_db_file(str(path))
    return path


def test_a_users_database_stands_beside_the_packed_data(tmp_path: Path) -> None:
    attributor = Attributor([write_user_database(tmp_path / "mine.mmdb")])

    destination = attributor.attribute(None, "42.62.48.181", 443, datetime.now(tz=UTC))

    assert [one.country for one in destination.countries] == ["CN", "CN", "SG"]
    assert destination.country is None
    assert [network.asn for network in destination.networks] == [64500, 23724]
    assert "sources differ on the country" in notes(destination)
    assert "sources differ on the network: AS64500" in notes(destination)
    attributor.close()


def test_a_users_database_is_listed_with_its_date(tmp_path: Path) -> None:
    attributor = Attributor([write_user_database(tmp_path / "mine.mmdb")])

    listed = {source.name: source for source in attributor.data}

    assert listed["user-database-1"].source == "User-Mixed (mine.mmdb)"
    assert listed["user-database-1"].date is not None
    attributor.close()


def test_a_users_database_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.mmdb"
    path.write_bytes(b"broken")

    with pytest.raises(ConfigError, match="MaxMind's format"):
        Attributor([path])


def test_the_network_nearest_to_the_capture_comes_first() -> None:
    old = Network(asn=1, name=None, source="old", date=date(2014, 1, 1))
    new = Network(asn=2, name=None, source="new", date=date(2026, 1, 1))

    assert sort_networks([new, old], date(2014, 8, 7)) == (old, new)
    assert sort_networks([old, new], date(2025, 8, 7)) == (new, old)
    assert sort_networks([old, new], None) == (new, old)


def test_every_body_of_data_says_where_it_is_from_and_how_old() -> None:
    for source in ATTRIBUTOR.data:
        assert source.source
        assert source.licence
        assert source.date is not None
    assert {source.name for source in ATTRIBUTOR.data} >= {
        "organisations", "public-suffix-list", "asn", "asn-country", "geo-whois-asn-country",
        "ipv4-address-space", "ipv6-unicast-address-assignments",
    }  # fmt: skip


def test_the_packed_data_is_free_to_pass_on_and_named_in_the_notice() -> None:
    notice = (Path(__file__).parents[3] / "NOTICE").read_text(encoding="utf-8")

    for entry in json.loads((DATA / "sources.json").read_text(encoding="utf-8")):
        assert entry["licence"] in ("CC0-1.0", "CC-BY-4.0", "PDDL-1.0")
        assert entry.get("integrity", "sha512-").startswith("sha512-")
        assert entry["package"].split(" ")[0].partition("==")[0] in notice
    for name in ("Route Views", "DB-IP", "Number Resource Organization", "IANA"):
        assert name in notice


def test_attribution_asks_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a look-up asked the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert Attributor().attribute("www.xiaomi.com", "42.62.48.181", 443, AUGUST_2014).organisation is not None


HOSTILE = st.one_of(
    st.none(),
    st.text(max_size=300),
    st.ip_addresses().map(str),
    st.lists(
        st.sampled_from(["a", "com", "xn--", "xn--a", "github", "io", "食", "-", "", "1"]), max_size=9
    ).map(".".join),
)


@given(
    host=HOSTILE,
    address=HOSTILE,
    when=st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)), st.datetimes()),
)
@example(host="a." * 100_000, address="::" * 1000, when=None)
@example(host="\ud800.com", address="\x00", when=datetime.max)
@example(host="1.2.3.4%" + "x" * 99, address="fe80::1%" + "y" * 99, when=datetime.min)
@example(host="xn--" + "9" * 59 + ".com", address="0x7f.1", when=datetime.max.replace(tzinfo=UTC))
def test_no_text_makes_attribution_raise(
    host: str | None, address: str | None, when: datetime | None
) -> None:
    destination = ATTRIBUTOR.attribute(host, address, 443, when)

    assert destination.port == 443
    assert (destination.host is None) == (not host)
