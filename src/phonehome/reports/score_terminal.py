"""A score on a terminal: the rate of false "not seen" first, then the funnel, then whatever went wrong."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from phonehome.documents.score import FalseDoc, MissDoc, RateDoc, ScoreDocument
from phonehome.model.wording import count
from phonehome.reports.case_summary import RECONSTRUCTION
from phonehome.reports.text import visible

BAR = 40
"""Characters of the longest bar of the funnel."""
SHOWN = 50
"""Rows of one kind; the JSON document has all."""


def render_score(doc: ScoreDocument, console: Console) -> None:
    """Print a score."""
    for text, style in _lines(doc):
        console.print(Text(visible(text), style=style))


def _lines(doc: ScoreDocument) -> Iterator[tuple[str, str]]:
    yield doc.case, "bold"
    yield RECONSTRUCTION, ""
    yield "", ""
    bad = doc.false_not_seen.count > 0
    yield f"False “not seen”: {_rate(doc.false_not_seen)}", "bold red" if bad else "bold"
    if doc.not_there:
        yield "", ""
        yield (
            f"INCOMPLETE: sessions of the scenario that were not recorded: {', '.join(doc.not_there)}",
            "bold red",
        )
    yield "", ""
    yield from _funnel(doc)
    yield from _misses("Lost on the way to the captures", doc.lost)
    yield from _misses("Recorded, and to be read, but closed in the captures", doc.unread)
    yield from _misses("Missed", doc.missed)
    yield from _misses("Misattributed", doc.misattributed)
    yield from _false("False", doc.false, "bold red")
    yield from _false("Weak findings of what was not sent; they do not count", doc.weak, "bold")
    if doc.flows:
        yield "", ""
        yield f"Flows that disagree with their findings ({len(doc.flows)})", "bold red"
    for sentence in doc.flows[:SHOWN]:
        yield f"  {sentence}", ""
    yield from _blind_spots(doc)
    yield from _undecided(doc)
    yield from _verdicts(doc)
    yield "", ""
    if doc.perfect:
        yield "Perfect on what is readable.", "bold green"
    elif doc.not_there:
        yield "Incomplete, so not perfect: run the scenario again, to its end.", "bold red"
    else:
        yield "Not perfect.", "bold red"


def _false(title: str, found: Sequence[FalseDoc], style: str) -> Iterator[tuple[str, str]]:
    if not found:
        return
    yield "", ""
    yield f"{title} ({len(found)})", style
    for one in found[:SHOWN]:
        way = "from" if one.direction == "down" else "to"
        place = f"{one.session} {way} {one.host}"
        yield (
            f"  ‹{one.value_id}› in {place}: {one.form} in {_chain(one.chain)}, {one.why} ({one.finding})",
            "",
        )


def _rate(rate: RateDoc) -> str:
    if rate.rate is None or rate.low is None or rate.high is None:
        return "nothing that was sent could be read, so there is nothing to miss"
    return (
        f"{rate.rate:.1%} ({rate.count} of {rate.of} values, each in a session to a host; "
        f"95 %: {rate.low:.1%} to {rate.high:.1%})"
    )


def _funnel(doc: ScoreDocument) -> Iterator[tuple[str, str]]:
    notes = {
        "sent": "noted by the sender before it sent",
        "recorded": "in the captures; the rest went by SMS or over a network that is not recorded",
        "readable": "readable in the captures; the rest is under keys that nobody has",
        "found": "found as it was sent: value, form, layers, place, moment, transport, consent, receiver",
    }
    whole = max(doc.funnel.sent, 1)
    for name, note in notes.items():
        number: int = getattr(doc.funnel, name)
        yield f"{name:<9}{number:>6}  {'█' * round(BAR * number / whole):<{BAR}}  {note}", ""
    if doc.consent_untold:
        yield (
            (
                f"Of {count(doc.consent_untold, 'value')} nobody can tell whose consent counts: the case names no "
                "service at the host."
            ),
            "",
        )


def _misses(title: str, misses: Sequence[MissDoc]) -> Iterator[tuple[str, str]]:
    if not misses:
        return
    yield "", ""
    yield f"{title} ({sum(one.count for one in misses)})", "bold red"
    for one in misses[:SHOWN]:
        step = f" at {one.step}" if one.step else ""
        times = f", {count(one.count, 'time')}" if one.count > 1 else ""
        found = f"; found with {one.found_as}" if one.found_as else ""
        yield (
            (
                f"  ‹{one.value_id}› in {one.session}{step} to {one.host}: {one.form} in {_chain(one.chain)}, "
                f"{one.path}{times}{found}"
            ),
            "",
        )


def _chain(chain: Sequence[str]) -> str:
    return " › ".join(chain) or "no layer"


def _blind_spots(doc: ScoreDocument) -> Iterator[tuple[str, str]]:
    if not doc.blind_spots:
        return
    yield "", ""
    yield "Unreadable, and whether coverage says so", "bold"
    for spot in doc.blind_spots[:SHOWN]:
        yield (
            f"  {spot.session} to {spot.host}: {'said' if spot.said else 'NOT said'}",
            ("" if spot.said else "bold red"),
        )


def _undecided(doc: ScoreDocument) -> Iterator[tuple[str, str]]:
    if doc.unseen:
        yield "", ""
        yield "Passed no recorder, and whether that is left open", "bold"
    for one in doc.unseen[:SHOWN]:
        said = "left open" if one.is_open else "DECIDED all the same"
        yield f"  {one.session}: {said}", "" if one.is_open else "bold red"
    if doc.unknown:
        yield "", ""
        yield "Known to nobody, and whether that comes out as untested", "bold"
    for cell in doc.unknown[:SHOWN]:
        told = "untested" if cell.is_checked else "nothing in the audit is about it"
        yield (
            f"  {cell.text}: {told if cell.wrong is None else f'WRONG, {cell.wrong}'}",
            "" if cell.wrong is None else "bold red",
        )


def _verdicts(doc: ScoreDocument) -> Iterator[tuple[str, str]]:
    if not doc.verdicts and not doc.unheld:
        return
    yield "", ""
    if not doc.verdicts_counted:
        yield "No verdict is held against anything sure, so nothing here is proved.", "bold red"
    yield f"Verdicts: {doc.verdicts_right} of {doc.verdicts_counted} that are sure are right", "bold"
    width = max((len(row.id) for row in doc.verdicts), default=0)
    for row in doc.verdicts:
        came = row.came or "nothing"
        wrong = (
            f"expected {row.expected}" if came != row.expected else "whether newer evidence stands against it"
        )
        note = "right" if row.is_right else f"WRONG, {wrong}"
        unsure = "" if row.counts else " (not sure enough to count)"
        yield f"  {row.id:<{width}}  {came}: {note}{unsure}", "" if row.is_right else "bold red"
    if doc.unheld:
        told = f"{count(len(doc.unheld), 'verdict')} that nobody holds anything sure against"
        yield f"  {told}: {', '.join(doc.unheld[:SHOWN])}", ""
