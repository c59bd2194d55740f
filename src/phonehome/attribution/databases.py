"""A user's own database in MaxMind's format (MMDB): country, city, ASN and the plain ones like them.

The file says its own date (`build_epoch`). Field names are those of GeoIP2 and GeoLite2, DB-IP, IPinfo and
ip-location-db; a record of another shape simply gives no answer.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import maxminddb

from phonehome.attribution.special import Address
from phonehome.model.destination import CountryAssertion, CountryKind, Network
from phonehome.model.errors import ConfigError

_COUNTRY = re.compile(r"[A-Z]{2}")
_NUMBER = re.compile(r"(?:AS)?([0-9]{1,10})")
_NAMES = ("autonomous_system_organization", "as_organization", "as_name", "as_org", "organization", "name")
MAX_ASN = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one database says of one address."""

    network: Network | None = None
    countries: tuple[CountryAssertion, ...] = ()
    problem: str | None = None


class UserDatabase:
    """One MMDB file, opened once and read by memory mapping."""

    def __init__(self, path: Path) -> None:
        """Open a database.

        Raises:
            ConfigError: The file is missing, is no MMDB, or does not say when it was built.
        """
        try:
            self._reader = maxminddb.open_database(path)
            metadata = self._reader.metadata()
            self.date: date = datetime.fromtimestamp(metadata.build_epoch, tz=UTC).date()
            self.source = f"{metadata.database_type} ({path.name})"
            self._versions = (4,) if metadata.ip_version == 4 else (4, 6)
        except FileNotFoundError:
            raise ConfigError(
                f"{path}: no such file; give the path of a database in MaxMind's format"
            ) from None
        except (maxminddb.InvalidDatabaseError, OSError, ValueError, OverflowError, TypeError) as error:
            raise ConfigError(
                f"{path}: expected a database in MaxMind's format (.mmdb) with its build date, "
                f"and it cannot be read as one ({type(error).__name__})"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def find(self, address: Address) -> Answers:
        """Say what the database holds of an address."""
        if address.version not in self._versions:
            return Answers()
        try:
            record = self._reader.get(address)
        except (maxminddb.InvalidDatabaseError, ValueError):
            return Answers(problem=f"{self.source} is damaged and could not be read at this address")
        if not isinstance(record, Mapping):
            return Answers()
        return Answers(
            network=self._network(record),
            countries=tuple(
                CountryAssertion(country=code, kind=kind, source=self.source, date=self.date)
                for code, kind in iter_countries(record)
            ),
        )

    def _network(self, record: Mapping[str, object]) -> Network | None:
        number = read_number(record)
        if number is None:
            return None
        name = next((record[key] for key in _NAMES if isinstance(record.get(key), str)), None)
        return Network(
            asn=number, name=name if isinstance(name, str) else None, source=self.source, date=self.date
        )


def iter_countries(record: Mapping[str, object]) -> Iterator[tuple[str, CountryKind]]:
    """Give the countries that a record names, each with its kind."""
    for key, kind in (
        ("country", CountryKind.GEOLOCATION),
        ("country_code", CountryKind.GEOLOCATION),
        ("registered_country", CountryKind.REGISTRATION),
    ):
        found = record.get(key)
        if isinstance(found, Mapping):
            found = found.get("iso_code")
        if isinstance(found, str) and _COUNTRY.fullmatch(found):
            yield found, kind


def read_number(record: Mapping[str, object]) -> int | None:
    """Give the autonomous system's number that a record names, as a number or as `AS15169`."""
    for key in ("autonomous_system_number", "asn"):
        match = _NUMBER.fullmatch(str(record.get(key, "")))
        if match is not None and 0 < int(match[1]) <= MAX_ASN:
            return int(match[1])
    return None
