"""DNS messages: what a handset asks for, and what it is told (RFC 1035, 4.1).

The same message goes over UDP, TCP (two bytes of length before it), TLS, HTTPS (RFC 8484), multicast (RFC 6762)
and LLMNR (RFC 4795). Names are evidence: data can leave in one. A message whose questions can be read counts, and a
`note` says from where on its records could not be; one whose questions cannot is refused.
"""

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote_to_bytes

from phonehome.model.errors import DecodeError
from phonehome.model.exchange import Message
from phonehome.wire.dns_records import NameReader, name_type, show_record

HEADER_BYTES = 12
MAX_QUESTIONS = 1024
"""A multicast query asks dozens of questions; each takes at least five bytes of a message of 64 KiB."""

_HEADER = struct.Struct(">6H")
_QUESTION = struct.Struct(">HH")
_RECORD = struct.Struct(">HHIH")
_SMALLEST_RECORD = 11
# Multicast DNS uses the top bit of the class: QU in questions, cache-flush in records (RFC 6762, 18.12 and 18.13).
_CLASS_MASK = 0x7FFF
_INTERNET = 1
_OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"}
_DNS_PARAMETER = re.compile(rb"[?&]dns=([A-Za-z0-9_%=-]+)")


class Section(StrEnum):
    """Where in a message a record stands."""

    ANSWER = "answer"
    AUTHORITY = "authority"
    ADDITIONAL = "additional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: a name and a record type."""

    name: str
    type: int

    @property
    def type_name(self) -> str:
        """The type as people write it."""
        return name_type(self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resource record; `text` is its data as people write it."""

    section: Section
    name: str
    type: int
    ttl: int
    data: bytes
    text: str

    @property
    def type_name(self) -> str:
        """The type as people write it."""
        return name_type(self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsMessage:
    """One message.

    Attributes:
        is_answer: It answers a question (QR).
        operation: `QUERY`, `UPDATE`, `NOTIFY`…
        status: The response code of the header (RCODE).
        truncated: The sender says that there is more (TC).
        raw: The message's bytes, without the length that TCP puts before it.
        note: What of it could not be read, in words that hold nothing of it.
    """

    id: int
    is_answer: bool
    operation: str
    status: int
    truncated: bool
    questions: tuple[Question, ...]
    records: tuple[Record, ...]
    raw: bytes
    note: str | None = None

    def show_lines(self) -> bytes:
        """Write what the URL does not say, a line each: further questions, then records as `NAME TTL TYPE DATA`."""
        lines = [f"{question.name} {question.type_name}" for question in self.questions[1:]]
        lines += [f"{one.name} {one.ttl} {one.type_name} {one.text}".rstrip() for one in self.records]
        return "\n".join(lines).encode("utf-8", "surrogateescape")


def parse_dns(data: bytes) -> DnsMessage:
    """Read one message.

    Raises:
        DecodeError: The header or a question cannot be read.
    """
    if len(data) < HEADER_BYTES:
        raise DecodeError(f"a DNS message of {len(data)} bytes; its header takes {HEADER_BYTES}")
    number, flags, asked, *counts = _HEADER.unpack_from(data)
    if asked > MAX_QUESTIONS:
        raise DecodeError(f"a DNS message that asks {asked} questions")
    names = NameReader(data)
    questions, at = _read_questions(names, asked)
    records, at, note = _read_records(names, at, counts)
    if note is None and at != len(data):
        note = f"{len(data) - at} bytes behind the last DNS record"
    return DnsMessage(
        id=number,
        is_answer=flags >= 0x8000,
        operation=_OPCODES.get(flags >> 11 & 15) or f"OPCODE{flags >> 11 & 15}",
        status=flags & 15,
        truncated=bool(flags & 0x200),
        questions=tuple(questions),
        records=tuple(records),
        raw=data,
        note=note,
    )


def _read_questions(names: NameReader, count: int) -> tuple[list[Question], int]:
    data, at, questions = names.data, HEADER_BYTES, []
    for _ in range(count):
        name, at = names.read(at)
        if at + _QUESTION.size > len(data):
            raise DecodeError("a DNS question ends outside its message")
        kind, _class = _QUESTION.unpack_from(data, at)
        at += _QUESTION.size
        questions.append(Question(name=name, type=kind))
    return questions, at


def _read_records(names: NameReader, at: int, counts: list[int]) -> tuple[list[Record], int, str | None]:
    records: list[Record] = []
    for section, count in zip(Section, counts, strict=True):
        for _ in range(count):
            try:
                record, at = _read_record(names, at, section)
            except DecodeError as fault:
                return records, at, f"DNS record {len(records) + 1} of {sum(counts)}: {fault}"
            records.append(record)
    return records, at, None


def _read_record(names: NameReader, at: int, section: Section) -> tuple[Record, int]:
    data = names.data
    if at + _SMALLEST_RECORD > len(data):
        raise DecodeError("the message ends before it")
    name, at = names.read(at)
    start = at + _RECORD.size
    if start > len(data):
        raise DecodeError("the message ends within it")
    kind, _class, ttl, length = _RECORD.unpack_from(data, at)
    end = start + length
    if end > len(data):
        raise DecodeError(f"its data ends {end - len(data)} bytes behind the message")
    text = show_record(names, kind, start, end)
    return Record(section=section, name=name, type=kind, ttl=ttl, data=data[start:end], text=text), end


def looks_like_dns(data: bytes) -> bool:
    """Tell whether a datagram is most likely a DNS message: its header makes sense and its questions can be read."""
    if len(data) < HEADER_BYTES:
        return False
    fields: tuple[int, ...] = _HEADER.unpack_from(data)
    _number, flags, asked, answers, authorities, additionals = fields
    total = asked * 5 + (answers + authorities + additionals) * _SMALLEST_RECORD
    if (
        flags >> 11 & 15 not in _OPCODES
        or flags & 0x40
        or not asked + answers
        or total > len(data) - HEADER_BYTES
    ):
        return False
    names = NameReader(data)
    try:
        questions, at = _read_questions(names, min(asked, 1))
    except DecodeError:
        return False
    if not questions:
        return flags >= 0x8000  # multicast answers repeat no question (RFC 6762, 6)
    asked_class = int.from_bytes(data[at - 2 : at])
    return asked_class & _CLASS_MASK in {_INTERNET, 3, 4, 254, 255}


def read_doh_target(target: bytes) -> bytes | None:
    """Give the message that a DNS-over-HTTPS GET carries in its target (RFC 8484, 4.1); None if there is none."""
    found = _DNS_PARAMETER.search(target)
    if found is None:
        return None
    text = unquote_to_bytes(found[1]).rstrip(b"=")
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def dns_url(message: DnsMessage) -> bytes:
    """Write the first question (of an answer without one, its first record) as a `dns:` URI (RFC 4501)."""
    first = message.questions[0] if message.questions else next(iter(message.records), None)
    if first is None:
        return b"dns:"
    name = first.name.encode("utf-8", "surrogateescape")
    return f"dns:{quote(name, safe='')}?type={first.type_name}".encode()


def dns_body(message: DnsMessage | None) -> Message | None:
    """Make an exchange's message of it: the body is the recorded bytes, which are what is searched."""
    if message is None:
        return None
    return Message(body=message.raw, size=len(message.raw))
