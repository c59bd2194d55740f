"""The affair of 2014 told from its audit: what left, what the update changed, who was right, what nobody knows."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from phonehome.documents.audit import AuditDocument, FlowDoc
from phonehome.documents.case import SessionDoc
from phonehome.documents.score import ScoreDocument
from phonehome.judge.diff import compare
from phonehome.judge.sides import choose_sessions, find_sessions
from phonehome.lab.truth import UnknownCell
from phonehome.reports import words

SCENARIO = "redmi-1s-2014"
SEED = 2014
CASE = Path(__file__).parent / SCENARIO
"""Recorded by `phonehome lab run redmi-1s-2014 --seed 2014`; `scripts/record_demo_case.py` records it anew."""

FACTORY, UPDATE = "factory", "update-2014-08-10"
VERDICTS = ("contradicted", "conflict", "consistent", "unobservable", "untested")
WIDTH = 100
_SHORTEST = 60
_CONSENTS = {
    "not_asked": "the user was not asked",
    "declined": "the user had declined",
    "granted": "the user had agreed",
    "withdrawn": "the user had withdrawn consent",
    "mixed": "the user had said different things to its services",
}
_MESSAGING = "service.cloud_messaging"
_VERDICT_WIDTH = max(map(len, VERDICTS)) + 2


def tell(
    document: AuditDocument, score: ScoreDocument, unknown: Sequence[UnknownCell], width: int = WIDTH
) -> Iterator[str]:
    """Tell the story, line by line.

    Args:
        document: The audit of the case.
        score: The same audit, held against the truth.
        unknown: What nobody knows.
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
        yield from _tell_session(
            session, [flow for flow in document.flows if flow.session == session.id], width
        )
    yield from _heading("What the update of 10 August changed")
    yield from _tell_update(document, width)
    yield from _heading("What was said, and what the evidence says of it")
    yield from _wrap("“Consistent” says that nothing speaks against it, never more.", width, "  ")
    yield from _tell_verdicts(document, width)
    yield from _heading("What nobody knows")
    for cell in unknown:
        claim = f" ({cell.claim}: untested)" if cell.claim else ""
        yield from _wrap(f"{cell.text}{claim}", width, "  ")
    yield from _heading("Held against what was really sent")
    yield from _tell_score(score, width)


def _tell_session(session: SessionDoc, flows: Sequence[FlowDoc], width: int) -> Iterator[str]:
    conditions = session.conditions
    switches = ", ".join(
        f"{name.removeprefix('service.').replace('_', ' ')} {value}"
        for name, value in sorted(conditions.items())
        if name.startswith("service.")
    )
    account = "logged in" if conditions.get("account") == "logged-in" else "no account"
    build = f"{session.subject}, {conditions.get('build', 'build unknown')}"
    yield f"  {session.id} ({build}): {account}, {switches}"
    up = [flow for flow in flows if flow.direction == "up"]
    for transport, said in (("cleartext", "in clear"), ("tls", "over TLS")):
        ways: dict[tuple[str, str], list[FlowDoc]] = {}
        for flow in up:
            if flow.transport == transport:
                ways.setdefault((flow.host or "?", flow.organisation or "owner unknown"), []).append(flow)
        for (host, organisation), found in ways.items():
            kinds = words.listing([words.data_type(flow.data_type) for flow in found])
            consents = words.listing(sorted({_consent(flow.consent) for flow in found}))
            yield from _wrap(f"{said}: {kinds}, to {host} ({organisation}); {consents}", width, "    ")
    if not up:
        unread = sum(row.closed + row.unreadable for row in session.destinations)
        hidden = f", and {unread:,} bytes could not be read: nobody knows what they are" if unread else ""
        yield from _wrap(f"nothing that was searched for was seen{hidden}", width, "    ")


def _consent(state: str | None) -> str:
    return _CONSENTS.get(state or "", "consent not known")


def _tell_update(document: AuditDocument, width: int) -> Iterator[str]:
    assert document.case is not None
    sending = {flow.session for flow in document.flows if flow.direction == "up"}
    for session in document.case.sessions:
        conditions = session.conditions
        quiet = session.id not in sending
        if quiet and conditions.get("build") == UPDATE and conditions.get(_MESSAGING) == "off":
            yield from _wrap(
                f"With the services off, as they now are until somebody switches them on: nothing seen ({session.id}).",
                width,
                "  ",
            )
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
        f"{funnel.sent} values were sent; {funnel.recorded} passed the recorder (the rest went by SMS), "
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
