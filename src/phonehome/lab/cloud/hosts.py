"""The vendor's services and their host names.

Names are those of the published material where it has them (account, backup, push); the others are the lab's
guess at the ordinary background of such a phone. Addresses are the ones published for 2014, and None
where none was published: what stands for them in a recording is for the scenario to say.
"""

from dataclasses import dataclass
from typing import Literal

from phonehome.lab.cloud.config import Group, RegionName

Protocol = Literal["http", "https", "push"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its name in the lab, its host name, how it is spoken to."""

    name: str
    host: str
    group: Group
    protocols: tuple[Protocol, ...] = ("http", "https")
    published_address: str | None = None


SERVICES: tuple[Service, ...] = (
    Service(name="account", host="api.account.xiaomi.com", group=Group.PERSONAL),
    Service(name="chat", host="api.chat.xiaomi.net", group=Group.PERSONAL),
    Service(
        name="push",
        host="app.chat.xiaomi.net",
        group=Group.PERSONAL,
        protocols=("push",),
        published_address="42.62.48.181",
    ),
    Service(name="contacts", host="contactapi.micloud.xiaomi.net", group=Group.PERSONAL),
    Service(name="messages", host="smsapi.micloud.xiaomi.net", group=Group.PERSONAL),
    Service(name="calls", host="phonecallapi.micloud.xiaomi.net", group=Group.PERSONAL),
    Service(name="photos", host="galleryapi.micloud.xiaomi.net", group=Group.PERSONAL),
    Service(name="notes", host="noteapi.micloud.xiaomi.net", group=Group.PERSONAL),
    Service(name="positions", host="findapi.micloud.xiaomi.net", group=Group.PERSONAL),
    Service(name="networks", host="wifiapi.micloud.xiaomi.net", group=Group.PERSONAL),
    Service(name="store", host="app.market.xiaomi.com", group=Group.COMMERCE),
    Service(name="games", host="mis.migc.xiaomi.com", group=Group.COMMERCE, published_address="42.62.48.210"),
    Service(name="ota", host="update.miui.com", group=Group.PUBLIC),
    Service(name="portal", host="miui.com", group=Group.PUBLIC, published_address="42.62.48.148"),
    Service(name="analytics", host="tracking.miui.com", group=Group.PUBLIC),
    Service(name="connectivity", host="connect.rom.miui.com", group=Group.PUBLIC),
    Service(name="weather", host="weatherapi.market.xiaomi.com", group=Group.PUBLIC),
)
SERVICES_BY_NAME = {service.name: service for service in SERVICES}
BACKUP_SERVICES = ("contacts", "messages", "calls", "photos", "notes", "positions", "networks")
"""Of the last two, only the names of their hosts were published: that they take what their names say, by the calls of
the others, is the lab's."""

PREFIXES = {
    RegionName.BEIJING: "",
    RegionName.OREGON: "us.",
    RegionName.CALIFORNIA: "usw.",
    RegionName.SINGAPORE: "sg.",
}
"""Before a service's host name; the plain name is Beijing's, where all of it began."""


def regional_host(region: RegionName, service: Service) -> str:
    """Give the name under which a region offers a service."""
    return PREFIXES[region] + service.host


def service_of_host(host: str) -> Service | None:
    """Find the service by a host name, plain or regional, as it stands in a request (a port is ignored)."""
    name = host.rpartition(":")[0] if ":" in host else host
    name = name.lower().rstrip(".")
    for prefix in PREFIXES.values():
        found = _BY_HOST.get(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if found is not None:
            return found
    return None


_BY_HOST = {service.host: service for service in SERVICES}
