"""What nobody knows of a case, by its audit: what no session could test, what nobody could read, what sources dispute.

Nothing here is known beforehand: a line stands because a verdict, a step, an exposure or the coverage says so, and goes
when they say otherwise. The scenario adds its words for what a claim is about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import CaseDoc, SessionDoc
from phonehome.documents.judgement import VerdictDoc
from phonehome.lab.truth import UnknownCell
from phonehome.reports import words

NAMED = 12
"""Things that one line names before it counts the others."""
_NETWORKS = ("wifi", "cellular")
_SMS = "SMS"


def tell_unsettled(document: AuditDocument, cells: Sequence[UnknownCell]) -> Iterator[str]:
    """Tell what remains open, a paragraph each.

    Args:
        document: The audit of a case.
        cells: The scenario's words for what claims are about.
    """
    assert document.case is not None
    case = document.case
    verdicts = case.judgement.verdicts if case.judgement is not None else []
    yield from _tell_disputed(verdicts)
    yield from _tell_untested(verdicts, {cell.claim: cell.text for cell in cells if cell.claim is not None})
    yield from _tell_unobservable(verdicts)
    yield from _tell_steps(case.sessions)
    yield from _tell_types(document, case)
    yield from _tell_networks(case.sessions)
    yield from _tell_unread(case.sessions)
    yield from _tell_by_sms(case.sessions)


def _tell_disputed(verdicts: Iterable[VerdictDoc]) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.verdict == "conflict":
            yield f"Sources disagree, and no session settles it: {verdict.text} ({verdict.id}: conflict)"


def _tell_untested(verdicts: Iterable[VerdictDoc], texts: Mapping[str, str]) -> Iterator[str]:
    rest = []
    for verdict in verdicts:
        if verdict.verdict != "untested":
            continue
        if verdict.id in texts:
            yield f"{texts[verdict.id]} ({verdict.id}: untested)"
        else:
            rest.append(verdict.id)
    if rest:
        yield f"Whether {_listing(rest)} {_are(rest)} so: untested."


def _tell_unobservable(verdicts: Iterable[VerdictDoc]) -> Iterator[str]:
    found = [verdict.id for verdict in verdicts if verdict.verdict == "unobservable"]
    if found:
        yield f"What no recording of a handset can show: {_listing(found)} (unobservable)."


def _tell_steps(sessions: Iterable[SessionDoc]) -> Iterator[str]:
    parts = []
    for session in sessions:
        idle = [step.id for step in session.steps if not (step.recorded and step.exposes)]
        if idle:
            parts.append(f"{_listing(idle)} ({session.id})")
    if parts:
        yield f"What followed these steps, of which the sessions count nothing: {'; '.join(parts)}."


def _tell_types(document: AuditDocument, case: CaseDoc) -> Iterator[str]:
    """Name the data types that were searched for, and that no session gave a chance to be sent."""
    several = len(case.handsets) > 1
    for handset in case.handsets:
        chances = {
            row.data_type
            for session in case.sessions
            if session.subject == handset.id
            for row in session.exposures
            if row.count
        }
        seen = {
            flow.data_type
            for flow in document.flows
            for session in case.sessions
            if flow.session == session.id and session.subject == handset.id and flow.direction == "up"
        }
        known = [
            value.type
            for value in (document.subject.values if document.subject is not None else ())
            if value.searched_for and (not several or value.id.startswith(f"{handset.id}/"))
        ]
        silent = [name for name in dict.fromkeys(known) if name not in chances | seen]
        if silent:
            names = _listing([words.data_type(name) for name in silent])
            yield f"Searched for and never given a chance to be sent, on {handset.id}: {names}."


def _tell_networks(sessions: Sequence[SessionDoc]) -> Iterator[str]:
    recorded: dict[str, dict[str, None]] = {}
    for session in sessions:
        networks = recorded.setdefault(session.subject, {})
        network = session.conditions.get("network")
        if network is not None and session.coverage.exchanges:
            networks[network] = None
    for subject, networks in recorded.items():
        never = [name for name in _NETWORKS if name not in networks]
        if never:
            yield f"What {subject} sends on another network: nothing was recorded on {_listing(never)}."
    unsaid = [session.id for session in sessions if "network" not in session.conditions]
    if unsaid:
        yield f"On which network the handset was in {_listing(unsaid)}."


def _tell_unread(sessions: Iterable[SessionDoc]) -> Iterator[str]:
    for session in sessions:
        for row in session.destinations:
            if unread := row.closed + row.unreadable + row.lost:
                place = row.host or row.address or "a destination without a name"
                yield f"What {unread:,} bytes to {place} are, in {session.id}: nobody could read them."


def _tell_by_sms(sessions: Sequence[SessionDoc]) -> Iterator[str]:
    """Say what no recording holds, where all of them miss it."""
    if not sessions:
        return
    common = set(sessions[0].misses).intersection(*(session.misses for session in sessions[1:]))
    yield from (miss for miss in sessions[0].misses if miss in common and _SMS in miss)


def _listing(items: Sequence[str]) -> str:
    return words.listing_at_most(items, NAMED, "other", "others")


def _are(items: Sequence[str]) -> str:
    return "is" if len(items) == 1 else "are"
