"""Host names: one spelling, the registrable domain, and whose customer a name is.

The public suffix list has two parts. Registries rule the first (ICANN): `co.uk`. Companies that lend names
to their customers wrote the second (private): `github.io`, `s3.amazonaws.com`. The registrable domain is
taken by the first part alone, because an organisation registers that; the customer's own name by both.
"""

import importlib.metadata
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from ipaddress import ip_address

from publicsuffixlist import PublicSuffixList

from phonehome.attribution.special import Address, spell_address

MAX_NAME_LENGTH = 253
"""Characters of a host name without its trailing dot (RFC 1035, 2.3.4)."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")

# Names that the DNS does not serve: RFC 6761, 6762, 7686, 8375, 9476, and ICANN's reservation of .internal.
SPECIAL_NAMES = {
    "localhost": "the handset itself (RFC 6761)",
    "local": "a name of the same link (mDNS, RFC 6762)",
    "internal": "a name of a private network (reserved by ICANN)",
    "home.arpa": "a name of a home network (RFC 8375)",
    "onion": "a Tor service (RFC 7686)",
    "alt": "a name outside the DNS (RFC 9476)",
    "test": "a name for tests (RFC 6761)",
    "example": "a name for documentation (RFC 6761)",
    "invalid": "a name that never exists (RFC 6761)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host as the attribution sees it.

    Attributes:
        name: The spelling that is shown.
        literal: The address that it is, where it is one.
        labels: The labels of a well-formed name, else empty.
        domain: The registrable domain (ICANN part of the list).
        customer_domain: The registrable domain by both parts, where that is another one.
        lent_suffix: The private suffix that the host stands on or below, or None.
    """

    name: str
    literal: Address | None = None
    labels: tuple[str, ...] = ()
    domain: str | None = None
    customer_domain: str | None = None
    lent_suffix: str | None = None
    notes: tuple[str, ...] = ()


def parse_address(text: str) -> Address | None:
    """Read an IP address as captures write it (`[2001:db8::1]`, `fe80::1%wlan0`); None if it is none."""
    try:
        return ip_address(text.strip().removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return None


def _spell(text: str) -> str | None:
    """Give a name in ASCII, lower case, without its trailing dot; None if it cannot be a host name."""
    name = text.strip()
    if len(name) > MAX_NAME_LENGTH + 1:
        return None
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > MAX_NAME_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return name


class HostReader:
    """Reads host names with the public suffix list that is installed; loads it when the first name comes."""

    @cached_property
    def _registries(self) -> PublicSuffixList:
        return PublicSuffixList(only_icann=True, accept_unknown=False)

    @cached_property
    def _both(self) -> PublicSuffixList:
        return PublicSuffixList(accept_unknown=False)

    def read(self, text: str) -> Host:
        """Read any text as a host; one that is no host name comes back as it is, with a note."""
        literal = parse_address(text)
        if literal is not None:
            return Host(name=spell_address(literal), literal=literal)
        name = _spell(text)
        if name is None:
            return Host(name=text, notes=("not a well-formed host name",))
        labels = tuple(name.split("."))
        for special, says in SPECIAL_NAMES.items():
            if name == special or name.endswith("." + special):
                return Host(name=name, labels=labels, notes=(says,))
        if len(labels) == 1:
            return Host(name=name, labels=labels, notes=("a name of one label: its own network knows it",))
        return self._look_up(name, labels)

    def _look_up(self, name: str, labels: tuple[str, ...]) -> Host:
        icann_suffix = self._registries.publicsuffix(name)
        if icann_suffix is None:
            return Host(
                name=name, labels=labels, notes=("its top-level domain is not in the public suffix list",)
            )
        domain = self._registries.privatesuffix(name)
        suffix = self._both.publicsuffix(name)
        lent = suffix if suffix is not None and len(suffix) > len(icann_suffix) else None
        customer = self._both.privatesuffix(name) if lent is not None else None
        return Host(name=name, labels=labels, domain=domain, customer_domain=customer, lent_suffix=lent)


def public_suffix_version() -> tuple[str, date | None]:
    """Give the version of the installed list, and its day (the last part of the version)."""
    version = importlib.metadata.version("publicsuffixlist")
    digits = version.rpartition(".")[2]
    try:
        return version, date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}")
    except ValueError:
        return version, None
