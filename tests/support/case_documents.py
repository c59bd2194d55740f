"""Audit documents of cases, written by hand, for the tests of whatever judges or shows them.

A session is what `make_session` says, a flow what `make_flow` says; `make_case_document` puts them together and
fills in what follows: which exposures were seen, conditions of flows, ids.

    factory = make_session("01-factory", {"build": "factory"}, exposes={"imei": 3})
    update = make_session("02-update", {"build": "update"}, exposes={"imei": 3})
    document = make_case_document([factory, update], [make_flow("imei", "api.example.com", session="01-factory")])
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phonehome.documents.audit import (
    AuditDocument,
    Country,
    Coverage,
    DecoyStatistics,
    DestinationCoverage,
    DestinationDoc,
    ExchangeRef,
    FindingDoc,
    FlowDoc,
    InputFile,
    Organisation,
    Statistics,
    SubjectSummary,
    SubjectValue,
    Tool,
)
from phonehome.documents.base import CaseKindName, ConsentName, Direction, PositionName, Severity, Transport
from phonehome.documents.case import (
    CaseDoc,
    CaseHandsetDoc,
    ConsentDoc,
    ExposureDoc,
    HostShareDoc,
    RoundTrips,
    ServiceDoc,
    SessionDoc,
    ShareDoc,
    StepDoc,
)

HANDSET = "handset-1"
SOURCE = "made by hand"


@dataclass(frozen=True, kw_only=True)
class MadeFlow:
    """A flow with its findings; `session` is None in a document without a case."""

    flow: FlowDoc
    findings: list[FindingDoc]


def make_destination(
    host: str | None, organisation: str | None = None, country: str | None = None, domain: str | None = None
) -> DestinationDoc:
    named = organisation and Organisation(
        name=organisation, country=country, roles=[], source=SOURCE, date=None
    )
    said = [Country(country=country, kind="registration", source=SOURCE, date=None)] if country else []
    return DestinationDoc(
        host=host,
        address="192.0.2.10",
        port=443,
        domain=domain or (".".join(host.split(".")[-2:]) if host else None),
        organisation=named or None,
        network=None,
        registry=None,
        countries=said,
        country=country,
        notes=[],
    )


def make_flow(
    data_type: str,
    host: str | None = "api.example.com",
    *,
    session: str | None = None,
    organisation: str | None = "Example",
    country: str | None = "CN",
    transport: Transport | None = "cleartext",
    direction: Direction = "up",
    chains: Sequence[Sequence[str]] = (("query",),),
    digest: bool = False,
    value_ids: Sequence[str] = (),
    severity: Severity = "high",
    weak: bool = False,
    count: int | None = None,
    consent: ConsentName | None = None,
    service: str = "cloud",
    steps: Sequence[str] = (),
    time: str = "2014-08-07T10:00:00Z",
) -> MadeFlow:
    """One flow; it has a finding for every chain and value."""
    values = list(value_ids) or [f"{data_type}-1"]
    to = make_destination(host, organisation, country)
    ident = "/".join((session or "", data_type, host or "", transport or "", direction))
    findings = [
        FindingDoc(
            id=f"{ident}/{value}/{number}",
            value_id=value,
            data_type=data_type,
            method="digest" if digest else "decoded",
            form=f"{data_type}/sha1/lower-hex" if digest else data_type,
            chain=list(chain),
            part="request.url",
            path="query:id",
            offset=10,
            length=15,
            transport=transport,
            direction=direction,
            chance_bits=40.0,
            weak="its form says little" if weak else None,
            count=1,
            excerpt=f"id=‹{value}›",
            layers=[],
            exchange=ExchangeRef(
                input=f"sessions/{session}/capture.har" if session else "capture.har",
                index=number,
                time=time,
                method="GET",
                url=f"http://{host}/?id=‹{value}›",
                host=host,
                address="192.0.2.10",
                port=443,
                protocol="http/1.1",
                app=None,
                packets=[],
                display_filter=None,
            ),
            destination=to,
            session=session,
            step=steps[0] if steps else None,
            consent={service: consent} if consent else {},
        )
        for value in values
        for number, chain in enumerate(chains)
    ]
    flow = FlowDoc(
        id=ident,
        data_type=data_type,
        categories=[],
        value_ids=values,
        host=host,
        organisation=organisation,
        country=country,
        countries=[country] if country else [],
        transport=transport,
        direction=direction,
        methods=["digest" if digest else "decoded"],
        forms=sorted({finding.form for finding in findings}),
        severity=severity,
        weak=weak,
        count=len(findings) if count is None else count,
        first=time,
        last=time,
        session=session,
        conditions={},
        consent=consent,
        steps=list(steps),
        findings=[finding.id for finding in findings],
    )
    return MadeFlow(flow=flow, findings=findings)


def make_share(
    host: str | None,
    read: int = 1000,
    closed: int = 0,
    unreadable: int = 0,
    lost: int = 0,
    organisation: str | None = None,
    country: str | None = None,
    round_trips: RoundTrips | None = None,
) -> HostShareDoc:
    return HostShareDoc(
        host=host,
        address="192.0.2.10",
        organisation=organisation,
        country=country,
        read=read,
        closed=closed,
        unreadable=unreadable,
        lost=lost,
        round_trips=round_trips,
    )


def make_session(
    ident: str,
    conditions: Mapping[str, str] | None = None,
    *,
    exposes: Mapping[str, int] | None = None,
    steps: Sequence[str] = (),
    subject: str = HANDSET,
    position: PositionName = "gateway",
    protocol: str | None = None,
    consent: Mapping[str, ConsentName] | None = None,
    destinations: Sequence[HostShareDoc] | None = None,
    values: Mapping[str, Sequence[str]] | None = None,
    misses: Sequence[str] = (),
    lost_problems: int = 0,
    day: str = "2014-08-07",
) -> SessionDoc:
    """One session; `exposes` maps data types to how often, each by all of `steps`.

    Everything that it sent was read unless `destinations` say otherwise. `values` replaces the searched-for values of
    a data type (`imei` has `imei-1` if it is not named).
    """
    shares = list(destinations) if destinations is not None else [make_share("api.example.com")]
    totals = {
        name: sum(getattr(one, name) for one in shares) for name in ("read", "closed", "unreadable", "lost")
    }
    return SessionDoc(
        id=ident,
        subject=subject,
        position=position,
        protocol=protocol,
        conditions=dict(conditions or {}),
        clock_offset_s=0.0,
        steps=[
            StepDoc(id=step, at=f"{day}T10:{number:02d}:00Z", note=None, exposes=list(exposes or ()))
            for number, step in enumerate(steps)
        ],
        consent=[
            ConsentDoc(service=service, at=f"{day}T09:59:00Z", state=state, shown=None)
            for service, state in (consent or {}).items()
        ],
        inputs=[f"sessions/{ident}/capture.har"],
        first=f"{day}T10:00:00Z",
        last=f"{day}T11:00:00Z",
        misses=list(misses),
        exposures=[
            ExposureDoc(
                data_type=data_type,
                count=count,
                steps=list(steps),
                values=list((values or {}).get(data_type, [f"{data_type}-1"])),
                seen=False,
            )
            for data_type, count in (exposes or {}).items()
        ],
        not_seen=[],
        coverage=ShareDoc(exchanges=10 if shares else 0, bytes_up=sum(totals.values()), **totals),
        destinations=shares,
        lost_problems=lost_problems,
    )


def make_service(ident: str, *hosts: str) -> ServiceDoc:
    return ServiceDoc(id=ident, name=None, hosts=list(hosts))


def make_handset(
    ident: str = HANDSET, *builds: str, make: str | None = None, model: str | None = None
) -> CaseHandsetDoc:
    return CaseHandsetDoc(id=ident, name=None, make=make, model=model, builds=list(builds))


def make_case_document(
    sessions: Sequence[SessionDoc],
    flows: Sequence[MadeFlow] = (),
    *,
    handsets: Sequence[CaseHandsetDoc] | None = None,
    services: Sequence[ServiceDoc] = (),
    title: str = "A case",
    kind: CaseKindName = "observation",
) -> AuditDocument:
    """Put sessions and flows together; handsets are those of the sessions if none are given."""
    by_id = {session.id: session for session in sessions}
    whole = [
        made.flow.model_copy(update={"conditions": by_id[made.flow.session].conditions})
        for made in flows
        if made.flow.session is not None
    ]
    assert len(whole) == len(flows), "a flow of a case names its session"
    seen = {(flow.session, flow.data_type) for flow in whole if flow.direction == "up" and not flow.weak}
    names = sorted({session.subject for session in sessions})
    case = CaseDoc(
        title=title,
        kind=kind,
        handsets=list(handsets) if handsets is not None else [make_handset(name) for name in names],
        services=list(services),
        sessions=[_mark_seen(session, seen) for session in sessions],
        annotations=[],
    )
    return _document(whole, flows, list(sessions), case)


def make_bare_document(
    flows: Sequence[MadeFlow] = (), searched: Sequence[str] = ("imei",), shares: Sequence[HostShareDoc] = ()
) -> AuditDocument:
    """A document of recordings without a case: no timeline tells what had a chance to be sent."""
    session = make_session("bare", destinations=shares or None)
    document = _document([made.flow for made in flows], flows, [session], None)
    values = [SubjectValue(id=f"{name}-1", type=name, searched_for=True, why=None) for name in searched]
    return document.model_copy(update={"subject": SubjectSummary(name=None, values=values)})


def _mark_seen(session: SessionDoc, seen: set[tuple[str | None, str]]) -> SessionDoc:
    exposures = [
        one.model_copy(update={"seen": (session.id, one.data_type) in seen}) for one in session.exposures
    ]
    return session.model_copy(update={"exposures": exposures})


def _document(
    flows: list[FlowDoc], made: Sequence[MadeFlow], sessions: list[SessionDoc], case: CaseDoc | None
) -> AuditDocument:
    findings = [finding for one in made for finding in one.findings]
    shares = [share for session in sessions for share in session.destinations]
    return AuditDocument(
        tool=Tool(name="phonehome", version="0.1.0", data=[]),
        subject=None,
        inputs=[
            InputFile(
                path=path,
                format="har",
                sha256="0" * 64,
                size=1,
                first=session.first,
                last=session.last,
                handset=None,
            )
            for session in sessions
            for path in session.inputs
        ],
        coverage=Coverage(
            exchanges=sum(session.coverage.exchanges for session in sessions),
            by_protocol={},
            bytes_up=sum(session.coverage.bytes_up for session in sessions),
            by_destination=[_coverage(share) for share in shares],
        ),
        flows=flows,
        findings=findings,
        problems=[],
        statistics=Statistics(
            bytes_recorded=1,
            bytes_searched=1,
            layers_opened=1,
            forms=1,
            digests=1,
            findings=len(findings),
            weak_findings=0,
            not_seen=[],
            decoys=DecoyStatistics(values=0, hits=[]),
            digests_not_available=[],
            chance_threshold_bits=24.0,
        ),
        case=case,
    )


def _coverage(share: HostShareDoc) -> DestinationCoverage:
    return DestinationCoverage(
        host=share.host,
        address=share.address,
        exchanges=1,
        read=share.read,
        closed=share.closed,
        unreadable=share.unreadable,
        lost=share.lost,
        reason=None,
        sni=None,
        sni_is_outer=False,
        ja4=None,
        alpn=None,
        tls_version=None,
        certificate_names=[],
    )
