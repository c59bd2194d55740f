"""Who is at the other end: each answer with its source and its date, and sources that differ side by side."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class CountryKind(StrEnum):
    """What a country was said of.

    A registration names the country under which a block of addresses was handed out; a geolocation is
    somebody's statement of where its machines stand. Neither is an observation.
    """

    REGISTRATION = "registration"
    GEOLOCATION = "geolocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who operates a service.

    Attributes:
        country: Country of its seat (ISO 3166 alpha-2), or None if it is not known or not clear.
        roles: What it does at this name (`push`, `advertising`, `cloud`…).
        source: Where a person can check it.
        date: The day on which the entry was last reviewed.
    """

    name: str
    country: str | None
    roles: tuple[str, ...]
    source: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Who announces an address; `name` is None where the source gives only the number."""

    asn: int
    name: str | None
    source: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The regional registry that an address block belongs to: a book-keeper, never a recipient."""

    name: str
    source: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryAssertion:
    """What one source says of an address's country (ISO 3166 alpha-2)."""

    country: str
    kind: CountryKind
    source: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where an exchange went.

    Attributes:
        host: The name asked for: lower case, no trailing dot, in ASCII form (`xn--…`). None if there is none.
        address: The peer's address in its shortest spelling, or as recorded where it is none.
        domain: The registrable domain, by the part of the public suffix list that registries rule (ICANN).
        customer_domain: Where the host stands below a suffix that a company lends to its customers
            (`shop.github.io`, `bucket.s3.amazonaws.com`): the customer's own name.
        organisation: Who operates the service; None where it is not known.
        hosting: Who lends the machine or the delivery network, where that is all that the name tells.
        networks: Who announces the address, one answer per source, nearest to the capture's date first.
        registry: The registry of the address block; says nothing about the recipient.
        countries: One answer per source and kind.
        notes: What a reader must know of these answers (data much older than the capture, a private
            address…); they hold no captured text.
    """

    host: str | None = None
    address: str | None = None
    port: int | None = None
    domain: str | None = None
    customer_domain: str | None = None
    organisation: Organisation | None = None
    hosting: Organisation | None = None
    networks: tuple[Network, ...] = ()
    registry: Registry | None = None
    countries: tuple[CountryAssertion, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def network(self) -> Network | None:
        """The network answer nearest to the capture's date."""
        return self.networks[0] if self.networks else None

    @property
    def country(self) -> str | None:
        """The country that all sources agree on; None where they differ or where there is none."""
        named = {assertion.country for assertion in self.countries}
        return named.pop() if len(named) == 1 else None
