"""DNS messages: what is asked and answered, as text, whatever the sender made of it."""

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_captures import CASES, iter_payloads, run_tshark

from phonehome.model.errors import DecodeError
from phonehome.wire.dns import (
    DnsMessage,
    Record,
    Section,
    dns_body,
    dns_url,
    looks_like_dns,
    parse_dns,
    read_doh_target,
)
from phonehome.wire.dns_records import MAX_LABEL_STEPS, TYPE_NAMES

MUTATIONS = 2000


def name(text: str) -> bytes:
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(text: str, kind: int = 1) -> bytes:
    return name(text) + struct.pack(">HH", kind, 1)


def record(owner: bytes, kind: int, data: bytes, ttl: int = 60) -> bytes:
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def message(
    *questions: bytes, answers: tuple[bytes, ...] = (), number: int = 7, flags: int | None = None
) -> bytes:
    bits = (0x8180 if answers else 0x0100) if flags is None else flags
    head = struct.pack(">6H", number, bits, len(questions), len(answers), 0, 0)
    return head + b"".join(questions) + b"".join(answers)


ASKED = b"\xc0\x0c"  # the name of the first question
SERVICE = b"\0\1\0" + bytes.fromhex("00010006026833026832") + bytes.fromhex("00040004c0000201")
SERVICE += bytes.fromhex("0005000301020300030002 20fb 8000000141")

RECORDS = [
    pytest.param(1, bytes([192, 0, 2, 1]), "192.0.2.1", id="A"),
    pytest.param(28, bytes.fromhex("20010db8") + bytes(11) + b"\1", "2001:db8::1", id="AAAA"),
    pytest.param(5, b"\4edge" + ASKED, "edge.phone.example", id="CNAME through a pointer"),
    pytest.param(12, "\x0fAnna’s iPhone".encode() + ASKED, "Anna’s iPhone.phone.example", id="PTR in UTF-8"),
    pytest.param(12, b"\x03a.b" + ASKED, r"a\.b.phone.example", id="a dot within a label"),
    pytest.param(16, b'\5hello\4 "\n\\', '"hello" " \\"\\010\\\\"', id="TXT"),
    pytest.param(33, struct.pack(">HHH", 1, 2, 443) + ASKED, "1 2 443 phone.example", id="SRV"),
    pytest.param(15, b"\0\x0a" + ASKED, "10 phone.example", id="MX"),
    pytest.param(
        6,
        ASKED + name("host.example") + struct.pack(">5I", 1, 2, 3, 4, 5),
        "phone.example host.example 1 2 3 4 5",
        id="SOA",
    ),
    pytest.param(
        65,
        SERVICE,
        '1 . alpn=h3,h2 ipv4hint=192.0.2.1 ech=AQID port=8443 key32768="A"',
        id="HTTPS",
    ),
    pytest.param(257, b"\0\5issueca.example", '0 issue "ca.example"', id="CAA"),
    pytest.param(
        35,
        struct.pack(">HH", 1, 2) + b"\1s\7SIP+D2U\0" + ASKED,
        '1 2 "s" "SIP+D2U" "" phone.example',
        id="NAPTR",
    ),
    pytest.param(41, bytes.fromhex("0008000700011800c00002"), "client-subnet=192.0.2.0/24", id="OPT"),
    pytest.param(41, bytes.fromhex("000a00020102"), "option10=0102", id="OPT of another kind"),
    pytest.param(4711, b"\1\2\3", r"\# 3 010203", id="an unknown type"),
    pytest.param(1, b"\1\2\3", r"\# 3 010203", id="an address of three bytes"),
    pytest.param(16, b"\x09a", r"\# 2 0961", id="a text that is cut"),
]


@pytest.mark.parametrize(("kind", "data", "text"), RECORDS)
def test_record_data_is_written_as_people_write_it(kind: int, data: bytes, text: str) -> None:
    read = parse_dns(message(question("phone.example"), answers=(record(ASKED, kind, data),)))
    assert read.note is None
    assert read.records == (
        Record(section=Section.ANSWER, name="phone.example", type=kind, ttl=60, data=data, text=text),
    )
    shown = TYPE_NAMES.get(kind, f"TYPE{kind}")
    assert read.show_lines().decode() == f"phone.example 60 {shown} {text}"


def test_the_url_names_what_is_asked_and_the_body_is_what_was_recorded() -> None:
    raw = message(question("490154203237518.a b.example", 16), question("more.example"))
    read = parse_dns(raw)
    assert dns_url(read) == b"dns:490154203237518.a%20b.example?type=TXT"
    assert read.show_lines() == b"more.example A"
    body = dns_body(read)
    assert body is not None
    assert (body.body, body.size) == (raw, len(raw))
    assert dns_body(None) is None


def test_an_answer_without_a_question_is_named_after_its_first_record() -> None:
    read = parse_dns(message(answers=(record(name("phone.local"), 1, bytes(4)),)))
    assert dns_url(read) == b"dns:phone.local?type=A"
    assert dns_url(parse_dns(message())) == b"dns:"


def test_labels_that_are_no_text_lose_nothing() -> None:
    raw = message(b"\3\xff\x00\x80\0" + bytes([0, 1, 0, 1]))
    assert dns_url(parse_dns(raw)) == b"dns:%FF%5C000%80?type=A"


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(b"\xc0\x0c", id="a pointer to itself"),
        pytest.param(b"\1a\xc0\x0c", id="a loop"),
        pytest.param(b"\xc0\x20" + bytes(40), id="a pointer forward"),
        pytest.param(b"\x3fabc", id="a label that leaves the message"),
        pytest.param(b"\xc0", id="half a pointer"),
        pytest.param(b"\x41" + b"a" * 65 + b"\0", id="a label of an unknown kind"),
        pytest.param((b"\x3f" + b"a" * 63) * 4 + b"\0", id="a name of 257 bytes"),
    ],
)
def test_a_question_that_cannot_be_read_refuses_the_message(encoded: bytes) -> None:
    raw = message(encoded + b"\0\1\0\1")
    with pytest.raises(DecodeError):
        parse_dns(raw)
    assert not looks_like_dns(raw)


def test_records_that_cannot_be_read_are_noted_and_the_rest_counts() -> None:
    good = record(ASKED, 1, bytes(4))
    raw = message(question("phone.example"), answers=(good, good, b"\xc0\xff" + good[2:]))
    read = parse_dns(raw)
    assert len(read.records) == 2
    assert read.note == "DNS record 3 of 3: a DNS name's pointer does not lead backward"


def test_a_wrong_count_is_noted() -> None:
    raw = message(question("phone.example"), answers=(record(ASKED, 1, bytes(4)),))
    more = raw[:6] + b"\xff\xff" + raw[8:]
    assert parse_dns(more).note == "DNS record 2 of 65535: the message ends before it"
    fewer = raw[:6] + b"\0\0" + raw[8:]
    assert parse_dns(fewer).note == "16 bytes behind the last DNS record"


def test_many_pointers_to_one_long_name_take_bounded_work() -> None:
    long = b"".join(b"\1a" for _ in range(126)) + b"\0"
    count = 5000
    raw = message(long + b"\0\1\0\1", answers=(record(ASKED, 4711, b""),) * count)
    read = parse_dns(raw)
    assert read.note is not None
    assert f"over {MAX_LABEL_STEPS} labels" in read.note
    assert 0 < len(read.records) < count


def test_a_message_is_taken_from_a_doh_target() -> None:
    raw = message(question("phone.example"))
    assert read_doh_target(b"/dns-query?dns=AAcBAAABAAAAAAAABXBob25lB2V4YW1wbGUAAAEAAQ&ct=1") == raw
    assert read_doh_target(b"/dns-query?dns=A%3D%3D%3D") is None
    assert read_doh_target(b"/dns-query?name=phone.example") is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (message(question("phone.example")), True),
        (message(answers=(record(name("phone.local"), 1, bytes(4)),)), True),
        (bytes(12), False),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40), False),
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (message(question("phone.example"))[:-1] + b"\x63", False),
    ],
)
def test_a_datagram_is_recognised(data: bytes, expected: bool) -> None:
    assert looks_like_dns(data) is expected


@given(st.binary(max_size=300))
def test_random_bytes_raise_one_declared_error(data: bytes) -> None:
    looks_like_dns(data)
    try:
        read = parse_dns(data)
    except DecodeError:
        return
    read.show_lines()
    dns_url(read)


def _sample() -> bytes:
    answers = tuple(record(ASKED, one.values[0], one.values[1]) for one in RECORDS)  # type: ignore[arg-type]  # pytest's own type is `object`
    return message(question("phone.example"), answers=answers)


def test_a_message_cut_anywhere_is_noted_or_refused() -> None:
    raw = _sample()
    whole = parse_dns(raw)
    assert whole.note is None
    for end in range(len(raw)):
        try:
            read = parse_dns(raw[:end])
        except DecodeError:
            continue
        assert read.note is not None
        assert read.records == whole.records[: len(read.records)]


def test_mutations_raise_one_declared_error() -> None:
    raw, chance = _sample(), random.Random(3)
    for _ in range(MUTATIONS):
        changed = bytearray(raw)
        for _ in range(chance.randint(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        try:
            read = parse_dns(bytes(changed))
        except DecodeError:
            continue
        read.show_lines()
        dns_url(read)


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize(
    "file",
    [
        "pcap-zeek-dns-https/zeek-dns-https.pcap",
        "pcap-zeek-dns-huge-ttl/zeek-dns-huge-ttl.pcap",
        "pcap-cryptohack-tls3/cryptohack-tls3.pcapng",
    ],
)
def test_questions_and_addresses_are_those_that_tshark_sees(file: str) -> None:
    path = CASES / file
    seen = run_tshark(
        path, "-Y=dns", "frame.number", "dns.id", "dns.qry.name", "dns.qry.type", "dns.a", "dns.cname"
    )
    assert [
        _describe(one.number, parse_dns(one.data)) for one in iter_payloads(path) if not one.sequence
    ] == seen


def _describe(number: int, read: DnsMessage) -> list[str]:
    def join(kind: int) -> str:
        return "|".join(one.text for one in read.records if one.type == kind)

    asked = read.questions[0]
    return [str(number), f"0x{read.id:04x}", asked.name, str(asked.type), join(1), join(5)]


@pytest.mark.parametrize(
    "stem",
    [
        "pcpp-DnsTooManyResources",
        "pcpp-dns_stack_overflow",
        "tcpdump-dns-badlabel",
        "tcpdump-dns-zlip-1",
        "tcpdump-dns-zlip-2",
        "tcpdump-dns-zlip-3",
        "tcpdump-dns_fwdptr",
    ],
)
def test_messages_that_broke_others_are_refused(stem: str) -> None:
    payloads = [one.data for one in iter_payloads(CASES / f"pcap-{stem}" / f"{stem}.pcap")]
    assert payloads
    for data in payloads:
        assert not looks_like_dns(data)
        with pytest.raises(DecodeError):
            parse_dns(data)
