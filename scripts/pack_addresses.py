"""Pack public address data into the package: who announces an address, and in which country it is said to be.

Run it with a Python that has the project installed; it needs `npm`, and uv or pip, to fetch pinned packages:

    python scripts/pack_addresses.py [--into src/phonehome/attribution/data]

It writes one compressed table a data set, `registries.csv` (IANA's top-level allocations) and `sources.json`,
which records package, version, integrity, licence and date of each, and which the reports show.
Running it again with the same pins gives the same files, byte for byte.
"""

import argparse
import base64
import csv
import hashlib
import ipaddress
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import maxminddb

from phonehome.attribution.packed import Range, build_table4, build_table6, write_packed

DATA = Path(__file__).resolve().parent.parent / "src" / "phonehome" / "attribution" / "data"
LOCATION_DB_VERSION = "2.3.2026061719"
NETADDR_VERSION = "1.3.0"
FREE_LICENCES = ("CC0-1.0", "CC-BY-4.0", "PDDL-1.0")
IANA = "{http://www.iana.org/assignments}"
REGISTRIES = ("AFRINIC", "APNIC", "ARIN", "LACNIC", "RIPE NCC")
CAUTION = (
    "its README says that the npm edition is no longer updated and holds errors that later editions mend"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One npm package, and what its licence asks to be said."""

    name: str
    package: str
    integrity: str
    says: str
    licence: str
    attribution: str
    notice: str


SOURCES = (
    Source(
        name="asn",
        package="@ip-location-db/asn",
        integrity="sha512-PpqYi7wyEyWwunXBtl+y3Vi403SvNywotWwvmiYCOUtE0SVol/Sf492Ee+eErEznmGapxEQB2SAfrpXuZ9a+vQ==",
        says="network",
        licence="CC-BY-4.0",
        attribution="Route Views (routeviews.org), DB-IP (db-ip.com), NRO (nro.net)",
        notice="IP Geolocation by DB-IP, https://db-ip.com",
    ),
    Source(
        name="asn-country",
        package="@ip-location-db/asn-country",
        integrity="sha512-KN/mUGqf/nwkI0RDvv4knOc5xGXxbooU1MlTXThEJcJVyWxHoCx6oRed8p7NguGKZRpQPmZWdWw/zslHZsUC6Q==",
        says="registration",
        licence="CC-BY-4.0",
        attribution="NRO (nro.net)",
        notice="Compiled from the statistics of the five regional registries",
    ),
    Source(
        name="geo-whois-asn-country",
        package="@ip-location-db/geo-whois-asn-country-mmdb",
        integrity="sha512-xemBDNQl4mCYDuVbqe3jKGKsVDykZGkfvebhtOh/3VGLadq8vsp7t7ontpMUt3hH7sAGT0eLDyJ99SV+0waxZg==",
        says="geolocation",
        licence="CC-BY-4.0",
        attribution="NRO (nro.net), operators' geofeeds (RFC 8805)",
        notice="Operators' geofeeds where there are any, else WHOIS, else the network's country",
    ),
)


def fetch_npm(package: str, version: str, integrity: str, folder: Path) -> Path:
    """Fetch one npm package, check its integrity and unpack it; give the folder with its files."""
    command = ["npm", "pack", "--json", "--pack-destination", str(folder), f"{package}@{version}"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    archive = folder / f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != integrity or answer[0]["integrity"] != integrity:
        sys.exit(f"{package}@{version}: integrity is {digest}, not the pinned one")
    target = folder / archive.stem
    with tarfile.open(archive) as opened:
        opened.extractall(target, filter="data")
    return target / "package"


def check_licence(source: Source, folder: Path) -> None:
    """Stop if a package says anything that forbids passing it on."""
    stated = json.loads((folder / "package.json").read_text())["license"]
    texts = " ".join(path.read_text() for path in sorted(folder.glob("*LICENSE*")))
    if source.licence not in FREE_LICENCES or not any(free in stated for free in FREE_LICENCES):
        sys.exit(f"{source.package}: licence {stated!r} is not one of {FREE_LICENCES}")
    if re.search(r"non-?commercial|share-?alike|geolite", texts, re.IGNORECASE):
        sys.exit(f"{source.package}: its licence files name conditions that this project cannot pass on")


def iter_csv(path: Path) -> Iterator[tuple[int, int, list[str]]]:
    """Give first address, last address and the other columns of each row of a `-num.csv` file, ascending."""
    with path.open(newline="", encoding="utf-8") as opened:
        rows = [(int(row[0]), int(row[1]), row[2:]) for row in csv.reader(opened)]
    return iter(sorted(rows, key=lambda row: (row[0], row[1])))


def iter_mmdb(path: Path, version: int) -> Iterator[tuple[int, int, list[str]]]:
    """Give the networks of one IP version of a country database, ascending."""
    with maxminddb.open_database(path) as reader:
        for network, record in reader:
            if network.version == version and isinstance(record, dict):
                first, last = int(network.network_address), int(network.broadcast_address)
                yield first, last, [str(record["country_code"])]


def number_countries(
    rows4: list[tuple[int, int, list[str]]], rows6: list[tuple[int, int, list[str]]]
) -> dict[str, int]:
    """Number the country codes that occur, from 1."""
    return {code: number for number, code in enumerate(sorted({row[2][0] for row in rows4 + rows6}), start=1)}


def pack_countries(source: Source, folder: Path, into: Path) -> int:
    """Pack a data set that gives a country for an address."""
    stem = source.package.rpartition("/")[2].removesuffix("-mmdb")
    if source.package.endswith("-mmdb"):
        rows4 = list(iter_mmdb(folder / f"{stem}-ipv4.mmdb", 4))
        rows6 = list(iter_mmdb(folder / f"{stem}-ipv6.mmdb", 6))
    else:
        rows4, rows6 = (list(iter_csv(folder / f"{stem}-ipv{version}-num.csv")) for version in (4, 6))
    numbers = number_countries(rows4, rows6)

    def ranges(rows: Iterable[tuple[int, int, list[str]]]) -> Iterator[Range]:
        return ((first, last, numbers[rest[0]]) for first, last, rest in rows)

    texts = {number: code for code, number in numbers.items()}
    return write_packed(
        into / f"{source.name}.zst", build_table4(ranges(rows4)), build_table6(ranges(rows6)), texts
    )


def pack_networks(source: Source, folder: Path, into: Path) -> int:
    """Pack the data set that gives the network that announces an address, with its holder's name."""
    names: dict[int, Counter[str]] = defaultdict(Counter)
    ranges: dict[int, list[Range]] = {4: [], 6: []}
    for version, found in ranges.items():
        for first, last, (number, name) in iter_csv(folder / f"asn-ipv{version}-num.csv"):
            found.append((first, last, int(number)))
            names[int(number)][name.strip()] += 1
    # A number has one holder; where the data spells the name in several ways, the most frequent one stands.
    texts = {number: min(found, key=lambda name: (-found[name], name)) for number, found in names.items()}
    return write_packed(into / f"{source.name}.zst", build_table4(ranges[4]), build_table6(ranges[6]), texts)


def fetch_netaddr(folder: Path) -> Path:
    """Fetch the wheel of netaddr, which carries IANA's registries as published."""
    wanted = f"netaddr=={NETADDR_VERSION}"
    if shutil.which("uv"):
        command = ["uv", "pip", "install", "--no-deps", "--target", str(folder / "netaddr"), wanted]
        subprocess.run(command, check=True, capture_output=True)
        return folder / "netaddr" / "netaddr" / "ip"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), wanted]
    subprocess.run(command, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("netaddr-*.whl"))) as wheel:
        wheel.extractall(folder / "netaddr")
    return folder / "netaddr" / "netaddr" / "ip"


def iter_allocations(path: Path) -> Iterator[tuple[str, str, str]]:
    """Give network, regional registry and status of each block that IANA handed to a regional registry."""
    for record in ET.parse(path).getroot().iter(f"{IANA}record"):
        prefix, status = record.findtext(f"{IANA}prefix", ""), record.findtext(f"{IANA}status", "").lower()
        whois = record.findtext(f"{IANA}whois", "")
        if re.fullmatch(r"\d{3}/8", prefix):
            prefix = f"{int(prefix[:3])}.0.0.0/8"
        for registry in REGISTRIES:
            if whois == f"whois.{registry.split()[0].lower()}.net":
                yield str(ipaddress.ip_network(prefix)), registry, status


def pack_registries(folder: Path, into: Path) -> list[dict[str, str]]:
    """Write IANA's allocations as CSV; give the entries of `sources.json` for them."""
    lines, entries = [], []
    for name, title in (
        ("ipv4-address-space", "IANA IPv4 Address Space Registry"),
        ("ipv6-unicast-address-assignments", "IANA IPv6 Global Unicast Address Assignments"),
    ):
        path = folder / f"{name}.xml"
        lines += list(iter_allocations(path))
        updated = ET.parse(path).getroot().findtext(f"{IANA}updated", "")
        entries.append(
            {
                "name": name,
                "title": title,
                "says": "registry",
                "package": f"netaddr=={NETADDR_VERSION} (PyPI), which carries it unchanged",
                "version": updated,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "licence": "CC0-1.0",
                "attribution": f"IANA, https://www.iana.org/assignments/{name}",
                "date": updated,
            }
        )
    with (into / "registries.csv").open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened, lineterminator="\n").writerows([("network", "registry", "status"), *lines])
    return entries


def main() -> None:
    """Fetch, check, pack, and say how large each file became."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--into", type=Path, default=DATA)
    into: Path = parser.parse_args().into
    into.mkdir(parents=True, exist_ok=True)
    build = LOCATION_DB_VERSION.rpartition(".")[2]  # YYYYMMDDHH, the day on which the data was gathered
    date = f"{build[:4]}-{build[4:6]}-{build[6:8]}"
    entries: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for source in SOURCES:
            folder = fetch_npm(source.package, LOCATION_DB_VERSION, source.integrity, Path(temporary))
            check_licence(source, folder)
            pack = pack_networks if source.says == "network" else pack_countries
            size = pack(source, folder, into)
            entries.append(
                {
                    "name": source.name,
                    "title": f"{source.package} {LOCATION_DB_VERSION}",
                    "says": source.says,
                    "package": f"{source.package} (npm)",
                    "version": LOCATION_DB_VERSION,
                    "integrity": source.integrity,
                    "licence": source.licence,
                    "attribution": source.attribution,
                    "notice": source.notice,
                    "caution": CAUTION,
                    "date": date,
                }
            )
            print(f"{source.name}: {size:,} bytes")
        entries += pack_registries(fetch_netaddr(Path(temporary)), into)
    (into / "sources.json").write_text(
        json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
