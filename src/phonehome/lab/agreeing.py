"""Whether the flows of an audit are what its findings say: people read flows, and rules judge by them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from phonehome.documents.audit import AuditDocument, FindingDoc, FlowDoc

_Key = tuple[str | None, str, str | None, str | None, str]


def disagreements(document: AuditDocument) -> Iterator[str]:
    """Say, a sentence each, where a flow and its findings differ; of a case so small that all findings are listed."""
    findings: dict[_Key, list[FindingDoc]] = defaultdict(list)
    for one in document.findings:
        key: _Key = (one.session, one.data_type, one.exchange.host, one.transport, one.direction)
        findings[key].append(one)
    flows: Counter[_Key] = Counter()
    for flow in document.flows:
        key = (flow.session, flow.data_type, flow.host, flow.transport, flow.direction)
        flows[key] += 1
        if wrong := _differences(flow, findings.get(key, [])):
            yield f"{_name(key)}: its flow and its findings differ in {', '.join(wrong)}"
    for key in findings:
        if flows[key] != 1:
            yield f"{_name(key)}: has findings and {flows[key] or 'no'} flows"


def _differences(flow: FlowDoc, findings: Sequence[FindingDoc]) -> list[str]:
    consents: dict[str, set[str | None]] = defaultdict(set)
    for one in findings:
        for service, state in one.consent.items():
            consents[service].add(state)
    countries = {one.destination.country for one in findings}
    organisations = {one.destination.organisation and one.destination.organisation.name for one in findings}
    same = {
        "their number": flow.count == sum(one.count for one in findings),
        "which they are": Counter(flow.findings) == Counter(one.id for one in findings),
        "values": set(flow.value_ids) == {one.value_id for one in findings},
        "methods": set(flow.methods) == {one.method for one in findings},
        "forms": set(flow.forms) == {one.form for one in findings},
        "steps": set(flow.steps) == {one.step for one in findings} - {None},
        "consent": {service: set(states) for service, states in flow.consents.items()} == consents,
        "country": flow.country == (next(iter(countries)) if len(countries) == 1 else None),
        "organisation": flow.organisation in organisations,
        "weakness": flow.weak == all(one.weak is not None for one in findings),
    }
    return [name for name, is_same in same.items() if not is_same]


def _name(key: _Key) -> str:
    session, data_type, host, transport, direction = key
    return f"{data_type} {direction} in {session}, {host}, {transport or 'transport unknown'}"
