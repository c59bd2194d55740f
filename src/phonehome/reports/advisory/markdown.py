"""The notice as Markdown, for mails, wikis and repositories.

What was captured must stay text in every dialect: characters that begin markup are escaped, those that are special to
HTML or tables are written as entities, and captured text (hosts, requests, excerpts) stands in code spans, which no
dialect looks into.
"""

import re
from collections.abc import Iterable, Sequence

from phonehome.documents.advisory import AdvisoryDocument, EvidenceDoc, HandsetNoticeDoc, SentDoc
from phonehome.reports import words
from phonehome.reports.advisory import phrases
from phonehome.reports.advisory.shown import make_visible

_SPECIAL = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "~": "&#126;", "$": "&#36;"}
    | {character: f"\\{character}" for character in "\\`*_{}[]!#"}
    | {"@": "`@`"}  # some dialects link mail addresses, whatever stands before the sign
)
_AT_BEGINNING = re.compile(r"\A([+-]|\d{1,9}[.)])(?=\s|\Z)")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp|data|javascript|vbscript)(:)|\b(www)(\.)")
_BACKTICKS = re.compile(r"`+")


def escape(text: str) -> str:
    """Write any text so that it shows as itself: no markup, no link, no tag, in one line."""
    text = " ".join(text.split()).translate(_SPECIAL)
    text = _ADDRESS.sub(lambda m: f"{m[1]}&#58;" if m[1] else f"{m[3]}&#46;", text)
    return _AT_BEGINNING.sub(lambda m: f"{m[1][:-1]}\\{m[1][-1]}", text)


def code(text: str) -> str:
    """Write captured text as a code span, with a fence that is longer than any run of backticks in it."""
    text = " ".join(text.split())
    if not text:
        return "(empty)"
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(text)), default=0) + 1)
    padding = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def cell(text: str) -> str:
    """Write captured text as code in a cell of a table, where even code may not hold a bar."""
    return code(text.replace("|", "¦"))


def render_markdown(doc: AdvisoryDocument) -> bytes:
    """Write the notice as Markdown (CommonMark with tables)."""
    doc = make_visible(doc)
    parts = [
        f"# {escape(doc.title)}",
        *(f"> **{escape(text)}**" for text in doc.notices),
        _facts(doc),
        "## Overview",
        *(escape(text) for text in doc.overview),
        "## Affected and fixed builds",
        *(_handset(handset) for handset in doc.handsets),
        "## Description",
        *([_sent(number, sent) for number, sent in enumerate(doc.sent, 1)] or ["Nothing was seen leaving."]),
        "## Impact",
        _list(f"{escape(phrases.types(i.data_types))}: {escape(i.text)}" for i in doc.impact)
        or "None was shown.",
        "## What to do",
        *_actions(doc),
        "## Statements and verdicts",
        *_statements(doc),
        "## What was not tested",
        *_gaps(doc),
        "## References",
        _list(f"{escape(r.summary)}: <{_link(r.url)}>" for r in doc.references),
        "## Revision history",
        _table(
            ("Version", "Date", "Summary"),
            [(escape(r.version), phrases.day(r.date), escape(r.summary)) for r in doc.revisions],
        ),
        "## Evidence",
        _list(f"{code(one.path)}, SHA-256 {code(one.sha256 or 'unknown')}" for one in doc.inputs),
        *map(escape, phrases.left_out(doc)),
        f"TLP:{doc.tlp}. {escape(phrases.made_by(doc))}",
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode("utf-8", "backslashreplace")


def _facts(doc: AdvisoryDocument) -> str:
    contact = f", {doc.publisher.contact}" if doc.publisher.contact else ""
    return _table(
        ("", ""),
        [
            ("Number", escape(doc.id)),
            ("Status", f"{doc.status}, version {escape(doc.version)} of {phrases.day(doc.updated)}"),
            ("Severity", escape(f"{phrases.severity(doc)} ({doc.severity.why})")),
            ("Distribution", f"TLP:{doc.tlp}"),
            ("Publisher", escape(f"{doc.publisher.name} ({doc.publisher.category}){contact}")),
        ],
    )


def _handset(handset: HandsetNoticeDoc) -> str:
    rows = []
    for build in handset.builds:
        state = f"**{phrases.STATES[build.state]}**"
        decision = ""
        if build.decision:
            decision = escape(f"{build.decision}: {build.decision_reason or ''}".rstrip(": "))
        rows.append(
            (cell(build.build or "not recorded"), state, "<br>".join(map(escape, build.why)), decision)
        )
    title = f"### {escape(handset.name)}"
    return f"{title}\n\n" + _table(("Build", "State", "Why", "Decision"), rows)


def _sent(number: int, sent: SentDoc) -> str:
    name = words.data_type(sent.data_type)
    lines = [
        f"### {number}. {escape(name[:1].upper() + name[1:])} to {escape(phrases.recipient(sent))} ({sent.severity})",
        escape(sent.sentence),
    ]
    if sent.cause:
        lines.append(escape(sent.cause))
    if sent.fixed_in:
        lines.append(f"No longer seen in {escape(words.listing(sent.fixed_in))}.")
    lines.append("\n".join(_evidence(one) for one in sent.evidence))
    return "\n\n".join(lines)


def _evidence(one: EvidenceDoc) -> str:
    request = f" {code(one.request)}" if one.request else ""
    return (
        f"- {escape(phrases.occasion(one))}:{request}\n"
        f"  - {code(one.excerpt)}\n"
        f"  - {escape(phrases.proof(one))}; finding {code(one.finding)}"
    )


def _actions(doc: AdvisoryDocument) -> list[str]:
    found = []
    for audience, title in phrases.AUDIENCES.items():
        texts = [escape(action.text) for action in doc.what_to_do if action.audience == audience]
        if texts:
            found.append(f"**{title}**\n\n{_list(texts)}")
    return found or ["Nothing follows from the evidence."]


def _statements(doc: AdvisoryDocument) -> list[str]:
    if not doc.statements:
        return ["The case holds no statement of anybody."]
    rows = []
    for one in doc.statements:
        said = escape(f"“{one.text}” {phrases.speaker(one)}")
        rows.append((escape(one.id), said, f"**{one.verdict}**", escape(phrases.reason(one))))
    return [_table(("", "Statement", "Verdict", "Why"), rows)]


def _gaps(doc: AdvisoryDocument) -> list[str]:
    found = []
    for title, gaps in phrases.gaps_by_kind(doc):
        found.append(f"**{title}**\n\n" + _list(f"{escape(gap.what)}: {escape(gap.why)}" for gap in gaps))
    return found


def _link(url: str) -> str:
    return re.sub(r"[<>\s]", "", url)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [
        f"| {' | '.join(head)} |",
        f"|{' --- |' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)
