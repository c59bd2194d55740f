"""The notice as CSAF 2.0 (OASIS Standard, November 2022), profile "Informational Advisory" (section 4.3).

It names no vulnerability: a vendor's upload is none, and has no CVE. So what the sessions say of builds stands in
notes and product groups, not in a product status. Labels of TLP 2.0 become those of TLP 1.0 that the standard
knows; the exact label stands in the text beside it.
"""

import re

from phonehome.documents.advisory import (
    AdvisoryDocument,
    BuildDoc,
    HandsetNoticeDoc,
    RevisionDoc,
    SentDoc,
    StatementDoc,
)
from phonehome.reports import words
from phonehome.reports.advisory import phrases
from phonehome.reports.advisory.json_notice import write_json
from phonehome.reports.advisory.shown import make_visible

TLP_LABELS = {"CLEAR": "WHITE", "GREEN": "GREEN", "AMBER": "AMBER", "AMBER+STRICT": "AMBER", "RED": "RED"}
TLP_URL = "https://www.first.org/tlp/"
# Section 6.1.31: a branch of this category names one version; these signs and words would make it a range.
_RANGE = re.compile(r"[<>]|\b(?:after|all|before|earlier|later|prior|versions)\b", re.IGNORECASE)
_NOT_IN_FILE_NAMES = re.compile(r"[^+\-a-z0-9]+")

Json = dict[str, object]


def csaf_file_name(doc: AdvisoryDocument) -> str:
    """Give the name that a file of this document must have (section 5.1)."""
    return f"{_NOT_IN_FILE_NAMES.sub('_', doc.id.lower())}.json"


def render_csaf(doc: AdvisoryDocument) -> bytes:
    """Write the notice as a CSAF 2.0 document, a file of which is called `csaf_file_name(doc)`."""
    doc = make_visible(doc)
    tree = _product_tree(doc)
    return write_json({"document": _document(doc)} | ({"product_tree": tree} if tree else {}))


def _document(doc: AdvisoryDocument) -> Json:
    contact = {"contact_details": doc.publisher.contact} if doc.publisher.contact else {}
    return {
        "aggregate_severity": {"text": phrases.severity(doc)},
        "category": "csaf_informational_advisory",
        "csaf_version": "2.0",
        "distribution": {
            "text": _distribution(doc),
            "tlp": {"label": TLP_LABELS[doc.tlp], "url": TLP_URL},
        },
        "lang": "en",
        "notes": _notes(doc),
        "publisher": {
            "category": doc.publisher.category,
            "name": doc.publisher.name,
            "namespace": doc.publisher.namespace,
        }
        | contact,
        "references": [
            {"category": "external", "summary": one.summary, "url": one.url} for one in doc.references
        ],
        "title": phrases.marked_title(doc),
        "tracking": _tracking(doc),
    }


def _distribution(doc: AdvisoryDocument) -> str:
    text = f"TLP:{doc.tlp} (TLP version 2.0)."
    if doc.tlp == "AMBER+STRICT":
        text += " Only within the recipient's own organisation, not to its clients: CSAF 2.0 has no label for that."
    return "\n".join([text, *doc.notices])


def _tracking(doc: AdvisoryDocument) -> Json:
    return {
        "current_release_date": doc.updated,
        "generator": {"engine": {"name": doc.tool.name or "phonehome", "version": doc.tool.version or "0"}},
        "id": doc.id,
        "initial_release_date": doc.issued,
        "revision_history": [
            {"date": one.date, "number": one.version, "summary": one.summary} for one in _history(doc)
        ],
        "status": doc.status,
        "version": doc.version,
    }


def _history(doc: AdvisoryDocument) -> list[RevisionDoc]:
    """Leave the versions of drafts out of a released history (section 6.1.18)."""
    if doc.status == "draft":
        return doc.revisions
    return [one for one in doc.revisions if one.version.split(".")[0] != "0"]


def _note(category: str, title: str, lines: list[str]) -> list[Json]:
    text = "\n".join(line for line in lines if line)
    return [{"category": category, "text": text, "title": title}] if text else []


def _notes(doc: AdvisoryDocument) -> list[Json]:
    return [
        *_note("general", "Status of this notice", doc.notices),
        *_note("summary", "Overview", doc.overview),
        *_note("general", "Affected and fixed builds", [_builds(handset) for handset in doc.handsets]),
        *_note(
            "description",
            "Description",
            [_described(sent) for sent in doc.sent] or ["Nothing was seen leaving."],
        ),
        *_note("details", "Evidence", [_evidence(sent) for sent in doc.sent]),
        *_note(
            "details",
            "Impact",
            [f"{phrases.types(one.data_types)}: {one.text}" for one in doc.impact],
        ),
        *_note(
            "general",
            "What to do",
            [f"{phrases.AUDIENCES[one.audience]}: {one.text}" for one in doc.what_to_do],
        ),
        *_note("details", "Statements and verdicts", [_statement(one) for one in doc.statements]),
        *_note(
            "details",
            "What was not tested",
            [f"{title}: {gap.what}: {gap.why}" for title, gaps in phrases.gaps_by_kind(doc) for gap in gaps],
        ),
        *_note(
            "details",
            "Recordings",
            [
                *(f"{one.path}, SHA-256 {one.sha256 or 'unknown'}" for one in doc.inputs),
                *phrases.left_out(doc),
                phrases.made_by(doc),
            ],
        ),
    ]


def _builds(handset: HandsetNoticeDoc) -> str:
    return "\n".join(
        f"{handset.name} {build.build or '(build not recorded)'}: {phrases.STATES[build.state]}. "
        f"{' '.join(build.why)}"
        + (f" Decision: {build.decision}, {build.decision_reason}." if build.decision else "")
        for build in handset.builds
    )


def _described(sent: SentDoc) -> str:
    more = [sent.cause or ""]
    if sent.fixed_in:
        more.append(f"No longer seen in {words.listing(sent.fixed_in)}.")
    return f"[{sent.severity}] {' '.join([sent.sentence, *more]).strip()}"


def _evidence(sent: SentDoc) -> str:
    lines = []
    for one in sent.evidence:
        lines += [
            f"{words.data_type(sent.data_type)} to {phrases.recipient(sent)}, finding {one.finding}: "
            f"{phrases.occasion(one)}",
            f"  {one.request or 'no request'}",
            f"  {one.excerpt}",
            f"  {phrases.proof(one)}",
        ]
    return "\n".join(lines)


def _statement(one: StatementDoc) -> str:
    return f"{one.id}, {phrases.speaker(one)}: “{one.text}” [{one.verdict}] {phrases.reason(one)}"


def _product_tree(doc: AdvisoryDocument) -> Json | None:
    vendors: dict[str, list[Json]] = {}
    groups: dict[str, list[str]] = {}
    for place, handset in enumerate(doc.handsets):
        leaves = []
        for number, build in enumerate(handset.builds):
            ident = f"PH-{place + 1}-{number + 1}"
            groups.setdefault(build.state, []).append(ident)
            leaves.append(_leaf(ident, handset, build))
        if leaves:
            family: Json = {
                "branches": leaves,
                "category": "product_name",
                "name": handset.model or handset.name,
            }
            vendors.setdefault(handset.make or "Make not recorded", []).append(family)
    if not vendors:
        return None
    tree: Json = {
        "branches": [
            {"branches": families, "category": "vendor", "name": name} for name, families in vendors.items()
        ]
    }
    shared = [
        {
            "group_id": f"PH-GROUP-{state.upper()}",
            "product_ids": ids,
            "summary": f"Builds: {phrases.STATES[state]}",
        }
        for state, ids in groups.items()
        if len(ids) > 1  # section 3.2.2.4: a group has two or more
    ]
    return tree | ({"product_groups": shared} if shared else {})


def _leaf(ident: str, handset: HandsetNoticeDoc, build: BuildDoc) -> Json:
    name = build.build or "build not recorded"
    return {
        "category": "patch_level" if _RANGE.search(name) else "product_version",
        "name": name,
        "product": {
            "name": f"{handset.name} {name} ({phrases.STATES[build.state]})",
            "product_id": ident,
        },
    }
