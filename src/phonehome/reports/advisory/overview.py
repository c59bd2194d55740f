"""The first lines of the notice: its title, and the overview that most readers will leave it at."""

from collections import Counter
from collections.abc import Iterable, Sequence

from phonehome.documents.advisory import HandsetNoticeDoc, StatementDoc
from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import CaseDoc
from phonehome.reports import words
from phonehome.reports.advisory.impact import title_words
from phonehome.reports.advisory.items import Item
from phonehome.reports.summary import Summary

TITLE_CHARS = 300
GROUPS_NAMED = 3
_ACTIVE = ("affected", "fixed", "undecided", "not_tested", "not_seen")


def make_title(case: CaseDoc, items: Sequence[Item], handsets: Sequence[HandsetNoticeDoc]) -> str:
    """Say who, what and to whom, in one line; a handset that was not seen sending is not named beside one that was."""
    if not items:
        title = f"{_name(dict.fromkeys(one.name for one in handsets)) or case.title}: no known value was seen leaving"
    else:
        senders: dict[str, list[str]] = {}
        for name, own in _by_handset(items, handsets).items():
            senders.setdefault(f"{title_words(own, 4)} sent to {_recipients(own, 3)}", []).append(name)
        parts = [f"{_name(names)}: {what}" for what, names in senders.items()]
        rest = words.count(len(parts) - GROUPS_NAMED, "more group of handsets", "more groups of handsets")
        title = "; ".join(parts[:GROUPS_NAMED]) + (f"; and {rest}" if len(parts) > GROUPS_NAMED else "")
    return title if len(title) <= TITLE_CHARS else f"{title[: TITLE_CHARS - 1]}…"


def _by_handset(items: Sequence[Item], handsets: Sequence[HandsetNoticeDoc]) -> dict[str, list[Item]]:
    """Give what each handset was seen sending, by its name; those that sent nothing are left out."""
    found: dict[str, set[int]] = {}
    for handset in handsets:
        own = {
            number
            for number, item in enumerate(items)
            if any(session.subject == handset.id for _, session in item.flows)
        }
        if own:
            found.setdefault(handset.name, set()).update(own)
    return {name: [items[number] for number in sorted(own)] for name, own in found.items()}


def _name(names: Iterable[str]) -> str:
    named = list(names)
    return words.listing_at_most(named, 3, "more handset", "more handsets") if named else ""


def _recipients(items: Sequence[Item], limit: int) -> str:
    to = list(dict.fromkeys(item.organisation or item.host or "an unknown destination" for item in items))
    return words.listing_at_most(to, limit, "more recipient", "more recipients")


def write_overview(
    doc: AuditDocument,
    case: CaseDoc,
    items: Sequence[Item],
    handsets: Sequence[HandsetNoticeDoc],
    statements: Sequence[StatementDoc],
) -> list[str]:
    """Give the paragraphs: what left, which builds, what of the statements, and how much it rests on."""
    sessions = words.count(len(case.sessions), "session")
    if items:
        shown = len({session.id for item in items for _, session in item.flows})
        first = (
            f"In {shown} of {sessions}, {title_words(items, 8)} left {_name(_by_handset(items, handsets))}, to "
            f"{_recipients(items, 4)}; in cleartext: {_openly(items)}."
        )
    else:
        first = f"In {sessions}, no known value was seen leaving. {words.NOT_SEEN}"
    said = [first, _builds_line(handsets)]
    if statements:
        counts = Counter(statement.verdict for statement in statements)
        verdicts = words.listing([f"{number} {name}" for name, number in counts.most_common()])
        old = sum(statement.superseded is not None for statement in statements)
        more = (
            f" {words.count(old, 'of them speaks', 'of them speak')} of an older build than the newest evidence."
            if old
            else ""
        )
        said.append(
            f"Of {words.count(len(statements), 'statement')} of the parties, by this evidence: {verdicts}.{more} "
            "“Consistent” does not mean proved."
        )
    said.append(f"{Summary(doc=doc).coverage_line} {words.NOT_SEEN}")
    return said


def _openly(items: Sequence[Item]) -> str:
    """Name what travelled in cleartext."""
    clear = [item for item in items if "cleartext" in item.transports]
    if not clear:
        return "nothing"
    rest = ", though not every time" if any(len(item.transports) > 1 for item in clear) else ""
    types = {item.data_type for item in items}
    named = "all of it" if {item.data_type for item in clear} == types else title_words(clear, 6)
    return named + rest


def _builds_line(handsets: Sequence[HandsetNoticeDoc]) -> str:
    titles = {
        "affected": "Affected",
        "fixed": "No longer seen (fixed, as far as tested)",
        "undecided": "Undecided",
        "not_tested": "Not tested",
        "not_seen": "Nothing seen",
    }
    parts = []
    for state in _ACTIVE:
        names = [
            f"{h.name} {b.build or '(build not recorded)'}"
            for h in handsets
            for b in h.builds
            if b.state == state
        ]
        if names:
            parts.append(f"{titles[state]}: {words.listing_at_most(names, 8, 'more build', 'more builds')}.")
    return " ".join(parts) or "No build of a handset is named."
