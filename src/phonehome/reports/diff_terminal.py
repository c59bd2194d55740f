"""A comparison on a terminal: the answer, the sides, then every change with what it rests on.

What changed comes first and what is still sent last; nothing is cut off. Captured text only enters as visible
characters.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from phonehome.documents.diff import ChangeDoc, ChangeName, DiffDocument, DiffSideDoc, EndDoc
from phonehome.reports import words
from phonehome.reports.case_summary import RECONSTRUCTION
from phonehome.reports.text import visible

HEADINGS: dict[ChangeName, tuple[str, str]] = {
    "new": ("New", "Seen on the second side alone."),
    "unwrapped": ("Unwrapped", "Still sent, and more openly."),
    "moved": ("Moved", "Still sent, elsewhere."),
    "wrapped": (
        "Wrapped",
        "Still sent, less openly: TLS hides it from those on the way, an encoding from nobody.",
    ),
    "stopped": (
        "Stopped",
        "Not seen any more, under the same conditions; the rate says what that still allows.",
    ),
    "not_exercised": ("Not exercised", "Not seen any more, which says nothing."),
    "still_sent": ("Still sent", ""),
}
"""In the order in which they are printed."""

_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_CHANGES: dict[ChangeName, str] = {
    "new": "bold red",
    "unwrapped": "bold red",
    "moved": "yellow",
    "stopped": "green",
}

CHANGES_SHOWN = 200
"""Changes of one kind; the JSON document has all."""

FLOWS_NAMED = 6


def render_diff(doc: DiffDocument, console: Console) -> None:
    """Print a comparison."""
    console.print(
        _text(f"phonehome {doc.after.tool.version} compares {doc.before.name} with {doc.after.name}", "bold")
    )
    if is_reconstruction(doc):
        console.print(_text(RECONSTRUCTION, "bold"))
    console.print(_text(answer(doc)))
    for side in (doc.before, doc.after):
        _print_side(console, side)
    for note in doc.notes:
        _indent(console, _text(note, "dim"))
    for kind, (title, note) in HEADINGS.items():
        _print_kind(console, [change for change in doc.changes if change.change == kind], title, note)
    console.print()
    console.print(_text(words.NOT_SEEN, "dim"))


def is_reconstruction(doc: DiffDocument) -> bool:
    """Say whether a side was made to a description or a scenario instead of being observed."""
    return "reconstruction" in (doc.before.kind, doc.after.kind)


def answer(doc: DiffDocument) -> str:
    """Say in a line what changed."""
    counted = [
        f"{number:,} {title.lower()}"
        for kind, (title, _) in HEADINGS.items()
        if (number := doc.counts.get(kind, 0))
    ]
    return ", ".join(counted) if counted else "No known value was seen on either side."


def _text(content: str, style: str = "") -> Text:
    return Text(visible(content), style=style, overflow="fold")


def _indent(console: Console, text: Text, by: int = 2) -> None:
    console.print(Padding(text, (0, 0, 0, by), expand=False))


def _print_side(console: Console, side: DiffSideDoc) -> None:
    console.print()
    console.print(_text(side.name, "bold"))
    if side.sessions:
        sessions = words.count(len(side.sessions), "session")
        _indent(console, _text(f"{sessions}: {', '.join(side.sessions)}"))
    if side.conditions:
        said = [f"{name}={' or '.join(values)}" for name, values in side.conditions.items()]
        _indent(console, _text(" · ".join(said)))
    unread = {"closed": side.closed, "unreadable": side.unreadable, "lost": side.lost}
    shares = [f"{name} {words.percent(number, side.bytes_up)}" for name, number in unread.items() if number]
    read = f"{words.percent(side.read, side.bytes_up)} of {words.size(side.bytes_up)} sent was read"
    _indent(console, _text("; ".join([f"{words.count(side.exchanges, 'exchange')}, {read}", *shares])))


def _print_kind(console: Console, changes: Sequence[ChangeDoc], title: str, note: str) -> None:
    if not changes:
        return
    console.print()
    console.print(_text(f"{title} ({len(changes):,})", "bold"))
    if note:
        console.print(_text(note, "dim"))
    for change in changes[:CHANGES_SHOWN]:
        _print_change(console, change)
    if len(changes) > CHANGES_SHOWN:
        console.print(
            _text(f"… and {len(changes) - CHANGES_SHOWN:,} more: the JSON document has all.", "dim")
        )


def _print_change(console: Console, change: ChangeDoc) -> None:
    head = Text(overflow="fold")
    head.append(_text(change.severity, _STYLES[change.severity]))
    head.append("  ")
    head.append(_text(change.sentence, _CHANGES.get(change.change, "")))
    _indent(console, head)
    told = [detail for detail in change.details if detail not in change.sentence]
    for detail in told:
        _indent(console, _text(detail), by=10)
    for name, end in (("before", change.before), ("after", change.after)):
        if end is not None and change.change != "still_sent":
            _indent(console, _text(_tell_end(name, end), "dim"), by=10)


def _tell_end(name: str, end: EndDoc) -> str:
    carried = words.listing([words.transport(transport) for transport in end.transports])
    where = ", ".join(end.countries) or "country unknown"
    owner = ", ".join(end.organisations) or "operator unknown"
    shown = words.listing_at_most(end.flows, FLOWS_NAMED, "other flow", "other flows")
    return f"{name}: {end.count:,} × {carried}, {'/'.join(end.writings)}, {owner}, {where} (flow {shown})"
