"""The words of the notice that every format shares, so that no two say it in another way."""

from collections.abc import Iterable, Mapping

from phonehome.documents.advisory import AdvisoryDocument, EvidenceDoc, GapDoc, SentDoc, StatementDoc
from phonehome.reports import words
from phonehome.reports.text import visible

STATES = {
    "affected": "affected",
    "fixed": "fixed, as far as tested",
    "undecided": "undecided",
    "not_seen": "nothing seen",
    "not_tested": "not tested",
}
AUDIENCES = {
    "users": "Users",
    "organisations": "Organisations",
    "vendor": "The vendor",
    "testers": "Testers",
}
GAPS = {
    "build": "Builds",
    "data_type": "Data types",
    "condition": "Conditions",
    "statement": "Statements",
    "session": "Sessions",
    "value": "Values",
    "recording": "Recordings",
}
VERDICTS = {
    "contradicted": "The evidence speaks against it.",
    "consistent": "The evidence agrees with it as far as it goes; that is no proof.",
    "untested": "No session tested it.",
    "unobservable": "It cannot be observed from a handset.",
    "conflict": "Sources disagree.",
}
LEFT_OUT = {
    "sent": "kind of transmission",
    "not_tested": "gap",
    "statements": "statement",
    "inputs": "recording",
    "handsets": "handset",
}
PLURALS = {
    "sent": "kinds of transmission",
    "not_tested": "gaps",
    "statements": "statements",
    "inputs": "recordings",
    "handsets": "handsets",
}


def marks(doc: AdvisoryDocument) -> list[str]:
    """Name what every copy of it must say: that it is a draft, that it is a reconstruction."""
    named = (("draft", doc.status == "draft"), ("reconstruction", doc.kind == "reconstruction"))
    return [mark for mark, holds in named if holds]


def marked_title(doc: AdvisoryDocument) -> str:
    """Write the title with these marks, where it may stand alone."""
    found = marks(doc)
    return f"{doc.title} ({', '.join(found)})" if found else doc.title


def day(moment: str) -> str:
    """Give the day of an RFC 3339 moment."""
    return moment[:10]


def minute(moment: str | None) -> str:
    """Write a moment with its minute."""
    return f"{moment[:16].replace('T', ' ')} UTC" if moment else "time unknown"


def severity(doc: AdvisoryDocument) -> str:
    """Write the severity, or that there is none."""
    return doc.severity.level or "none: nothing was seen"


def release(doc: AdvisoryDocument) -> str:
    """Write number, version, status and day."""
    return f"{doc.id}, version {doc.version} ({doc.status}), {day(doc.updated)}"


def types(names: Iterable[str]) -> str:
    """Name data types at the beginning of a sentence."""
    text = words.listing([words.data_type(name) for name in names])
    return f"{text[:1].upper()}{text[1:]}"


def recipient(sent: SentDoc) -> str:
    """Name who got it."""
    return sent.organisation or sent.host or "unknown destination"


def where(sent: SentDoc) -> str:
    """Name the country, or what the sources say."""
    if sent.country is not None:
        return words.country(sent.country)
    return " or ".join(map(words.country, sent.countries)) or "unknown"


def transports(sent: SentDoc) -> str:
    """Name how it travelled."""
    return ", ".join(words.transport(way) for way in sent.transports)


def proof(evidence: EvidenceDoc) -> str:
    """Say how a finding was decoded, in one line."""
    chain = " › ".join(evidence.chain) or "as it is"
    return (
        f"{words.PARTS.get(evidence.part, evidence.part)}, {evidence.path or 'no path'}; layers: {chain}; form "
        f"{evidence.form}; {evidence.method}; by chance 1 in 2^{evidence.chance_bits:.0f}"
    )


def occasion(evidence: EvidenceDoc) -> str:
    """Say when it was seen, and in which recording."""
    step = f", after step {evidence.step}" if evidence.step else ""
    session = f"session {evidence.session}{step}; " if evidence.session else ""
    return f"{session}{minute(evidence.moment)}; {evidence.input}, exchange {evidence.index}"


def speaker(statement: StatementDoc) -> str:
    """Name who said it, what they are to the matter, and when."""
    party = "" if statement.who.casefold() == statement.party else f" ({statement.party})"
    return f"{statement.who}{party}, {_when(statement.date)}"


def _when(date: str | None) -> str:
    """Write a date of EDTF in words: `2014-07-30~` is “about 2014-07-30”, `2014-08/2014-10` “2014-08 to 2014-10”."""
    if date is None:
        return "undated"
    ends = [f"about {end[:-1]}" if end.endswith("~") else end for end in date.split("/")]
    return " to ".join(ends)


def reason(statement: StatementDoc) -> str:
    """Write why the verdict is what it is, and on what it rests beyond that."""
    first = f"{statement.reason[:1].upper()}{statement.reason[1:].rstrip('.')}."
    return f"{first} {basis(statement)}".strip()


def basis(statement: StatementDoc) -> str:
    """Say on what a verdict rests beyond its reason; empty if on nothing more."""
    parts = []
    if statement.superseded:
        parts.append(f"Superseded: {statement.superseded}.")
    if statement.conflicts_with and not all(one in statement.reason for one in statement.conflicts_with):
        parts.append(f"In conflict with {words.listing(statement.conflicts_with)}.")
    if statement.verdict == "untested" and statement.proposal:
        parts.append(f"A session with {conditions(statement.proposal)} would test it.")
    return " ".join(parts)


def conditions(named: Mapping[str, str]) -> str:
    """Write the conditions of a session."""
    return ", ".join(f"{name}={value}" for name, value in named.items())


def left_out(doc: AdvisoryDocument) -> list[str]:
    """Say what the bounds of the notice left out."""
    return [
        f"{words.count(number, LEFT_OUT.get(name, name), PLURALS.get(name, name))} more than the notice holds: "
        "the audit document has all."
        for name, number in doc.left_out.items()
    ]


def gaps_by_kind(doc: AdvisoryDocument) -> list[tuple[str, list[GapDoc]]]:
    """Group what was not tested, in the order of `GAPS`."""
    groups = [(title, [gap for gap in doc.not_tested if gap.kind == kind]) for kind, title in GAPS.items()]
    return [(title, gaps) for title, gaps in groups if gaps]


def made_by(doc: AdvisoryDocument) -> str:
    """Name the tool and the case."""
    return f"Made by {doc.tool.name} {doc.tool.version} from the case “{visible(doc.case_title)}”."
