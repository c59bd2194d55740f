"""Whether something that an older build sent is fixed in a newer one, or only was not seen.

"Not seen" is no fix. It counts as one only if the experiment was repeated: under the same conditions and from the same
place, with the same values known, by a session that could be read as well. What goes elsewhere now is still sent; what
went to where part of the bytes stayed closed may be.
"""

from dataclasses import dataclass

from phonehome.documents.case import HostShareDoc, SessionDoc
from phonehome.model.statistics import rate_bound
from phonehome.reports import words
from phonehome.reports.advisory.items import BUILD, Item

COVERAGE_SLACK = 0.05
"""How much smaller the share of bytes that could be read may be than that of the session compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether one item is fixed in one build, and why (not); `lead` and `reason` stand around the item's name."""

    item: Item
    fixed: bool
    lead: str
    reason: str


def compare(item: Item, before: list[SessionDoc], now: list[SessionDoc], elsewhere: Item | None) -> Answer:
    """Hold the sessions of a build against those that showed the item in an older one."""

    def answer(lead: str, reason: str, *, fixed: bool = False) -> Answer:
        return Answer(item=item, fixed=fixed, lead=lead, reason=reason)

    if elsewhere is not None:
        return answer("Moved", f"It now goes to {elsewhere.destination}.")
    pairs = [(new, old) for new in now for old in before if _alike(new, old)]
    if not pairs:
        return answer("Not tested under the same conditions", _unlike(before, now))
    exercised = [(new, old) for new, old in pairs if _exposures(new, item)]
    if not exercised:
        return answer("Not exercised", "No step of a session with the same conditions exposed it.")
    poor = {new.id: reason for new, old in exercised if (reason := _poorly_read(new, old, item)) is not None}
    good = {new.id: new for new, _ in exercised if new.id not in poor}
    if not good:
        name, reason = next(iter(poor.items()))
        return answer("Not seen, but badly covered", f"In session {name} {reason}.")
    number = sum(_exposures(session, item) for session in good.values())
    return answer(
        "No longer seen",
        f"Exercised {words.count(number, 'time')} under the same conditions; a rate of up to "
        f"{100 * (rate_bound(number) or 1):.0f} % remains possible (95 % confidence).",
        fixed=True,
    )


def _factors(session: SessionDoc) -> dict[str, str]:
    return {name: value for name, value in session.conditions.items() if name != BUILD}


def _alike(new: SessionDoc, old: SessionDoc) -> bool:
    return _factors(new) == _factors(old) and new.position == old.position


def _unlike(before: list[SessionDoc], now: list[SessionDoc]) -> str:
    """Say in what the nearest pair of sessions differs."""
    different: list[list[str]] = []
    for new in now:
        for old in before:
            ours, theirs = _factors(new), _factors(old)
            names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
            found = [f"{n}={ours.get(n, 'unknown')} instead of {theirs.get(n, 'unknown')}" for n in names]
            if new.position != old.position:
                found.append(f"recorded at the {new.position} instead of the {old.position}")
            different.append(found)
    return f"It was not seen, but with {words.listing(sorted(different, key=len)[0])}."


def _exposures(session: SessionDoc, item: Item) -> int:
    """Count the chances that the session gave to the values that were seen before."""
    return sum(
        exposure.count
        for exposure in session.exposures
        if exposure.data_type == item.data_type and item.value_ids & set(exposure.values)
    )


def _poorly_read(new: SessionDoc, old: SessionDoc, item: Item) -> str | None:
    """Say why "not seen" means little in a session; None if it was read as well as the one compared with."""
    if not new.coverage.exchanges or not new.coverage.read:
        return "nothing that the handset sent could be read"
    if new.lost_problems:
        return f"{words.count(new.lost_problems, 'problem')} lost part of the recording"
    for share in new.destinations:
        unread = share.closed + share.unreadable + share.lost
        if not unread:
            continue
        where = share.host or share.address or "an unnamed host"
        if _may_be(share, item):
            return f"{words.size(unread)} to {where} could not be read"
        if not _is_known(share, old):
            return f"{words.size(unread)} to {where}, where session {old.id} sent nothing, could not be read"
    if _read_share(new) < _read_share(old) - COVERAGE_SLACK:
        return (
            f"only {100 * _read_share(new):.0f} % of what was sent could be read, "
            f"against {100 * _read_share(old):.0f} % in session {old.id}"
        )
    return None


def _may_be(share: HostShareDoc, item: Item) -> bool:
    """Tell whether bytes to a destination may hold the item: same host, domain or owner, or nobody knows whose."""
    if share.host == item.host or (share.host is None and share.organisation is None):
        return True
    if item.organisation is not None and share.organisation == item.organisation:
        return True
    return any(
        share.host is not None and (share.host == domain or share.host.endswith(f".{domain}"))
        for domain in item.domains
    )


def _is_known(share: HostShareDoc, old: SessionDoc) -> bool:
    """Tell whether the older session talked to the same host or owner: to a new one the data may have moved."""
    hosts = {one.host for one in old.destinations} - {None}
    owners = {one.organisation for one in old.destinations} - {None}
    return share.host in hosts or share.organisation in owners


def _read_share(session: SessionDoc) -> float:
    total = session.coverage.bytes_up
    return session.coverage.read / total if total else 1.0
