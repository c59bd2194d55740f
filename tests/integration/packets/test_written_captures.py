"""What networks and recorders do to packets, in captures written for it: the same requests come out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pcap_writer import CLIENT, SERVER, Conversation, Packet, pcap, pcapng, repeated, shuffled
from read_exchanges import read_exchanges
from tshark_oracle import Request, read_with_tshark

BODY = bytes(range(256)) * 40
POST = b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SENT = [Request.of("POST", "a.example", "/up", BODY)]


def talk(conversation: Conversation) -> list[Packet]:
    """One request with its answer."""
    sent = [*conversation.open(), *conversation.send(CLIENT, POST), *conversation.send(SERVER, ANSWER)]
    return [*sent, *conversation.close()]


IPV6 = (("2001:db8:7::20", 40_000), ("2001:db8:c::1", 80))
WRITTEN: dict[str, Callable[[], bytes]] = {
    "in-order": lambda: pcap(talk(Conversation())),
    "big-endian-nanoseconds": lambda: pcap(talk(Conversation()), order=">", nanoseconds=True),
    "pcapng-microseconds": lambda: pcapng(talk(Conversation()), resolution=6),
    "pcapng-big-endian": lambda: pcapng(talk(Conversation()), order=">"),
    "ipv6": lambda: pcap(talk(Conversation(ends=IPV6))),
    "wrapped-sequence": lambda: pcap(talk(Conversation(sequence=[0xFFFFF000, 0xFFFFFFF0]))),
    "out-of-order": lambda: pcap(shuffled(talk(Conversation()), seed=3)),
    "twice": lambda: pcap(repeated(talk(Conversation()), seed=4)),
    "small-segments": lambda: pcap(shuffled(talk(Conversation(mss=97)), seed=5, reach=9)),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_phonehome_reads_the_request(name: str, tmp_path: Path) -> None:
    path = tmp_path / "written.pcap"
    path.write_bytes(WRITTEN[name]())
    assert read_exchanges(path).seen().requests == SENT


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize("name", WRITTEN)
def test_tshark_takes_what_the_tests_write(name: str, tmp_path: Path) -> None:
    path = tmp_path / "written.pcap"
    path.write_bytes(WRITTEN[name]())
    assert read_with_tshark(path).requests == SENT


def test_overlapping_retransmissions_change_nothing(tmp_path: Path) -> None:
    conversation, path = Conversation(), tmp_path / "written.pcap"
    begin = [*conversation.open(), *conversation.send(CLIENT, POST[:3_000])]
    again = conversation.again(CLIENT, POST[2_000:3_500], back=1_000)
    conversation.lose(CLIENT, 500)
    rest = [*conversation.send(CLIENT, POST[3_500:]), *conversation.send(SERVER, ANSWER)]
    path.write_bytes(pcap([*begin, again, *rest, *conversation.close()]))
    assert read_exchanges(path).seen().requests == SENT


def test_reading_goes_on_behind_a_gap(tmp_path: Path) -> None:
    conversation, path = Conversation(), tmp_path / "written.pcap"
    packets = [*conversation.open(), *conversation.send(CLIENT, POST), *conversation.send(SERVER, ANSWER)]
    conversation.lose(CLIENT, 1_000)
    packets += [*conversation.send(CLIENT, POST), *conversation.send(SERVER, ANSWER), *conversation.close()]
    path.write_bytes(pcap(packets))
    assert read_exchanges(path).seen().requests == SENT * 2
