"""A copy of a case for others: exchanges and findings with commitments in place of values, and no captures.

It is made of the stored audit document by taking over what is named here, field by field; whatever the document gains
later stays out until somebody has thought about it. Out stay excerpts and layers, URLs, offsets and lengths (the
length of a text tells much of it), packets, notes, ids of values, and digests of the evidence: a subject's file is
so short that its digest would let anybody try out its values.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from phonehome.case.commitments import EVIDENCE, Committed, commit
from phonehome.case.manifest import digest_of
from phonehome.documents import audit as doc
from phonehome.documents import case as casedoc
from phonehome.documents import shared as out
from phonehome.model.errors import ConfigError

Clean = Callable[[str], str]
"""Takes every known value out of a text."""

_STEP = re.compile(
    r"(?:[a-z][a-z-]{0,20}:)?(?:[A-Za-z_][A-Za-z0-9_.\-]{0,39}|\d{1,5})"
    r"|\$(?:\.[A-Za-z_][A-Za-z0-9_\-]{0,39}|\[\d{1,5}\])*"
    r"|\d{1,5}(?:\.\d{1,5}|\[\d{1,5}\])*"
)
_METHOD = re.compile(r"[A-Z]{1,20}")
_MARK = re.compile(r"‹[^›]*›")
MASKED = "‹masked›"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A shared copy, and what is kept back."""

    document: out.SharedDocument
    data: bytes
    openings: out.OpeningsDocument


def share(
    audit: doc.AuditDocument, values: Mapping[str, str], clean: Clean, manifest_digest: str | None
) -> Shared:
    """Make a shared copy of an audited case.

    Args:
        audit: The stored, masked document of a case.
        values: Each known value by the id that the document has for it.
        clean: Takes every known value out of a text.
        manifest_digest: SHA-256 of the manifest of the case, to commit to; None if it has none.

    Raises:
        ConfigError: The document is not that of this case.
    """
    if audit.case is None:
        raise ConfigError("the stored result is not that of a case; run `phonehome audit` on the case again")
    return _Copy(audit, audit.case, values, clean).make(manifest_digest)


@dataclass(slots=True)
class _Copy:
    audit: doc.AuditDocument
    case: casedoc.CaseDoc
    values: Mapping[str, str]
    clean_value: Clean
    openings: dict[str, out.KeptOpening] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    exchanges: dict[tuple[str, int], out.SharedExchange] = field(default_factory=dict)

    def make(self, manifest_digest: str | None) -> Shared:
        findings = [self._finding(finding) for finding in _without_order(self.audit)]
        evidence = None
        if manifest_digest is not None:
            evidence = self._commit(EVIDENCE, "manifest", "sha256", manifest_digest, None)
        document = out.SharedDocument(
            title=self._clean(self.case.title),
            kind=self.case.kind,
            tool=self._tool(),
            evidence=evidence,
            handsets=[
                out.SharedHandset(id=self._clean(one.id), make=one.make, model=one.model, builds=one.builds)
                for one in self.case.handsets
            ],
            services=[
                casedoc.ServiceDoc(
                    id=self._clean(one.id), name=self._maybe(one.name), hosts=self._list(one.hosts)
                )
                for one in self.case.services
            ],
            values=self._values(),
            sessions=[self._session(session) for session in self.case.sessions],
            flows=[self._flow(flow) for flow in self.audit.flows],
            exchanges=list(self.exchanges.values()),
            findings=findings,
            decoys=self.audit.statistics.decoys.values,
            decoy_hits=len(self.audit.statistics.decoys.hits),
        )
        data = (document.model_dump_json(indent=2) + "\n").encode("utf-8", "backslashreplace")
        kept = out.OpeningsDocument(shared=digest_of(data), openings=self.openings)
        return Shared(document=document, data=data, openings=kept)

    def _commit(self, name: str, data_type: str, form: str, value: str, original: str | None) -> str:
        commitment, text = commit(Committed(finding=name, data_type=data_type, form=form, value=value))
        self.openings[name] = out.KeptOpening(original=original, committed=text)
        return commitment

    def _finding(self, finding: doc.FindingDoc) -> out.SharedFinding:
        if finding.value_id not in self.values:
            raise ConfigError(
                f"the stored result tells of a value {finding.value_id!r} that no subject of the case has; run "
                "`phonehome audit` on the case again"
            )
        name = f"f{len(self.names) + 1}"
        self.names[finding.id] = name
        form = self._clean(finding.form)
        value = self.values[finding.value_id]
        return out.SharedFinding(
            id=name,
            commitment=self._commit(name, finding.data_type, form, value, finding.id),
            data_type=finding.data_type,
            method=finding.method,
            form=form,
            chain=self._list(finding.chain),
            part=finding.part,
            place=self._place(finding.path),
            transport=finding.transport,
            direction=finding.direction,
            weak=finding.weak is not None,
            count=finding.count,
            exchange=self._exchange(finding),
            step=self._maybe(finding.step),
            consent={self._clean(service): state for service, state in finding.consent.items()},
        )

    def _exchange(self, finding: doc.FindingDoc) -> str:
        ref, to = finding.exchange, finding.destination
        key = (ref.input, ref.index)
        if key not in self.exchanges:
            self.exchanges[key] = out.SharedExchange(
                id=f"x{len(self.exchanges) + 1}",
                session=self._maybe(finding.session),
                number=ref.index,
                time=_second(ref.time),
                method=ref.method if ref.method and _METHOD.fullmatch(ref.method) else None,
                protocol=ref.protocol,
                host=self._maybe(ref.host),
                address=self._maybe(ref.address),
                port=ref.port,
                organisation=to.organisation.name if to.organisation is not None else None,
                country=to.country,
            )
        return self.exchanges[key].id

    def _flow(self, flow: doc.FlowDoc) -> out.SharedFlow:
        return out.SharedFlow(
            data_type=flow.data_type,
            host=self._maybe(flow.host),
            organisation=flow.organisation,
            country=flow.country,
            transport=flow.transport,
            direction=flow.direction,
            severity=flow.severity,
            weak=flow.weak,
            count=flow.count,
            session=self._maybe(flow.session),
            consent=flow.consent,
            steps=self._list(flow.steps),
            findings=sorted((self.names[one] for one in flow.findings if one in self.names), key=_number),
        )

    def _session(self, session: casedoc.SessionDoc) -> out.SharedSession:
        return out.SharedSession(
            id=self._clean(session.id),
            handset=self._clean(session.subject),
            position=session.position,
            protocol=self._maybe(session.protocol),
            conditions={self._clean(name): self._clean(value) for name, value in session.conditions.items()},
            clock_offset_s=session.clock_offset_s,
            steps=[
                out.SharedStep(id=self._clean(step.id), at=step.at, exposes=step.exposes)
                for step in session.steps
            ],
            consent=[
                out.SharedConsent(service=self._clean(one.service), at=one.at, state=one.state)
                for one in session.consent
            ],
            first=_second(session.first),
            last=_second(session.last),
            misses=self._list(session.misses),
            exposures=[
                out.SharedExposure(
                    data_type=one.data_type, count=one.count, steps=self._list(one.steps), seen=one.seen
                )
                for one in session.exposures
            ],
            not_seen=self._count_types(session.not_seen),
            coverage=session.coverage,
            lost_problems=session.lost_problems,
        )

    def _tool(self) -> doc.Tool:
        data = [one.model_copy(update={"source": self._clean(one.source)}) for one in self.audit.tool.data]
        return self.audit.tool.model_copy(update={"data": data})

    def _values(self) -> dict[str, out.SearchedFor]:
        known = self.audit.subject.values if self.audit.subject is not None else []
        return {
            kind: out.SearchedFor(
                known=sum(one.type == kind for one in known),
                searched_for=sum(one.type == kind and one.searched_for for one in known),
            )
            for kind in dict.fromkeys(one.type for one in known)
        }

    def _count_types(self, value_ids: list[str]) -> dict[str, int]:
        known = self.audit.subject.values if self.audit.subject is not None else []
        types = {one.id: one.type for one in known}
        return dict(Counter(types[one] for one in value_ids if one in types))

    def _place(self, path: str) -> str:
        """Names of parameters and keys as they are; what is no plain name may be data."""
        steps = (self._clean(step) for step in path.split(" > "))
        return " > ".join(step if _STEP.fullmatch(step) else "…" for step in steps)

    def _clean(self, text: str) -> str:
        return _MARK.sub(MASKED, self.clean_value(text))

    def _maybe(self, text: str | None) -> str | None:
        return None if text is None else self._clean(text)

    def _list(self, texts: list[str]) -> list[str]:
        return [self._clean(text) for text in texts]


def _without_order(audit: doc.AuditDocument) -> list[doc.FindingDoc]:
    """By exchange, and within one by chance: the order of the document may follow the values."""
    inputs = {file.path: number for number, file in enumerate(audit.inputs)}
    return sorted(
        audit.findings,
        key=lambda one: (inputs.get(one.exchange.input, 0), one.exchange.index, secrets.token_bytes(8)),
    )


def _number(name: str) -> int:
    return int(name[1:])


def _second(time: str | None) -> str | None:
    """Cut a time of RFC 3339 to the second: a finer one finds its line in the log of a server."""
    return None if time is None else re.sub(r"\.\d+", "", time)
