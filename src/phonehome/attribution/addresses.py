"""Who holds an address, and where it is said to be, from the data packed into this package.

Nothing is read until the first address comes; then all tables load at once (about 40 ms, some 25 MB).
`scripts/pack_addresses.py` makes the files and says where they come from.
"""

import csv
import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path

from phonehome.attribution.packed import (
    NOTHING,
    Packed,
    Table4,
    Table6,
    build_table4,
    build_table6,
    read_packed,
)
from phonehome.attribution.special import Address
from phonehome.model.destination import CountryAssertion, CountryKind, Network, Registry

DATA = Path(__file__).parent / "data"

LEGACY_NOTE = "a legacy block, handed out before there were regional registries; {name} keeps its book"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """One body of data that answers come from, for the report's list.

    Attributes:
        name: Short, unique (`asn`, `public-suffix-list`).
        source: What it is, in which version, and whom its licence asks to name.
        date: The day of which it is; None if it does not say.
        licence: SPDX identifier.
        caution: What its makers say against it, or None.
    """

    name: str
    source: str
    date: date | None
    licence: str
    caution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """What an answer of a data set carries."""

    source: str
    date: date


class AddressBook:
    """The packed data sets."""

    def __init__(self, folder: Path = DATA) -> None:
        """Use the data of a folder, which is read when the first question comes."""
        self._folder = folder

    @cached_property
    def _listed(self) -> tuple[dict[str, str], ...]:
        return tuple(json.loads((self._folder / "sources.json").read_text(encoding="utf-8")))

    @cached_property
    def _labels(self) -> dict[str, Labelled]:
        return {
            entry["name"]: Labelled(source=entry["title"], date=date.fromisoformat(entry["date"]))
            for entry in self._listed
        }

    @property
    def sources(self) -> tuple[DataSource, ...]:
        """The data sets, with what their licences ask to be said; opens none of the tables."""
        return tuple(
            DataSource(
                name=entry["name"],
                source=f"{entry['title']}: {entry['attribution']}" + _and(entry.get("notice")),
                date=date.fromisoformat(entry["date"]),
                licence=entry["licence"],
                caution=entry.get("caution"),
            )
            for entry in self._listed
        )

    @cached_property
    def _tables(self) -> dict[str, Packed]:
        names = ("asn", "asn-country", "geo-whois-asn-country")
        return {name: read_packed(self._folder / f"{name}.zst") for name in names}

    @cached_property
    def _registries(self) -> tuple[Table4, Table6, tuple[tuple[str, bool], ...]]:
        """The blocks that IANA gave to the regional registries; values number (registry, legacy?) from 1."""
        with (self._folder / "registries.csv").open(newline="", encoding="utf-8") as opened:
            rows = [
                (ip_network(row["network"]), (row["registry"], row["status"] == "legacy"))
                for row in csv.DictReader(opened)
            ]
        kinds = tuple(sorted({kind for _, kind in rows}))
        ranges = sorted(
            (block.version, int(block.network_address), int(block.broadcast_address), kinds.index(kind) + 1)
            for block, kind in rows
        )
        return (
            build_table4((first, last, value) for version, first, last, value in ranges if version == 4),
            build_table6((first, last, value) for version, first, last, value in ranges if version == 6),
            kinds,
        )

    def find_network(self, address: Address) -> Network | None:
        """Say which network announces an address, and who holds that network."""
        table = self._tables["asn"]
        number = table.find(address.version, int(address))
        if number == NOTHING:
            return None
        label = self._labels["asn"]
        return Network(asn=number, name=table.text(number), source=label.source, date=label.date)

    def find_countries(self, address: Address) -> tuple[CountryAssertion, ...]:
        """Give the country of registration and the country that operators and registries locate it in."""
        found = []
        for name, kind in (
            ("asn-country", CountryKind.REGISTRATION),
            ("geo-whois-asn-country", CountryKind.GEOLOCATION),
        ):
            table, label = self._tables[name], self._labels[name]
            code = table.text(table.find(address.version, int(address)))
            if code is not None:
                found.append(CountryAssertion(country=code, kind=kind, source=label.source, date=label.date))
        return tuple(found)

    def find_registry(self, address: Address) -> tuple[Registry | None, str | None]:
        """Name the regional registry whose block it is, with a note where that block is a legacy one."""
        table4, table6, kinds = self._registries
        value = (table4 if address.version == 4 else table6).find(int(address))
        if value == NOTHING:
            return None, None
        name, legacy = kinds[value - 1]
        list_name = "ipv4-address-space" if address.version == 4 else "ipv6-unicast-address-assignments"
        label = self._labels[list_name]
        registry = Registry(name=name, source=label.source, date=label.date)
        return registry, LEGACY_NOTE.format(name=name) if legacy else None


def _and(notice: str | None) -> str:
    return f". {notice}" if notice else ""
