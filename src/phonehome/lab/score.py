"""Holding an audit against the truth: what was sent, what was found, and what is in between.

A value counts as found if a finding agrees with everything that the truth says of it (`comparing.py`). What passed no
recorder, or stays closed, is no fault of the audit's, as long as its coverage says that there is something that it
could not read; and where nobody can know, it must decide nothing (`undecided.py`).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from phonehome.documents.audit import AuditDocument, FindingDoc
from phonehome.documents.case import SessionDoc
from phonehome.documents.score import (
    BlindSpotDoc,
    FalseDoc,
    FunnelDoc,
    MissDoc,
    RateDoc,
    ScoreDocument,
    VerdictRowDoc,
)
from phonehome.lab.agreeing import disagreements
from phonehome.lab.comparing import Cell, Compared, Expecting, Seen, compare
from phonehome.lab.interval import clopper_pearson
from phonehome.lab.measuring import Measured
from phonehome.lab.moments import read_moment
from phonehome.lab.truth import SentValue, Truth
from phonehome.lab.undecided import check_unknown, check_unseen
from phonehome.model.errors import ConfigError

UP = "up"
WIFI = "wifi"
"""The network of a session that does not name one, as the handset takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Verdicts held against the right ones; `unheld` are those that came and against which nobody holds anything."""

    rows: Collection[VerdictRowDoc] = ()
    unheld: Collection[str] = ()


def score(truth: Truth, document: AuditDocument, measured: Measured, verdicts: Verdicts) -> ScoreDocument:
    """Score the audit of a case.

    Args:
        truth: What the sender wrote.
        document: The audit of the same case.
        measured: What its captures hold.
        verdicts: Its verdicts, held against the expected ones.

    Raises:
        ConfigError: The document is not of a case.
    """
    if document.case is None:
        raise ConfigError("only the audit of a case can be scored, and this is one of bare recordings")
    sessions = document.case.sessions
    names = _Names(sessions, several=len(document.case.handsets) > 1)
    expecting = Expecting(truth.receivers, document.case.services)
    way = _Way(truth.sent, measured, names)
    sent = [expecting.of(one, names.of(one), read_moment(one.at)) for one in way.readable]
    ups = [one for one in document.findings if one.direction == UP]
    found = [seen for one in ups if one.weak is None for seen in names.see(one, expecting)]
    compared = compare(sent, found)
    wrong = _Wrong(truth, names, {one.sight.cell for one in sent})
    counted = [row for row in verdicts.rows if row.counts]
    scored = ScoreDocument(
        case=document.case.title,
        kind=document.case.kind,
        perfect=False,
        not_there=_not_there(truth, sessions),
        false_not_seen=_rate_not_seen(sent, found),
        funnel=way.describe(compared),
        lost=way.lost,
        unread=way.unread,
        missed=compared.missed,
        misattributed=compared.misattributed,
        false=wrong.among(document.findings, weak=False),
        weak=wrong.among(document.findings, weak=True),
        flows=list(disagreements(document)),
        consent_untold=sum(expecting.is_untold(one) for one in way.readable),
        blind_spots=list(_blind_spots(truth, measured, sessions)),
        unseen=list(check_unseen(truth, document)),
        unknown=list(check_unknown(truth, document)),
        verdicts=list(verdicts.rows),
        verdicts_right=sum(row.is_right for row in counted),
        verdicts_counted=len(counted),
        unheld=list(verdicts.unheld),
    )
    return scored.model_copy(update={"perfect": _is_perfect(scored)})


def _not_there(truth: Truth, sessions: Iterable[SessionDoc]) -> list[str]:
    there = {session.id for session in sessions}
    return [one.session for one in truth.planned if one.session not in there]


def _is_perfect(doc: ScoreDocument) -> bool:
    """Say whether nothing is wrong, and something could have been."""
    wrong = (doc.not_there, doc.lost, doc.unread, doc.missed, doc.misattributed, doc.false, doc.flows)
    return (
        not any(wrong)
        and all(spot.said for spot in doc.blind_spots)
        and all(one.is_open for one in doc.unseen)
        and all(one.wrong is None for one in doc.unknown)
        and doc.verdicts_right == doc.verdicts_counted
        # Verdicts of which none is held against anything are no proof of anything.
        and (doc.verdicts_counted > 0 or not (doc.verdicts or doc.unheld))
    )


class _Names:
    """Names values as reports do: with their subject before them, where a case has several."""

    def __init__(self, sessions: Iterable[SessionDoc], *, several: bool) -> None:
        self._sessions = {session.id: session for session in sessions}
        self._several = several

    def of(self, value: SentValue) -> str:
        return self.within(value.session, value.value_id)

    def within(self, session: str, value_id: str) -> str:
        known = self._sessions.get(session)
        return f"{known.subject}/{value_id}" if self._several and known is not None else value_id

    def see(self, finding: FindingDoc, expecting: Expecting) -> Iterator[Seen]:
        """Give a finding as often as it counts, at its moment by the scenario's clock."""
        at = read_moment(finding.exchange.time or "")
        session = self._sessions.get(finding.session or "")
        if at is not None and session is not None:
            at -= timedelta(seconds=session.clock_offset_s)
        network = session.conditions.get("network", WIFI) if session is not None else WIFI
        seen = expecting.of_finding(finding, at, network)
        yield from (seen for _ in range(finding.count))


class _Way:
    """The way of values from their sender to what can be read in the captures."""

    def __init__(self, sent: Collection[SentValue], measured: Measured, names: _Names) -> None:
        self._sent = sent
        self._names = names
        self._recorded = [one for one in sent if measured.holds(one)]
        self.readable = [one for one in sent if measured.opens(one)]
        self._lost = [one for one in sent if one.recorded and not measured.holds(one)]
        self._unread = [one for one in self._recorded if one.readable and not measured.opens(one)]

    @property
    def lost(self) -> list[MissDoc]:
        """What was to be recorded, and is not there."""
        return _group(self._names, self._lost)

    @property
    def unread(self) -> list[MissDoc]:
        """What was to be read, and is closed."""
        return _group(self._names, self._unread)

    def describe(self, compared: Compared) -> FunnelDoc:
        """Count it."""
        return FunnelDoc(
            sent=len(self._sent),
            recorded=len(self._recorded),
            readable=len(self.readable),
            found=compared.found,
        )


class _Wrong:
    """Tells findings that cannot be right.

    A server can send down what it was sent: a value that no session has sent up, by whichever way, it cannot know.
    """

    def __init__(self, truth: Truth, names: _Names, cells: Collection[Cell]) -> None:
        self._cells = cells
        self._absent = {(one.session, names.within(one.session, one.value_id)) for one in truth.absent}
        self._known = {names.of(one) for one in truth.sent}

    def among(self, findings: Iterable[FindingDoc], *, weak: bool) -> list[FalseDoc]:
        """Give those that cannot be right; weak ones, or the others."""
        return [self._tell(one) for one in findings if (one.weak is not None) is weak and self._is_false(one)]

    def _is_false(self, finding: FindingDoc) -> bool:
        if finding.direction != UP:
            return finding.value_id not in self._known
        return (finding.session, finding.value_id, finding.exchange.host) not in self._cells

    def _tell(self, finding: FindingDoc) -> FalseDoc:
        if finding.direction != UP:
            why = "no server was ever told it"
        elif (finding.session, finding.value_id) in self._absent:
            why = "it is known to be absent from this session"
        else:
            why = "it was not sent there"
        return FalseDoc(
            finding=finding.id,
            value_id=finding.value_id,
            session=finding.session,
            host=finding.exchange.host,
            form=finding.form,
            chain=finding.chain,
            direction=finding.direction,
            why=why,
        )


def _group(names: _Names, values: Iterable[SentValue]) -> list[MissDoc]:
    counted: dict[tuple[object, ...], MissDoc] = {}
    for one in values:
        key = (one.session, one.step, one.host, one.value_id, one.form, tuple(one.chain), one.path)
        counted[key] = MissDoc(
            value_id=names.of(one),
            session=one.session,
            step=one.step,
            host=one.host,
            form=one.form,
            chain=one.chain,
            path=one.path,
            count=counted[key].count + 1 if key in counted else 1,
            found_as=None,
        )
    return list(counted.values())


def _rate_not_seen(sent: Iterable[Seen], found: Iterable[Seen]) -> RateDoc:
    """Of what an audit could have seen, that of which it shows nothing in that session and at that host."""
    cells = {one.sight.cell for one in sent}
    seen = {one.sight.cell for one in found}
    count, of = len(cells - seen), len(cells)
    low, high = clopper_pearson(count, of) if of else (None, None)
    return RateDoc(count=count, of=of, rate=count / of if of else None, low=low, high=high)


def _blind_spots(truth: Truth, measured: Measured, sessions: Iterable[SessionDoc]) -> Iterator[BlindSpotDoc]:
    """Say whether coverage owns up to what it could not read."""
    unread = {
        (session.id, row.host)
        for session in sessions
        for row in session.destinations
        if row.closed + row.unreadable + row.lost
    }
    closed = (one for one in truth.sent if measured.holds(one) and not measured.opens(one))
    for session, host in dict.fromkeys((one.session, one.host) for one in closed):
        yield BlindSpotDoc(session=session, host=host, said=(session, host) in unread)
