"""Joins host, address and date into a destination, and says what a reader must know of the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path

from phonehome.attribution.addresses import AddressBook, DataSource
from phonehome.attribution.databases import UserDatabase
from phonehome.attribution.hosts import (
    MAX_NAME_LENGTH,
    Host,
    HostReader,
    parse_address,
    public_suffix_version,
)
from phonehome.attribution.organisations import OrganisationList, read_organisations
from phonehome.attribution.special import Address, name_special, spell_address, unwrap
from phonehome.model.destination import CountryAssertion, Destination, Network, Organisation, Registry

MAX_GAP_DAYS = 180
"""Days between the capture and address data beyond which the data is said to be of another time."""
MAX_ORGANISATION_GAP_DAYS = 730
"""The same for the list of organisations: domains change hands more rarely than addresses do."""
MAX_REGISTRY_GAP_DAYS = 3650
"""The same for IANA's allocations to the regional registries, which hardly change."""
CACHED = 65_536
"""Destinations kept; a capture with more of them is only slower."""

# Networks whose addresses answer from many countries at once. Their operators' own pages say so.
CDN_NETWORKS = {
    12222: "Akamai", 13335: "Cloudflare", 16625: "Akamai", 20940: "Akamai", 32787: "Akamai", 33905: "Akamai",
    54113: "Fastly", 60068: "CDN77", 63949: "Akamai", 132892: "Cloudflare", 209242: "Cloudflare",
    395747: "Cloudflare",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operator:
    organisation: Organisation | None = None
    hosting: Organisation | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    networks: tuple[Network, ...] = ()
    registry: Registry | None = None
    countries: tuple[CountryAssertion, ...] = ()
    notes: tuple[str, ...] = ()


class Attributor:
    """Names destinations from data in this package and from databases of the user's; asks no network."""

    def __init__(self, extra_databases: Sequence[Path] = ()) -> None:
        """Open the user's databases; everything else is read when it is first needed.

        Raises:
            ConfigError: A database cannot be read.
        """
        self._book = AddressBook()
        self._hosts = HostReader()
        self._databases = tuple(UserDatabase(path) for path in extra_databases)
        self._cached = lru_cache(maxsize=CACHED)(self._attribute)

    @cached_property
    def _organisations(self) -> OrganisationList:
        return read_organisations()

    def close(self) -> None:
        """Close the user's databases."""
        for database in self._databases:
            database.close()

    @property
    def data(self) -> tuple[DataSource, ...]:
        """Every body of data that answers may come from, for the report's list."""
        version, day = public_suffix_version()
        newest = max((service.organisation.date for service in self._organisations), default=None)
        own = (
            DataSource(
                name="organisations",
                source="phonehome's list of organisations, each entry with its own source",
                date=newest,
                licence="Apache-2.0",
            ),
            DataSource(
                name="public-suffix-list",
                source=f"public suffix list, publicsuffix.org, by publicsuffixlist {version}",
                date=day,
                licence="MPL-2.0",
            ),
        )
        users = tuple(
            DataSource(
                name=f"user-database-{number}",
                source=database.source,
                date=database.date,
                licence="the user's",
            )
            for number, database in enumerate(self._databases, start=1)
        )
        return own + self._book.sources + users

    def attribute(
        self, host: str | None, address: str | None, port: int | None, when: datetime | None
    ) -> Destination:
        """Say who is at the other end of an exchange; any text is accepted, none raises.

        Args:
            host: The name that was asked for, or an address where there was no name.
            address: The peer's address; where it is None and the host is an address, that one counts.
            port: The peer's port; handed through.
            when: When the exchange took place, by which the age of the answers is judged.
        """
        day = (
            when.astimezone(UTC).date() if when is not None and when.tzinfo else when.date() if when else None
        )
        if max(len(host or ""), len(address or "")) > MAX_NAME_LENGTH + 1:
            return self._attribute(
                host, address, port, day
            )  # no host name: not worth the memory of keeping it
        return self._cached(host, address, port, day)

    def _attribute(
        self, host: str | None, address: str | None, port: int | None, day: date | None
    ) -> Destination:
        named = self._hosts.read(host) if host else None
        peer = parse_address(address) if address else named.literal if named is not None else None
        notes = list(named.notes) if named is not None else []
        if address and peer is None:
            notes.append("not a well-formed address")
        if named is not None and named.literal is not None and named.literal != peer:
            notes.append(
                "the address asked for is not the peer's: the exchange went through something between"
            )
        operator = self._name_operator(named)
        place = self._find_place(peer, day)
        ages = note_ages(operator, place, day)
        return Destination(
            host=named.name if named is not None else None,
            address=spell_address(peer) if peer is not None else address or None,
            port=port,
            domain=named.domain if named is not None else None,
            customer_domain=named.customer_domain if named and operator.organisation is None else None,
            organisation=operator.organisation,
            hosting=operator.hosting,
            networks=place.networks,
            registry=place.registry,
            countries=place.countries,
            notes=(*notes, *operator.notes, *place.notes, *ages),
        )

    def _name_operator(self, host: Host | None) -> _Operator:
        if host is None or (host.domain is None and host.lent_suffix is None):
            return _Operator()
        service = self._organisations.find(host.labels)
        below_lent = host.customer_domain is not None
        if service is None:
            unknown = "stands below a suffix that its owner lends to customers; who operates it is not known"
            return _Operator(notes=(unknown,) if below_lent else ())
        if service.lent or (below_lent and len(service.domain) < len(host.lent_suffix or "")):
            owner = service.organisation
            note = f"hosted on {owner.name}; which of its customers operates it is not known"
            return _Operator(hosting=owner, notes=(note,))
        return _Operator(organisation=service.organisation)

    def _find_place(self, peer: Address | None, day: date | None) -> _Place:
        if peer is None:
            return _Place()
        unwrapped = unwrap(peer)
        notes = [unwrapped.note] if unwrapped.note is not None else []
        special = name_special(unwrapped.address)
        if special is not None:
            return _Place(notes=(*notes, special))
        found = [self._book.find_network(unwrapped.address)]
        countries = list(self._book.find_countries(unwrapped.address))
        for database in self._databases:
            answers = database.find(unwrapped.address)
            found.append(answers.network)
            countries.extend(answers.countries)
            if answers.problem is not None:
                notes.append(answers.problem)
        networks = sort_networks([network for network in found if network is not None], day)
        registry, legacy = self._book.find_registry(unwrapped.address)
        notes += note_differences(networks, countries)
        if legacy is not None:
            notes.append(legacy)
        if not networks:
            notes.append("no source knows a network that announces this address")
        return _Place(networks=networks, registry=registry, countries=tuple(countries), notes=tuple(notes))


def sort_networks(networks: list[Network], day: date | None) -> tuple[Network, ...]:
    """Put the answer nearest to the capture's date first; without a date, the youngest."""
    if day is None:
        return tuple(sorted(networks, key=lambda network: network.date, reverse=True))
    return tuple(sorted(networks, key=lambda network: abs(network.date - day)))


def note_differences(networks: Sequence[Network], countries: Sequence[CountryAssertion]) -> list[str]:
    """Say where sources differ, and where a network answers from many countries."""
    notes = []
    if len({network.asn for network in networks}) > 1:
        answers = "; ".join(f"AS{network.asn} says {network.source}" for network in networks)
        notes.append(f"sources differ on the network: {answers}")
    if len({assertion.country for assertion in countries}) > 1:
        answers = "; ".join(f"{one.country} by {one.kind} says {one.source}" for one in countries)
        notes.append(f"sources differ on the country: {answers}")
    cdn = next((CDN_NETWORKS[network.asn] for network in networks if network.asn in CDN_NETWORKS), None)
    if cdn is not None:
        notes.append(
            f"{cdn} delivers for its customers from many countries: it is not the recipient, "
            "and the machine that answered may stand in another country"
        )
    return notes


def note_ages(operator: _Operator, place: _Place, day: date | None) -> list[str]:
    """Say which answers are of another time than the capture."""
    if day is None:
        return []
    organisation = operator.organisation or operator.hosting
    dated = [("network", network.date, MAX_GAP_DAYS) for network in place.networks]
    dated += [("country", assertion.date, MAX_GAP_DAYS) for assertion in place.countries]
    if place.registry is not None:
        dated.append(("registry", place.registry.date, MAX_REGISTRY_GAP_DAYS))
    if organisation is not None:
        dated.append(("organisation", organisation.date, MAX_ORGANISATION_GAP_DAYS))
    grouped: dict[date, list[str]] = {}
    for what, dated_day, most in dated:
        if abs((dated_day - day).days) > most and what not in grouped.setdefault(dated_day, []):
            grouped[dated_day].append(what)
    return [
        f"the answer on {' and '.join(what)} is of {then}, {_gap(then, day)} than the capture"
        for then, what in sorted(grouped.items())
        if what
    ]


def _gap(then: date, day: date) -> str:
    days = (then - day).days
    return f"{abs(days):,} days {'younger' if days > 0 else 'older'}"
