"""Holding an audit against the truth: what was sent, what was found, and what is in between.

A value counts as found if a finding of the same session, host, form, chain and path follows the same step, as often as
it was sent. Found otherwise it is misattributed; not at all, missed. What passed no recorder, or stays closed, is no
fault of the audit's, as long as its coverage says that there is something that it could not read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from phonehome.documents.audit import AuditDocument, FindingDoc
from phonehome.documents.score import (
    BlindSpotDoc,
    FalseDoc,
    FunnelDoc,
    MissDoc,
    RateDoc,
    ScoreDocument,
    VerdictRowDoc,
)
from phonehome.lab.interval import clopper_pearson
from phonehome.lab.truth import SentValue, Truth
from phonehome.model.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where and how a value stands: what a finding must have right."""

    session: str | None
    value_id: str
    host: str | None
    form: str
    chain: tuple[str, ...]
    path: str
    step: str | None

    @classmethod
    def of_sent(cls, value: SentValue, value_id: str) -> "_Place":
        return cls(
            session=value.session,
            value_id=value_id,
            host=value.host,
            form=value.form,
            chain=tuple(value.chain),
            path=value.path,
            step=value.step,
        )

    @classmethod
    def of_finding(cls, finding: FindingDoc) -> "_Place":
        return cls(
            session=finding.session,
            value_id=finding.value_id,
            host=finding.exchange.host,
            form=finding.form,
            chain=tuple(finding.chain),
            path=finding.path,
            step=finding.step,
        )

    @property
    def cell(self) -> tuple[str | None, str, str | None]:
        """What an audit must at least say: this value went to this host in this session."""
        return self.session, self.value_id, self.host


def score(truth: Truth, document: AuditDocument, verdicts: Iterable[VerdictRowDoc] = ()) -> ScoreDocument:
    """Score the audit of a case.

    Args:
        truth: What the sender wrote.
        document: The audit of the same case.
        verdicts: Its verdicts, held against the expected ones.

    Raises:
        ConfigError: The document is not of a case, or lists fewer findings than it counts.
    """
    if document.case is None:
        raise ConfigError("only the audit of a case can be scored, and this is one of bare recordings")
    readable = [one for one in truth.sent if one.recorded and one.readable]
    names = _Names(document)
    sent = Counter(_Place.of_sent(one, names.of(one)) for one in readable)
    findings = [one for one in document.findings if one.direction == "up" and one.weak is None]
    found: Counter[_Place] = Counter()
    for finding in findings:
        found[_Place.of_finding(finding)] += finding.count
    missed, misattributed = _compare(sent, found)
    rows = list(verdicts)
    false = list(_false(findings, {place.cell for place in sent}))
    blind = list(_blind_spots(truth, document))
    counted = [row for row in rows if row.counts]
    return ScoreDocument(
        case=document.case.title,
        perfect=not (missed or misattributed or false)
        and all(spot.said for spot in blind)
        and all(row.is_right for row in counted),
        false_not_seen=_rate_not_seen(sent, found),
        funnel=FunnelDoc(
            sent=len(truth.sent),
            recorded=sum(one.recorded for one in truth.sent),
            readable=len(readable),
            found=sum((sent & found).values()),
        ),
        missed=missed,
        misattributed=misattributed,
        false=false,
        blind_spots=blind,
        verdicts=rows,
        verdicts_right=sum(row.is_right for row in counted),
        verdicts_counted=len(counted),
    )


class _Names:
    """Names values as reports do: with their subject before them, where a case has several."""

    def __init__(self, document: AuditDocument) -> None:
        assert document.case is not None
        self._subjects = {session.id: session.subject for session in document.case.sessions}
        self._several = len(document.case.handsets) > 1

    def of(self, value: SentValue) -> str:
        subject = self._subjects.get(value.session)
        return f"{subject}/{value.value_id}" if self._several and subject is not None else value.value_id


def _compare(sent: Counter[_Place], found: Counter[_Place]) -> tuple[list[MissDoc], list[MissDoc]]:
    """Give what was missed, and what was found otherwise than it was sent."""
    spare: dict[tuple[str | None, str, str | None], Counter[_Place]] = defaultdict(Counter)
    for place, count in (found - sent).items():
        spare[place.cell][place] += count
    missed, misattributed = [], []
    for place, count in (sent - found).items():
        others = spare[place.cell]
        while count and others:
            other, number = others.most_common(1)[0]
            taken = min(count, number)
            misattributed.append(_miss(place, taken, _differences(place, other)))
            others -= Counter({other: taken})
            count -= taken
        if count:
            missed.append(_miss(place, count, None))
    for cell, others in spare.items():
        for other, number in others.items():
            if any(place.cell == cell for place in sent):
                misattributed.append(_miss(other, number, "found more often than it was sent"))
    return missed, misattributed


def _differences(sent: _Place, found: _Place) -> str:
    parts = []
    for name in ("form", "chain", "path", "step"):
        was, came = getattr(sent, name), getattr(found, name)
        if was != came:
            parts.append(f"{name} {_write(came)} instead of {_write(was)}")
    return "; ".join(parts)


def _write(part: object) -> str:
    return " › ".join(part) or "none" if isinstance(part, tuple) else str(part)


def _miss(place: _Place, count: int, found_as: str | None) -> MissDoc:
    return MissDoc(
        value_id=place.value_id,
        session=place.session or "",
        step=place.step,
        host=place.host or "",
        form=place.form,
        chain=list(place.chain),
        path=place.path,
        count=count,
        found_as=found_as,
    )


def _false(
    findings: Iterable[FindingDoc], cells: set[tuple[str | None, str, str | None]]
) -> Iterator[FalseDoc]:
    for finding in findings:
        place = _Place.of_finding(finding)
        if place.cell not in cells:
            yield FalseDoc(
                finding=finding.id,
                value_id=finding.value_id,
                session=finding.session,
                host=finding.exchange.host,
                form=finding.form,
                chain=finding.chain,
            )


def _rate_not_seen(sent: Counter[_Place], found: Counter[_Place]) -> RateDoc:
    """Of what an audit could have seen, that of which it shows nothing in that session and at that host."""
    cells = {place.cell for place in sent}
    seen = {place.cell for place in found}
    count, of = len(cells - seen), len(cells)
    low, high = clopper_pearson(count, of) if of else (None, None)
    return RateDoc(count=count, of=of, rate=count / of if of else None, low=low, high=high)


def _blind_spots(truth: Truth, document: AuditDocument) -> Iterator[BlindSpotDoc]:
    """Say whether coverage owns up to what it could not read."""
    assert document.case is not None
    unread = {
        (session.id, row.host)
        for session in document.case.sessions
        for row in session.destinations
        if row.closed + row.unreadable + row.lost
    }
    places = dict.fromkeys((one.session, one.host) for one in truth.sent if one.recorded and not one.readable)
    for session, host in places:
        yield BlindSpotDoc(session=session, host=host, said=(session, host) in unread)
