"""Comparing what was sent with what was found: everything that the truth says of a value, and how often.

A value counts as found if a finding agrees with all of it. Found otherwise it is misattributed, and the difference is
told; not at all, missed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from phonehome.documents.audit import FindingDoc
from phonehome.documents.case import ServiceDoc
from phonehome.documents.score import MissDoc
from phonehome.lab.moments import pair
from phonehome.lab.truth import Receiver, SentValue

Cell = tuple[str | None, str, str | None]
"""Session, value and host: what an audit must say at the least."""
MAX_TRIED = 200
"""Findings with which one value that was found otherwise is compared, to tell the least difference."""
MOMENT = "moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything but the moment that a finding must have right; the order of fields is that of differences."""

    session: str | None
    value_id: str
    host: str | None
    data_type: str
    method: str
    form: str
    chain: tuple[str, ...]
    part: str
    path: str
    step: str | None
    request: str | None
    via: str
    transport: str | None
    consent: str | None
    organisation: str | None
    country: str | None

    @property
    def cell(self) -> Cell:
        """What an audit must say at the least."""
        return self.session, self.value_id, self.host


_SAID = tuple(one.name for one in fields(Sight))[3:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A sight at a moment, by the scenario's clock; `consents` are those that a finding tells, by service."""

    sight: Sight
    at: datetime | None
    service: str | None = None
    consents: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came out; `found` is how many values were found as they were sent."""

    found: int
    missed: list[MissDoc]
    misattributed: list[MissDoc]


class Expecting:
    """Turns what was sent into what an audit of it can say at the best."""

    def __init__(self, receivers: Iterable[Receiver], services: Iterable[ServiceDoc]) -> None:
        self._receivers = {one.host: one for one in receivers}
        self._services = {one.id: one.hosts for one in services}

    def serves(self, service: str | None, host: str) -> bool:
        """Say whether the case tells of a host that a service uses it; else nobody can tell whose consent counts."""
        hosts = self._services.get(service, []) if service is not None else []
        return any(host == name or (name.startswith(".") and host.endswith(name)) for name in hosts)

    def is_untold(self, value: SentValue) -> bool:
        """Say whether the case does not tell of a value's host that the service that asked for it uses it."""
        return value.service is not None and not self.serves(value.service, value.host)

    def of(self, value: SentValue, value_id: str, at: datetime | None) -> Seen:
        """Give what an audit must say of a value."""
        receiver = self._receivers.get(value.host)
        return Seen(
            sight=Sight(
                session=value.session,
                value_id=value_id,
                host=value.host,
                data_type=value.data_type,
                method=value.method,
                form=value.form,
                chain=tuple(value.chain),
                part=value.part or "",
                path=value.path,
                step=value.step,
                request=value.verb,
                via=value.via,
                transport=value.transport,
                consent=value.consent if self.serves(value.service, value.host) else None,
                organisation=receiver.organisation if receiver is not None else None,
                country=receiver.country if receiver is not None else None,
            ),
            at=at,
            service=value.service,
        )

    def of_finding(self, finding: FindingDoc, at: datetime | None, network: str) -> Seen:
        """Give what an audit says; whose consent counts is for `compare` to choose.

        Args:
            finding: One of its findings.
            at: When that was, by the scenario's clock.
            network: On which the handset was, by the conditions of the session.
        """
        destination, host = finding.destination, finding.exchange.host
        receiver = self._receivers.get(host or "")
        organisation = destination.organisation.name if destination.organisation is not None else None
        if receiver is None or receiver.organisation is None:
            organisation = None  # the lab does not know better
        return Seen(
            sight=Sight(
                session=finding.session,
                value_id=finding.value_id,
                host=host,
                data_type=finding.data_type,
                method=finding.method,
                form=finding.form,
                chain=tuple(finding.chain),
                part=finding.part,
                path=finding.path,
                step=finding.step,
                request=finding.exchange.method,
                via=network,
                transport=finding.transport,
                consent=None,
                organisation=organisation,
                country=destination.country if receiver is not None else None,
            ),
            at=at,
            consents=finding.consent,
        )


def compare(sent: Collection[Seen], found: Iterable[Seen]) -> Compared:
    """Compare them, each as often as it is there."""
    services: dict[Cell, dict[str | None, None]] = defaultdict(dict)
    for one in sent:
        services[one.sight.cell][one.service] = None
    wanted: dict[Sight, list[Seen]] = defaultdict(list)
    for one in sent:
        wanted[one.sight].append(one)
    came: dict[Sight, list[Seen]] = defaultdict(list)
    for one in found:
        came[_told(one, services.get(one.sight.cell, {}), wanted)].append(one)
    right = 0
    spare: dict[Cell, list[tuple[Sight, Seen]]] = defaultdict(list)
    lacking: list[Seen] = []
    for sight, seen in came.items():
        noted = wanted.get(sight, [])
        pairs = pair([one.at for one in noted], [one.at for one in seen])
        right += len(pairs)
        used = {place for _, place in pairs}
        spare[sight.cell] += [(sight, one) for place, one in enumerate(seen) if place not in used]
        done = {place for place, _ in pairs}
        lacking += [one for place, one in enumerate(noted) if place not in done]
    lacking += [one for sight, noted in wanted.items() if sight not in came for one in noted]
    missed, misattributed = _explain(lacking, spare)
    for cell, others in spare.items():
        if cell in services:
            misattributed += [(sight, "found more often than it was sent") for sight, _ in others]
    return Compared(found=right, missed=_gather(missed), misattributed=_gather(misattributed))


def _told(one: Seen, services: Iterable[str | None], wanted: Mapping[Sight, object]) -> Sight:
    """Give a finding's sight with the consent that it tells for the service that asked.

    Of several services that may have asked, the one that makes it what was sent: a wire does not tell them apart.
    """
    told = [_with_consent(one, service) for service in services]
    return next((sight for sight in told if sight in wanted), told[0] if told else one.sight)


def _with_consent(one: Seen, service: str | None) -> Sight:
    consent = (one.consents or {}).get(service or "")
    return Sight(**{name: getattr(one.sight, name) for name in _NAMES} | {"consent": consent})


_NAMES = tuple(one.name for one in fields(Sight))
_Reasons = list[tuple[Sight, str | None]]


def _explain(
    lacking: Iterable[Seen], spare: Mapping[Cell, list[tuple[Sight, Seen]]]
) -> tuple[_Reasons, _Reasons]:
    missed: _Reasons = []
    misattributed: _Reasons = []
    for one in lacking:
        others = spare.get(one.sight.cell, [])
        if not others:
            missed.append((one.sight, None))
            continue
        place = min(range(min(len(others), MAX_TRIED)), key=lambda at: len(_differences(one, *others[at])))
        misattributed.append((one.sight, "; ".join(_differences(one, *others.pop(place)))))
    return missed, misattributed


def _differences(sent: Seen, sight: Sight, found: Seen) -> list[str]:
    parts = []
    for name in _SAID:
        was, came = getattr(sent.sight, name), getattr(sight, name)
        if was != came:
            parts.append(f"{name} {_write(came)} instead of {_write(was)}")
    return parts or [f"{MOMENT} {_write_gap(sent.at, found.at)}"]


def _write(part: object) -> str:
    return (" › ".join(part) if isinstance(part, tuple) else str(part or "")) or "none"


def _write_gap(sent: datetime | None, found: datetime | None) -> str:
    if sent is None or found is None:
        return "unknown"
    gap: timedelta = found - sent
    return f"{abs(gap.total_seconds()):,.1f} s {'after' if gap > timedelta() else 'before'} it was sent"


def _gather(reasons: _Reasons) -> list[MissDoc]:
    return list(_make_misses(Counter(reasons)))


def _make_misses(counted: Mapping[tuple[Sight, str | None], int]) -> Iterator[MissDoc]:
    for (sight, found_as), count in counted.items():
        yield MissDoc(
            value_id=sight.value_id,
            session=sight.session or "",
            step=sight.step,
            host=sight.host or "",
            form=sight.form,
            chain=list(sight.chain),
            path=sight.path,
            count=count,
            found_as=found_as,
        )
