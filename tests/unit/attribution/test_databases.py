from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import maxminddb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from phonehome.attribution.databases import UserDatabase, iter_countries, read_number
from phonehome.model.destination import CountryKind
from phonehome.model.errors import ConfigError

Record = dict[str, Any]


def write_database(
    path: Path,
    records: Mapping[str, Record],
    kind: str = "Test-Country",
    ip_version: int = 6,
    built: int = 1_400_000_000,
) -> Path:
    """Write a real MMDB that holds these records; built on 2014-05-13 unless told otherwise."""
    writer = MMDBWriter(ip_version=ip_version, ipv4_compatible=ip_version == 6, database_type=kind)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    # The writer stamps the present moment; the format stores the epoch as a uint64 behind its key (section "Metadata").
    data = path.read_bytes()
    key = data.rindex(b"build_epoch") + len(b"build_epoch")
    length = data[key] & 0x1F
    value = key + 2
    path.write_bytes(data[:value] + built.to_bytes(length, "big") + data[value + length :])
    return path


COUNTRY = {
    "42.62.48.0/24": {"country": {"iso_code": "SG"}, "registered_country": {"iso_code": "CN"}},
    "2001:4860::/32": {"country": {"iso_code": "IE"}},
}


def test_a_country_database_gives_both_kinds_with_its_date(tmp_path: Path) -> None:
    database = UserDatabase(write_database(tmp_path / "country.mmdb", COUNTRY))

    answers = database.find(ip_address("42.62.48.181"))

    assert [(one.country, one.kind) for one in answers.countries] == [
        ("SG", CountryKind.GEOLOCATION),
        ("CN", CountryKind.REGISTRATION),
    ]
    assert {one.date for one in answers.countries} == {datetime(2014, 5, 13, tzinfo=UTC).date()}
    assert {one.source for one in answers.countries} == {"Test-Country (country.mmdb)"}
    assert answers.network is None


def test_a_city_database_gives_its_country(tmp_path: Path) -> None:
    record = {
        "city": {"names": {"en": "Beijing"}},
        "country": {"iso_code": "CN"},
        "location": {"latitude": 39.9},
    }
    database = UserDatabase(
        write_database(tmp_path / "city.mmdb", {"42.62.0.0/16": record}, kind="Test-City")
    )

    assert [one.country for one in database.find(ip_address("42.62.48.181")).countries] == ["CN"]


@pytest.mark.parametrize(
    "record",
    [
        {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"},
        {"asn": "AS64500", "as_name": "Example Net"},
    ],
)
def test_an_asn_database_gives_number_and_name(tmp_path: Path, record: Record) -> None:
    database = UserDatabase(write_database(tmp_path / "asn.mmdb", {"8.8.8.0/24": record}, kind="Test-ASN"))

    network = database.find(ip_address("8.8.8.8")).network

    assert network is not None
    assert (network.asn, network.name) == (64500, "Example Net")


def test_ipv6_is_looked_up_too(tmp_path: Path) -> None:
    database = UserDatabase(write_database(tmp_path / "country.mmdb", COUNTRY))

    assert [one.country for one in database.find(ip_address("2001:4860:4860::8888")).countries] == ["IE"]


def test_an_ipv4_database_says_nothing_of_ipv6(tmp_path: Path) -> None:
    record = {"country_code": "US"}
    database = UserDatabase(write_database(tmp_path / "v4.mmdb", {"8.0.0.0/8": record}, ip_version=4))

    assert [one.country for one in database.find(ip_address("8.8.8.8")).countries] == ["US"]
    assert database.find(ip_address("2001:4860:4860::8888")).countries == ()


def test_an_address_that_the_database_lacks_gets_no_answer(tmp_path: Path) -> None:
    database = UserDatabase(write_database(tmp_path / "country.mmdb", COUNTRY))

    answers = database.find(ip_address("1.1.1.1"))

    assert (answers.countries, answers.network, answers.problem) == ((), None, None)


@pytest.mark.parametrize("content", [b"", b"not a database", b"\xab\xcd\xefMaxMind.com", b"\x00" * 4096])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.mmdb"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="MaxMind's format"):
        UserDatabase(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        UserDatabase(tmp_path / "none.mmdb")
    with pytest.raises(ConfigError):
        UserDatabase(tmp_path)


def test_a_damaged_database_says_so_and_does_not_raise(tmp_path: Path) -> None:
    path = write_database(tmp_path / "country.mmdb", COUNTRY)
    data = bytearray(path.read_bytes())
    start = data.index(b"iso_code") - 12
    data[start : start + 24] = b"\xff" * 24
    path.write_bytes(data)
    database = UserDatabase(path)

    problems = {
        database.find(ip_address(address)).problem
        for address in ("42.62.48.181", "2001:4860:4860::8888", "1.1.1.1")
    }

    assert any(problem is not None and "damaged" in problem for problem in problems)


@settings(max_examples=60)
@given(cut=st.integers(0, 2000), flip=st.integers(0, 2000), byte=st.integers(0, 255))
def test_no_damage_makes_a_look_up_raise(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int, byte: int
) -> None:
    path = write_database(tmp_path_factory.mktemp("mmdb") / "country.mmdb", COUNTRY)
    data = bytearray(path.read_bytes())
    data[flip % len(data)] = byte
    path.write_bytes(data[cut % 3 :])
    try:
        database = UserDatabase(path)
    except ConfigError:
        return
    for address in ("42.62.48.181", "2001:4860:4860::8888", "1.1.1.1"):
        database.find(ip_address(address))
    database.close()


@given(
    st.dictionaries(
        st.sampled_from(["country", "country_code", "registered_country", "asn", "autonomous_system_number"]),
        st.one_of(
            st.none(),
            st.text(max_size=5),
            st.integers(),
            st.binary(max_size=4),
            st.dictionaries(st.just("iso_code"), st.one_of(st.text(max_size=3), st.integers())),
        ),
    )
)
def test_records_of_any_shape_give_only_well_formed_answers(record: dict[str, object]) -> None:
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code, _ in iter_countries(record))
    number = read_number(record)
    assert number is None or 0 < number < 2**32


def test_the_test_writer_stamps_what_it_is_told(tmp_path: Path) -> None:
    path = write_database(tmp_path / "x.mmdb", COUNTRY, built=1_700_000_000)

    with maxminddb.open_database(path) as reader:
        assert reader.metadata().build_epoch == 1_700_000_000
