"""One audit from end to end: the only module that knows every stage.

Captures are read, exchange by exchange; each is searched; findings get their destination, their chance and their
weight; flows are what people read. Problems and coverage travel beside them to the last page.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import phonenumbers

from phonehome import __version__
from phonehome.attribution import Attributor
from phonehome.detect import Detector, Examined
from phonehome.detect.chance import THRESHOLD_BITS, chance_bits, recorded_before, weakness
from phonehome.detect.masking import Masker
from phonehome.judge.severity import Severity, severity_of
from phonehome.model.destination import Destination
from phonehome.model.exchange import Direction, Exchange, Transport
from phonehome.model.finding import Finding
from phonehome.model.problem import Problem
from phonehome.model.subject import DataType, Subject
from phonehome.model.vocabulary import VOCABULARY
from phonehome.readers import InputFacts, iter_inputs, read_input
from phonehome.reports import document as doc
from phonehome.reports.destinations import render_destination

MAX_FINDINGS = 100_000
"""Findings kept one by one; a capture with more says so, and its flows count only these."""

MAX_UNFOLDED = 50
MAX_UNFOLDED_IN_ALL = 5_000
"""Findings of one flow, and of all, shown layer by layer; the others have their chain, place and excerpt."""

MAX_PROBLEMS = 20_000
PROGRESS_EVERY = 20_000
EXCERPT = 40
"""Characters shown on either side of a value."""

_OPAQUE = "high entropy without a known format"

Progress = Callable[[str], None]


def audit(
    paths: Sequence[str],
    *,
    subject: Subject | None = None,
    geo_databases: Sequence[Path] = (),
    reveal: bool = False,
    progress: Progress | None = None,
) -> doc.AuditDocument:
    """Audit captures against a subject.

    Args:
        paths: Captures, folders of them, or `-` for standard input.
        subject: The known values; without it, destinations and coverage alone are reported.
        geo_databases: MaxMind-format files of the user's own, beside the packed data.
        reveal: Show values instead of their ids.
        progress: Called with a sentence now and then, for work that takes long.

    Raises:
        InputError: None of the paths can be read.
        ConfigError: A database of the user's cannot be read.
    """
    attributor = Attributor(geo_databases)
    try:
        return _Audit(subject or Subject(), attributor, reveal=reveal, progress=progress).run(
            paths, named=subject is not None
        )
    finally:
        attributor.close()


_FlowKey = tuple[DataType, str | None, Transport | None, Direction]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A finding rendered, but for what depends on all that was searched."""

    flow: _FlowKey
    bits: float
    early: str | None
    doc: doc.FindingDoc


@dataclass(slots=True)
class _DestinationTally:
    exchanges: int = 0
    up: int = 0
    unreadable: int = 0


@dataclass(slots=True)
class _Tally:
    exchanges: int = 0
    recorded: int = 0
    bytes_up: int = 0
    by_protocol: dict[str, int] = field(default_factory=dict)
    by_destination: dict[tuple[str | None, str | None], _DestinationTally] = field(default_factory=dict)

    def add(self, examined: Examined) -> None:
        exchange = examined.exchange
        self.exchanges += 1
        self.recorded += examined.recorded
        self.bytes_up += exchange.bytes_up
        protocol = exchange.protocol.value
        self.by_protocol[protocol] = self.by_protocol.get(protocol, 0) + 1
        place = self.by_destination.setdefault((exchange.host, exchange.address), _DestinationTally())
        place.exchanges += 1
        place.up += exchange.bytes_up
        place.unreadable += examined.unreadable_up


class _Audit:
    """The state of one run."""

    def __init__(
        self, subject: Subject, attributor: Attributor, *, reveal: bool, progress: Progress | None
    ) -> None:
        self._subject = subject
        self._values = {value.id: value for value in subject.values}
        self._attributor = attributor
        self._detector = Detector(subject)
        self._masker = self._detector.make_masker(reveal=reveal)
        self._progress = progress
        self._tally = _Tally()
        self._problems: list[Problem] = []
        self._names: list[str] = []
        self._builder = _Builder(self._masker, attributor, self._names)
        self._findings: list[_Kept] = []
        self._decoys: list[Finding] = []
        self._dropped = 0
        self._inputs: list[InputFacts] = []

    def run(self, paths: Sequence[str], *, named: bool) -> doc.AuditDocument:
        for examined in self._detector.examine(self._iter_exchanges(paths)):
            self._tally.add(examined)
            self._problems.extend(examined.problems)
            self._decoys.extend(examined.decoys)
            room = MAX_FINDINGS - len(self._findings)
            self._findings.extend(self._keep(finding) for finding in examined.findings[:room])
            self._dropped += max(len(examined.findings) - room, 0)
            if self._progress is not None and self._tally.exchanges % PROGRESS_EVERY == 0:
                self._progress(f"{self._tally.exchanges:,} exchanges, {len(self._findings):,} findings")
        if self._dropped:
            reason = f"more than {MAX_FINDINGS:,} findings: {self._dropped:,} more are not listed"
            self._problems.append(Problem(where="the audit", reason=reason))
        return self._document(named=named)

    def _keep(self, finding: Finding) -> "_Kept":
        """Render a finding at once, so that its exchange need not be kept."""
        flow = (finding.data_type, finding.exchange.host, finding.transport, finding.direction)
        return _Kept(
            flow=flow,
            bits=finding.form_bits,
            early=self._is_early(finding),
            doc=self._builder.finding(finding, flow),
        )

    def _is_early(self, finding: Finding) -> str | None:
        return recorded_before(finding, self._values[finding.value_id])

    def _iter_exchanges(self, paths: Sequence[str]) -> Iterator[Exchange]:
        """Exchanges of all inputs in order; problems are set aside on the way."""
        for file in iter_inputs(paths):
            reading = read_input(file)
            self._names.append(file.name)
            for item in reading:
                if isinstance(item, Problem):
                    self._problems.append(item)
                else:
                    yield item
            self._inputs.append(reading.facts)

    def _document(self, *, named: bool) -> doc.AuditDocument:
        searched = self._detector.tally.bytes_searched
        pairs = []
        for kept in self._findings:
            weak = kept.early or weakness(kept.bits, searched)
            figures = {"chance_bits": chance_bits(kept.bits, searched), "weak": weak}
            pairs.append((kept.flow, kept.doc.model_copy(update=figures)))
        findings = [rendered for _, rendered in pairs]
        return doc.AuditDocument(
            tool=doc.Tool(name="phonehome", version=__version__, data=self._data_sources()),
            subject=self._subject_summary() if named else None,
            inputs=[_input_file(facts) for facts in self._inputs],
            coverage=self._coverage(),
            flows=_flows(pairs),
            findings=findings,
            problems=self._problem_docs(),
            statistics=self._statistics(findings),
        )

    def _data_sources(self) -> list[doc.DataSource]:
        sources = [
            doc.DataSource(
                name=source.name,
                date=source.date.isoformat() if source.date is not None else None,
                source=source.source + (f". Caution: {source.caution}" if source.caution else ""),
            )
            for source in self._attributor.data
        ]
        plan = f"numbering plans of the phonenumbers library {phonenumbers.__version__}"
        return [*sources, doc.DataSource(name="phonenumbers", date=None, source=plan)]

    def _subject_summary(self) -> doc.SubjectSummary:
        types = {value.id: value.type.value for value in self._subject.values}
        return doc.SubjectSummary(
            name=self._subject.name,
            values=[
                doc.SubjectValue(id=value_id, type=types[value_id], searched_for=searched, why=why)
                for value_id, searched, why in self._detector.lexicon.explained
            ],
        )

    def _coverage(self) -> doc.Coverage:
        destinations = [
            doc.DestinationCoverage(
                host=self._masker.host(host),
                address=self._masker.host(address),
                exchanges=place.exchanges,
                read=place.up - place.unreadable,
                closed=0,
                unreadable=place.unreadable,
                lost=0,
                reason=_OPAQUE if place.unreadable else None,
                sni=None,
                ja4=None,
            )
            for (host, address), place in self._tally.by_destination.items()
        ]
        destinations.sort(key=lambda place: (-place.read - place.unreadable, place.host or ""))
        return doc.Coverage(
            exchanges=self._tally.exchanges,
            by_protocol=dict(sorted(self._tally.by_protocol.items())),
            bytes_up=self._tally.bytes_up,
            by_destination=destinations,
        )

    def _problem_docs(self) -> list[doc.ProblemDoc]:
        names = {number: facts.path for number, facts in enumerate(self._inputs)}
        problems = []
        for problem in self._problems[:MAX_PROBLEMS]:
            where = problem.where
            name = names.get(problem.input) if problem.input is not None else None
            if name is not None and not where.startswith(name):
                where = f"{name} {where}"
            reason = self._masker.text(problem.reason.encode("utf-8", "backslashreplace"))
            problems.append(doc.ProblemDoc(where=where, reason=reason, lost=problem.lost))
        rest = len(self._problems) - MAX_PROBLEMS
        if rest > 0:
            problems.append(doc.ProblemDoc(where="the audit", reason=f"{rest:,} problems more", lost=True))
        return problems

    def _statistics(self, findings: list[doc.FindingDoc]) -> doc.Statistics:
        lexicon = self._detector.lexicon
        seen = {finding.value_id for finding in findings if finding.weak is None}
        return doc.Statistics(
            bytes_recorded=self._tally.recorded,
            bytes_searched=self._detector.tally.bytes_searched,
            layers_opened=self._detector.tally.layers_opened,
            forms=len(lexicon.patterns),
            digests=len(lexicon.digests),
            findings=sum(finding.weak is None for finding in findings),
            weak_findings=sum(finding.weak is not None for finding in findings),
            not_seen=[
                value_id for value_id, searched, _ in lexicon.explained if searched and value_id not in seen
            ],
            decoys=doc.DecoyStatistics(
                values=len(lexicon.decoys),
                hits=[
                    f"{hit.value_id} as {hit.form} in {hit.part.value} of exchange {hit.exchange.index}"
                    for hit in self._decoys
                ],
            ),
            digests_not_available=list(lexicon.digests.missing),
            chance_threshold_bits=THRESHOLD_BITS,
        )


class _Builder:
    """Renders findings, masked, with each destination looked up once."""

    def __init__(self, masker: Masker, attributor: Attributor, inputs: list[str]) -> None:
        self._masker = masker
        self._attributor = attributor
        self._inputs = inputs
        self._url: tuple[Exchange, str | None] | None = None
        self._destinations: dict[int, tuple[Destination, doc.DestinationDoc]] = {}
        self._unfolded: Counter[_FlowKey] = Counter()
        self._unfolded_in_all = 0

    def finding(self, finding: Finding, flow: _FlowKey) -> doc.FindingDoc:
        """Render one finding; `chance_bits` and `weak` are set when all has been searched."""
        exchange = finding.exchange
        destination = self._attributor.attribute(
            exchange.host, exchange.address, exchange.port, exchange.time
        )
        layers = self._layers(finding)
        path = self._masker.text(finding.path.encode("utf-8", "surrogateescape"))
        return doc.FindingDoc(
            id=_short_hash(
                finding.value_id,
                str(exchange.input),
                str(exchange.index),
                finding.part.value,
                path,
                *finding.chain,
                finding.form,
            ),
            value_id=finding.value_id,
            data_type=finding.data_type.value,
            method=finding.method.value,
            form=finding.form,
            chain=list(finding.chain),
            part=finding.part.value,
            path=path,
            offset=finding.offset,
            length=finding.length,
            transport=finding.transport.value if finding.transport is not None else None,
            direction=finding.direction.value,
            chance_bits=finding.form_bits,
            weak=None,
            count=finding.count,
            excerpt=_excerpt(layers),
            layers=layers if self._may_unfold(flow) else [],
            exchange=self._exchange(exchange, finding),
            destination=self._destination(destination),
        )

    def _may_unfold(self, flow: _FlowKey) -> bool:
        self._unfolded[flow] += 1
        shown = self._unfolded[flow] <= MAX_UNFOLDED and self._unfolded_in_all < MAX_UNFOLDED_IN_ALL
        self._unfolded_in_all += shown
        return shown

    def _layers(self, finding: Finding) -> list[doc.LayerDoc]:
        layers = []
        for layer in finding.layers:
            before, span, after = self._masker.window(
                layer.data,
                layer.start,
                layer.end,
                finding.value_id,
                cut_left=layer.offset > 0,
                cut_right=layer.offset + len(layer.data) < layer.size,
            )
            layers.append(
                doc.LayerDoc(
                    name=layer.name,
                    path=self._masker.text(layer.path.encode("utf-8", "surrogateescape")),
                    before=before,
                    span=span,
                    after=after,
                    size=layer.size,
                    offset=layer.offset,
                )
            )
        return layers

    def _exchange(self, exchange: Exchange, finding: Finding) -> doc.ExchangeRef:
        return doc.ExchangeRef(
            input=self._inputs[exchange.input],
            index=exchange.index,
            time=_time(exchange.time),
            method=self._masker.text(exchange.method.encode()) if exchange.method else None,
            url=self._masked_url(exchange, finding),
            host=self._masker.host(exchange.host),
            address=self._masker.host(exchange.address),
            port=exchange.port,
            protocol=exchange.protocol.value,
            app=self._masker.text(exchange.app.encode("utf-8", "surrogateescape")) if exchange.app else None,
            packets=list(exchange.packets),
        )

    def _masked_url(self, exchange: Exchange, finding: Finding) -> str | None:
        if exchange.url is None:
            return None
        if finding.part.value == "request.url" and finding.offset is not None:
            span = (finding.offset, finding.offset + finding.length, finding.value_id)
            return self._masker.url(exchange.url, [span])
        if self._url is None or self._url[0] is not exchange:
            self._url = (exchange, self._masker.url(exchange.url, []))
        return self._url[1]

    def _destination(self, destination: Destination) -> doc.DestinationDoc:
        known = self._destinations.get(id(destination))
        if known is not None and known[0] is destination:
            return known[1]
        rendered = render_destination(destination)
        masked = {
            name: self._masker.host(getattr(rendered, name))
            for name in ("host", "address", "domain", "customer_domain")
        }
        result = rendered.model_copy(update=masked)
        self._destinations[id(destination)] = (destination, result)
        return result


def _excerpt(layers: list[doc.LayerDoc]) -> str:
    """The innermost layer that shows something around the value; the value alone says nothing."""
    telling = next((layer for layer in reversed(layers) if layer.before or layer.after), layers[-1])
    return telling.before[-EXCERPT:] + telling.span + telling.after[:EXCERPT]


def _flows(pairs: list[tuple[_FlowKey, doc.FindingDoc]]) -> list[doc.FlowDoc]:
    """One flow per data type, host, transport and direction, the gravest first."""
    grouped: dict[_FlowKey, list[doc.FindingDoc]] = {}
    for key, rendered in pairs:
        grouped.setdefault(key, []).append(rendered)
    weighed = []
    for (data_type, host, transport, direction), findings in grouped.items():
        weak = all(finding.weak is not None for finding in findings)
        severity = severity_of(data_type, transport, direction, weak=weak)
        weighed.append((severity, _flow(data_type, host, direction, severity, findings, weak=weak)))
    weighed.sort(
        key=lambda item: (item[1].direction != "up", item[1].weak, -item[0], -item[1].count, item[1].id)
    )
    return [flow for _, flow in weighed]


def _flow(
    data_type: DataType,
    host: str | None,
    direction: Direction,
    severity: Severity,
    findings: list[doc.FindingDoc],
    *,
    weak: bool,
) -> doc.FlowDoc:
    first = findings[0]
    organisation = first.destination.organisation  # who lends the machine is not the recipient
    times = sorted(finding.exchange.time for finding in findings if finding.exchange.time is not None)
    countries = {place.country for finding in findings for place in finding.destination.countries}
    agreed = {finding.destination.country for finding in findings}
    return doc.FlowDoc(
        id=_short_hash(data_type.value, host or "", str(first.transport), direction.value),
        data_type=data_type.value,
        categories=_categories(data_type),
        value_ids=sorted({finding.value_id for finding in findings}),
        host=first.destination.host or first.exchange.host,
        organisation=organisation.name if organisation is not None else None,
        country=agreed.pop() if len(agreed) == 1 else None,
        countries=sorted(countries),
        transport=first.transport,
        direction=first.direction,
        methods=sorted({finding.method for finding in findings}),
        forms=sorted({finding.form for finding in findings}),
        severity=severity.label,
        weak=weak,
        count=sum(finding.count for finding in findings),
        first=times[0] if times else None,
        last=times[-1] if times else None,
        session=None,
        conditions={},
        consent=None,
        steps=[],
        findings=[finding.id for finding in findings],
    )


def _categories(data_type: DataType) -> list[str]:
    """The W3C DPV category, then the Google Play one."""
    terms = VOCABULARY[data_type]
    return [terms.dpv, f"{terms.play_category}: {terms.play_type}"]


def _input_file(facts: InputFacts) -> doc.InputFile:
    return doc.InputFile(
        path=facts.path,
        format=facts.format,
        sha256=facts.sha256,
        size=facts.size,
        first=_time(facts.first),
        last=_time(facts.last),
    )


def _time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _short_hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]
