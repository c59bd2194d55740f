"""What rules on a case may speak of: `flow`, `session`, `coverage`, and lists of flows and destinations.

Names of conditions, services, steps and the like are those of the case, so that a misspelt one is an error. Where a
file is read without a case (`CaseWords()`), these are open, and everything else is checked all the same.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from phonehome.model.case import Case
from phonehome.model.countries import COUNTRY_CODES
from phonehome.model.exchange import Transport
from phonehome.model.protocol import TestProtocol
from phonehome.model.session import ConsentState, Position
from phonehome.model.subject import DataType
from phonehome.rules.types import (
    BOOL,
    DOUBLE,
    HOST,
    INT,
    STRING,
    TIMESTAMP,
    FieldTable,
    Type,
    Vocabulary,
    list_of,
    object_of,
    words,
)

STANDARD_CONDITIONS: Mapping[str, frozenset[str]] = {
    "account": frozenset({"none", "logged-in", "logged-out"}),
    "build": frozenset(),
    "network": frozenset({"wifi", "cellular"}),
}
"""Conditions that every case knows, with values that it knows besides those of its sessions."""

SWITCH = frozenset({"on", "off"})
"""Values of `service.NAME`."""

SEVERITIES = ("low", "medium", "high", "critical")
METHODS = ("decoded", "digest", "causal", "timing", "contact")
DIRECTIONS = ("up", "down")

ENCODINGS = (
    "ascii85", "base16", "base32", "base32hex", "base58", "base64", "base64url", "base85", "bplist", "br", "bzip2",
    "cbor", "cookies", "deflate", "dns-labels", "form", "grpc", "gzip", "html-entities", "json", "json-escape", "jwt",
    "lz4", "lz4-block", "lzma", "msgpack", "multipart", "ndjson", "percent", "protobuf", "query", "quoted-printable",
    "snappy", "snappy-block", "tar", "url", "utf-16-be", "utf-16-le", "xml", "xz", "z85", "zip", "zlib", "zstd",
)  # fmt: skip
"""Layers that data is peeled out of, by the names that they have in findings."""

_DECLARE = "one that no session has yet is declared under `conditions:` in this file"
_TYPE_ALIASES = {
    "gaid": "advertising_id",
    "idfa": "advertising_id",
    "oaid": "advertising_id",
    "idfv": "vendor_id",
    "mac": "wifi_mac",
    "phone": "phone_number",
    "msisdn": "phone_number",
    "contact": "contact_phone_number",
    "sms": "sms_text",
    "operator": "carrier_name",
}
_TRANSPORT_ALIASES = {
    "clear": "cleartext",
    "plain": "cleartext",
    "plaintext": "cleartext",
    "http": "cleartext",
}


_ENCODING_ALIASES = {"hex": "base16", "brotli": "br", "urlencoded": "form", "cookie": "cookies"}


def _values(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in kind)


DATA_TYPE = Vocabulary(name="a data type", words=_values(DataType), aliases=_TYPE_ALIASES)
TRANSPORT = Vocabulary(
    name="a transport", words=_values(Transport), aliases={**_TRANSPORT_ALIASES, "https": "tls", "ssl": "tls"}
)
DIRECTION = Vocabulary(name="a direction", words=DIRECTIONS)
METHOD = Vocabulary(name="a method", words=METHODS)
SEVERITY = Vocabulary(name="a severity", words=SEVERITIES, ordered=True)
COUNTRY = Vocabulary(
    name="a country code (ISO 3166, as in IN)",
    words=tuple(sorted(COUNTRY_CODES)),
    aliases={"UK": "GB", "EL": "GR", "CHINA": "CN", "USA": "US", "INDIA": "IN", "SINGAPORE": "SG"},
)
CONSENT = Vocabulary(name="a state of consent", words=_values(ConsentState))
ENCODING = Vocabulary(name="an encoding", words=ENCODINGS, aliases=_ENCODING_ALIASES)
POSITION = Vocabulary(name="a recording position", words=_values(Position))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWords:
    """The names that a case gives; None where they are not known, so that any is taken.

    `conditions` maps factor to the values that it may have; empty values take any.
    """

    conditions: Mapping[str, Collection[str]] | None = None
    services: Collection[str] | None = None
    sessions: Collection[str] | None = None
    subjects: Collection[str] | None = None
    protocols: Collection[str] | None = None
    steps: Collection[str] | None = None

    @classmethod
    def of(
        cls,
        case: Case,
        protocols: Mapping[str, TestProtocol] | None = None,
        declared: Mapping[str, Collection[str]] | None = None,
    ) -> "CaseWords":
        """Gather the names of a case, of protocols, and what a file declares besides."""
        known = protocols or {}
        conditions = {name: set(values) for name, values in STANDARD_CONDITIONS.items()}
        conditions["build"].update(build for handset in case.handsets for build in handset.builds)
        for service in case.services:
            conditions[f"service.{service.id}"] = set(SWITCH)
        for factors in ({k: [v] for k, v in session.conditions.items()} for session in case.sessions):
            _gather(conditions, factors)
        _gather(conditions, declared or {})
        steps = {step.id for session in case.sessions for step in session.steps}
        return cls(
            conditions=conditions,
            services=frozenset(service.id for service in case.services),
            sessions=frozenset(session.id for session in case.sessions),
            subjects=frozenset(handset.id for handset in case.handsets),
            protocols=frozenset(known) | {s.protocol for s in case.sessions if s.protocol is not None},
            steps=steps | {step.id for protocol in known.values() for step in protocol.steps},
        )


def _gather(conditions: dict[str, set[str]], more: Mapping[str, Iterable[str]]) -> None:
    for name, values in more.items():
        conditions.setdefault(name, set()).update(values)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the types that depend on a case's names."""

    names: CaseWords

    def word(self, name: str, known: Collection[str] | None, remedy: str = "") -> Type:
        if known is None:
            return STRING
        return words(Vocabulary(name=name, words=tuple(sorted(known)), remedy=remedy))

    def conditions(self) -> Type:
        known = self.names.conditions
        if known is None:
            return object_of({}, rest=STRING, key="a condition")
        fields = {
            name: self.word(f"a value of the condition {name}", values or None, _DECLARE)
            for name, values in known.items()
        }
        return object_of(fields, key="a condition", remedy=_DECLARE)

    def per_service(self, kind: Type) -> Type:
        known = self.names.services
        if known is None:
            return object_of({}, rest=kind, key="a service")
        return object_of(dict.fromkeys(known, kind), key="a service", remedy="services stand in case.yaml")

    def services(self) -> Type:
        return list_of(self.word("a service of the case", self.names.services))

    def steps(self) -> Type:
        return list_of(self.word("a step of a protocol or session", self.names.steps))

    def flow(self) -> Type:
        return object_of(
            {
                "id": STRING,
                "data_type": words(DATA_TYPE),
                "host": HOST,
                "domain": HOST,
                "addresses": list_of(STRING),
                "organisation": STRING,
                "registries": list_of(STRING),
                "country": words(COUNTRY),
                "countries": list_of(words(COUNTRY)),
                "transport": words(TRANSPORT),
                "direction": words(DIRECTION),
                "methods": list_of(words(METHOD)),
                "forms": list_of(STRING),
                "encodings": list_of(words(ENCODING)),
                "paths": list_of(STRING),
                "severity": words(SEVERITY),
                "weak": BOOL,
                "count": INT,
                "first": TIMESTAMP,
                "last": TIMESTAMP,
                "services": self.services(),
                "consent": words(CONSENT),
                "consents": self.per_service(words(CONSENT)),
                "consent_states": list_of(words(CONSENT)),
                "conditions": self.conditions(),
                "session": self.word("a session of the case", self.names.sessions),
                "steps": self.steps(),
            }
        )

    def session(self) -> Type:
        return object_of(
            {
                "id": self.word("a session of the case", self.names.sessions),
                "subject": self.word("a handset of the case", self.names.subjects),
                "make": STRING,
                "model": STRING,
                "position": words(POSITION),
                "protocol": self.word("a protocol", self.names.protocols),
                "conditions": self.conditions(),
                "consents": self.per_service(words(CONSENT)),
                "exposures": object_of(dict.fromkeys(DATA_TYPE.words, INT), key="a data type"),
                "steps": self.steps(),
                "first": TIMESTAMP,
                "last": TIMESTAMP,
            }
        )

    def latency_change(self) -> Type:
        sessions = list_of(self.word("a session of the case", self.names.sessions))
        figures = ("before_median", "after_median", "change_percent", "low", "high")
        return object_of(
            {"host": HOST, "before": sessions, "after": sessions, **dict.fromkeys(figures, DOUBLE)}
        )

    def destination(self) -> Type:
        sizes = dict.fromkeys(("bytes_up", "read", "closed", "unreadable", "lost"), INT)
        return object_of(
            {
                "host": HOST,
                "address": STRING,
                "organisation": STRING,
                "country": words(COUNTRY),
                "services": self.services(),
                **sizes,
            }
        )


COVERAGE = object_of(
    {
        **dict.fromkeys(
            ("exchanges", "bytes_up", "read", "closed", "unreadable", "lost", "lost_problems"), INT
        ),
        "read_share": DOUBLE,
    }
)


def case_fields(names: CaseWords | None = None) -> FieldTable:
    """Give the field table of rules on a case.

    `flow` is one flow; `session` its session; `coverage` and `destinations` how much of that was read, in all and by
    host; `flows` are the session's flows that count as sent.
    """
    builder = _Builder(names or CaseWords())
    flow = builder.flow()
    return FieldTable(
        variables={
            "flow": flow,
            "session": builder.session(),
            "coverage": COVERAGE,
            "flows": list_of(flow),
            "destinations": list_of(builder.destination()),
            "latency_changes": list_of(builder.latency_change()),
        }
    )
