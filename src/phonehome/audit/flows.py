"""Findings gathered into flows, in memory that does not grow with the capture.

Every finding is counted in its flow. The first of each flow are rendered and listed one by one; of those, the
first are shown layer by layer. What is not listed is said.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from phonehome.audit.findings import FindingRenderer
from phonehome.audit.session import NOWHERE, SessionView
from phonehome.audit.text import hash_parts, write_time
from phonehome.detect.chance import chance_bits, recorded_before, weakness
from phonehome.documents import audit as doc
from phonehome.documents.base import ConsentSummary
from phonehome.judge.severity import Severity, severity_of
from phonehome.judge.timeline import summarise
from phonehome.model.exchange import Direction, Transport
from phonehome.model.finding import Finding
from phonehome.model.session import ConsentState
from phonehome.model.subject import DataType, KnownValue
from phonehome.model.vocabulary import VOCABULARY

MAX_LISTED = 200
MAX_LISTED_IN_ALL = 20_000
"""Findings of one flow, and of all, that are listed one by one (one of each flow always is)."""

MAX_UNFOLDED = 50
MAX_UNFOLDED_IN_ALL = 5_000
"""Findings of one flow, and of all, that are shown layer by layer; the others have chain, place and excerpt."""

FlowKey = tuple[DataType, str | None, Transport | None, Direction]


@dataclass(frozen=True, slots=True)
class _Listed:
    """A rendered finding, packed until the end: as a model it takes several times the memory of its JSON.

    The destination, which many findings share, stays as it is.
    """

    bits: float
    early: str | None
    packed: bytes
    destination: doc.DestinationDoc

    @classmethod
    def pack(cls, bits: float, early: str | None, finding: doc.FindingDoc) -> "_Listed":
        text = finding.model_dump_json(exclude={"destination"})
        return cls(bits, early, text.encode("utf-8", "surrogatepass"), finding.destination)

    def unpack(self, **figures: object) -> doc.FindingDoc:
        """Give the finding with what is known only in the end."""
        parts = orjson.loads(self.packed)
        return doc.FindingDoc.model_validate({**parts, "destination": self.destination, **figures})


@dataclass(slots=True)
class _Gathered:
    """What is known of one flow so far.

    `strengths` counts findings by value and surprise, those recorded before the value existed as −1 bits.
    """

    listed: list[_Listed] = field(default_factory=list)
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    methods: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    strengths: Counter[tuple[str, float]] = field(default_factory=Counter)
    steps: dict[str, None] = field(default_factory=dict)
    consent: set[ConsentState | None] = field(default_factory=set)


class FlowBook:
    """Takes findings one by one and gives flows and listed findings in the end."""

    def __init__(
        self, renderer: FindingRenderer, values: dict[str, KnownValue], view: SessionView | None = None
    ) -> None:
        self._view = view
        self._renderer = renderer
        self._values = values
        self._flows: dict[FlowKey, _Gathered] = {}
        self._listed = 0
        self._unfolded = 0
        self.unlisted = 0

    def __len__(self) -> int:
        return self._listed + self.unlisted

    def add(self, finding: Finding) -> None:
        """Count a finding in its flow, and list it if there is room."""
        exchange = finding.exchange
        key = (finding.data_type, exchange.host, finding.transport, finding.direction)
        flow = self._flows.setdefault(key, _Gathered())
        flow.count += finding.count
        flow.methods.add(finding.method.value)
        flow.forms.add(finding.form)
        if exchange.time is not None:
            flow.first = exchange.time if flow.first is None else min(flow.first, exchange.time)
            flow.last = exchange.time if flow.last is None else max(flow.last, exchange.time)
        moment = self._view.moment(exchange) if self._view is not None else NOWHERE
        flow.consent.update(moment.consent.values())
        if moment.step is not None:
            flow.steps[moment.step] = None
        early = recorded_before(finding, self._values[finding.value_id])
        flow.strengths[finding.value_id, finding.form_bits if early is None else -1.0] += 1
        if len(flow.listed) >= MAX_LISTED or (flow.listed and self._listed >= MAX_LISTED_IN_ALL):
            self.unlisted += 1
            return
        self._listed += 1
        unfolded = len(flow.listed) < MAX_UNFOLDED and self._unfolded < MAX_UNFOLDED_IN_ALL
        self._unfolded += unfolded
        rendered = self._renderer.render(finding, moment, unfolded=unfolded)
        flow.listed.append(_Listed.pack(finding.form_bits, early, rendered))

    def close(self, bytes_searched: int) -> "Gathering":
        """Weigh everything against what was searched."""
        weighed: list[tuple[Severity, doc.FlowDoc]] = []
        findings: list[doc.FindingDoc] = []
        gathering = Gathering()
        for key, flow in self._flows.items():
            for (value_id, bits), number in flow.strengths.items():
                gathering.count(value_id, number, weak=weakness(bits, bytes_searched) is not None)
            listed = list(_weigh(flow, bytes_searched))
            findings.extend(listed)
            strongest = max(bits for _, bits in flow.strengths)
            weak = weakness(strongest, bytes_searched) is not None
            consent = summarise(flow.consent)
            severity = severity_of(key[0], key[2], key[3], weak=weak, consent=consent)
            rendered = _render_flow(key, flow, listed, severity, weak=weak)
            weighed.append((severity, self._place(rendered, consent)))
        weighed.sort(
            key=lambda item: (item[1].direction != "up", item[1].weak, -item[0], -item[1].count, item[1].id)
        )
        findings.sort(key=lambda finding: (finding.exchange.input, finding.exchange.index))
        gathering.flows = [flow for _, flow in weighed]
        gathering.findings = findings
        return gathering

    def _place(self, flow: doc.FlowDoc, consent: ConsentSummary | None) -> doc.FlowDoc:
        """Put a flow under the session that it was recorded in."""
        if self._view is None:
            return flow
        session = self._view.session
        figures = {
            "id": hash_parts(flow.id, session.id),
            "session": session.id,
            "conditions": dict(session.conditions),
            "consent": consent,
        }
        return flow.model_copy(update=figures)


@dataclass(slots=True)
class Gathering:
    """All flows, the gravest first, the listed findings in the order of the recording, and the counts of all."""

    flows: list[doc.FlowDoc] = field(default_factory=list)
    findings: list[doc.FindingDoc] = field(default_factory=list)
    strong: int = 0
    weak: int = 0
    seen: set[str] = field(default_factory=set)

    def count(self, value_id: str, number: int, *, weak: bool) -> None:
        """Count findings of one value and strength."""
        if weak:
            self.weak += number
        else:
            self.strong += number
            self.seen.add(value_id)


def _weigh(flow: _Gathered, bytes_searched: int) -> Iterator[doc.FindingDoc]:
    for one in flow.listed:
        yield one.unpack(
            chance_bits=chance_bits(one.bits, bytes_searched),
            weak=one.early or weakness(one.bits, bytes_searched),
        )


def _render_flow(
    key: FlowKey, flow: _Gathered, findings: list[doc.FindingDoc], severity: Severity, *, weak: bool
) -> doc.FlowDoc:
    data_type, host, transport, direction = key
    places = [finding.destination for finding in findings]
    organisation = places[0].organisation  # who lends the machine is no recipient
    agreed = {place.country for place in places}
    return doc.FlowDoc(
        id=hash_parts(data_type.value, host or "", transport.value if transport else "", direction.value),
        data_type=data_type.value,
        categories=_categories(data_type),
        value_ids=sorted({value_id for value_id, _ in flow.strengths}),
        host=findings[0].exchange.host,
        organisation=organisation.name if organisation is not None else None,
        country=agreed.pop() if len(agreed) == 1 else None,
        countries=sorted({country.country for place in places for country in place.countries}),
        transport=transport.value if transport is not None else None,
        direction=direction.value,
        methods=sorted(flow.methods),
        forms=sorted(flow.forms),
        severity=severity.label,
        weak=weak,
        count=flow.count,
        first=write_time(flow.first),
        last=write_time(flow.last),
        session=None,
        conditions={},
        consent=None,
        steps=list(flow.steps),
        findings=[finding.id for finding in findings],
    )


def _categories(data_type: DataType) -> list[str]:
    """The W3C DPV category, then the Google Play one."""
    terms = VOCABULARY[data_type]
    return [terms.dpv, f"{terms.play_category}: {terms.play_type}"]
