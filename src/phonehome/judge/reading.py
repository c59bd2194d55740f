"""Coverage in a comparison: whether a side that was silent could have been seen to send.

It is compared at the same host, at its owner's other hosts, and anywhere: what hides in one closed connection
of a new host is what a naive comparison calls fixed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from phonehome.documents.case import SessionDoc
from phonehome.judge.sending import Sent
from phonehome.judge.sides import Readable, Share, Side, add_shares
from phonehome.model.positions import CELLULAR_WORDS
from phonehome.model.wording import listing_at_most

COVERAGE_SLACK = 0.05
"""How much more of what was sent may have stayed unread than on the other side before silence says nothing."""

FRESH_OPAQUE = 0.01
"""How much of all that was sent may have gone unread to hosts that the other side read, or never met."""

MIN_HIDING = 16
"""Bytes that the least way of hiding a value takes: one block of a cipher."""

NAMED_HOSTS = 3

LookUp = Callable[[Readable], Share | None]
Part = tuple[Side, Sequence[str]]
"""A side and the names of the sessions that count; an empty name for bare recordings."""


def percent(share: float) -> str:
    """Write a share with as many digits as it needs not to look like none or all."""
    return f"{100 * share:.0f} %" if 0.01 <= share <= 0.99 or share in (0, 1) else f"{100 * share:.2g} %"


def share_at(part: Part, look_up: LookUp) -> Share:
    """Add up a share over sessions."""
    side, names = part
    return add_shares(found for name in names if (found := look_up(side.readable[name])) is not None)


def is_unread_at(part: Part, host: str | None) -> bool:
    """Say whether a side sent something to a host that nobody could look into."""
    return share_at(part, lambda one: one.hosts.get(host or "")).unread > 0


def doubt_reading(
    sent: Sent, seen: Part, silent: Part, opaque: Mapping[str, int]
) -> Iterator[tuple[Literal["coverage", "position"], str]]:
    """Say why a side may have sent something without its being seen.

    Args:
        sent: What the other side was seen to send.
        seen: The other side, and the sessions that saw it.
        silent: The side that was silent, and the sessions in which it had a chance.
        opaque: Hosts to which the other side's traffic went unread, as `unread_by_host` gives them.
    """
    name = silent[0].name
    if not any(silent[0].readable[one].exchanges for one in silent[1]):
        yield "coverage", f"no exchange of {name} could be read"
        return
    for place, was, now in _places(sent, seen, silent):
        if now.unread_share > was.unread_share + COVERAGE_SLACK:
            shares = f"{percent(now.unread_share)} against {percent(was.unread_share)}"
            yield "coverage", f"more of what {name} sent {place} stayed unread: {shares}"
            break
    else:
        yield from _doubt_amount(sent, seen, silent) or _doubt_fresh(seen, silent, opaque)
    if sent.target.direction == "down" and is_unread_at(silent, sent.target.host):
        yield "coverage", f"not all that {name} exchanged with the host could be read"
    lost_before, lost_now = (_lost_problems(part) for part in (seen, silent))
    if lost_now > lost_before:
        yield "coverage", f"problems made the audit of {name} pass over parts of it"
    for text in _doubt_position(sent, seen, silent):
        yield "position", text


def _look_ups(sent: Sent) -> list[tuple[str, LookUp]]:
    """Give where something may have gone unread, the nearest place first, and last anywhere."""
    look_ups: list[tuple[str, LookUp]] = [
        ("to the same host", lambda one: one.hosts.get(sent.target.host or ""))
    ]
    look_ups += [
        (f"to hosts of {name}", lambda one, name=name: one.organisations.get(name))  # type: ignore[misc]
        for name in sorted(sent.organisations)
    ]
    look_ups += [
        (f"to hosts under {name}", lambda one, name=name: one.domains.get(name))  # type: ignore[misc]
        for name in sorted(sent.domains)
    ]
    return [*look_ups, ("anywhere", lambda one: one.whole)]


def _places(sent: Sent, seen: Part, silent: Part) -> Iterator[tuple[str, Share, Share]]:
    for place, look_up in _look_ups(sent):
        yield place, share_at(seen, look_up), share_at(silent, look_up)


Doubts = list[tuple[Literal["coverage"], str]]


def _doubt_amount(sent: Sent, seen: Part, silent: Part) -> Doubts:
    """Look for more unread bytes to the host or its owner than any session had that saw it: room for the value.

    A share is no measure here: of a megabyte, a number of eleven digits is nothing.
    """
    *places, _ = _places(sent, seen, silent)  # the last is anywhere
    look_ups = [look_up for _, look_up in _look_ups(sent)]
    for (place, _, now), look_up in zip(places, look_ups, strict=False):
        was = max((share_at((seen[0], [name]), look_up).unread for name in seen[1]), default=0)
        if now.unread - was >= MIN_HIDING:
            more = f"{now.unread:,} bytes against {was:,}"
            return [("coverage", f"more of what {silent[0].name} sent {place} stayed unread: {more}")]
    return []


def _doubt_fresh(seen: Part, silent: Part, opaque: Mapping[str, int]) -> Doubts:
    """Look for unread traffic to hosts of which the other side read more, or that it never met.

    What TLS closed is all over a recording, and counts from a share on. Ciphertext where everything around it could be
    read was made to be unread, and counts from a block on.
    """
    fresh = {
        host: unread
        for host, unread in unread_by_host(silent).items()
        if host not in opaque or _is_worse_at(host, seen, silent)
    }
    whole = share_at(silent, lambda one: one.whole)
    total = sum(fresh.values())
    sealed = {host: share_at(silent, lambda one, host=host: one.hosts.get(host)).sealed for host in fresh}  # type: ignore[misc]
    if total > FRESH_OPAQUE * (whole.read + whole.unread):
        share = percent(total / (whole.read + whole.unread))
        return [("coverage", f"{share} of what {silent[0].name} sent went unread to {_name_hosts(fresh)}")]
    if sum(sealed.values()) >= MIN_HIDING:
        hosts = _name_hosts({host: size for host, size in sealed.items() if size})
        text = f"{sum(sealed.values()):,} bytes that {silent[0].name} sent to {hosts} look like ciphertext"
        return [("coverage", text)]
    return []


def _name_hosts(sizes: Mapping[str, int]) -> str:
    hosts = [host or "hosts without a name" for host in sorted(sizes, key=lambda host: -sizes[host])]
    return listing_at_most(hosts, NAMED_HOSTS, "other", "others")


def _is_worse_at(host: str, seen: Part, silent: Part) -> bool:
    was, now = (share_at(part, lambda one: one.hosts.get(host)) for part in (seen, silent))
    return now.unread_share > was.unread_share + COVERAGE_SLACK


def unread_by_host(part: Part) -> Mapping[str, int]:
    """Give how much went unread to the hosts to which most did."""
    side, names = part
    if len(names) == 1:
        return side.readable[names[0]].opaque
    unread: dict[str, int] = {}
    for name in names:
        for host, size in side.readable[name].opaque.items():
            unread[host] = unread.get(host, 0) + size
    return unread


def _lost_problems(part: Part) -> float:
    """Give how many problems lost something, on average over the sessions."""
    side, names = part
    return sum(side.readable[name].lost_problems for name in names) / max(1, len(names))


def _doubt_position(sent: Sent, seen: Part, silent: Part) -> Iterator[str]:
    """Say what the silent side's recording position misses and the other's does not."""
    sessions = [found for name in silent[1] if (found := silent[0].sessions.get(name)) is not None]
    name = silent[0].name
    if sessions and all(map(_misses_network, sessions)):
        yield f"{name} was recorded beside the cellular network on which the handset was"
        return
    was = {found.position for name in seen[1] if (found := seen[0].sessions.get(name)) is not None}
    now = {session.position for session in sessions}
    if not now or not was or now & was:
        return
    if now == {"proxy"} and not _is_read_at_owner(sent, seen, silent):
        yield f"{name} was recorded at a proxy, which misses apps that pin certificates or go round it"
    if "handset" in now and _followed_first_step(sent, seen):
        yield f"{name} was recorded on the handset, which misses early boot"
    if "handset" in was and any(session.conditions.get("network") != "wifi" for session in sessions):
        yield f"{name} was not recorded on the handset, and so misses what goes over the cellular network"


def _is_read_at_owner(sent: Sent, seen: Part, silent: Part) -> bool:
    """Say whether something sent to the host or its owner was read: then its apps do not go past a proxy."""
    *places, _ = _places(sent, seen, silent)  # the last is anywhere
    return any(now.read for _, _, now in places)


def _misses_network(session: SessionDoc) -> bool:
    """Say whether a session ran on the cellular network, and was recorded where that does not pass."""
    network = session.conditions.get("network", "").strip().lower()
    return network in CELLULAR_WORDS and session.position in ("gateway", "tap")


def _followed_first_step(sent: Sent, seen: Part) -> bool:
    """Say whether it may belong to the start of a session: it followed no step, or the first."""
    sessions = [found for name in seen[1] if (found := seen[0].sessions.get(name)) is not None]
    first = {session.steps[0].id for session in sessions if session.steps}
    return not sent.steps or bool(sent.steps & first)
