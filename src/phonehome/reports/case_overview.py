"""The overview of a case on a terminal: handsets, sessions with their timelines, what each cannot show, corrections."""

import textwrap
from collections.abc import Iterator, Sequence

from phonehome.documents.case_overview import CaseOverview, SessionOverviewDoc
from phonehome.reports import words
from phonehome.reports.text import visible

NARROWEST = 40


def render_overview(overview: CaseOverview, width: int) -> str:
    """Write the overview as text of at most `width` columns, long words excepted."""
    lines: list[str] = []
    for depth, text in _lines(overview):
        indent = "  " * depth
        lines += textwrap.wrap(
            visible(text),
            max(width, NARROWEST),
            initial_indent=indent,
            subsequent_indent=indent + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines) + "\n"


def _lines(overview: CaseOverview) -> Iterator[tuple[int, str]]:
    """Give each line with how far it stands to the right."""
    yield 0, f"{overview.title} ({overview.kind})"
    for problem in overview.problems:
        yield 0, f"PROBLEM: {problem}"
    yield 0, ""
    yield 0, "Handsets" if overview.handsets else "Handsets: none; add one to case.yaml"
    for handset in overview.handsets:
        named = (
            " ".join(part for part in (handset.make, handset.model) if part) or "make and model not stated"
        )
        builds = f"; builds, the oldest first: {', '.join(handset.builds)}" if handset.builds else ""
        yield 1, f"{handset.id}: {named}{builds}"
    if overview.services:
        yield 0, "Services"
    for service in overview.services:
        name = f" ({service.name})" if service.name else ""
        yield 1, f"{service.id}{name}: {', '.join(service.hosts) or 'no hosts stated'}"
    yield 0, ""
    yield 0, f"{words.count(len(overview.sessions), 'session')}"
    for session in overview.sessions:
        yield from _session(session)
    if overview.annotations:
        yield 0, ""
        yield 0, "Annotations"
    for annotation in overview.annotations:
        about = annotation.session or "the case"
        what = f" corrects {', '.join(annotation.corrects)}" if annotation.corrects else ""
        yield 1, f"{annotation.at}  {annotation.author} on {about}{what}: {annotation.reason}"
        if annotation.note:
            yield 2, f"note: {annotation.note}"
    yield from _remarks(overview.warnings)


def _remarks(warnings: Sequence[str]) -> Iterator[tuple[int, str]]:
    if warnings:
        yield 0, ""
        yield 0, f"Warnings: {len(warnings)}"
    for warning in warnings:
        yield 1, warning


def _session(session: SessionOverviewDoc) -> Iterator[tuple[int, str]]:
    yield 0, ""
    yield 1, f"{session.id}: {session.subject}, recorded at: {session.position}"
    conditions = ", ".join(f"{name}={value}" for name, value in session.conditions.items())
    yield 2, f"conditions: {conditions or 'none stated'}"
    if session.clock_offset_s:
        ahead = "ahead of" if session.clock_offset_s > 0 else "behind"
        yield 2, f"the recording's clock was {abs(session.clock_offset_s):g} s {ahead} the timeline's"
    if session.corrected:
        yield 2, f"corrected by annotations: {', '.join(session.corrected)}"
    for capture in session.captures:
        state = "" if capture.present else " MISSING"
        size = f", {words.size(capture.size)}" if capture.size is not None else ""
        digest = f", SHA-256 {capture.sha256}" if capture.sha256 else ", no SHA-256 stated"
        keylog = f", key log {capture.keylog}" if capture.keylog else ""
        yield 2, f"capture {capture.file}{state}{size}{digest}{keylog}"
    for name, version in session.tools.items():
        yield 2, f"tool {name} {version}"
    yield 2, f"timeline, protocol {session.protocol or 'none'}:"
    yield from _timeline(session)
    if session.not_taken:
        yield 2, f"steps of the protocol that are not in the timeline: {', '.join(session.not_taken)}"
    yield 2, "what a recording made there cannot show:"
    for sentence in session.misses:
        yield 3, f"- {sentence}"


def _timeline(session: SessionOverviewDoc) -> Iterator[tuple[int, str]]:
    """Steps and consent in one, by time; at the same moment consent comes first, since it holds from then on."""
    entries: list[tuple[str, int, str]] = []
    for entry in session.consent:
        shown = f" (shown: {entry.shown})" if entry.shown else ""
        entries.append((entry.at, 0, f"consent to {entry.service}: {entry.state}{shown}"))
    for step in session.steps:
        exposes = ", ".join(words.data_type(name) for name in step.exposes) or "nothing"
        note = f" ({step.note})" if step.note else ""
        entries.append((step.at, 1, f"{step.id}{note}; exposes {exposes}"))
    if not entries:
        yield 3, "empty: nothing tells which act a flow follows"
    # Written in UTC with as many digits as there are: a fraction sorts behind its whole second.
    for at, _, text in sorted(entries, key=lambda entry: (entry[0].removesuffix("Z"), entry[1])):
        yield 3, f"{at}  {text}"
