"""The affair of 2014 told from its audit: what left, what the update changed, who was right, what nobody knows."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from phonehome.demo.unsettled import tell_unsettled
from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.documents.base import Transport
from phonehome.documents.case import SessionDoc
from phonehome.documents.diff import Writing
from phonehome.documents.score import ScoreDocument
from phonehome.judge.diff import compare
from phonehome.judge.sending import is_strong
from phonehome.judge.sides import choose_sessions, find_sessions
from phonehome.judge.wrapping import describe_transports, writings_of
from phonehome.lab.truth import UnknownCell
from phonehome.reports import words
from phonehome.reports.consent_words import say_consent

SCENARIO = "redmi-1s-2014"
SEED = 2014
CASE = Path(__file__).parent / SCENARIO
"""Recorded by `phonehome lab run redmi-1s-2014 --seed 2014`; `scripts/record_demo_case.py` records it anew."""

FACTORY, UPDATE = "factory", "update-2014-08-10"
VERDICTS = ("contradicted", "conflict", "consistent", "unobservable", "untested")
TRANSPORTS: tuple[Transport | None, ...] = ("cleartext", None, "tls", "quic")
"""The most open first; what nobody knows may be open."""
WIDTH = 100
_SHORTEST = 60
_MESSAGING = "service.cloud_messaging"
_WRITINGS: tuple[tuple[Writing, str], ...] = (
    ("plain", "as it is"),
    ("encoded", "encoded"),
    ("digest", "as a digest"),
)
_SEVERAL = {"as it is": "as they are", "as a digest": "as digests"}
_VERDICT_WIDTH = max(map(len, VERDICTS)) + 2


def tell(
    document: AuditDocument, score: ScoreDocument, unknown: Sequence[UnknownCell], width: int = WIDTH
) -> Iterator[str]:
    """Tell the story, line by line.

    Args:
        document: The audit of the case.
        score: The same audit, held against the truth.
        unknown: The scenario's words for what nobody knows; whether nobody does, the audit says.
        width: Columns.
    """
    assert document.case is not None
    width = max(_SHORTEST, min(width, WIDTH))
    yield from _wrap(
        "The affair of 2014 as a reconstruction: a simulated handset against simulated servers, recorded by "
        f"`phonehome lab run {SCENARIO} --seed {SEED}`. It shows nothing about a real handset.",
        width,
        more="",
    )
    yield from _heading("What left the handset, and to whom")
    for session in document.case.sessions:
        yield from _tell_session(session, document, width)
    yield from _heading("What the update of 10 August changed")
    yield from _tell_update(document, width)
    yield from _heading("What was said, and what the evidence says of it")
    yield from _wrap("“Consistent” says that nothing speaks against it, never more.", width, "  ")
    yield from _tell_verdicts(document, width)
    yield from _heading("What nobody knows")
    for paragraph in list(tell_unsettled(document, unknown)) or ["Nothing that this audit leaves open."]:
        yield from _wrap(paragraph, width, "  ")
    yield from _heading("Held against what was really sent")
    yield from _tell_score(score, width)


def _tell_session(session: SessionDoc, document: AuditDocument, width: int) -> Iterator[str]:
    yield _head(session)
    up = [flow for flow in document.flows if flow.session == session.id and is_strong(flow)]
    ways: dict[tuple[Transport | None, str, str], list[FlowDoc]] = {}
    for flow in sorted(up, key=lambda one: TRANSPORTS.index(one.transport)):
        owner = flow.organisation or "owner unknown"
        ways.setdefault((flow.transport, flow.host or "?", owner), []).append(flow)
    assert document.case is not None
    for (transport, host, owner), found in ways.items():
        consent = say_consent(found, document.case.services)
        sent = f"{describe_transports([transport])}: {_tell_kinds(found, document)}, to {host} ({owner})"
        yield from _wrap(f"{sent}; {consent}", width, "    ")
    if not up:
        yield from _wrap("nothing that was searched for was seen", width, "    ")
    if unread := _unread(session):
        yield from _wrap(f"{unread:,} bytes could not be read: nobody knows what they are", width, "    ")


def _head(session: SessionDoc) -> str:
    conditions = session.conditions
    switches = [
        f"{name.removeprefix('service.').replace('_', ' ')} {value}"
        for name, value in sorted(conditions.items())
        if name.startswith("service.")
    ]
    account = {"none": "no account", None: "account not stated"}.get(
        conditions.get("account"), (conditions.get("account") or "").replace("-", " ")
    )
    build = f"{session.subject}, {conditions.get('build', 'build unknown')}"
    return f"  {session.id} ({build}): {', '.join([account, *switches])}"


def _tell_kinds(flows: Sequence[FlowDoc], document: AuditDocument) -> str:
    """List data types with how they were written: what left as it is, and what as a digest alone."""
    findings = {finding.id: finding for finding in document.findings}
    kinds: dict[Writing, dict[str, None]] = {name: {} for name, _ in _WRITINGS}
    for flow in flows:
        listed = [findings[name] for name in flow.findings if name in findings]
        for writing in writings_of([flow], listed):
            kinds[writing][words.data_type(flow.data_type)] = None
    parts = []
    for writing, said in _WRITINGS:
        if names := list(kinds[writing]):
            parts.append(f"{words.listing(names)} {said if len(names) == 1 else _SEVERAL.get(said, said)}")
    return "; ".join(parts)


def _unread(session: SessionDoc) -> int:
    return sum(row.closed + row.unreadable + row.lost for row in session.destinations)


def _tell_update(document: AuditDocument, width: int) -> Iterator[str]:
    assert document.case is not None
    sending = {flow.session for flow in document.flows if is_strong(flow)}
    for session in document.case.sessions:
        conditions = session.conditions
        if conditions.get("build") == UPDATE and conditions.get(_MESSAGING) == "off":
            yield from _wrap(_tell_off(session, is_quiet=session.id not in sending), width, "  ")
    sides = [
        choose_sessions(document, set(find_sessions(document, {"build": {build}})))
        for build in (FACTORY, UPDATE)
    ]
    changes = compare(
        sides[0], sides[1], names=("the factory build", "the update"), across=("build",)
    ).changes
    for change in changes:
        if change.direction == "up":
            yield from _wrap(change.sentence, width, "  ")


def _tell_off(session: SessionDoc, *, is_quiet: bool) -> str:
    """Say what was seen with messaging off, and how much that is worth."""
    reset = " after a reset" if session.conditions.get("reset") == "yes" else ""
    head = f"With Cloud Messaging off{reset} ({session.id})"
    if not is_quiet:
        return f"{head}: something was sent all the same, as listed above."
    chances = sum(row.count for row in session.exposures if row.values)
    unread = _unread(session)
    hidden = f"; {unread:,} bytes could not be read" if unread else ""
    return f"{head}: nothing seen, of {words.count(chances, 'chance')} that its steps gave{hidden}."


def _tell_verdicts(document: AuditDocument, width: int) -> Iterator[str]:
    assert document.case is not None
    judgement = document.case.judgement
    verdicts = judgement.verdicts if judgement is not None else []
    for name in VERDICTS:
        for verdict in verdicts:
            if verdict.verdict == name:
                head = f"  {verdict.verdict:<{_VERDICT_WIDTH}}{verdict.id:<13}"
                stale = " (of an older build than the newest evidence)" if verdict.superseded else ""
                yield from _wrap(f"{head}{verdict.who}: {verdict.text}{stale}", width, "", " " * len(head))


def _tell_score(score: ScoreDocument, width: int) -> Iterator[str]:
    funnel, rate = score.funnel, score.false_not_seen
    yield from _wrap(
        f"{funnel.sent} values were sent; {funnel.recorded} passed the recorder (the rest went by SMS or past it), "
        f"{funnel.readable} could be read, {funnel.found} were found. False “not seen”: {rate.count} of {rate.of}. "
        f"{score.verdicts_right} of {score.verdicts_counted} verdicts that are sure are right.",
        width,
        "  ",
    )


def _heading(text: str) -> Iterator[str]:
    yield ""
    yield text


def _wrap(text: str, width: int, indent: str = "", more: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  " if more is None else more,
        break_on_hyphens=False,
        break_long_words=False,
    )
