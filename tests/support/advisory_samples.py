"""Audited cases for the tests of advisories: one like that of 2014, and the same full of hostile text."""

from collections.abc import Callable
from datetime import UTC, datetime

from case_documents import (
    MadeFlow,
    make_case_document,
    make_flow,
    make_handset,
    make_service,
    make_session,
    make_share,
)
from pydantic import BaseModel
from report_samples import LAYERS

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.documents.audit import AuditDocument, SubjectSummary, SubjectValue
from phonehome.documents.case import SessionDoc
from phonehome.documents.judgement import (
    CauseDoc,
    DecisionDoc,
    FactorDoc,
    JudgementDoc,
    LevelDoc,
    ProposalDoc,
    ScopeDoc,
    VerdictDoc,
    VerdictName,
)
from phonehome.model.advisory import (
    AdvisoryDetails,
    Publisher,
    PublisherCategory,
    Reference,
    Revision,
    Tlp,
)
from phonehome.reports.advisory.notice import NoticeOptions, write_notice

HOST = "api.account.xiaomi.com"
PHONE = "redmi-1s"
FACTORY, UPDATE, NEWEST = "JHCMIBH45.0", "JHCMIBL50.0", "JHCMIBL53.0"
EXPOSED = {
    "imei": 1,
    "phone_number": 1,
    "carrier_name": 1,
    "contact_phone_number": 2,
    "sms_phone_number": 2,
    "sms_text": 2,
    "imsi": 1,
}
NO_ACCOUNT = {"account": "none", "network": "wifi"}


def _session(ident: str, build: str, messaging: str, *, account: str = "none", day: str) -> SessionDoc:
    conditions = {"build": build, "account": account, "network": "wifi", "service.cloud_messaging": messaging}
    return make_session(
        ident,
        conditions,
        exposes=EXPOSED,
        steps=("first-boot", "add-contact", "receive-sms"),
        subject=PHONE,
        consent={"cloud_messaging": "not_asked"},
        destinations=[make_share(HOST, 8_400, organisation="Xiaomi", country="CN")],
        misses=("A gateway sees neither cellular data nor text messages.",),
        day=day,
    )


def _flow(data_type: str, session: str, time: str = "2014-08-07T10:00:00Z") -> MadeFlow:
    made = make_flow(
        data_type,
        HOST,
        session=session,
        organisation="Xiaomi",
        severity="critical" if data_type.startswith(("contact", "sms")) else "high",
        consent="not_asked",
        service="cloud_messaging",
        steps=("first-boot",),
        count=3,
        time=time,
    )
    layers = [layer.model_copy(update={"span": f"‹{data_type}-1›"}) for layer in LAYERS]
    findings = [finding.model_copy(update={"layers": layers}) for finding in made.findings]
    return MadeFlow(flow=made.flow, findings=findings)


def make_verdict(ident: str, verdict: VerdictName, text: str, **changes: object) -> VerdictDoc:
    plain = VerdictDoc(
        id=ident,
        who="Xiaomi",
        party="vendor",
        date="2014-08-10",
        text=text,
        source="https://vendor.example/answer",
        scope=ScopeDoc(handset=None, build=None, services=[], data_types=[], note=None),
        verdict=verdict,
        reason="the sessions say so",
        superseded=None,
        conflicts_with=[],
        sessions=[],
        flows=[],
        findings=[],
        exposures=0,
        rate_bound=None,
        coverage=None,
        proposal=None,
    )
    return plain.model_copy(update=changes)


VERDICTS = [
    make_verdict(
        "A5",
        "contradicted",
        "No personal data is uploaded without permission.",
        reason="4 flows left before anybody was asked",
    ),
    make_verdict(
        "B1",
        "conflict",
        "Messaging uses phone number, IMSI and IMEI.",
        reason="no IMSI was seen before a login",
    ),
    make_verdict(
        "B4",
        "consistent",
        "Adding a contact sends its number.",
        reason="seen after each of 2 contacts",
        exposures=2,
        superseded="session 03-update-reset has a newer build",
    ),
    make_verdict(
        "B5",
        "untested",
        "Messaging is opt-in for users who did not reset.",
        reason="no session of the update without a reset",
        proposal={"build": UPDATE, "reset": "no"},
    ),
    make_verdict(
        "B2", "unobservable", "Contacts are never stored.", reason="a handset cannot see a server's disk"
    ),
    make_verdict(
        "X3",
        "contradicted",
        "The address belongs to a body of the government.",
        who="The press",
        party="press",
        reason="that body is the registry of the block; hosts of the vendor are in it",
    ),
]


def _judgement() -> JudgementDoc:
    off = LevelDoc(
        value="off", sessions=["03-update-reset"], seen=[], undecided=[], exposures=4, rate_bound=0.527
    )
    on = LevelDoc(
        value="on", sessions=["01-factory"], seen=["01-factory"], undecided=[], exposures=4, rate_bound=None
    )
    factor = FactorDoc(
        name="service.cloud_messaging", verdict="causes", levels=[on, off], confounded_with=[], contrasts=[]
    )
    confounded = FactorDoc(
        name="account",
        verdict="explains",
        levels=[],
        confounded_with=["service.cloud_messaging"],
        contrasts=[],
    )
    cause = CauseDoc(
        data_type="contact_phone_number",
        host=HOST,
        organisation="Xiaomi",
        subject=PHONE,
        severity="critical",
        seen=["01-factory"],
        not_seen=["03-update-reset"],
        undecided=["02-factory-account"],
        mixed=False,
        steps=["add-contact"],
        factors=[factor, confounded],
        sentence="Seen where service.cloud_messaging=on, not seen in 4 exposures where it is off.",
    )
    proposal = ProposalDoc(
        subject=PHONE,
        conditions={"build": UPDATE, "service.cloud_messaging": "on", "account": "none"},
        steps=["add-contact"],
        reasons=["messaging was never switched on apart from the account"],
        weight=3.0,
    )
    decision = DecisionDoc(
        policy="defence",
        subject=PHONE,
        make="Xiaomi",
        model="Redmi 1S",
        build=FACTORY,
        decision="prohibit",
        severity="critical",
        reason="numbers of contacts left without consent",
        advice=["Collect handsets with this build and update them before they are handed out again."],
        rules=[],
        missing=[],
    )
    return JudgementDoc(
        causes=[cause],
        proposals=[proposal],
        matrix=[],
        verdicts=VERDICTS,
        residency=[],
        latency=[],
        latency_changes=[],
        policy="defence",
        decisions=[decision],
        units=[],
    )


def affair_document() -> AuditDocument:
    """An audited case like that of 2014: a factory build, the account, an update with messaging off."""
    sessions = [
        _session("01-factory", FACTORY, "on", day="2014-08-07"),
        _session("02-factory-account", FACTORY, "on", account="logged-in", day="2014-08-07"),
        _session("03-update-reset", UPDATE, "off", day="2014-08-14"),
    ]
    early = ("imei", "phone_number", "carrier_name", "contact_phone_number", "sms_phone_number")
    flows = [_flow(name, "01-factory") for name in early]
    flows += [_flow(name, "02-factory-account", time="2014-08-07T12:00:00Z") for name in ("imsi", "imei")]
    document = make_case_document(
        sessions,
        flows,
        handsets=[make_handset(PHONE, FACTORY, UPDATE, NEWEST, make="Xiaomi", model="Redmi 1S")],
        services=[make_service("cloud_messaging", HOST)],
        title="Redmi 1S, 2014",
        kind="reconstruction",
    )
    assert document.case is not None
    values = [SubjectValue(id=f"{name}-1", type=name, searched_for=True, why=None) for name in EXPOSED]
    values.append(
        SubjectValue(id="nick", type="username", searched_for=False, why="3 characters are too few")
    )
    return document.model_copy(
        update={
            "case": document.case.model_copy(update={"judgement": _judgement()}),
            "subject": SubjectSummary(name="Redmi 1S, unit 3", values=values),
        }
    )


DETAILS = AdvisoryDetails(
    publisher=Publisher(
        name="Example CERT",
        namespace="https://cert.example",
        contact="cert@cert.example",
        category=PublisherCategory.COORDINATOR,
    ),
    tlp=Tlp.GREEN,
    references=(Reference(summary="The vendor's own words", url="https://vendor.example/words?a=1&b=2"),),
    revisions=(
        Revision(version="1", date=datetime(2014, 8, 8, tzinfo=UTC), summary="First version"),
        Revision(version="2", date=datetime(2014, 8, 15, tzinfo=UTC), summary="The update was tested"),
    ),
)


def affair_notice(*, signed: bool = False, details: AdvisoryDetails = DETAILS) -> AdvisoryDocument:
    return write_notice(affair_document(), NoticeOptions(details=details, signed=signed))


KEPT = {
    "severity", "transport", "direction", "method", "part", "kind", "schema_", "status", "tlp", "category", "level",
    "state", "decision", "audience", "verdict", "issued", "updated", "date", "version", "namespace", "url",
    "first", "last", "moment",
}  # fmt: skip
"""Fields with a closed shape; every other string of a notice is filled with hostile text."""


def hostile_notice(hostile: Callable[[str], str]) -> AdvisoryDocument:
    """The notice with every free text replaced, as a hostile capture, case or claims file would have it."""
    filled = _fill(affair_notice(), hostile)
    assert isinstance(filled, AdvisoryDocument)
    return AdvisoryDocument.model_validate(filled.model_dump())


def _fill(model: BaseModel, hostile: Callable[[str], str]) -> BaseModel:
    def fill(name: str, value: object) -> object:
        match value:
            case str():
                return value if name in KEPT else hostile(value)
            case BaseModel():
                return _fill(value, hostile)
            case list():
                return [fill(name, item) for item in value]
            case dict():
                return {hostile(str(key)): item for key, item in value.items()}
            case _:
                return value

    closed = {"transports", "methods", "source", "consent", "left_out"}
    names = [name for name in type(model).model_fields if name not in closed]
    return model.model_copy(update={name: fill(name, getattr(model, name)) for name in names})


FREE_TEXT = {
    "title", "host", "address", "organisation", "url", "excerpt", "path", "text", "who", "reason", "sentence", "name",
    "make", "model", "first", "last", "time", "date", "source", "id", "form", "sha256", "input", "chain", "domain",
    "data_type", "superseded", "value_id", "country",
}  # fmt: skip


def _spoil(value: object, hostile: Callable[[str, str], str], key: str = "") -> object:
    """Replace every free text by `hostile(key, text)`; ids stay consistent where it is a function."""
    match value:
        case str():
            return hostile(key, value) if key in FREE_TEXT else value
        case list():
            return [_spoil(item, hostile, key) for item in value]
        case dict():
            return {name: _spoil(item, hostile, name) for name, item in value.items()}
        case _:
            return value


def spoil_document(hostile: Callable[[str, str], str]) -> AuditDocument:
    """The audited affair as somebody may have changed it."""
    return AuditDocument.model_validate(_spoil(affair_document().model_dump(by_alias=True), hostile))
