"""What was sent to whom: the flows of a document, gathered by direction, data type and host.

Weak flows are kept apart: they may be accidents, so they neither count as sent nor let anything count as not
sent.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from phonehome.documents.audit import AuditDocument, FindingDoc, FlowDoc
from phonehome.documents.base import Direction, Severity, Transport
from phonehome.documents.diff import EndDoc, Writing
from phonehome.judge.wrapping import writings_of

SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


class Target(NamedTuple):
    """What is compared: a data type to (or from) a host, None where the recording names none."""

    direction: Direction
    data_type: str
    host: str | None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """All strong flows of one target, put together.

    `countries` are those that all sources agree on where there are such, else all that were named; `domains` the
    registrable domains of the host; `steps` those of the timeline that findings followed.
    """

    target: Target
    flows: tuple[FlowDoc, ...]
    writings: frozenset[Writing]
    domains: frozenset[str]

    @cached_property
    def sessions(self) -> frozenset[str]:
        """The sessions in which it was seen; none for bare recordings."""
        return frozenset(flow.session for flow in self.flows if flow.session is not None)

    @property
    def transports(self) -> frozenset[Transport | None]:
        """Every transport that was met."""
        return frozenset(flow.transport for flow in self.flows)

    @property
    def organisations(self) -> frozenset[str]:
        """Who operates the host, as far as it is known."""
        return frozenset(flow.organisation for flow in self.flows if flow.organisation is not None)

    @property
    def countries(self) -> frozenset[str]:
        """Every country that any source named."""
        return frozenset(
            code for flow in self.flows for code in (*flow.countries, flow.country) if code is not None
        )

    @property
    def steps(self) -> frozenset[str]:
        """The steps that findings followed."""
        return frozenset(step for flow in self.flows for step in flow.steps)

    @property
    def value_ids(self) -> frozenset[str]:
        """The ids of the values that were seen."""
        return frozenset(value for flow in self.flows for value in flow.value_ids)

    @property
    def severity(self) -> Severity:
        """The gravest of its flows."""
        return max((flow.severity for flow in self.flows), key=SEVERITIES.index)


def normal_host(host: str | None) -> str | None:
    """Write a host's name in one way."""
    return host.lower().rstrip(".") if host else None


def is_strong(flow: FlowDoc) -> bool:
    """Say whether a flow counts as sent."""
    return flow.direction == "up" and not flow.weak


def target_of(flow: FlowDoc) -> Target:
    """Give the target that a flow belongs to."""
    return Target(flow.direction, flow.data_type, normal_host(flow.host))


def gather_sent(document: AuditDocument) -> dict[Target, Sent]:
    """Gather a document's strong flows by target, in the document's order."""
    findings = {finding.id: finding for finding in document.findings}
    groups: dict[Target, list[FlowDoc]] = defaultdict(list)
    for flow in document.flows:
        if not flow.weak:
            groups[target_of(flow)].append(flow)
    return {target: _gather(target, flows, findings) for target, flows in groups.items()}


def gather_weak(document: AuditDocument) -> frozenset[Target]:
    """Give the targets that have a weak flow."""
    return frozenset(target_of(flow) for flow in document.flows if flow.weak)


def _gather(target: Target, flows: list[FlowDoc], findings: dict[str, FindingDoc]) -> Sent:
    listed = [findings[ident] for flow in flows for ident in flow.findings if ident in findings]
    domains = {finding.destination.domain for finding in listed}
    return Sent(
        target=target,
        flows=tuple(flows),
        writings=writings_of(flows, listed),
        domains=frozenset(domain.lower() for domain in domains if domain is not None),
    )


def describe_end(group: Iterable[Sent]) -> EndDoc:
    """Put what one side of a change sent into the document's words."""
    sent = list(group)
    flows = [flow for one in sent for flow in one.flows]
    hosts = dict.fromkeys(one.target.host for one in sent)
    return EndDoc(
        hosts=sorted(hosts, key=lambda host: host or ""),
        organisations=sorted(frozenset().union(*(one.organisations for one in sent))),
        countries=sorted(frozenset().union(*(one.countries for one in sent))),
        transports=sorted({flow.transport for flow in flows}, key=lambda name: name or ""),
        writings=sorted(frozenset[Writing]().union(*(one.writings for one in sent))),
        forms=sorted({form for flow in flows for form in flow.forms}),
        value_ids=sorted({value for flow in flows for value in flow.value_ids}),
        severity=max((one.severity for one in sent), key=SEVERITIES.index),
        count=sum(flow.count for flow in flows),
        sessions=sorted({flow.session for flow in flows if flow.session is not None}),
        flows=[flow.id for flow in flows],
    )
