"""The notice as a MISP event (the core format, https://www.misp-standard.org), which MISP and PyMISP read.

`to_ids` is false everywhere: a vendor's host is no indicator of compromise, and must not end in anybody's block list.
"""

from datetime import datetime

from phonehome.documents.advisory import AdvisoryDocument, SentDoc
from phonehome.reports import words
from phonehome.reports.advisory import phrases
from phonehome.reports.advisory.hosts import address_kind, is_host_name
from phonehome.reports.advisory.ids import make_uuid, notice_key
from phonehome.reports.advisory.json_notice import write_json
from phonehome.reports.advisory.markdown import render_markdown
from phonehome.reports.advisory.shown import make_visible

Json = dict[str, object]

OWN_ORGANISATION = "0"
"""`distribution`: whoever imports the event decides who else sees it."""
INHERIT = "5"
THREAT_LEVELS = {"critical": "1", "high": "1", "medium": "2", "low": "3", None: "4"}
ANALYSIS = {"draft": "0", "interim": "1", "final": "2"}
TLP_COLOURS = {
    "CLEAR": "#ffffff",
    "GREEN": "#339900",
    "AMBER": "#ffc000",
    "AMBER+STRICT": "#ffc000",
    "RED": "#cc0033",
}


def render_misp(doc: AdvisoryDocument) -> bytes:
    """Write the notice as one event; the same notice gives the same UUIDs and time stamps."""
    report = render_markdown(doc).decode("utf-8")
    doc = make_visible(doc)
    stamp = str(int(datetime.fromisoformat(doc.updated).timestamp()))
    organisation = {"name": doc.publisher.name, "uuid": make_uuid("organisation", doc.publisher.namespace)}
    event: Json = {
        "uuid": make_uuid(*notice_key(doc), "event"),
        "info": phrases.marked_title(doc),
        "date": phrases.day(doc.issued),
        "timestamp": stamp,
        "published": False,
        "analysis": ANALYSIS[doc.status],
        "threat_level_id": THREAT_LEVELS[doc.severity.level],
        "distribution": OWN_ORGANISATION,
        "Orgc": organisation,
        "Tag": [{"name": f"tlp:{doc.tlp.lower()}", "colour": TLP_COLOURS[doc.tlp]}, *_marks(doc)],
        "Attribute": _attributes(doc, stamp),
        "Object": [],
        "EventReport": [
            {
                "uuid": make_uuid(*notice_key(doc), "report"),
                "name": phrases.release(doc),
                "content": report,
                "distribution": INHERIT,
                "timestamp": stamp,
                "deleted": False,
            }
        ],
    }
    return write_json({"Event": event})


def _marks(doc: AdvisoryDocument) -> list[Json]:
    return [{"name": f"phonehome:{mark}", "colour": "#56616c"} for mark in phrases.marks(doc)]


def _attributes(doc: AdvisoryDocument, stamp: str) -> list[Json]:
    found: dict[str, Json] = {}

    def add(kind: str, category: str, value: str, comment: str) -> None:
        ident = make_uuid(*notice_key(doc), "attribute", kind, value, comment if kind == "comment" else None)
        found[ident] = {
            "uuid": ident,
            "type": kind,
            "category": category,
            "value": value,
            "comment": comment,
            "to_ids": False,
            "disable_correlation": False,
            "distribution": INHERIT,
            "timestamp": stamp,
        }

    add("text", "Internal reference", doc.id, "Number of the notice")
    for text in doc.notices:
        add("comment", "Other", text, "Status of the notice")
    for sent in doc.sent:
        for kind, value in _places(sent):
            add(kind, "Network activity", value, _recipients(doc, value))
        add("comment", "External analysis", sent.sentence, f"Severity: {sent.severity}")
    for handset in doc.handsets:
        for build in handset.builds:
            text = f"{handset.name} {build.build or '(build not recorded)'}: {phrases.STATES[build.state]}"
            add("comment", "Other", text, " ".join(build.why))
    for statement in doc.statements:
        said = f"{statement.id}, {phrases.speaker(statement)}: “{statement.text}”"
        add("comment", "External analysis", said, f"[{statement.verdict}] {phrases.reason(statement)}")
    for reference in doc.references:
        add("link", "External analysis", reference.url, reference.summary)
    return list(found.values())


def _places(sent: SentDoc) -> list[tuple[str, str]]:
    """Give the host and its addresses by the types that MISP checks; what is masked or malformed is plain text."""
    found = []
    if sent.host and address_kind(sent.host) is None:
        found.append(("hostname" if is_host_name(sent.host) else "text", sent.host))
    for text in dict.fromkeys([*sent.addresses, sent.host or ""]):
        if address_kind(text) is not None:
            found.append(("ip-dst", text))
    return found


def _recipients(doc: AdvisoryDocument, place: str) -> str:
    """Say what was seen going to a host or address."""
    names = dict.fromkeys(
        words.data_type(sent.data_type) for sent in doc.sent if place in (sent.host, *sent.addresses)
    )
    return f"Received {words.listing(names)}. No indicator of compromise."
