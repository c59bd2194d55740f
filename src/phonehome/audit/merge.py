"""Audit documents of several sessions, put together to one.

Flows stay apart by their session; coverage is added up by destination; a value is "not seen" only if no session that
searched for it saw it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from phonehome.documents import audit as doc

_SEVERITIES = ("low", "medium", "high", "critical")
_SUMS = ("exchanges", "read", "closed", "unreadable", "lost")


def merge_documents(documents: Sequence[doc.AuditDocument], name: str) -> doc.AuditDocument:
    """Put documents of sessions together.

    Args:
        documents: At least one, in the order of the sessions.
        name: What the whole is called, where it is of several subjects.
    """
    return doc.AuditDocument(
        tool=documents[0].tool,
        subject=_merge_subjects([one.subject for one in documents if one.subject is not None], name),
        inputs=list(chain.from_iterable(one.inputs for one in documents)),
        coverage=_merge_coverage([one.coverage for one in documents]),
        flows=sorted(chain.from_iterable(one.flows for one in documents), key=_gravest_first),
        findings=list(chain.from_iterable(one.findings for one in documents)),
        problems=list(chain.from_iterable(one.problems for one in documents)),
        statistics=_merge_statistics(documents),
    )


def _gravest_first(flow: doc.FlowDoc) -> tuple[bool, bool, int, str, int, str]:
    severity = -_SEVERITIES.index(flow.severity)
    return flow.direction != "up", flow.weak, severity, flow.session or "", -flow.count, flow.id


def _merge_subjects(subjects: Sequence[doc.SubjectSummary], name: str) -> doc.SubjectSummary | None:
    if not subjects:
        return None
    values = {value.id: value for subject in subjects for value in subject.values}
    names = {subject.name for subject in subjects}
    return doc.SubjectSummary(name=names.pop() if len(names) == 1 else name, values=list(values.values()))


def _merge_coverage(parts: Sequence[doc.Coverage]) -> doc.Coverage:
    rows: dict[tuple[str | None, str | None], doc.DestinationCoverage] = {}
    for row in chain.from_iterable(part.by_destination for part in parts):
        key = (row.host, row.address)
        rows[key] = _add(rows[key], row) if key in rows else row
    protocols = sum((Counter(part.by_protocol) for part in parts), Counter[str]())
    return doc.Coverage(
        exchanges=sum(part.exchanges for part in parts),
        by_protocol=dict(sorted(protocols.items())),
        bytes_up=sum(part.bytes_up for part in parts),
        by_destination=sorted(
            rows.values(), key=lambda row: (-_sent(row), row.host or "", row.address or "")
        ),
    )


def _sent(row: doc.DestinationCoverage) -> int:
    return row.read + row.closed + row.unreadable + row.lost


def _add(one: doc.DestinationCoverage, other: doc.DestinationCoverage) -> doc.DestinationCoverage:
    """Add up two rows of one destination; round trips of different sessions stay with their sessions."""
    reasons = dict.fromkeys(
        chain.from_iterable(row.reason.split("; ") for row in (one, other) if row.reason is not None)
    )
    hello = one if one.ja4 is not None else other
    figures: dict[str, object] = {name: getattr(one, name) + getattr(other, name) for name in _SUMS}
    figures |= {"reason": "; ".join(reasons) or None, "round_trips": None}
    return hello.model_copy(update=figures)


def _merge_statistics(documents: Sequence[doc.AuditDocument]) -> doc.Statistics:
    figures = [one.statistics for one in documents]
    searched = {
        value.id: None
        for one in documents
        if one.subject is not None
        for value in one.subject.values
        if value.searched_for
    }
    seen = {value for one in documents for value in searched_for(one) - set(one.statistics.not_seen)}
    return doc.Statistics(
        bytes_recorded=sum(one.bytes_recorded for one in figures),
        bytes_searched=sum(one.bytes_searched for one in figures),
        layers_opened=sum(one.layers_opened for one in figures),
        forms=max(one.forms for one in figures),
        digests=max(one.digests for one in figures),
        findings=sum(one.findings for one in figures),
        weak_findings=sum(one.weak_findings for one in figures),
        not_seen=[value for value in searched if value not in seen],
        decoys=doc.DecoyStatistics(
            values=max(one.decoys.values for one in figures),
            hits=_unique(chain.from_iterable(one.decoys.hits for one in figures)),
        ),
        digests_not_available=_unique(chain.from_iterable(one.digests_not_available for one in figures)),
        chance_threshold_bits=figures[0].chance_threshold_bits,
    )


def searched_for(document: doc.AuditDocument) -> set[str]:
    """Give the ids of the values that were searched for."""
    values = document.subject.values if document.subject is not None else []
    return {value.id for value in values if value.searched_for}


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
