"""What the first lines of every view say: the answer in one sentence, and how much it rests on.

Derived from the audit document alone; the terminal and the HTML page share it, so that they cannot differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, zip_longest

from phonehome.documents.audit import (
    AuditDocument,
    DestinationCoverage,
    DestinationDoc,
    FindingDoc,
    FlowDoc,
    ProblemDoc,
    SubjectValue,
)
from phonehome.reports import words

TYPES_NAMED = 4
COUNTRIES_NAMED = 5


def flow_order(flow: FlowDoc) -> tuple[int, int, str, str]:
    """Sort flows: the most severe first, then the most frequent."""
    return words.SEVERITIES.index(flow.severity), -flow.count, flow.data_type, flow.host or ""


def unread(row: DestinationCoverage) -> int:
    """Count the bytes sent to a destination that were not looked into."""
    return row.closed + row.unreadable + row.lost


def recipient(flow: FlowDoc) -> str:
    """Name who got it: the organisation, or else the host."""
    return flow.organisation or flow.host or "unknown destination"


def flow_countries(flow: FlowDoc) -> str:
    """Name the country that all sources agree on, or each that one of them gives."""
    if flow.country is not None:
        return words.country(flow.country)
    if not flow.countries:
        return "country unknown"
    return " or ".join(words.country(code) for code in flow.countries)


def times(first: str | None, last: str | None) -> str:
    """Write a span of time with its days and minutes, as RFC 3339 has them."""
    ends = [time.replace("T", " ")[:16] for time in (first, last) if time is not None]
    if not ends:
        return "time unknown"
    if ends[0] == ends[-1]:
        return f"{ends[0]} UTC"
    same_day = ends[0][:10] == ends[-1][:10]
    return f"{ends[0]} to {ends[-1][11:] if same_day else ends[-1]} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """Bytes sent upward, by what became of them."""

    read: int
    closed: int
    unreadable: int
    lost: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.read + self.closed + self.unreadable + self.lost

    def items(self) -> list[tuple[str, int]]:
        """Give name and number in the order of every table."""
        return [
            ("read", self.read),
            ("closed", self.closed),
            ("unreadable", self.unreadable),
            ("lost", self.lost),
        ]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """An audit document with its flows sorted and its figures added up."""

    doc: AuditDocument

    @cached_property
    def up(self) -> list[FlowDoc]:
        """Flows that left the handset, the most severe first; weak ones are apart."""
        return sorted((f for f in self.doc.flows if f.direction == "up" and not f.weak), key=flow_order)

    @cached_property
    def down(self) -> list[FlowDoc]:
        """Flows that a server sent back."""
        return sorted((f for f in self.doc.flows if f.direction == "down" and not f.weak), key=flow_order)

    @cached_property
    def weak(self) -> list[FlowDoc]:
        """Flows that rest on weak findings only."""
        return sorted((f for f in self.doc.flows if f.weak), key=flow_order)

    @cached_property
    def flows(self) -> list[FlowDoc]:
        """All flows in the order in which they are shown."""
        return [*self.up, *self.down, *self.weak]

    @cached_property
    def data_types(self) -> list[str]:
        """Data types that left, in the order of their worst flow."""
        return list(dict.fromkeys(flow.data_type for flow in self.up))

    @cached_property
    def organisations(self) -> list[str]:
        """Organisations that got something."""
        return list(dict.fromkeys(flow.organisation for flow in self.up if flow.organisation is not None))

    @cached_property
    def unnamed_hosts(self) -> list[str]:
        """Hosts that got something and whose operator is not known."""
        return list(dict.fromkeys(flow.host or "?" for flow in self.up if flow.organisation is None))

    @cached_property
    def countries(self) -> list[str]:
        """Countries of destinations on which all sources agree."""
        return list(dict.fromkeys(flow.country for flow in self.up if flow.country is not None))

    @cached_property
    def clear(self) -> int:
        """Flows that left in cleartext."""
        return sum(flow.transport == "cleartext" for flow in self.up)

    @cached_property
    def sent(self) -> Bytes:
        """Bytes sent upward to all destinations."""
        rows = self.doc.coverage.by_destination
        return Bytes(
            read=sum(row.read for row in rows),
            closed=sum(row.closed for row in rows),
            unreadable=sum(row.unreadable for row in rows),
            lost=sum(row.lost for row in rows),
        )

    @cached_property
    def subject_name(self) -> str:
        """What the audit is about, in words for a title."""
        if self.doc.subject is None:
            return "No subject given"
        return self.doc.subject.name or "Unnamed handset"

    @cached_property
    def values(self) -> list[SubjectValue]:
        """The subject's values, by id."""
        return self.doc.subject.values if self.doc.subject is not None else []

    @cached_property
    def searched(self) -> list[SubjectValue]:
        """Values that were searched for."""
        return [value for value in self.values if value.searched_for]

    @cached_property
    def unsearched(self) -> list[SubjectValue]:
        """Values that were not searched for; each says why."""
        return [value for value in self.values if not value.searched_for]

    @cached_property
    def not_seen(self) -> list[tuple[str, str]]:
        """Values that were searched for and not seen: id and data type."""
        types = {value.id: words.data_type(value.type) for value in self.values}
        return [(name, types.get(name, "")) for name in self.doc.statistics.not_seen]

    @cached_property
    def lost_problems(self) -> int:
        """Problems through which something was not looked at."""
        return sum(problem.lost for problem in self.doc.problems)

    @cached_property
    def problems(self) -> list[ProblemDoc]:
        """All problems, those that lost something first."""
        return sorted(self.doc.problems, key=lambda problem: not problem.lost)

    @cached_property
    def coverage_rows(self) -> list[DestinationCoverage]:
        """Coverage by destination, the largest blind spot first."""
        return sorted(self.doc.coverage.by_destination, key=lambda row: (-unread(row), -row.read))

    @cached_property
    def blind_destinations(self) -> list[DestinationCoverage]:
        """Destinations to which something was sent that could not be read."""
        return [row for row in self.coverage_rows if unread(row)]

    def outcome(self, value: SubjectValue) -> str:
        """Say what became of a value, by the strongest that was seen of it."""
        for flows, said in (
            (self.up, "left"),
            (self.down, "only sent back"),
            (self.weak, "only weak findings"),
        ):
            if any(value.id in flow.value_ids for flow in flows):
                return said
        return "not seen" if value.searched_for else "not searched for"

    @cached_property
    def destinations(self) -> list[DestinationDoc]:
        """Every destination of a finding, once."""
        unique = {(d.host, d.address, d.port): d for d in (f.destination for f in self.doc.findings)}
        return sorted(
            unique.values(), key=lambda d: (d.domain or d.host or "", d.host or "", d.address or "")
        )

    @cached_property
    def coverage_line(self) -> str:
        """What “not seen” rests on, in one sentence."""
        exchanges = words.count(self.doc.coverage.exchanges, "exchange")
        if self.sent.total == 0:
            return f"{exchanges} looked at; no byte sent upward was recorded."
        share = words.percent(self.sent.read, self.sent.total)
        blind = self.sent.total - self.sent.read
        line = (
            f"{exchanges} looked at; {share} of the {words.size(self.sent.total)} sent upward could be read"
        )
        return line + (f", {words.size(blind)} could not." if blind else ".")

    @cached_property
    def answer(self) -> str:
        """What left, to how many organisations, in which countries, how much in clear: one sentence."""
        if not self.values:
            return "No known value was given, so nothing was searched for."
        if not self.up:
            searched = words.count(len(self.searched), "known value")
            also = "; there are weak findings" if any(flow.direction == "up" for flow in self.weak) else ""
            return f"None of the {searched} searched for was seen leaving the handset{also}. {words.NOT_SEEN}"
        names = [words.data_type(name) for name in self.data_types]
        left = words.listing_at_most(names, TYPES_NAMED, "more data type", "more data types")
        return f"{left[:1].upper()}{left[1:]} left the handset, to {self._whom}{self._where}; {self._openly}."

    @property
    def _whom(self) -> str:
        parts = []
        if self.organisations:
            parts.append(words.count(len(self.organisations), "organisation"))
        if self.unnamed_hosts:
            parts.append(words.count(len(self.unnamed_hosts), "host") + " of unknown operator")
        return words.listing(parts)

    @property
    def _openly(self) -> str:
        flows, unknown = len(self.up), sum(flow.transport is None for flow in self.up)
        if flows == 1:
            return (
                "transport unknown" if unknown else "in cleartext" if self.clear else "encrypted in transport"
            )
        number = "all" if self.clear == flows else f"{self.clear:,}" if self.clear else "none"
        rest = f", {unknown:,} of unknown transport" if unknown else ""
        return f"{number} of {flows:,} flows in cleartext{rest}"

    @property
    def _where(self) -> str:
        open_flows = sum(flow.country is None for flow in self.up)
        if not self.countries:
            return " (countries unknown or disputed)"
        names = [words.country_in_text(code) for code in self.countries]
        named = words.listing_at_most(names, COUNTRIES_NAMED, "more country", "more countries")
        rest = f" (for {words.count(open_flows, 'flow')} unknown or disputed)" if open_flows else ""
        return f", in {named}{rest}"


def pick_findings(flows: Iterable[FlowDoc], findings: Iterable[FindingDoc], limit: int) -> list[FindingDoc]:
    """Choose at most `limit` findings so that every flow shows evidence: in turns, one of each flow.

    The result keeps the order of the flows, and within a flow that of the document.
    """
    left = {finding.id: finding for finding in findings}
    turns = [[left.pop(name) for name in flow.findings if name in left] for flow in flows]
    turns.append(list(left.values()))
    chosen = [f for f in chain.from_iterable(zip_longest(*turns)) if f is not None][:limit]
    kept = {finding.id for finding in chosen}
    return [finding for finding in chain.from_iterable(turns) if finding.id in kept]
