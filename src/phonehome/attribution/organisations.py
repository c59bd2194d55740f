"""Our curated list of who operates which domain: `organisations.yaml`, read strictly.

```yaml
- name: Example
  country: US              # of its seat, ISO 3166 alpha-2, or null
  checked: 2026-11-21      # the day on which a person last reviewed the entry
  services:
    - roles: [analytics]
      source: https://…    # where a reader can check it
      domains: [example.com, metrics.example.net]
    - roles: [cloud]
      source: …
      lent: true           # customers' hosts stand below these names: the owner lends the machine only
      domains: [example-cloud.com]
```
The longest name that a host ends with decides, so a sub-domain may belong to another organisation than its
parent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from phonehome.model.countries import COUNTRY_CODES
from phonehome.model.destination import Organisation
from phonehome.model.errors import ConfigError

ORGANISATIONS = Path(__file__).parent / "organisations.yaml"

ROLES = frozenset(
    (
        "advertising", "analytics", "app store", "assistant", "attribution", "browser", "carrier", "cdn",
        "certificates", "chipset vendor", "cloud", "connectivity check", "consent", "crash reporting",
        "customer engagement", "customer support", "developer tools", "device services", "dns", "email",
        "experimentation", "fraud prevention", "games", "handset vendor", "identity", "maps", "media",
        "messaging", "news", "os vendor", "payment", "push", "remote configuration", "search", "security",
        "shopping", "social", "time", "travel", "updates", "weather",
    )
)  # fmt: skip

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_KEYS = {"name", "country", "checked", "services"}
_SERVICE_KEYS = {"roles", "source", "domains", "lent"}
_NEEDED_SERVICE_KEYS = _SERVICE_KEYS - {"lent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the list says of one domain; `lent` where customers' hosts stand below it."""

    domain: str
    organisation: Organisation
    lent: bool


class OrganisationList:
    """The services by their domain."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        """Take the services, keyed by domain."""
        self._services = services

    def __len__(self) -> int:
        """Count the domains."""
        return len(self._services)

    def __iter__(self) -> Iterator[Service]:
        """Give the services in the order of the file."""
        return iter(self._services.values())

    def find(self, labels: tuple[str, ...]) -> Service | None:
        """Find the service with the longest domain that these labels end with."""
        for start in range(len(labels) - 1):
            service = self._services.get(".".join(labels[start:]))
            if service is not None:
                return service
        return None


class _Reader:
    """Walks the YAML nodes, which know their lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.services: dict[str, Service] = {}
        self.lines: dict[str, int] = {}
        self.names: dict[str, int] = {}

    def fail(self, node: yaml.Node, text: str) -> ConfigError:
        return ConfigError(f"{self.path.name}, line {node.start_mark.line + 1}: {text}")

    def mapping(self, node: yaml.Node, known: set[str], needed: set[str], what: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, f"expected {what} with the keys {', '.join(sorted(known))}")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value not in known:
                raise self.fail(key, f"unknown key {key.value!r}; known are {', '.join(sorted(known))}")
            if key.value in found:
                raise self.fail(key, f"{key.value!r} stands twice in {what}")
            found[key.value] = value
        if missing := needed - found.keys():
            raise self.fail(node, f"{what} lacks {', '.join(sorted(missing))}")
        return found

    def text(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.fail(node, f"expected {what}")
        return str(node.value)

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.fail(node, f"expected a list of {what} that is not empty")
        return list(node.value)

    def day(self, node: yaml.Node) -> date:
        try:
            return date.fromisoformat(self.text(node, "a date like 2026-11-21"))
        except ValueError:
            raise self.fail(node, "expected a date like 2026-11-21") from None

    def country(self, node: yaml.Node) -> str | None:
        if node.tag == "tag:yaml.org,2002:null":
            return None
        code = self.text(node, "a country code (ISO 3166 alpha-2) or null")
        if code not in COUNTRY_CODES:
            raise self.fail(
                node, f"{code!r} is no country code (ISO 3166 alpha-2); write null if it is not known"
            )
        return code

    def entry(self, node: yaml.Node) -> None:
        entry = self.mapping(node, _KEYS, _KEYS, "an organisation")
        name = self.text(entry["name"], "a name")
        if name in self.names:
            raise self.fail(entry["name"], f"{name!r} stands in line {self.names[name]} already")
        self.names[name] = node.start_mark.line + 1
        country, checked = self.country(entry["country"]), self.day(entry["checked"])
        for service in self.items(entry["services"], "services"):
            self.service(service, name, country, checked)

    def service(self, node: yaml.Node, name: str, country: str | None, checked: date) -> None:
        service = self.mapping(node, _SERVICE_KEYS, _NEEDED_SERVICE_KEYS, "a service")
        roles = []
        for role in self.items(service["roles"], "roles"):
            roles.append(self.text(role, "a role"))
            if roles[-1] not in ROLES:
                raise self.fail(role, f"unknown role {roles[-1]!r}; known are {', '.join(sorted(ROLES))}")
        organisation = Organisation(
            name=name,
            country=country,
            roles=tuple(roles),
            source=self.text(service["source"], "a source"),
            date=checked,
        )
        lent = "lent" in service and self.flag(service["lent"])
        for domain in self.items(service["domains"], "domains"):
            self.domain(domain, organisation, lent)

    def flag(self, node: yaml.Node) -> bool:
        if node.tag != "tag:yaml.org,2002:bool":
            raise self.fail(node, "expected true or false")
        return str(node.value).lower() in ("true", "yes", "on")

    def domain(self, node: yaml.Node, organisation: Organisation, lent: bool) -> None:
        domain = self.text(node, "a domain")
        if not _DOMAIN.fullmatch(domain):
            raise self.fail(node, f"{domain!r} is no domain: lower case, no scheme, path or wildcard")
        if domain in self.services:
            raise self.fail(node, f"{domain!r} stands in line {self.lines[domain]} already")
        self.lines[domain] = node.start_mark.line + 1
        self.services[domain] = Service(domain=domain, organisation=organisation, lent=lent)


def read_organisations(path: Path = ORGANISATIONS) -> OrganisationList:
    """Read a list of organisations.

    Raises:
        ConfigError: The file is not as above: an unknown key, a domain or name that stands twice, a code
            that is no country. Names file and line.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise ConfigError(f"{path.name}, line {line}: not YAML: {error.problem}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path.name}: cannot be read as YAML ({type(error).__name__})") from error
    reader = _Reader(path)
    if not isinstance(root, yaml.SequenceNode):
        raise ConfigError(f"{path.name}: expected a list of organisations")
    for node in root.value:
        reader.entry(node)
    return OrganisationList(reader.services)
