"""What was sent but not recorded, where only numbers tell: acknowledgements and endings."""

from collections.abc import Callable

import pytest
from pcap_writer import ACK, CLIENT, FIN, RST, SERVER, Conversation, Packet, pcap
from read_packets import WHOLE, take

BODY = b"imei=490154203237518&" + b"x" * 3_000
REQUEST = b"POST /r HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WINDOWS = (64, WHOLE)


def acknowledge(one: Conversation, side: int, ahead: int = 0) -> Packet:
    """A packet that only acknowledges; `ahead` of what was sent."""
    one.sequence[1 - side] += ahead
    packet = one._next(side, ACK)
    one.sequence[1 - side] -= ahead
    return packet


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("answered", [True, False])
def test_an_upload_of_which_nothing_was_recorded_is_lost(window: int, answered: bool) -> None:
    one = Conversation()
    packets = one.open()
    one.lose(CLIENT, len(REQUEST))
    packets += one.send(SERVER, ANSWER) if answered else []
    took = take(pcap([*packets, *one.close()]), window_bytes=window)
    assert took.lost == len(REQUEST)
    assert any(
        f"1 connections are missing from the recording ({len(REQUEST):,}" in p.reason for p in took.problems
    )


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    "tell",
    [
        lambda one: one.send(SERVER, ANSWER),
        lambda one: [acknowledge(one, SERVER)],
        lambda one: [one._next(CLIENT, FIN | ACK)],
    ],
    ids=["an answer", "an acknowledgement", "an ending"],
)
def test_the_end_of_an_upload_that_was_not_recorded_is_lost(
    window: int, tell: Callable[[Conversation], list[Packet]]
) -> None:
    one = Conversation(sequence=[(1 << 32) - 1_500, 5_000])
    packets = one.open() + one.send(CLIENT, b"\x01\x02raw" + BODY)
    one.lose(CLIENT, 1_000)
    took = take(pcap(packets + tell(one)), window_bytes=window)
    assert took.lost == 1_000
    assert any("1 connections are missing" in problem.reason for problem in took.problems)


@pytest.mark.parametrize("window", WINDOWS)
def test_whole_connections_lose_nothing(window: int) -> None:
    for end in (Conversation.close, lambda one: [one.reset(CLIENT)], lambda one: []):
        one = Conversation()
        packets = one.open() + one.send(CLIENT, REQUEST) + [acknowledge(one, SERVER)]
        packets += [one.again(CLIENT, b"\0", 1), acknowledge(one, SERVER)]  # a keep-alive probe
        packets += [*one.send(SERVER, ANSWER), acknowledge(one, CLIENT), *end(one)]
        took = take(pcap(packets), window_bytes=window)
        assert took.lost == 0
        assert not took.problems


def test_an_ending_that_was_acknowledged_but_not_recorded_is_no_lost_byte() -> None:
    one = Conversation()
    packets = one.open() + one.send(CLIENT, REQUEST)
    one.lose(CLIENT, 1)
    took = take(pcap([*packets, acknowledge(one, SERVER)]))
    assert took.lost == 0
    assert not took.problems


@pytest.mark.parametrize("ahead", [1 << 27, 1 << 31, -(1 << 27)])
def test_an_acknowledgement_far_off_is_not_believed(ahead: int) -> None:
    one = Conversation(sequence=[1 << 31, 5_000])
    packets = one.open() + one.send(CLIENT, REQUEST)
    took = take(pcap([*packets, acknowledge(one, SERVER, ahead & 0x7FFFFFFF if ahead > 0 else ahead)]))
    assert took.lost == 0


def test_what_a_reset_acknowledges_is_not_believed() -> None:
    one = Conversation()
    packets = one.open() + one.send(CLIENT, REQUEST)
    one.lose(CLIENT, 5_000)
    took = take(pcap([*packets, one._next(SERVER, RST | ACK)]))
    assert took.lost == 0


def test_of_one_way_only_answers_recorded_from_the_middle_tell_what_was_sent() -> None:
    one = Conversation()
    one.send(CLIENT, REQUEST)
    packets = one.send(SERVER, ANSWER)
    one.lose(CLIENT, 2_000)
    took = take(pcap(packets + one.send(SERVER, ANSWER)), handset="192.168.7.20")
    assert took.lost == 2_000
