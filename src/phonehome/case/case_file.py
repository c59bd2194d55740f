"""`case.yaml`: the title of a case, its handsets, and the services that they talk to (`phonehome.case/1`)."""

import re
from dataclasses import dataclass
from pathlib import Path

from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    open_file,
    read_id,
    read_optional,
    read_text,
    read_word,
    require,
)
from phonehome.case.yamlfile import Node
from phonehome.model.case import CaseHandset, CaseKind, Service

SCHEMA = "phonehome.case/1"
KEYS = ("title", "kind", "handsets", "services")
HANDSET_KEYS = ("id", "make", "model", "builds")
SERVICE_KEYS = ("id", "name", "hosts")
MAX_HANDSETS = 1000
MAX_BUILDS = 1000
MAX_SERVICES = 1000
MAX_HOSTS = 1000
UNTITLED = "untitled case"
NEW = "phonehome case new"
# Letters of any script, since a host name may be written as people read it; never a URL, a port or a wildcard.
_HOST = re.compile(r"\.?[^\W_](?:[\w-]{0,62})(?:\.[^\W_][\w-]{0,62})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """What `case.yaml` says; `handset_nodes` know the line of each handset."""

    title: str
    kind: CaseKind
    handsets: dict[str, CaseHandset]
    services: dict[str, Service]
    handset_nodes: dict[str, Node]


def read_case_file(path: Path) -> CaseFile:
    """Read a `case.yaml`.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    parts = open_file(path, SCHEMA, "a case", KEYS, NEW)
    remarks = Remarks()
    title, kind = "", CaseKind.OBSERVATION
    handsets: dict[str, CaseHandset] = {}
    nodes: dict[str, Node] = {}
    services: dict[str, Service] = {}
    with remarks.collecting():
        title = _title(parts)
    with remarks.collecting():
        if "kind" in parts:
            kind = read_word(parts["kind"], "kind", CaseKind)
    for item in _items(parts, "handsets", MAX_HANDSETS, remarks):
        with remarks.collecting():
            handset = _handset(item)
            _refuse_twice(item, handset.id, nodes)
            handsets[handset.id], nodes[handset.id] = handset, item
    service_nodes: dict[str, Node] = {}
    for item in _items(parts, "services", MAX_SERVICES, remarks):
        with remarks.collecting():
            service = _service(item)
            _refuse_twice(item, service.id, service_nodes)
            services[service.id], service_nodes[service.id] = service, item
    remarks.check()
    return CaseFile(title=title, kind=kind, handsets=handsets, services=services, handset_nodes=nodes)


def _title(parts: dict[str, Node]) -> str:
    node = parts.get("title")
    if node is None or node.is_null:
        return UNTITLED  # and not the folder's name: the same evidence is to say the same under any
    return read_text(node, "title", MAX_LINE)


def _items(parts: dict[str, Node], key: str, limit: int, remarks: Remarks) -> list[Node]:
    node = parts.get(key)
    items: list[Node] = []
    if node is not None and not node.is_null:
        with remarks.collecting():
            items = node.items(key, limit)
    return items


def _refuse_twice(item: Node, name: str, nodes: dict[str, Node]) -> None:
    if name in nodes:
        raise item.error(f"the id {name!r} stands in line {nodes[name].line} too; ids must differ")


def _handset(item: Node) -> CaseHandset:
    parts = item.mapping("a handset", HANDSET_KEYS)
    builds: list[str] = []
    node = parts.get("builds")
    for entry in [] if node is None or node.is_null else node.items("builds", MAX_BUILDS):
        build = read_text(entry, "a build", MAX_LINE)
        if build in builds:
            raise entry.error(f"the build {build[:80]!r} stands twice; keep one, in the order of release")
        builds.append(build)
    return CaseHandset(
        id=read_id(require(parts, "id", item, "redmi-1s"), "the id of a handset"),
        make=read_optional(parts.get("make"), "make", MAX_LINE),
        model=read_optional(parts.get("model"), "model", MAX_LINE),
        builds=tuple(builds),
    )


def _service(item: Node) -> Service:
    parts = item.mapping("a service", SERVICE_KEYS)
    hosts: list[str] = []
    node = parts.get("hosts")
    for entry in [] if node is None or node.is_null else node.items("hosts", MAX_HOSTS):
        host = read_text(entry, "a host", MAX_LINE)
        if not _HOST.fullmatch(host):
            raise entry.error(
                f"{host[:80]!r} is no host: give a name (api.example.com), or a suffix with a leading dot "
                "(.example.com) for every host below it"
            )
        hosts.append(host.lower())
    return Service(
        id=read_id(require(parts, "id", item, "cloud"), "the id of a service"),
        name=read_optional(parts.get("name"), "name", MAX_LINE),
        hosts=tuple(dict.fromkeys(hosts)),
    )
