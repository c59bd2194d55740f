"""`advisory.yaml`: what people decide about the notice of a case. Every key may be left out."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from phonehome.case.reading import (
    MAX_LINE,
    Remarks,
    open_file,
    read_optional,
    read_text,
    read_time,
    read_word,
    require,
)
from phonehome.case.yamlfile import Node
from phonehome.model.advisory import (
    MAX_WEB_ADDRESS,
    Action,
    AdvisoryDetails,
    Audience,
    NoticeSeverity,
    Publisher,
    PublisherCategory,
    Reference,
    Revision,
    SignedStatus,
    Tlp,
    is_web_address,
)

ADVISORY_FILE = "advisory.yaml"
SCHEMA = "phonehome.advisory-file/1"
KEYS = (
    "title",
    "id",
    "publisher",
    "tlp",
    "severity",
    "status",
    "least_severity",
    "overview",
    "what_to_do",
    "references",
    "revisions",
)
PUBLISHER_KEYS = ("name", "namespace", "contact", "category")
ACTION_KEYS = ("who", "text")
REFERENCE_KEYS = ("summary", "url")
REVISION_KEYS = ("version", "date", "summary")
MAX_ENTRIES = 100
MAX_ID = 100
VERSION_PATTERN = r"(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5})\.(?:0|[1-9][0-9]{0,5}))?"
"""Whole numbers, or three of them as semantic versions have it (CSAF 2.0, section 3.1.11)."""
_VERSION = re.compile(VERSION_PATTERN, re.ASCII)
_Read = TypeVar("_Read")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def load_advisory_file(path: Path) -> AdvisoryDetails:
    """Read what people decided about a notice.

    Raises:
        ConfigError: Names file and line of everything that is wrong.
    """
    parts = open_file(path, SCHEMA, "the advisory file", KEYS, "phonehome schema advisory-file")
    remarks = Remarks()

    def take(key: str, read: Callable[[Node], _Read], default: _Read) -> _Read:
        node = parts.get(key)
        if node is None or node.is_null:
            return default
        with remarks.collecting():
            return read(node)
        return default

    details = AdvisoryDetails(
        title=take("title", lambda node: " ".join(read_text(node, "title", MAX_LINE).split()), None),
        id=take("id", _id, None),
        publisher=take("publisher", _publisher, None),
        tlp=take("tlp", lambda node: read_word(node, "tlp", Tlp), None),
        severity=take("severity", lambda node: read_word(node, "severity", NoticeSeverity), None),
        status=take("status", lambda node: read_word(node, "status", SignedStatus), SignedStatus.FINAL),
        least_severity=take(
            "least_severity",
            lambda node: read_word(node, "least_severity", NoticeSeverity),
            NoticeSeverity.LOW,
        ),
        overview=take("overview", _paragraphs, ()),
        what_to_do=take("what_to_do", _actions, ()),
        references=take("references", _references, ()),
        revisions=take("revisions", _revisions, ()),
    )
    remarks.check()
    return details


def _id(node: Node) -> str:
    text = read_text(node, "id", MAX_ID).strip()
    if not text.isprintable():
        raise node.error("id has a character that cannot be seen; write it in one line")
    return text


def _url(node: Node, what: str) -> str:
    text = read_text(node, what, MAX_WEB_ADDRESS).strip()
    if not is_web_address(text):
        raise node.error(
            f"{what} must be an address that begins with https:// or http://; this is {text[:80]!r}"
        )
    return text


def _publisher(node: Node) -> Publisher:
    parts = node.mapping("publisher", PUBLISHER_KEYS)
    category = parts.get("category")
    return Publisher(
        name=read_text(require(parts, "name", node, '"A lab"'), "name of publisher", MAX_LINE),
        namespace=_url(require(parts, "namespace", node, "https://lab.example"), "namespace of publisher"),
        contact=read_optional(parts.get("contact"), "contact of publisher", MAX_LINE),
        category=(
            PublisherCategory.OTHER
            if category is None or category.is_null
            else read_word(category, "category of publisher", PublisherCategory)
        ),
    )


def _paragraphs(node: Node) -> tuple[str, ...]:
    """Read a text with paragraphs, set apart by empty lines."""
    text = read_text(node, "overview")
    return tuple(" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip())


def _actions(node: Node) -> tuple[Action, ...]:
    actions = []
    for item in node.items("what_to_do", MAX_ENTRIES):
        parts = item.mapping("an entry of what_to_do", ACTION_KEYS)
        text = " ".join(read_text(require(parts, "text", item, '"Update."'), "text of what_to_do").split())
        audience = read_word(require(parts, "who", item, "users"), "who of what_to_do", Audience)
        actions.append(Action(audience=audience, text=text))
    return tuple(actions)


def _references(node: Node) -> tuple[Reference, ...]:
    references = []
    for item in node.items("references", MAX_ENTRIES):
        parts = item.mapping("an entry of references", REFERENCE_KEYS)
        summary = read_text(require(parts, "summary", item, '"The vendor\'s answer"'), "summary", MAX_LINE)
        url = _url(require(parts, "url", item, "https://vendor.example/answer"), "url of references")
        references.append(Reference(summary=summary, url=url))
    return tuple(references)


def _revisions(node: Node) -> tuple[Revision, ...]:
    """Read the history: dates in order, versions of one kind that rise without a gap (CSAF 2.0, section 6.1)."""
    items = node.items("revisions", MAX_ENTRIES)
    revisions = [_revision(item) for item in items]
    for (before, after), item in zip(pairwise(revisions), items[1:], strict=True):
        if after.date < before.date:
            raise item.error("revisions must stand in the order of their dates, the oldest first")
        _check_order(before.version, after.version, item)
    if revisions and _numbers(revisions[0].version)[0] > 1:
        raise items[0].error("the first version is 1 or 1.0.0 (0 or 0.1.0 for a draft)")
    return tuple(revisions)


def _revision(node: Node) -> Revision:
    parts = node.mapping("an entry of revisions", REVISION_KEYS)
    version_node = require(parts, "version", node, '"1"')
    version = version_node.plain("version")
    if not _VERSION.fullmatch(version):
        raise version_node.error(
            f"version must be a whole number or one like 1.2.0, and this is {version[:80]!r}"
        )
    summary = read_text(require(parts, "summary", node, '"First version"'), "summary of revisions")
    date_node = require(parts, "date", node, "2026-03-01")
    return Revision(version=version, date=_moment(date_node), summary=" ".join(summary.split()))


def _moment(node: Node) -> datetime:
    """Give a moment, or midnight in UTC of a day."""
    text = node.plain("date of revisions")
    if not _DAY.fullmatch(text):
        return read_time(node, "date of revisions")
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise node.error(f"date of revisions is no day of the calendar: {text}") from error


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _check_order(before: str, after: str, item: Node) -> None:
    old, new = _numbers(before), _numbers(after)
    if len(old) != len(new):
        raise item.error("versions are either all whole numbers or all like 1.2.0; use one kind")
    if new <= old:
        raise item.error(f"version {after} comes after {before}, but is not greater")
    if new[0] > old[0] + 1:
        raise item.error(f"between version {before} and {after} one is missing; every version has its entry")
