"""Changes in the words of the document: for each what happened, how it is known, and what remains open."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from phonehome.documents.diff import ChangeDoc, ChangeName, EndDoc
from phonehome.judge.exercise import Pairing
from phonehome.judge.reading import percent, share_at
from phonehome.judge.sending import SEVERITIES, Sent, describe_end
from phonehome.judge.wrapping import (
    Wrap,
    compare_transports,
    compare_writings,
    describe_transports,
    describe_writings,
)
from phonehome.model.statistics import rate_bound
from phonehome.model.wording import count, listing_at_most
from phonehome.model.wording import data_type as write_data_type

NAMED = 3
NAMELESS = "a host without a name"

_ORDER: dict[ChangeName, int] = {
    "new": 0,
    "unwrapped": 1,
    "moved": 2,
    "wrapped": 3,
    "still_sent": 4,
    "not_exercised": 5,
    "stopped": 6,
}


class _Moved(NamedTuple):
    """How two ends differ in place, and the words for it."""

    moved: bool
    words: list[str]


def order_changes(changes: Iterable[ChangeDoc]) -> list[ChangeDoc]:
    """Put them in order: what left before what came back, what is worse first, and the gravest first."""
    return sorted(
        changes,
        key=lambda one: (
            one.direction != "up",
            _ORDER[one.change],
            -SEVERITIES.index(one.severity),
            one.data_type,
            one.host or "",
        ),
    )


def describe_match(old: Sequence[Sent], new: Sequence[Sent], forth: Pairing) -> ChangeDoc:
    """Describe what both sides send, to the same host or to one that takes its place."""
    before, after = describe_end(old), describe_end(new)
    place = _compare_places(before, after)
    transports = compare_transports(before.transports, after.transports)
    writings = compare_writings(before.writings, after.writings)
    wraps: list[Wrap] = [name for name in ("unwrapped", "wrapped") if name in (transports, writings)]
    kinds: list[ChangeName] = [*(["moved"] if place.moved else []), *wraps]  # type: ignore[list-item]
    change, *also = kinds or ["still_sent"]
    how = _tell_wraps(before, after, transports, writings)
    details = [*place.words, *how, *_tell_partly(before, after), *_tell_values(before, after)]
    details += _tell_conditions(old, new, forth)
    return ChangeDoc(
        data_type=new[0].target.data_type,
        host=after.hosts[0],
        organisation=min(after.organisations, default=None),
        direction=new[0].target.direction,
        change=change,
        also=also,
        still=True,
        severity=max(before.severity, after.severity, key=SEVERITIES.index),
        sentence=_sentence(new[0], after, _tell_match(kinds, place, how)),
        details=details,
        doubts=[],
        exposures=None,
        rate_bound=None,
        before=before,
        after=after,
    )


def describe_gone(sent: Sent, forth: Pairing, elsewhere: Sequence[str]) -> ChangeDoc:
    """Describe what the second side was not seen to send: stopped, or not exercised; `elsewhere` are hosts."""
    before = describe_end([sent])
    silence = forth.weigh(sent)
    doubts = [doubt.text for doubt in silence.doubts]
    bound = None if doubts or silence.exposures is None else rate_bound(silence.exposures)
    exposures = silence.exposures or 0
    name = forth.silent.name
    if bound is None:
        change: ChangeName = "not_exercised"
        what = f"not seen in {name}, which says nothing: {'; '.join(doubts)}"
    else:
        change = "stopped"
        after = f"{count(exposures, 'exposure')}, which still {'allows' if exposures == 1 else 'allow'}"
        what = f"stopped: not seen in {name} after {after} a rate of up to {percent(bound)}"
        untried = forth.untried(sent)
        what += f"; the conditions of {_name(untried)}, which saw it too, were not tried" if untried else ""
    details = [
        *_tell_elsewhere(name, elsewhere),
        *_tell_return(sent, forth),
        *_tell_unread(forth, silence.sessions),
    ]
    return _one_sided(sent, change, what, before=before, after=None, still=bool(elsewhere)).model_copy(
        update={
            "details": details,
            "doubts": doubts,
            "exposures": silence.exposures,
            "rate_bound": bound,
        }
    )


def describe_new(sent: Sent, back: Pairing, elsewhere: Sequence[str]) -> ChangeDoc:
    """Describe what the second side alone was seen to send."""
    silence = back.weigh(sent)
    doubts = [doubt.text for doubt in silence.doubts]
    name, other = back.seen.name, back.silent.name
    what = f"new in {name}"
    if doubts:
        what += f"; whether {other} sent it as well is not known: {'; '.join(doubts)}"
    elif silence.exposures:
        what += f"; not seen in {other} after {count(silence.exposures, 'exposure')}"
    details = _tell_elsewhere(other, elsewhere)
    change = _one_sided(sent, "new", what, before=None, after=describe_end([sent]), still=True)
    return change.model_copy(update={"details": details, "doubts": doubts})


def _one_sided(
    sent: Sent, change: ChangeName, what: str, *, before: EndDoc | None, after: EndDoc | None, still: bool
) -> ChangeDoc:
    end = after or before
    assert end is not None
    return ChangeDoc(
        data_type=sent.target.data_type,
        host=sent.target.host,
        organisation=min(end.organisations, default=None),
        direction=sent.target.direction,
        change=change,
        also=[],
        still=still,
        severity=end.severity,
        sentence=_sentence(sent, end, what),
        details=[],
        doubts=[],
        exposures=None,
        rate_bound=None,
        before=before,
        after=after,
    )


def _sentence(sent: Sent, end: EndDoc, what: str) -> str:
    word = "to" if sent.target.direction == "up" else "sent back by"
    host = sent.target.host or NAMELESS
    more = f" and {count(len(end.hosts) - 1, 'other host')}" if len(end.hosts) > 1 else ""
    name = write_data_type(sent.target.data_type)
    return f"{name[:1].upper()}{name[1:]} {word} {host}{more}: {what}."


def _tell_match(kinds: Sequence[ChangeName], place: _Moved, how: Sequence[str]) -> str:
    if not kinds:
        return "still sent"
    return "still sent, now " + "; ".join([*(place.words if place.moved else []), *how])


def _compare_places(before: EndDoc, after: EndDoc) -> _Moved:
    words = []
    if before.hosts != after.hosts:
        words.append(f"to another host ({_name_hosts(before)} before)")
    if (
        before.organisations
        and after.organisations
        and not set(before.organisations) & set(after.organisations)
    ):
        words.append(f"to another owner ({_name(after.organisations)}, {_name(before.organisations)} before)")
    if before.countries and after.countries and not set(before.countries) & set(after.countries):
        words.append(f"to another country ({_name(after.countries)}, {_name(before.countries)} before)")
    if words:
        return _Moved(True, words)
    added = sorted(set(after.countries) - set(before.countries))
    if added and before.countries:
        words.append(f"also to {_name(added)}, at least by one source")
    return _Moved(False, words)


def _name(items: Sequence[str]) -> str:
    return listing_at_most(items, NAMED, "other", "others")


def _name_hosts(end: EndDoc) -> str:
    return _name([host or NAMELESS for host in end.hosts])


def _tell_wraps(before: EndDoc, after: EndDoc, transports: Wrap | None, writings: Wrap | None) -> list[str]:
    words = []
    if transports is not None:
        now, was = describe_transports(after.transports), describe_transports(before.transports)
        words.append(f"{now} ({was} before)")
    if writings is not None:
        now, was = describe_writings(after.writings), describe_writings(before.writings)
        words.append(f"{now} ({was} before)")
    return words


def _tell_partly(before: EndDoc, after: EndDoc) -> list[str]:
    """Say what is new or gone beside a way that is as open as before."""
    words = []
    if set(before.transports) != set(after.transports) and not compare_transports(
        before.transports, after.transports
    ):
        now, was = describe_transports(after.transports), describe_transports(before.transports)
        words.append(f"{now} now, {was} before")
    if set(before.writings) != set(after.writings) and not compare_writings(before.writings, after.writings):
        now, was = describe_writings(after.writings), describe_writings(before.writings)
        words.append(f"written {now} now, {was} before")
    return words


def _tell_values(before: EndDoc, after: EndDoc) -> list[str]:
    """Say which values of a type one side alone sent; ids of different subjects share nothing and say nothing."""
    was, now = set(before.value_ids), set(after.value_ids)
    if was == now or not was & now:
        return []
    words = []
    if now - was:
        words.append(f"{_name([f'‹{one}›' for one in sorted(now - was)])}: only now")
    if was - now:
        words.append(f"{_name([f'‹{one}›' for one in sorted(was - now)])}: only before")
    return words


def _tell_conditions(old: Sequence[Sent], new: Sequence[Sent], forth: Pairing) -> list[str]:
    """Say if the second side sends it under other conditions only than those under which the first did."""
    now = frozenset().union(*(sent.sessions for sent in new))
    silences = [forth.weigh(sent) for sent in old]
    tried = {name for silence in silences for name in silence.sessions}
    alike = frozenset().union(*(forth.comparable(sent) for sent in old))
    if not now or not tried or alike & now or any(silence.doubts for silence in silences):
        return []
    exposures = max(silence.exposures or 0 for silence in silences)
    return [
        f"in {forth.silent.name} seen only under other conditions ({_name(sorted(now))}); under those of "
        f"{forth.seen.name} not seen after {count(exposures, 'exposure')} ({_name(sorted(tried))})"
    ]


def name_hosts(group: Iterable[Sent]) -> list[str]:
    """Name the hosts of what was sent."""
    return sorted({sent.target.host or NAMELESS for sent in group})


def _tell_elsewhere(name: str, hosts: Sequence[str]) -> list[str]:
    return [f"{name} sends this data type to {_name(hosts)}"] if hosts else []


def _tell_return(sent: Sent, forth: Pairing) -> list[str]:
    """Say if the server knows it all the same: from before, or by a way that nobody could read."""
    known = sent.target.direction == "up" and sent.target._replace(direction="down") in forth.silent.sent
    return [f"in {forth.silent.name} the host still sends it back, so it knows it"] if known else []


def _tell_unread(forth: Pairing, sessions: Sequence[str]) -> list[str]:
    names = sessions or (() if forth.silent.has_timeline else ("",))
    share = share_at((forth.silent, names), lambda one: one.whole)
    return [f"{percent(share.unread_share)} of what was sent then stayed unread"] if share.unread else []
