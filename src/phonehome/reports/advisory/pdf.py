"""The notice as PDF, set by typst from a template of ours.

The notice reaches the template as data (one JSON text), never as source, so nothing that was captured can be markup.
Only the fonts beside this module are used, so that a page looks the same on every machine; a character that they lack
is written out as its code, since an empty box would hide it. The creation date is that of the notice.
"""

import json
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files

from phonehome.documents.advisory import AdvisoryDocument, BuildDoc, EvidenceDoc, SentDoc, StatementDoc
from phonehome.reports import words
from phonehome.reports.advisory import phrases
from phonehome.reports.advisory.shown import make_visible

Json = dict[str, object]


def render_pdf(doc: AdvisoryDocument) -> bytes:
    """Set the notice as PDF (A4); the same notice gives the same bytes with the same version of typst."""
    import typst  # its library is large, and no other format needs it

    template = files(__package__).joinpath("notice.typ").read_bytes()
    data = json.dumps(_writable(_view(make_visible(doc))), ensure_ascii=True)
    with as_file(files(__package__).joinpath("fonts")) as fonts:
        ours = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts])
        compiler = typst.Compiler(template, root=fonts, font_paths=ours, sys_inputs={"notice": data})
        pdf = compiler.compile(format="pdf", timestamp=int(datetime.fromisoformat(doc.updated).timestamp()))
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _characters() -> frozenset[str]:
    """Give every character that all of the fonts have."""
    text = files(__package__).joinpath("fonts", "characters.txt").read_text(encoding="ascii")
    found = {"\n"}
    for line in text.splitlines():
        if not line.startswith("#"):
            first, last = (int(code, 16) for code in line.split("-"))
            found |= set(map(chr, range(first, last + 1)))
    return frozenset(found)


def _writable(value: object) -> object:
    match value:
        case str():
            known = _characters()
            return "".join(one if one in known else f"\\u{{{ord(one):04X}}}" for one in value)
        case dict():
            return {key: _writable(item) for key, item in value.items()}
        case list():
            return [_writable(item) for item in value]
        case _:
            return value


def _view(doc: AdvisoryDocument) -> Json:
    return {
        "title": doc.title,
        "marked_title": phrases.marked_title(doc),
        "id": doc.id,
        "release": phrases.release(doc),
        "tlp": doc.tlp,
        "marks": [mark.upper() for mark in phrases.marks(doc)],
        "notices": doc.notices,
        "severity": doc.severity.level or "none",
        "facts": _facts(doc),
        "overview": doc.overview,
        "handsets": [
            {"name": handset.name, "builds": [_build(build) for build in handset.builds]}
            for handset in doc.handsets
        ],
        "sent": [_sent(sent) for sent in doc.sent],
        "impact": [{"types": phrases.types(one.data_types), "text": one.text} for one in doc.impact],
        "actions": [
            {"audience": title, "texts": [one.text for one in doc.what_to_do if one.audience == name]}
            for name, title in phrases.AUDIENCES.items()
            if any(one.audience == name for one in doc.what_to_do)
        ],
        "statements": [_statement(one) for one in doc.statements],
        "gaps": [
            {"title": title, "items": [{"what": gap.what, "why": gap.why} for gap in gaps]}
            for title, gaps in phrases.gaps_by_kind(doc)
        ],
        "references": [{"summary": one.summary, "url": one.url} for one in doc.references],
        "revisions": [
            {"version": one.version, "date": phrases.day(one.date), "summary": one.summary}
            for one in doc.revisions
        ],
        "inputs": [{"path": one.path, "sha256": one.sha256 or "unknown"} for one in doc.inputs],
        "left_out": phrases.left_out(doc),
        "made_by": phrases.made_by(doc),
        "publisher": doc.publisher.name,
        "date": [int(part) for part in phrases.day(doc.updated).split("-")],
    }


def _facts(doc: AdvisoryDocument) -> list[list[str]]:
    contact = f", {doc.publisher.contact}" if doc.publisher.contact else ""
    return [
        ["Number", doc.id],
        ["Version", f"{doc.version} ({doc.status}), {phrases.day(doc.updated)}"],
        ["First issued", phrases.day(doc.issued)],
        ["Severity", f"{phrases.severity(doc)}, {doc.severity.why}"],
        ["Publisher", f"{doc.publisher.name} ({doc.publisher.category}){contact}"],
    ]


def _build(build: BuildDoc) -> Json:
    decision = f"{build.decision}: {build.decision_reason}" if build.decision else ""
    return {
        "build": build.build or "not recorded",
        "state": build.state,
        "said": phrases.STATES[build.state],
        "why": build.why,
        "decision": decision,
    }


def _sent(sent: SentDoc) -> Json:
    name = words.data_type(sent.data_type)
    return {
        "title": f"{name[:1].upper()}{name[1:]} to {phrases.recipient(sent)}",
        "severity": sent.severity,
        "sentence": sent.sentence,
        "cause": sent.cause or "",
        "fixed": f"No longer seen in {words.listing(sent.fixed_in)}." if sent.fixed_in else "",
        "evidence": [_evidence(one) for one in sent.evidence],
    }


def _evidence(one: EvidenceDoc) -> Json:
    return {
        "occasion": phrases.occasion(one),
        "request": one.request or "",
        "excerpt": one.excerpt,
        "proof": phrases.proof(one),
        "finding": one.finding,
    }


def _statement(one: StatementDoc) -> Json:
    return {
        "id": one.id,
        "text": one.text,
        "who": phrases.speaker(one),
        "verdict": one.verdict,
        "reason": phrases.reason(one),
    }
