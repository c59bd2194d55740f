"""Check the list of organisations and say what is in it.

    python scripts/check_organisations.py [FILE]

The loader refuses what is malformed, with file and line. Beyond that this script counts, and points at
entries that a reviewer should look at: domains that repeat what a shorter one says already, public suffixes
that are listed as if somebody operated them, and entries that nobody has reviewed for two years. It ends with 1
if there are any.
"""

import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from phonehome.attribution.organisations import ORGANISATIONS, OrganisationList, Service, read_organisations
from phonehome.model.errors import ConfigError

STALE = timedelta(days=730)
# On the list of public suffixes to keep their hosts' cookies apart; the owner itself answers at every host.
OWNERS_OWN = {"googleapis.com", "withgoogle.com", "githubusercontent.com"}


def find_repeats(services: OrganisationList) -> list[str]:
    """Find domains below another one that says the same of them."""
    found = []
    for service in services:
        parent = services.find(tuple(service.domain.split(".")[1:]))
        if parent is not None and (parent.organisation, parent.lent) == (service.organisation, service.lent):
            found.append(f"{service.domain} says what {parent.domain} says already")
    return found


def find_suffixes(services: OrganisationList) -> list[str]:
    """Find names on which customers stand, by the public suffix list, that are not marked as lent."""
    suffixes = PublicSuffixList(accept_unknown=False)
    return [
        f"{service.domain} is a public suffix: is it not lent to customers?"
        for service in services
        if not service.lent
        and service.domain not in OWNERS_OWN
        and suffixes.publicsuffix(service.domain) == service.domain
    ]


def find_stale(services: OrganisationList, today: date) -> list[str]:
    """Find entries that nobody has reviewed for long, or that claim to be of the future."""
    names = {service.organisation.name: service.organisation.date for service in services}
    return [
        f"{name} was last reviewed on {day}"
        for name, day in names.items()
        if not today - STALE <= day <= today + timedelta(days=1)
    ]


def print_counts(services: list[Service]) -> None:
    """Print how much the list holds."""
    names = {service.organisation.name for service in services}
    print(f"{len(services)} domains of {len(names)} organisations, {sum(one.lent for one in services)} lent")
    roles = Counter(role for service in services for role in service.organisation.roles)
    print("by role: " + ", ".join(f"{role} {count}" for role, count in roles.most_common()))
    countries = Counter({one.organisation.name: one.organisation.country for one in services}.values())
    print(
        "by seat: "
        + ", ".join(f"{country or 'unknown'} {count}" for country, count in countries.most_common())
    )


def main() -> int:
    """Check one file."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ORGANISATIONS
    try:
        services = read_organisations(path)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    print_counts(list(services))
    complaints = find_repeats(services) + find_suffixes(services) + find_stale(services, date.today())
    for complaint in complaints:
        print(f"look at: {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
