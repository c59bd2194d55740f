"""The description: each item in a sentence, with the builds that sent it and the findings that show it."""

from collections.abc import Iterable, Sequence

from phonehome.documents.advisory import EvidenceDoc, SentDoc, SentOnBuildDoc
from phonehome.documents.audit import FindingDoc
from phonehome.documents.case import CaseDoc
from phonehome.reports import words
from phonehome.reports.advisory.items import Item, build_of
from phonehome.reports.advisory.moments import read_moment, write_moment
from phonehome.reports.consent_words import say_consent

EVIDENCE_HELD = 3
EXCERPT_CHARS = 320
REQUEST_CHARS = 240
LISTED = 20
"""Ids, steps or addresses that stand in one list of an item; the audit document has all."""


def describe_sent(case: CaseDoc, items: Sequence[Item], fixed_in: Sequence[list[str]]) -> list[SentDoc]:
    """Write down every item, in the order given."""
    return [_describe(case, item, fixed) for item, fixed in zip(items, fixed_in, strict=True)]


def _describe(case: CaseDoc, item: Item, fixed_in: list[str]) -> SentDoc:
    flows = [flow for flow, _ in item.flows]
    found = [read_moment(time) for flow in flows for time in (flow.first, flow.last)]
    moments = sorted(moment for moment in found if moment is not None)
    country = next((flow.country for flow in flows if flow.country is not None), None)
    return SentDoc.model_validate(
        {
            "data_type": item.data_type,
            "categories": _unique(name for flow in flows for name in flow.categories),
            "host": item.host,
            "addresses": _unique(f.destination.address for f in item.findings)[:LISTED],
            "organisation": item.organisation,
            "country": country,
            "countries": _unique(name for flow in flows for name in flow.countries),
            "severity": item.severity,
            "transports": list(item.transports),
            "methods": _unique(name for flow in flows for name in flow.methods),
            "forms": _unique(name for flow in flows for name in flow.forms)[:LISTED],
            "consent": _unique(flow.consent for flow in flows),
            "steps": _unique(name for flow in flows for name in flow.steps)[:LISTED],
            "builds": _builds(item),
            "fixed_in": fixed_in,
            "count": sum(flow.count for flow in flows),
            "first": write_moment(moments[0], milliseconds=True) if moments else None,
            "last": write_moment(moments[-1], milliseconds=True) if moments else None,
            "sentence": _sentence(case, item, country),
            "cause": _cause(case, item),
            "flows": [flow.id for flow in flows],
            "evidence": [_evidence(finding) for finding in _pick(item)],
        }
    )


def _unique(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value is not None))


def _builds(item: Item) -> list[SentOnBuildDoc]:
    groups: dict[tuple[str, str | None], list[int]] = {}
    for number, (_, session) in enumerate(item.flows):
        groups.setdefault((session.subject, build_of(session)), []).append(number)
    return [
        SentOnBuildDoc(
            subject=subject,
            build=build,
            transports=list(dict.fromkeys(item.flows[n][0].transport for n in numbers)),
            sessions=list(dict.fromkeys(item.flows[n][1].id for n in numbers)),
            count=sum(item.flows[n][0].count for n in numbers),
        )
        for (subject, build), numbers in groups.items()
    ]


def _sentence(case: CaseDoc, item: Item, country: str | None) -> str:
    name = words.data_type(item.data_type)
    sessions = {session.id for _, session in item.flows}
    count = sum(flow.count for flow, _ in item.flows)
    ways = words.listing(
        [
            {"cleartext": "in cleartext", "tls": "over TLS", "quic": "over QUIC"}.get(
                way or "", "by an unknown transport"
            )
            for way in item.transports
        ]
    )
    where = f", in {words.country_in_text(country)}" if country else ", country unknown or disputed"
    said = say_consent((flow for flow, _ in item.flows), case.services)
    return (
        f"{name[:1].upper()}{name[1:]} went to {item.destination}{where}, {ways}: {words.count(count, 'time')} in "
        f"{len(sessions)} of {words.count(len(case.sessions), 'session')}; {said}."
    )


def _cause(case: CaseDoc, item: Item) -> str | None:
    causes = case.judgement.causes if case.judgement is not None else []
    said = [
        c.sentence for c in causes if c.data_type == item.data_type and c.host == item.host and c.sentence
    ]
    return " ".join(dict.fromkeys(said)) or None


def _pick(item: Item) -> list[FindingDoc]:
    """Choose the findings that show most: of every build and transport one first, then the least likely accidents."""
    builds = {session.id: (session.subject, build_of(session)) for _, session in item.flows}
    ranked = sorted(item.findings, key=lambda f: (-f.chance_bits, f.exchange.time or "~", f.id))
    first: dict[object, FindingDoc] = {}
    for finding in ranked:
        first.setdefault((builds.get(finding.session or ""), finding.transport), finding)
    chosen = list(first.values())[:EVIDENCE_HELD]
    taken = {finding.id for finding in chosen}
    rest = [finding for finding in ranked if finding.id not in taken]
    return sorted(
        [*chosen, *rest][:EVIDENCE_HELD], key=lambda f: (f.exchange.time or "~", f.exchange.index, f.id)
    )


def _evidence(finding: FindingDoc) -> EvidenceDoc:
    exchange = finding.exchange
    request = " ".join(part for part in (exchange.method, exchange.url) if part) or None
    return EvidenceDoc(
        finding=finding.id,
        value_id=finding.value_id,
        form=finding.form,
        method=finding.method,
        chain=finding.chain,
        part=finding.part,
        path=shorten(finding.path, REQUEST_CHARS),
        request=shorten(request, REQUEST_CHARS) if request else None,
        host=exchange.host,
        address=exchange.address,
        port=exchange.port,
        protocol=exchange.protocol,
        transport=finding.transport,
        moment=exchange.time,
        session=finding.session,
        step=finding.step,
        consent=finding.consent,
        input=exchange.input,
        index=exchange.index,
        chance_bits=finding.chance_bits,
        excerpt=shorten(finding.excerpt, EXCERPT_CHARS),
    )


def shorten(text: str, limit: int) -> str:
    """Cut a text in its middle, so that both ends stand."""
    if len(text) <= limit:
        return text
    return f"{text[: limit * 2 // 3]}…{text[-(limit // 3) :]}"
