"""Values that somebody cut over the labels of a DNS name."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from command_line import SUBJECT_TEXT, run
from detecting import EMAIL, IMEI, find, known, subject_of
from pcap_writer import CLIENT, Packet, ethernet, pcap, udp_datagram

from phonehome.detect.labels import MAX_LABELS
from phonehome.model.exchange import Exchange, Protocol
from phonehome.model.finding import Finding

SUBJECT = subject_of(known("imei", IMEI), known("email", EMAIL))


def asked(name: str) -> list[Finding]:
    url = f"dns:{quote(name, safe='')}?type=A".encode()
    exchange = Exchange(
        input=0, index=0, protocol=Protocol.DNS, method="QUERY", url=url, host="resolver.example"
    )
    return find(SUBJECT, exchange)


def cut(text: str, size: int) -> str:
    return ".".join(text[at : at + size] for at in range(0, len(text), size))


@pytest.mark.parametrize(
    "name",
    [
        "49015420.3237518.x.example",
        "490.154.203.237.518.x.example",
        "7.49015420.3237518.x.example",
        "a.b.49015420.3237518.t3.x.co.example",
    ],
)
def test_a_number_in_several_labels_is_found_once(name: str) -> None:
    (finding,) = asked(name)
    assert finding.value_id == "imei-1"


@pytest.mark.parametrize("size", [8, 12, 30])
def test_base32_in_several_labels_is_found_wherever_it_was_cut(size: int) -> None:
    coded = base64.b32encode(b"owner=" + EMAIL.encode() + b";t=1").decode().rstrip("=")
    (finding,) = asked(f"17.{cut(coded, size)}.x.example")
    assert finding.value_id == "email-1"
    assert finding.chain[:2] == ("dns-labels", "base32")


def test_what_lies_in_one_label_is_no_joined_label() -> None:
    (finding,) = asked(f"{IMEI}.x.example")
    assert finding.chain == ()


def test_reverse_look_ups_are_not_joined() -> None:
    assert not asked(".".join(IMEI) + ".ip6.arpa")


def test_no_digit_of_a_cut_number_is_left_in_a_report(tmp_path: Path) -> None:
    question = b"".join(bytes([len(label)]) + label for label in b"k1.49015420.3237518.x.example".split(b"."))
    query = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0" + question + b"\0\0\1\0\1"
    datagram = udp_datagram(("192.168.7.2", 40_000), ("198.51.100.53", 53), query)
    (tmp_path / "dns.pcap").write_bytes(pcap([Packet(time_ns=10**18, frame=ethernet(CLIENT, datagram))]))
    (tmp_path / "subject.yaml").write_text(SUBJECT_TEXT)
    ended = run("audit", tmp_path / "dns.pcap", "--subject", tmp_path / "subject.yaml", "--format", "json")
    (found,) = json.loads(ended.out)["findings"]
    assert found["chain"] == ["dns-labels"]
    assert "49015420" not in ended.out
    assert "3237518" not in ended.out


def test_of_a_name_with_very_many_labels_the_first_are_joined() -> None:
    assert asked("49015420.3237518." + "a." * MAX_LABELS + "example")
