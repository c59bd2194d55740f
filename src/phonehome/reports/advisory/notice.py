"""The notice, made from an audited case: what people did not decide is derived here, once for all formats."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from phonehome.documents.advisory import (
    AdvisoryDocument,
    HandsetNoticeDoc,
    InputDoc,
    PublisherDoc,
    ReferenceDoc,
    RevisionDoc,
    SeverityDoc,
    StatementDoc,
    StatusName,
)
from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import CaseDoc
from phonehome.model.advisory import AdvisoryDetails, Tlp, is_web_address
from phonehome.model.errors import ConfigError
from phonehome.reports import words
from phonehome.reports.advisory.actions import advise
from phonehome.reports.advisory.builds import judge_builds
from phonehome.reports.advisory.gaps import find_gaps
from phonehome.reports.advisory.impact import describe_impact
from phonehome.reports.advisory.items import Item, gather_items, severity_rank
from phonehome.reports.advisory.moments import read_moment, write_moment
from phonehome.reports.advisory.overview import make_title, write_overview
from phonehome.reports.advisory.sent import describe_sent

ITEMS_HELD = 200
GAPS_HELD = 200
STATEMENTS_HELD = 500
INPUTS_HELD = 200
HANDSETS_HELD = 200
KEYS_HELD = 3

DRAFT = "DRAFT: this notice is not signed. It may still change; do not act on it as if it were final."
RECONSTRUCTION = (
    "RECONSTRUCTION: the recordings behind this notice were made to a description or a scenario, and observe "
    "nothing. They show what phonehome says of such traffic, and are no evidence of their own."
)
REVEALED = "NOT MASKED: this copy shows personal values. Pass it on only to people who may see them."
UNNAMED = PublisherDoc(
    name="Publisher not named",
    namespace="https://publisher.invalid/",  # RFC 2606: leads nowhere, on purpose
    contact=None,
    category="other",
    named=False,
)
TLP_PAGE = ReferenceDoc(
    summary="Traffic Light Protocol 2.0: what the label allows", url="https://www.first.org/tlp/"
)
DEFAULT_TLP = Tlp.AMBER
"""Until somebody decides: those who need to know, in one's own organisation and its clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Who signed the case as it stands.

    Attributes:
        by: Fingerprints of the keys whose signatures hold; of those that are trusted, if any was given.
        trusted: Whoever makes the notice gave these keys.
        kept: The notice is made from the result that the case keeps, and not from an audit of its own.
    """

    by: tuple[str, ...]
    trusted: bool = False
    kept: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOptions:
    """What the caller knows beside the audit document.

    Attributes:
        details: What `advisory.yaml` says.
        tlp: In place of the label there.
        vouched: Who signed the case, and with it this notice's evidence; None if nobody did.
        revealed: The audit document shows the values themselves.
    """

    details: AdvisoryDetails = field(default_factory=AdvisoryDetails)
    tlp: Tlp | None = None
    vouched: Vouched | None = None
    revealed: bool = False


def write_notice(doc: AuditDocument, options: NoticeOptions) -> AdvisoryDocument:
    """Make the notice.

    Raises:
        ConfigError: The document is not one of a case, or nothing in it and in the details has a date.
    """
    case = doc.case
    if case is None:
        raise ConfigError(
            "an advisory needs a case, and this is the audit of single recordings; `phonehome case "
            "new` starts one, and "
            "`phonehome audit CASE` audits it"
        )
    details = options.details
    items = gather_items(doc, case, details.least_severity.value)
    judged = judge_builds(case, items)
    revisions = _revisions(doc, case, details)
    gaps = find_gaps(doc, case, judged.handsets)
    statements = _statements(case)
    left = {
        "sent": len(items) - ITEMS_HELD,
        "not_tested": len(gaps) - GAPS_HELD,
        "statements": len(statements) - STATEMENTS_HELD,
        "inputs": len(doc.inputs) - INPUTS_HELD,
        "handsets": len(judged.handsets) - HANDSETS_HELD,
    }
    publisher = _publisher(details)
    return AdvisoryDocument(
        id=details.id or _number(doc, case, revisions[0].date),
        title=details.title or make_title(case, items, judged.handsets),
        status=_status(options),
        kind=case.kind,
        tlp=(options.tlp or details.tlp or DEFAULT_TLP).value,
        notices=_notices(case, options),
        publisher=publisher,
        severity=_severity(case, details, items, judged.handsets),
        version=revisions[-1].version,
        issued=revisions[0].date,
        updated=revisions[-1].date,
        overview=[*details.overview, *write_overview(doc, case, items, judged.handsets, statements)],
        handsets=judged.handsets[:HANDSETS_HELD],
        sent=describe_sent(case, items[:ITEMS_HELD], judged.fixed_in[:ITEMS_HELD]),
        impact=describe_impact(items),
        what_to_do=advise(case, items, judged.handsets, details.what_to_do),
        statements=statements[:STATEMENTS_HELD],
        not_tested=gaps[:GAPS_HELD],
        references=_references(case, details),
        revisions=revisions,
        case_title=case.title,
        inputs=[InputDoc(path=one.path, sha256=one.sha256) for one in doc.inputs[:INPUTS_HELD]],
        tool=doc.tool,
        left_out={name: number for name, number in left.items() if number > 0},
    )


def _status(options: NoticeOptions) -> StatusName:
    """A notice is a draft until it is signed, and while its version begins with 0 (CSAF 2.0, section 3.1.11)."""
    revisions = options.details.revisions
    if options.vouched is None or (revisions and revisions[-1].version.split(".")[0] == "0"):
        return "draft"
    return options.details.status.value


def _notices(case: CaseDoc, options: NoticeOptions) -> list[str]:
    found = []
    if _status(options) == "draft":
        found.append(DRAFT)
    elif options.vouched is not None:
        found.append(_signed(options.vouched))
    if case.kind == "reconstruction":
        found.append(RECONSTRUCTION)
    if options.revealed:
        found.append(REVEALED)
    return found


def _signed(vouched: Vouched) -> str:
    """Say what the signature is worth: anybody can sign what they made themselves."""
    keys = words.listing([f"SHA256:{one}" for one in vouched.by[:KEYS_HELD]])
    trust = (
        "which whoever made this notice trusts."
        if vouched.trusted
        else "and nobody checked whose that is: compare the fingerprint with what the signer tells you another way."
    )
    kept = (
        " It is made from the result that the case keeps; “phonehome repeat” shows whether the recordings give it."
        if vouched.kept
        else ""
    )
    return f"SIGNED: the case behind this notice is signed with {keys}, {trust}{kept}"


def _publisher(details: AdvisoryDetails) -> PublisherDoc:
    said = details.publisher
    if said is None:
        return UNNAMED
    return PublisherDoc(
        name=said.name,
        namespace=said.namespace,
        contact=said.contact,
        category=said.category.value,
        named=True,
    )


def _number(doc: AuditDocument, case: CaseDoc, date: str) -> str:
    """Make a number for a notice that has none: the same for the same evidence, another for any other."""
    parts = [case.title, case.kind, *(h.id for h in case.handsets), *(s.id for s in case.sessions)]
    parts += sorted(one.sha256 or one.path for one in doc.inputs)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
    return f"PH-{date[:4]}-{digest[:8].upper()}"


def _severity(
    case: CaseDoc, details: AdvisoryDetails, items: Sequence[Item], handsets: Sequence[HandsetNoticeDoc]
) -> SeverityDoc:
    if details.severity is not None:
        return SeverityDoc(level=details.severity.value, why="set by the publisher")
    affected = {(h.id, b.build) for h in handsets for b in h.builds if b.state == "affected"}
    decisions = case.judgement.decisions if case.judgement is not None else []
    by_policy = [
        (d.severity, d.policy)
        for d in decisions
        if d.severity is not None and (d.subject, d.build) in affected
    ]
    if by_policy:
        level, policy = min(by_policy, key=lambda pair: severity_rank(pair[0]))
        return SeverityDoc(level=level, why=f"by the policy {policy}")
    if not items:
        return SeverityDoc(level=None, why="nothing was seen leaving")
    worst = min((flow for item in items for flow, _ in item.flows), key=lambda f: severity_rank(f.severity))
    return SeverityDoc(
        level=worst.severity,
        why=f"that of the worst flow, {words.data_type(worst.data_type)} to {worst.host or 'an unknown host'}",
    )


def _revisions(doc: AuditDocument, case: CaseDoc, details: AdvisoryDetails) -> list[RevisionDoc]:
    if details.revisions:
        return [
            RevisionDoc(version=r.version, date=write_moment(r.date), summary=r.summary)
            for r in details.revisions
        ]
    moments = [session.last for session in case.sessions] + [one.last for one in doc.inputs]
    moments += [note.at for note in case.annotations]
    known = [moment for moment in map(read_moment, moments) if moment is not None]
    if not known:
        raise ConfigError(
            "nothing in this case has a date, so neither has its advisory; give one in advisory.yaml: "
            "`revisions: [{version: 1, date: 2026-03-01, summary: First version}]`"
        )
    return [
        RevisionDoc(
            version="1",
            date=write_moment(max(known)),
            summary="First version, of the day of the newest evidence",
        )
    ]


def _statements(case: CaseDoc) -> list[StatementDoc]:
    verdicts = case.judgement.verdicts if case.judgement is not None else []
    fields = set(StatementDoc.model_fields)
    return [StatementDoc.model_validate(verdict.model_dump(include=fields)) for verdict in verdicts]


def _references(case: CaseDoc, details: AdvisoryDetails) -> list[ReferenceDoc]:
    found = [ReferenceDoc(summary=r.summary, url=r.url) for r in details.references]
    verdicts = case.judgement.verdicts if case.judgement is not None else []
    found += [
        ReferenceDoc(summary=f"Statement {v.id} of {v.who}", url=v.source)
        for v in verdicts
        if v.source is not None and is_web_address(v.source)
    ]
    return list({reference.url: reference for reference in reversed([*found, TLP_PAGE])}.values())[::-1]
