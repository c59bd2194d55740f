"""The notice as a STIX 2.1 bundle (OASIS Standard, June 2021).

A report, with the destinations as infrastructure, what was seen as observed data, the verdicts as notes, the publisher
and the recipients as identities. There is no indicator in it: that a handset talks to its vendor compromises nobody.
TLP 2.0 is marked by the extension that OASIS published for it; STIX 2.1 itself knows only the older labels.
"""

import json
import uuid

from phonehome.documents.advisory import AdvisoryDocument, SentDoc, StatementDoc
from phonehome.reports import words
from phonehome.reports.advisory import phrases
from phonehome.reports.advisory.hosts import address_kind, is_host_name
from phonehome.reports.advisory.ids import make_uuid, notice_key
from phonehome.reports.advisory.json_notice import write_json
from phonehome.reports.advisory.moments import read_moment, write_moment
from phonehome.reports.advisory.shown import make_visible

Json = dict[str, object]

# https://github.com/oasis-open/cti-stix-common-objects, extension-definition-specifications/tlp-2.0
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP_CREATED = "2022-10-01T00:00:00.000Z"
TLP_MARKINGS = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace of identifiers of observables (section 2.9)."""
MAX_OBSERVED = 999_999_999
"""The greatest `number_observed` (section 4.14)."""
NO_INDICATOR = "Named because data was seen going there. It is no indicator of compromise."


def render_stix(doc: AdvisoryDocument) -> bytes:
    """Write the notice as a bundle; the same notice gives the same identifiers."""
    doc = make_visible(doc)
    maker = _Maker(doc)
    objects = maker.objects()
    bundle = {
        "type": "bundle",
        "id": f"bundle--{make_uuid('bundle', *notice_key(doc), doc.version)}",
        "objects": objects,
    }
    return write_json(bundle)


class _Maker:
    """Makes the objects of one bundle, each once."""

    def __init__(self, doc: AdvisoryDocument) -> None:
        self._doc = doc
        self._marking = TLP_MARKINGS[doc.tlp]
        self._publisher = f"identity--{make_uuid('publisher', doc.publisher.name, doc.publisher.namespace)}"
        self._made: dict[str, Json] = {}

    def objects(self) -> list[Json]:
        doc = self._doc
        self._identity(self._publisher, doc.publisher.name, doc.publisher.contact)
        for sent in doc.sent:
            self._observed(sent, self._infrastructure(sent))
        for statement in doc.statements:
            self._statement(statement)
        self._note("What was not tested", [f"{g.what}: {g.why}" for g in doc.not_tested], "gaps")
        self._note(
            "What to do", [f"{phrases.AUDIENCES[a.audience]}: {a.text}" for a in doc.what_to_do], "actions"
        )
        contents = [name for name in self._made if name != self._publisher] or [self._publisher]
        report = self._report(contents)
        for made in self._made.values():
            if made["type"] == "note":
                made["object_refs"] = made["object_refs"] or [report["id"]]
        marking: Json = {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": self._marking,
            "created": TLP_CREATED,
            "name": f"TLP:{doc.tlp}",
            "extensions": {
                TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": doc.tlp.lower()}
            },
        }
        return [marking, *self._made.values(), report]

    def _common(self, kind: str, ident: str) -> Json:
        return {
            "type": kind,
            "spec_version": "2.1",
            "id": ident,
            "created_by_ref": self._publisher,
            "created": _moment(self._doc.issued),
            "modified": _moment(self._doc.updated),
            "object_marking_refs": [self._marking],
        }

    def _ident(self, kind: str, *parts: str | None) -> str:
        return f"{kind}--{make_uuid(*notice_key(self._doc), kind, *parts)}"

    def _labelled(self) -> Json:
        """Say draft or reconstruction on the objects themselves: they travel without the report."""
        labels = phrases.marks(self._doc)
        return {"labels": labels} if labels else {}

    def _identity(self, ident: str, name: str, contact: str | None = None) -> None:
        more = {"contact_information": contact} if contact else {}
        self._made[ident] = (
            self._common("identity", ident) | {"name": name, "identity_class": "organization"} | more
        )

    def _observable(self, kind: str, contributing: Json, **more: object) -> str:
        """Make an observable, whose identifier comes from the properties that tell it from others (section 2.9)."""
        canonical = json.dumps(contributing, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        ident = f"{kind}--{uuid.uuid5(OBSERVABLES, canonical)}"
        self._made[ident] = (
            {"type": kind, "spec_version": "2.1", "id": ident, "object_marking_refs": [self._marking]}
            | contributing
            | more
        )
        return ident

    def _addresses(self, sent: SentDoc) -> list[str]:
        """Give host name and addresses of a destination as observables; masked or malformed ones stay in the text."""
        addresses: list[str] = []
        for text in dict.fromkeys([*sent.addresses, sent.host or ""]):
            kind = address_kind(text)
            if kind is not None:
                addresses.append(self._observable(f"{kind}-addr", {"value": text}))
        if sent.host is not None and is_host_name(sent.host):
            return [self._observable("domain-name", {"value": sent.host}), *addresses]
        return addresses

    def _infrastructure(self, sent: SentDoc) -> list[str]:
        """Make the destination, and the identity of who operates it; give its observables."""
        ident = self._ident("infrastructure", sent.host, sent.organisation)
        observables = self._addresses(sent)
        if ident in self._made:
            return observables
        operator = (
            f" Operated by {sent.organisation}." if sent.organisation else " Its operator is not known."
        )
        self._made[ident] = (
            self._common("infrastructure", ident)
            | {
                "name": sent.host or phrases.recipient(sent),
                "description": f"{NO_INDICATOR}{operator} Country: {phrases.where(sent)}.",
                "infrastructure_types": ["unknown"],
            }
            | self._labelled()
        )
        for target in observables:
            self._relate(ident, "consists-of", target)
        if sent.organisation:
            owner = self._ident("identity", "recipient", sent.organisation)
            self._identity(owner, sent.organisation)
            self._relate(ident, "related-to", owner)
        return observables

    def _relate(self, source: str, kind: str, target: str) -> None:
        ident = self._ident("relationship", source, kind, target)
        self._made[ident] = self._common("relationship", ident) | {
            "relationship_type": kind,
            "source_ref": source,
            "target_ref": target,
        }

    def _observed(self, sent: SentDoc, observables: list[str]) -> None:
        """Make the observation where there is something to refer to, and the note that tells what it means."""
        place = self._ident("infrastructure", sent.host, sent.organisation)
        refs = [place]
        if observables and sent.first is not None and sent.last is not None:
            ident = self._ident("observed-data", sent.data_type, sent.host)
            self._made[ident] = (
                self._common("observed-data", ident)
                | {
                    "first_observed": _moment(sent.first),
                    "last_observed": _moment(sent.last),
                    "number_observed": max(1, min(sent.count, MAX_OBSERVED)),
                    "object_refs": observables,
                }
                | self._labelled()
            )
            refs.append(ident)
        lines = [sent.sentence, sent.cause or ""]
        lines += [
            f"{phrases.occasion(one)}: {one.request or ''} {one.excerpt} ({phrases.proof(one)}; "
            f"finding {one.finding})"
            for one in sent.evidence
        ]
        title = f"{words.data_type(sent.data_type)} to {phrases.recipient(sent)} ({sent.severity})"
        self._note(title, lines, "sent", sent.data_type, sent.host, refs=refs)

    def _statement(self, one: StatementDoc) -> None:
        lines = [
            f"{phrases.speaker(one)}: “{one.text}”",
            f"[{one.verdict}] {phrases.reason(one)}",
        ]
        self._note(f"Statement {one.id}: {one.verdict}", lines, "statement", one.id)

    def _note(self, title: str, lines: list[str], *key: str | None, refs: list[str] | None = None) -> None:
        """Make a note; one that is about no object is about the report."""
        content = "\n".join(line for line in lines if line)
        if content:
            ident = self._ident("note", *key)
            self._made[ident] = (
                self._common("note", ident)
                | {"abstract": title, "content": content, "object_refs": refs or []}
                | self._labelled()
            )

    def _report(self, contents: list[str]) -> Json:
        doc = self._doc
        builds = [
            f"{h.name} {b.build or '(build not recorded)'}: {phrases.STATES[b.state]}. {' '.join(b.why)}"
            for h in doc.handsets
            for b in h.builds
        ]
        lines = [
            *doc.notices,
            f"Severity: {phrases.severity(doc)} ({doc.severity.why}).",
            *doc.overview,
            *builds,
            *phrases.left_out(doc),
            phrases.made_by(doc),
        ]
        ident = self._ident("report")
        return (
            self._common("report", ident)
            | {
                "name": phrases.marked_title(doc),
                "description": "\n".join(lines),
                "report_types": ["observed-data"],
                "published": _moment(doc.updated),
                "object_refs": contents,
                "external_references": [
                    {"source_name": one.summary, "url": one.url} for one in doc.references
                ],
            }
            | self._labelled()
        )


def _moment(text: str) -> str:
    """Write a moment of the notice with milliseconds (section 2.14)."""
    moment = read_moment(text)
    assert moment is not None, "the notice holds sound moments"
    return write_moment(moment, milliseconds=True)
