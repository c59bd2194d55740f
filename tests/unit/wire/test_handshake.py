"""A round trip is told of the first SYN and its first answer, and not at all where that is ambiguous."""

import pytest

from phonehome.wire.handshake import COPY_NS, MAX_ROUND_TRIP_US, Handshake
from phonehome.wire.tcp import ACK, FIN, RST, SYN

BEGIN = 1_772_000_000_000_000_000
ISN = (1 << 32) - 1


def opened(*, at: int = BEGIN, flags: int = SYN, size: int = 0) -> Handshake:
    handshake = Handshake()
    handshake.ask(flags, (ISN + 1) % (1 << 32), size, at)
    return handshake


def test_the_time_from_the_syn_to_its_answer_is_the_round_trip() -> None:
    handshake = opened()
    handshake.answer(SYN | ACK, 0, BEGIN + 23_456_789)
    assert handshake.round_trip_us == 23_456


def test_an_answer_that_comes_again_changes_nothing() -> None:
    handshake = opened()
    handshake.answer(SYN | ACK, 0, BEGIN + 20_000_000)
    handshake.answer(SYN | ACK, 0, BEGIN + 900_000_000)
    assert handshake.round_trip_us == 20_000


@pytest.mark.parametrize(
    ("again", "expected"), [(100_000_000, None), (500_000_000, None), (501_000_000, 500_000)]
)
def test_a_syn_sent_again_before_the_answer_makes_it_ambiguous(again: int, expected: int | None) -> None:
    handshake = opened()
    handshake.ask(SYN, 0, 0, BEGIN + again)
    handshake.answer(SYN | ACK, 0, BEGIN + 500_000_000)
    assert handshake.round_trip_us == expected


def test_a_syn_that_was_recorded_at_two_interfaces_was_sent_once() -> None:
    handshake = opened()
    handshake.ask(SYN, 0, 0, BEGIN + COPY_NS - 1)
    handshake.answer(SYN | ACK, 0, BEGIN + 500_000_000)
    assert handshake.round_trip_us == 500_000


@pytest.mark.parametrize(
    ("size", "acknowledged", "fits"), [(0, 0, True), (0, 1, False), (9, 9, True), (9, 10, False)]
)
def test_the_answer_acknowledges_the_syn_and_no_more_than_it_carried(
    size: int, acknowledged: int, fits: bool
) -> None:
    handshake = opened(size=size)
    handshake.answer(SYN | ACK, acknowledged, BEGIN + 1_000_000)
    assert (handshake.round_trip_us is not None) == fits


@pytest.mark.parametrize("flags", [SYN, ACK, SYN | ACK | RST, SYN | ACK | FIN, RST | ACK])
def test_nothing_else_is_an_answer(flags: int) -> None:
    handshake = opened()
    handshake.answer(flags, 0, BEGIN + 1_000_000)
    assert handshake.round_trip_us is None


@pytest.mark.parametrize(
    "taken", [-1_000, (MAX_ROUND_TRIP_US + 1) * 1000], ids=["before it was asked", "after anybody would wait"]
)
def test_an_impossible_time_is_no_round_trip(taken: int) -> None:
    handshake = opened()
    handshake.answer(SYN | ACK, 0, BEGIN + taken)
    assert handshake.round_trip_us is None


def test_packets_without_a_time_tell_nothing() -> None:
    handshake = opened(at=0)
    handshake.answer(SYN | ACK, 0, 5_000_000)
    assert handshake.round_trip_us is None


def test_an_answer_without_its_syn_tells_nothing() -> None:
    handshake = Handshake()
    handshake.answer(SYN | ACK, 1, BEGIN)
    assert handshake.round_trip_us is None
