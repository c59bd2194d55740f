"""Audit documents for the tests of the views, as an audit would write them, and one full of hostile text."""

from collections.abc import Callable

from pydantic import BaseModel

from phonehome.documents.audit import (
    AuditDocument,
    Country,
    Coverage,
    DataSource,
    DecoyStatistics,
    DestinationCoverage,
    DestinationDoc,
    ExchangeRef,
    FindingDoc,
    FlowDoc,
    InputFile,
    LayerDoc,
    Network,
    Organisation,
    ProblemDoc,
    Registry,
    Statistics,
    SubjectSummary,
    SubjectValue,
    Tool,
)

CAPTURE = "captures/2014-08-07-factory.har"
WHOIS = "geo-whois-asn-country"


def organisation(name: str, country: str, *roles: str) -> Organisation:
    return Organisation(
        name=name, country=country, roles=list(roles), source="phonehome domain owners", date="2025-06-01"
    )


def destination(
    host: str,
    address: str,
    owner: Organisation | None,
    asn: int,
    network: str,
    countries: list[tuple[str, str]],
) -> DestinationDoc:
    said = [
        Country(
            country=code, kind="registration" if i == 0 else "geolocation", source=source, date="2025-06-03"
        )
        for i, (code, source) in enumerate(countries)
    ]
    codes = {code for code, _ in countries}
    return DestinationDoc(
        host=host,
        address=address,
        port=443,
        domain=".".join(host.split(".")[-2:]),
        organisation=owner,
        network=Network(asn=asn, name=network, source="asn", date="2025-06-03"),
        registry=Registry(name="APNIC", source=WHOIS, date="2025-06-03"),
        countries=said,
        country=codes.pop() if len(codes) == 1 else None,
        notes=["The address data is 10 years younger than the capture."],
    )


VENDOR = destination(
    "api.account.xiaomi.com",
    "192.0.2.17",
    organisation("Xiaomi", "CN", "vendor cloud"),
    37963,
    "Hangzhou Alibaba Advertising Co.,Ltd.",
    [("CN", WHOIS), ("CN", "asn-country")],
)
TRACKER = destination(
    "settings.crashlytics.com",
    "198.51.100.9",
    organisation("Google", "US", "crash reports", "analytics"),
    15169,
    "Google LLC",
    [("US", WHOIS), ("US", "asn-country")],
)
ADS = destination(
    "sdk-events.a-very-long-host-name-of-an-advertising-network.example-cdn.net",
    "203.0.113.200",
    None,
    64511,
    "Example Transit",
    [("SG", WHOIS), ("US", "asn-country")],
)


def exchange(to: DestinationDoc, index: int, protocol: str = "http/1.1", method: str = "POST") -> ExchangeRef:
    scheme = "http" if to is VENDOR else "https"
    return ExchangeRef(
        input=CAPTURE,
        index=index,
        time=f"2014-08-07T10:{index % 60:02d}:07.123Z",
        method=method,
        url=f"{scheme}://{to.host}/pass/v2/register?imei=‹imei-1›&n=‹phone-1›",
        host=to.host,
        address=to.address,
        port=to.port,
        protocol=protocol,
        app="com.example.messaging",
        packets=[],
        display_filter=None,
    )


LAYERS = [
    LayerDoc(
        name="request.body",
        path="",
        before="v=3&data=",
        span="H4sIAAAAAAAAA6tWysxNTFeyUjIxNLA0MjA2MbQwNjJVqgUA…",
        after="&sign=0f3c",
        size=1480,
        offset=0,
    ),
    LayerDoc(
        name="form",
        path="form:data",
        before="",
        span="H4sIAAAAAAAAA6tWysxNTFeyUj…",
        after="",
        size=1440,
        offset=0,
    ),
    LayerDoc(name="base64", path="", before="", span="\\x1F\\x8B\\x08\\x00…", after="", size=1080, offset=0),
    LayerDoc(
        name="gzip",
        path="",
        before='{"os":"android","device":{',
        span='"imei":"‹imei-1›"',
        after=',"model":"HM 1S"},"t":1407405607}',
        size=2048,
        offset=96,
    ),
    LayerDoc(name="json", path="$.device.imei", before="", span="‹imei-1›", after="", size=15, offset=0),
]


def finding(number: int, value_id: str, data_type: str, to: DestinationDoc, **changes: object) -> FindingDoc:
    plain = FindingDoc(
        id=f"{number:012x}",
        value_id=value_id,
        data_type=data_type,
        method="decoded",
        form=data_type,
        chain=["form", "base64", "gzip", "json"],
        part="request.body",
        path="form:data > $.device.imei",
        offset=9,
        length=1440,
        transport="tls",
        direction="up",
        chance_bits=46.5,
        weak=None,
        count=1,
        excerpt=f'"device":{{"{data_type}":"‹{value_id}›"}}',
        layers=[
            layer.model_copy(update={"span": layer.span.replace("imei-1", value_id)}) for layer in LAYERS
        ],
        exchange=exchange(to, number),
        destination=to,
    )
    return plain.model_copy(update=changes)


def flow(number: int, findings: list[FindingDoc], **changes: object) -> FlowDoc:
    first = findings[0]
    to = first.destination
    plain = FlowDoc(
        id=f"flow{number:08x}",
        data_type=first.data_type,
        categories=["Personal identifiers", "Device or other IDs"],
        value_ids=sorted({f.value_id for f in findings}),
        host=to.host,
        organisation=to.organisation.name if to.organisation else None,
        country=to.country,
        countries=sorted({c.country for c in to.countries}),
        transport=first.transport,
        direction=first.direction,
        methods=sorted({f.method for f in findings}),
        forms=sorted({f.form for f in findings}),
        severity="medium",
        weak=all(f.weak for f in findings),
        count=sum(f.count for f in findings),
        first=findings[0].exchange.time,
        last=findings[-1].exchange.time,
        session=None,
        conditions={},
        consent=None,
        steps=[],
        findings=[f.id for f in findings],
    )
    return plain.model_copy(update=changes)


def _groups() -> list[tuple[list[FindingDoc], dict[str, object]]]:
    clear: dict[str, object] = {
        "transport": "cleartext",
        "chain": ["query"],
        "part": "request.url",
        "layers": LAYERS[4:],
    }
    digest: dict[str, object] = {"method": "digest", "form": "wifi_mac/sha1/upper-hex", "chance_bits": 101.2}
    down: dict[str, object] = {"direction": "down", "part": "response.body"}
    weak: dict[str, object] = {
        "weak": "a name of 4 letters stands in 1 of 90 such texts by accident",
        "chance_bits": 6.4,
    }
    return [
        (
            [
                finding(1, "imei-1", "imei", VENDOR, **clear, count=12),
                finding(2, "imei-2", "imei", VENDOR, **clear),
            ],
            {
                "severity": "critical",
                "session": "01-factory",
                "consent": "not_asked",
                "conditions": {"account": "none", "network": "wifi"},
                "steps": ["boot", "first text message"],
            },
        ),
        ([finding(3, "phone-1", "phone_number", VENDOR, **clear)], {"severity": "critical"}),
        (
            [finding(4, "contact-1", "contact_phone_number", VENDOR, **clear, count=3)],
            {"severity": "critical"},
        ),
        ([finding(5, "gaid-1", "advertising_id", TRACKER, count=40)], {}),
        ([finding(6, "wifi-1", "wifi_mac", ADS, **digest, offset=None)], {"severity": "high"}),
        ([finding(7, "carrier-1", "carrier_name", ADS, transport="quic")], {"severity": "low"}),
        ([finding(8, "imei-1", "imei", TRACKER, transport=None)], {"severity": "high"}),
        ([finding(9, "account-1", "account_id", VENDOR, **down)], {"severity": "low"}),
        ([finding(10, "name-1", "person_name", ADS, **weak)], {"severity": "low"}),
    ]


VALUES = {
    "imei-1": "imei",
    "imei-2": "imei",
    "phone-1": "phone_number",
    "contact-1": "contact_phone_number",
    "gaid-1": "advertising_id",
    "wifi-1": "wifi_mac",
    "carrier-1": "carrier_name",
    "account-1": "account_id",
    "name-1": "person_name",
    "imsi-1": "imsi",
    "home": "location",
    "sms-1": "sms_text",
}


def coverage_row(
    host: str, read: int, closed: int = 0, unreadable: int = 0, lost: int = 0, **text: str
) -> DestinationCoverage:
    return DestinationCoverage(
        host=host,
        address="192.0.2.17",
        exchanges=12,
        read=read,
        closed=closed,
        unreadable=unreadable,
        lost=lost,
        reason=text.get("reason"),
        sni=text.get("sni"),
        sni_is_outer=False,
        ja4=text.get("ja4"),
        alpn=None,
        tls_version=None,
        certificate_names=[],
    )


COVERAGE = Coverage(
    exchanges=412,
    by_protocol={"http/1.1": 240, "http/2": 120, "websocket": 12, "dns": 38, "raw": 2},
    bytes_up=1_843_200,
    by_destination=[
        coverage_row("api.account.xiaomi.com", 812_000),
        coverage_row(
            "settings.crashlytics.com", 301_200, unreadable=122_000, reason="high entropy, no known format"
        ),
        coverage_row(
            "mtalk.google.com",
            0,
            closed=510_000,
            reason="no key for this connection",
            sni="mtalk.google.com",
            ja4="t13d1516h2_8daaf6152771_e5627efa2ab1",
        ),
        coverage_row(ADS.host or "", 90_000, lost=8_000, reason="8 kB are missing from the recording"),
    ],
)


def sample_document() -> AuditDocument:
    """A document as one audit gives it: flows up and down, weak ones, blind spots, problems."""
    groups = _groups()
    findings = [f for group, _ in groups for f in group]
    searched = [SubjectValue(id=key, type=name, searched_for=True, why=None) for key, name in VALUES.items()]
    unsearched = SubjectValue(
        id="nick", type="username", searched_for=False, why="3 characters are too few to search for"
    )
    return AuditDocument(
        tool=Tool(
            name="phonehome",
            version="0.1.0",
            data=[
                DataSource(name="Domain owners", date="2025-06-01", source="phonehome, curated"),
                DataSource(name="Address countries", date="2025-06-03", source="geo-whois-asn-country, CC0"),
            ],
        ),
        subject=SubjectSummary(
            name="Redmi 1S, unit 3",
            values=[*searched, unsearched],
        ),
        inputs=[
            InputFile(
                path=CAPTURE,
                format="har",
                sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                size=8_412_339,
                first="2014-08-07T10:00:00Z",
                last="2014-08-07T11:24:51Z",
                handset=None,
            ),
        ],
        coverage=COVERAGE,
        flows=[flow(i, group, **changes) for i, (group, changes) in enumerate(groups)],
        findings=findings,
        problems=[
            ProblemDoc(
                where=f"{CAPTURE} entry 77 response.body",
                reason="gzip ends early: 812 bytes were read of it",
                lost=True,
            ),
            ProblemDoc(where=f"{CAPTURE} entry 12", reason="a size of −1 was recomputed", lost=False),
        ],
        statistics=Statistics(
            bytes_recorded=8_401_112,
            bytes_searched=31_224_001,
            layers_opened=9_120,
            forms=412,
            digests=2_260,
            findings=len(findings),
            weak_findings=1,
            not_seen=["imsi-1", "home", "sms-1"],
            decoys=DecoyStatistics(values=60, hits=[]),
            digests_not_available=["ripemd160"],
            chance_threshold_bits=24.0,
        ),
    )


def empty_document() -> AuditDocument:
    """A document of an audit without a subject, in which nothing was read either."""
    doc = sample_document()
    nothing = {"exchanges": 0, "by_protocol": {}, "bytes_up": 0, "by_destination": []}
    figures = {"findings": 0, "weak_findings": 0, "not_seen": [], "forms": 0, "digests": 0}
    return doc.model_copy(
        update={
            "subject": None,
            "flows": [],
            "findings": [],
            "coverage": doc.coverage.model_copy(update=nothing),
            "statistics": doc.statistics.model_copy(update=figures),
        }
    )


def with_findings(number: int) -> AuditDocument:
    """The sample with one more flow of `number` findings."""
    doc = sample_document()
    many = [finding(1000 + i, "imsi-1", "imsi", TRACKER) for i in range(number)]
    update = {"findings": [*doc.findings, *many], "flows": [*doc.flows, flow(99, many)]}
    return doc.model_copy(update=update)


FREE_TEXT_EXCEPT = {
    *("severity", "transport", "direction", "method", "part", "kind", "schema_"),
    *("position", "state", "verdict", "party", "decision", "outcome", "transports", "change"),
}
"""Fields with a closed list of words; every other string is filled with hostile text."""


def fill_text(model: BaseModel, hostile: Callable[[str], str]) -> BaseModel:
    """Copy a model with every free text in it, at any depth, replaced by `hostile(text)`."""

    def fill(value: object) -> object:
        match value:
            case str():
                return hostile(value)
            case BaseModel():
                return fill_text(value, hostile)
            case list():
                return [fill(item) for item in value]
            case dict():
                return {hostile(str(key)): fill(item) for key, item in value.items()}
            case _:
                return value

    skip = FREE_TEXT_EXCEPT | {"methods"}
    parts = {name: getattr(model, name) for name in type(model).model_fields if name not in skip}
    closed = {name for name, part in parts.items() if name == "consent" and not isinstance(part, list)}
    return model.model_copy(update={n: fill(part) for n, part in parts.items() if n not in closed})


def hostile_document(hostile: Callable[[str], str], document: AuditDocument | None = None) -> AuditDocument:
    """A document (the sample) with every free text replaced; ids stay consistent if `hostile` is a function."""
    filled = fill_text(document or sample_document(), hostile)
    assert isinstance(filled, AuditDocument)
    return AuditDocument.model_validate(filled.model_dump())
