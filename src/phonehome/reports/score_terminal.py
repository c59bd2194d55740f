"""A score on a terminal: the rate of false "not seen" first, then the funnel, then whatever went wrong."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from phonehome.documents.score import MissDoc, RateDoc, ScoreDocument
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
    yield "", ""
    yield from _funnel(doc)
    yield from _misses("Missed", doc.missed)
    yield from _misses("Misattributed", doc.misattributed)
    if doc.false:
        yield "", ""
        yield f"False ({len(doc.false)}): found where nothing was sent", "bold red"
    for one in doc.false[:SHOWN]:
        place = f"{one.session} to {one.host}"
        yield f"  ‹{one.value_id}› in {place}: {one.form} in {_chain(one.chain)} (finding {one.finding})", ""
    yield from _blind_spots(doc)
    yield from _verdicts(doc)
    yield "", ""
    yield (
        ("Perfect on what is readable." if doc.perfect else "Not perfect."),
        ("bold green" if doc.perfect else "bold red"),
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
        "recorded": "passed the recorder; the rest went by SMS or over a network that it does not see",
        "readable": "could be read; the rest is under keys that nobody has",
        "found": "found with the right value, host, form, layers, place and step",
    }
    whole = max(doc.funnel.sent, 1)
    for name, note in notes.items():
        number: int = getattr(doc.funnel, name)
        yield f"{name:<9}{number:>6}  {'█' * round(BAR * number / whole):<{BAR}}  {note}", ""


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


def _verdicts(doc: ScoreDocument) -> Iterator[tuple[str, str]]:
    if not doc.verdicts:
        return
    yield "", ""
    yield f"Verdicts: {doc.verdicts_right} of {doc.verdicts_counted} that are sure are right", "bold"
    width = max(len(row.id) for row in doc.verdicts)
    for row in doc.verdicts:
        came = row.came or "nothing"
        note = "right" if row.is_right else f"WRONG, expected {row.expected}"
        unsure = "" if row.counts else " (not sure enough to count)"
        yield f"  {row.id:<{width}}  {came}: {note}{unsure}", "" if row.is_right else "bold red"
