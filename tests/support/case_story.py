"""A case with everything judged, written by hand in the likeness of the affair of 2014, for tests of the views."""

from case_documents import (
    make_case_document,
    make_flow,
    make_handset,
    make_service,
    make_session,
    make_share,
)

from phonehome.documents.audit import AuditDocument, SubjectSummary, SubjectValue
from phonehome.documents.base import Severity
from phonehome.documents.case import AnnotationDoc
from phonehome.documents.judgement import (
    CauseDoc,
    DecisionDoc,
    FactorDoc,
    JudgementDoc,
    LatencyChangeDoc,
    LatencyDoc,
    LevelDoc,
    MatrixCellDoc,
    ProposalDoc,
    ResidencyDoc,
    RuleOutcomeDoc,
    ScopeDoc,
    UnitDoc,
    VerdictDoc,
    VerdictName,
)

HOST = "api.account.xiaomi.com"
FACTORY, UPDATE = "JHCMIBH45.0", "JHCMIBH50.0"
TITLE = "Redmi 1S, August 2014"
ALL_OFF = {"account": "none", "service.cloud_messaging": "off", "network": "wifi"}
ALL_ON = {"account": "logged-in", "service.cloud_messaging": "on", "network": "wifi"}
CHANCES = {"imei": 1, "contact_phone_number": 3, "sms_phone_number": 2}


def make_story() -> AuditDocument:
    """Give the document: a factory build that sends in clear, an update that does not, and what follows."""
    sessions = [
        make_session(
            "01-factory-no-account",
            {"build": FACTORY, **ALL_OFF, "service.cloud_messaging": "on"},
            exposes=CHANCES,
            steps=["insert-sim", "add-contact", "receive-sms"],
            consent={"cloud_messaging": "not_asked"},
            misses=["A gateway on Wi-Fi sees nothing that goes over the mobile network."],
        ),
        make_session(
            "03-update-all-off",
            {"build": UPDATE, **ALL_OFF},
            exposes=CHANCES,
            steps=["insert-sim", "add-contact", "receive-sms"],
            consent={"cloud_messaging": "declined"},
            misses=["A gateway on Wi-Fi sees nothing that goes over the mobile network."],
        ),
        make_session(
            "04-update-all-on",
            {"build": UPDATE, **ALL_ON},
            exposes=CHANCES,
            steps=["insert-sim", "add-contact", "receive-sms"],
            consent={"cloud_messaging": "granted"},
            destinations=[make_share(HOST, 9000, closed=1000, organisation="Xiaomi", country="CN")],
        ),
    ]
    worst: tuple[tuple[str, Severity], ...] = (
        ("contact_phone_number", "critical"),
        ("sms_phone_number", "critical"),
        ("imei", "high"),
    )
    flows = [
        make_flow(
            kind,
            HOST,
            session="01-factory-no-account",
            organisation="Xiaomi",
            steps=["add-contact"],
            consent="not_asked",
            service="cloud_messaging",
            severity=severity,
        )
        for kind, severity in worst
    ]
    flows.append(
        make_flow(
            "imei",
            HOST,
            session="04-update-all-on",
            organisation="Xiaomi",
            transport="tls",
            chains=[["form", "base64"]],
            digest=True,
            consent="granted",
            service="cloud_messaging",
            severity="low",
        )
    )
    document = make_case_document(
        sessions,
        flows,
        handsets=[make_handset("handset-1", FACTORY, UPDATE, make="Xiaomi", model="Redmi 1S")],
        services=[make_service("cloud_messaging", HOST)],
        title=TITLE,
        kind="reconstruction",
    )
    assert document.case is not None
    note = AnnotationDoc(
        at="2014-08-20T08:00:00Z",
        author="A. Tester",
        reason="the gateway's clock was two seconds ahead",
        session="01-factory-no-account",
        corrects=["clock_offset_s"],
        note=None,
    )
    cited = [finding.id for made in flows[:2] for finding in made.findings]
    case = document.case.model_copy(update={"annotations": [note], "judgement": _judge(cited)})
    values = [SubjectValue(id=f"{kind}-1", type=kind, searched_for=True, why=None) for kind in CHANCES]
    subject = SubjectSummary(name="Redmi 1S, unit 3", values=values)
    return document.model_copy(update={"case": case, "subject": subject})


def _judge(cited: list[str]) -> JudgementDoc:
    return JudgementDoc(
        causes=[_cause()],
        proposals=[
            ProposalDoc(
                subject="handset-1",
                conditions={"build": UPDATE, "account": "none", "service.cloud_messaging": "on"},
                steps=["add-contact"],
                reasons=["tells the account from messaging, which were only ever switched on together"],
                weight=3.0,
            )
        ],
        matrix=[
            MatrixCellDoc(
                data_type="imei",
                subject="handset-1",
                country="CN",
                state="seen",
                transports=["cleartext"],
                organisations=["Xiaomi"],
                count=1,
                exposures=3,
                unread_share=0.0,
                sessions=["01-factory-no-account"],
            )
        ],
        verdicts=[
            _verdict("A4", "contradicted", "all data is transmitted with strict encryption", cited=cited),
            _verdict("B2", "unobservable", "contacts are never stored on the servers"),
            _verdict("B5", "consistent", "cloud messaging is now opt-in for new users", exposures=6),
            _verdict("B7", "untested", "if the receiver is offline, an ordinary SMS is sent"),
            _verdict("X4", "contradicted", "the phones forward numbers and messages", stale=True),
        ],
        residency=[
            ResidencyDoc(
                id="oregon",
                source="vendor, 22 October 2014",
                text="accounts move to Oregon and Singapore by the end of 2014",
                since="2015-01-01",
                until=None,
                services=["cloud_messaging"],
                data_types=[],
                stated=["US", "SG"],
                seen=["CN", None],
                organisations=["Xiaomi"],
                state="outside",
                reason="two flows go to China",
                flows=[],
                sessions=["04-update-all-on"],
            )
        ],
        latency=[
            LatencyDoc(
                session="04-update-all-on",
                host=HOST,
                address="192.0.2.10",
                country="CN",
                organisation="Xiaomi",
                count=12,
                minimum=180.0,
                p10=190.0,
                median=210.5,
                p90=260.0,
                maximum=300.0,
                reason=None,
            )
        ],
        latency_changes=[
            LatencyChangeDoc(
                host=HOST,
                before=["01-factory-no-account"],
                after=["04-update-all-on"],
                before_median=300.0,
                after_median=210.5,
                change_percent=-29.8,
                low=-40.0,
                high=-12.0,
            )
        ],
        policy="Defence staff",
        decisions=[_decision(FACTORY, cited), _decision(UPDATE, [])],
        units=[
            UnitDoc(
                line=2,
                unit="12th signals",
                make="Xiaomi",
                model="Redmi 1S",
                build=FACTORY,
                state="affected",
                decision="prohibit",
                why="this build was tested and is prohibited",
            ),
            UnitDoc(
                line=3,
                unit=None,
                make="Other",
                model="Phone",
                build=None,
                state="not_tested",
                decision=None,
                why="nobody tested it",
            ),
        ],
    )


def _cause() -> CauseDoc:
    levels = [
        LevelDoc(
            value=FACTORY,
            sessions=["01-factory-no-account"],
            seen=["01-factory-no-account"],
            undecided=[],
            exposures=3,
            rate_bound=None,
        ),
        LevelDoc(
            value=UPDATE, sessions=["03-update-all-off"], seen=[], undecided=[], exposures=3, rate_bound=0.63
        ),
    ]
    factor = FactorDoc(
        name="build",
        verdict="explains",
        levels=levels,
        confounded_with=["service.cloud_messaging"],
        contrasts=[],
    )
    return CauseDoc(
        data_type="contact_phone_number",
        host=HOST,
        organisation="Xiaomi",
        subject="handset-1",
        severity="high",
        seen=["01-factory-no-account"],
        not_seen=["03-update-all-off"],
        undecided=[],
        mixed=False,
        steps=["add-contact"],
        factors=[factor],
        sentence="Contact phone number to Xiaomi goes with build; cloud messaging would explain it as well.",
    )


def _verdict(
    ident: str,
    verdict: VerdictName,
    text: str,
    *,
    cited: list[str] | None = None,
    exposures: int = 0,
    stale: bool = False,
) -> VerdictDoc:
    return VerdictDoc(
        id=ident,
        who="the vendor" if ident[0] in "AB" else "the press",
        party="vendor" if ident[0] in "AB" else "press",
        date="2014-08-10",
        text=text,
        source="https://example.com/statement",
        scope=ScopeDoc(handset=None, build=FACTORY, services=[], data_types=[], note=None),
        verdict=verdict,
        reason=f"because of what was or was not seen ({verdict})",
        superseded=f"the newest evidence is of build {UPDATE}" if stale else None,
        conflicts_with=[],
        sessions=["01-factory-no-account"] if cited or exposures else [],
        flows=[],
        findings=cited or [],
        exposures=exposures,
        rate_bound=0.39 if exposures else None,
        coverage="all that was sent could be read" if exposures else None,
        proposal={"build": UPDATE, "receiver": "offline"} if verdict == "untested" else None,
    )


def _decision(build: str, cited: list[str]) -> DecisionDoc:
    rule = RuleOutcomeDoc(
        id="no-people-in-clear",
        outcome="met" if cited else "undecided",
        decision="prohibit",
        severity="critical",
        reason="other people's numbers leave in cleartext",
        why=f"{len(cited)} findings" if cited else "MMS was never tried",
        sessions=["01-factory-no-account"] if cited else [],
        flows=[],
        findings=cited,
    )
    return DecisionDoc(
        policy="Defence staff",
        subject="handset-1",
        make="Xiaomi",
        model="Redmi 1S",
        build=build,
        decision="prohibit" if cited else None,
        severity="critical" if cited else None,
        reason=rule.reason
        if cited
        else "nothing prohibits it, but not all that the policy asks for was tested",
        advice=["hand the handset in for the update"] if cited else [],
        rules=[rule],
        missing=[] if cited else ["no session with network=cellular"],
    )
