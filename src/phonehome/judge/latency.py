"""How long the way to each host takes, per session; and what changed between sessions, with its spread.

What is compared is like with like: sessions of one handset whose conditions are the same but for one factor, or that
lie on both sides of a day. A session counts as one observation of the median, since all of its handshakes share an
hour and a network. Of a group, the median is the geometric mean of its sessions' medians. The bounds (95 %) take the
wider of two spreads: that between sessions (Student's t, pooled over both groups), where there are several; and that
within sessions, of which a median's standard error is 1.2533 σ/√n, σ from the tenth and the ninetieth percentile
(2.5631 σ apart if normal; round trips have a longer tail than that, so the bounds are rather too wide).
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import CaseDoc, HostShareDoc, RoundTrips, SessionDoc
from phonehome.documents.judgement import LatencyChangeDoc, LatencyDoc
from phonehome.judge.grouping import Pairing, iter_pairings

MIN_HANDSHAKES = 8
"""Handshakes on each side below which nothing is said of the spread."""
MAX_CHANGES = 2_000
"""Changes that are listed; more than any table is read."""

_MEDIAN_ERROR = math.sqrt(math.pi / 2)
_DECILES_APART = 2.5631
_NORMAL = 1.96
_OWN_HANDSHAKES = {
    "tap": "a tap that opens connections makes handshakes of its own, so these say nothing of the handset's way",
    "proxy": "a proxy makes handshakes of its own, so these say nothing of the handset's way",
}
_NO_HANDSHAKES = (
    "its recordings hold no handshake whose round trip can be told (HAR and mitmproxy files hold none at all)"
)
# Two-sided 95 % quantiles of Student's t by degrees of freedom, from one on.
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


def measure(
    document: AuditDocument, moves: Sequence[date] = ()
) -> tuple[list[LatencyDoc], list[LatencyChangeDoc]]:
    """Give the round-trip times of each session's hosts, and their changes.

    Args:
        document: The audit of a case.
        moves: Days on which something is said to have moved: sessions before one are compared with those from it on.
    """
    if document.case is None:
        return [], []
    times = [row for session in document.case.sessions for row in _iter_session(session)]
    return times, _changes(document.case, moves)


def _iter_session(session: SessionDoc) -> Iterator[LatencyDoc]:
    reason = _OWN_HANDSHAKES.get(session.position)
    told = [] if reason is not None else [row for row in session.destinations if row.round_trips is not None]
    if not told:
        yield LatencyDoc(
            session=session.id,
            host=None,
            address=None,
            country=None,
            organisation=None,
            count=0,
            minimum=None,
            p10=None,
            median=None,
            p90=None,
            maximum=None,
            reason=reason or _NO_HANDSHAKES,
        )
    for row in told:
        found = row.round_trips
        assert found is not None
        yield LatencyDoc(
            session=session.id,
            host=row.host,
            address=row.address,
            country=row.country,
            organisation=row.organisation,
            reason=None,
            **found.model_dump(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observed:
    """One host in one session: logarithm of the median, and the variance that its handshakes leave."""

    session: str
    count: int
    median: float
    variance: float


def _changes(case: CaseDoc, moves: Sequence[date]) -> list[LatencyChangeDoc]:
    readable = [session for session in case.sessions if session.position not in _OWN_HANDSHAKES]
    observed = {session.id: _observe(session.destinations) for session in readable}
    found: list[LatencyChangeDoc] = []
    for pairing in iter_pairings(case, readable, moves):
        for change in _compare(pairing, observed):
            if len(found) >= MAX_CHANGES:
                return found
            found.append(change)
    return found


def _observe(rows: Sequence[HostShareDoc]) -> dict[str, tuple[int, float, float]]:
    """Give count, logarithm of the median and its variance by host; of several addresses, by their handshakes."""
    by_host: dict[str, list[RoundTrips]] = defaultdict(list)
    for row in rows:
        name = row.host or row.address
        times = row.round_trips
        # A clock too coarse to tell gives a median of zero, of which no share can be taken.
        if times is not None and name is not None and times.count > 0 and times.median > 0:
            by_host[name].append(times)
    return {host: _pool(found) for host, found in by_host.items()}


def _pool(found: Sequence[RoundTrips]) -> tuple[int, float, float]:
    count = sum(one.count for one in found)
    median = sum(one.count * one.median for one in found) / count
    deviation = sum(one.count * (one.p90 - one.p10) for one in found) / count / _DECILES_APART
    return count, math.log(median), (_MEDIAN_ERROR * deviation / median) ** 2 / count


def _compare(
    pairing: Pairing, observed: Mapping[str, Mapping[str, tuple[int, float, float]]]
) -> Iterator[LatencyChangeDoc]:
    hosts = sorted({host for one in (*pairing.before, *pairing.after) for host in observed[one]})
    for host in hosts:
        before, after = (_gather(host, side, observed) for side in (pairing.before, pairing.after))
        if before and after:
            yield _change(pairing.by, host, before, after)


def _gather(
    host: str, sessions: Sequence[str], observed: Mapping[str, Mapping[str, tuple[int, float, float]]]
) -> list[_Observed]:
    return [
        _Observed(session=one, count=found[0], median=found[1], variance=found[2])
        for one in sessions
        if (found := observed[one].get(host)) is not None
    ]


def _change(by: str, host: str, before: list[_Observed], after: list[_Observed]) -> LatencyChangeDoc:
    middle = [sum(one.median for one in side) / len(side) for side in (before, after)]
    change = middle[1] - middle[0]
    low = high = None
    if min(sum(one.count for one in side) for side in (before, after)) >= MIN_HANDSHAKES:
        reach = _reach(before, after, middle)
        low, high = _percent(change - reach), _percent(change + reach)
    return LatencyChangeDoc(
        host=host,
        by=by,
        before=[one.session for one in before],
        after=[one.session for one in after],
        before_median=round(math.exp(middle[0]), 3),
        after_median=round(math.exp(middle[1]), 3),
        change_percent=_percent(change),
        low=low,
        high=high,
    )


def _reach(before: list[_Observed], after: list[_Observed], middle: Sequence[float]) -> float:
    """Half the width of the bounds of the logarithmic change."""
    sides = (before, after)
    within = _NORMAL * math.sqrt(sum(sum(one.variance for one in side) / len(side) ** 2 for side in sides))
    freedom = sum(len(side) - 1 for side in sides)
    if freedom == 0:
        return within
    squares = sum(
        (one.median - centre) ** 2 for side, centre in zip(sides, middle, strict=True) for one in side
    )
    student = _STUDENT[freedom - 1] if freedom <= len(_STUDENT) else _STUDENT[-1]
    between = student * math.sqrt(squares / freedom * sum(1 / len(side) for side in sides))
    return max(within, between)


def _percent(logarithm: float) -> float:
    return round(100 * math.expm1(min(logarithm, 100.0)), 1)
