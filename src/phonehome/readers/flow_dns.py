"""DNS flows of mitmproxy, as exchanges.

mitmproxy keeps a message's records, not its bytes. The name asked for stands in the URL (RFC 4501); what
else was asked, and the answer, stand in the bodies as lines `NAME TTL TYPE DATA`.
"""

import ipaddress
from collections.abc import Iterator
from urllib.parse import quote

from phonehome.model.errors import DecodeError
from phonehome.model.exchange import Exchange, Message, Protocol
from phonehome.readers import times
from phonehome.readers.endpoints import clean_host, to_bytes
from phonehome.readers.flow_http import connection_transport, read_address, start_time
from phonehome.readers.flow_state import State

# https://www.iana.org/assignments/dns-parameters: the common ones; others are written TYPE123 (RFC 3597).
_TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV"}
_TYPES |= {35: "NAPTR", 41: "OPT", 43: "DS", 46: "RRSIG", 48: "DNSKEY", 64: "SVCB", 65: "HTTPS", 255: "ANY"}
_ADDRESS_LENGTHS = {1: 4, 28: 16}
_NAMES = frozenset({2, 5, 12})
_TEXT = 16
_HEADER_BYTES = 12  # RFC 1035, 4.1.1
_QUESTION_BYTES = 6  # two bytes of length and terminator beside the labels, two of type, two of class
_RECORD_BYTES = 12  # the same, four of TTL and two of length
_MAX_LABELS = 128


def read_dns(flow: State, *, number: int, index: int) -> Exchange:
    """Turn a DNS flow into an exchange.

    Raises:
        DecodeError: Nothing was asked.
    """
    query, answer = flow.state("request"), flow.state("response")
    questions = _states(query, "questions")
    if not questions:
        raise DecodeError("the DNS flow asks no question")
    name, kind = questions[0].text("name"), _name_type(questions[0])
    host, port = flow.state("server_conn").address("address", "peername", "ip_address")
    return Exchange(
        input=number,
        index=index,
        time=times.from_epoch(query.number("timestamp") or start_time(flow)),
        protocol=Protocol.DNS,
        method="QUERY",
        url=f"dns:{quote(to_bytes(name), safe='')}?type={kind}".encode(),
        host=clean_host(host),
        address=read_address(flow),
        port=port,
        transport=connection_transport(flow),
        request=_read_message(query, questions[1:]),
        response=_read_message(answer, []) if answer.members else None,
    )


def _states(holder: State, key: str) -> list[State]:
    return [State(item) for item in holder.items(key) if isinstance(item, dict)]


def _read_message(message: State, more_questions: list[State]) -> Message:
    lines = [f"{question.text('name')} {_name_type(question)}" for question in more_questions]
    records = [
        one for section in ("answers", "authorities", "additionals") for one in _states(message, section)
    ]
    for record in records:
        ttl = int(record.number("ttl") or 0)
        lines.append(f"{record.text('name')} {ttl} {_name_type(record)} {_show_data(record)}")
    size = _HEADER_BYTES + sum(
        _QUESTION_BYTES + len(one.raw("name")) for one in _states(message, "questions")
    )
    size += sum(_RECORD_BYTES + len(one.raw("name")) + len(one.raw("data")) for one in records)
    return Message(body=to_bytes("\n".join(lines)), size=size)


def _name_type(record: State) -> str:
    number = int(record.number("type") or 0)
    return _TYPES.get(number, f"TYPE{number}")


def _show_data(record: State) -> str:
    """Write a record's data as people write it; in hex where its type is not known."""
    data, number = record.raw("data"), int(record.number("type") or 0)
    if len(data) == _ADDRESS_LENGTHS.get(number):
        return str(ipaddress.ip_address(data))
    if number in _NAMES and (name := ".".join(_iter_labels(data))):
        return name
    if number == _TEXT:
        return " ".join(f'"{text}"' for text in _iter_texts(data))
    return data.hex()


def _iter_labels(data: bytes) -> Iterator[str]:
    """Read an uncompressed name (RFC 1035, 3.1)."""
    at = 0
    for _ in range(_MAX_LABELS):
        length = data[at] if at < len(data) else 0
        if not length:
            return
        yield data[at + 1 : at + 1 + length].decode("utf-8", "surrogateescape")
        at += 1 + length


def _iter_texts(data: bytes) -> Iterator[str]:
    """Read the character strings of a TXT record (RFC 1035, 3.3.14)."""
    at = 0
    while at < len(data):
        yield data[at + 1 : at + 1 + data[at]].decode("utf-8", "surrogateescape")
        at += 1 + data[at]
