"""Queries joined with their answers, and messages cut out of streams."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.model.errors import DecodeError
from phonehome.wire.dns_flow import MAX_WAITING, DnsPairs, DnsStream
from phonehome.wire.side import Side


def message(text: str, *, number: int = 7, answer: bool = False, asks: bool = True) -> bytes:
    asked = b"".join(bytes([len(one)]) + one.encode() for one in text.split(".")) + b"\0\0\1\0\1"
    head = struct.pack(">6H", number, 0x8180 if answer else 0x0100, int(asks), 0, 0, 0)
    return head + (asked if asks else b"")


def framed(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">H", len(one)) + one for one in messages)


def test_a_query_and_its_answer_are_one_result() -> None:
    pairs = DnsPairs()
    assert pairs.feed(Side.CLIENT, message("Phone.example"), 10) == []
    assert pairs.unfinished() == [10]
    (pair,) = pairs.feed(Side.SERVER, message("phone.example", answer=True), 12)
    assert (pair.asker, pair.query_mark, pair.answer_mark) == (Side.CLIENT, 10, 12)
    assert (pair.operation, pair.url, pair.notes) == ("QUERY", b"dns:Phone.example?type=A", ())
    assert pairs.unfinished() == []
    assert pairs.finish() == []


@pytest.mark.parametrize(
    ("side", "answer"),
    [
        pytest.param(Side.SERVER, message("other.example", answer=True), id="another name"),
        pytest.param(Side.SERVER, message("phone.example", number=8, answer=True), id="another number"),
        pytest.param(Side.CLIENT, message("phone.example", answer=True), id="from the asker itself"),
    ],
)
def test_what_does_not_belong_together_stays_apart(side: Side, answer: bytes) -> None:
    pairs = DnsPairs()
    pairs.feed(Side.CLIENT, message("phone.example"), 1)
    (alone,) = pairs.feed(side, answer, 2)
    assert (alone.query, alone.asker, alone.query_mark, alone.answer_mark) == (None, side.other, None, 2)
    (rest,) = pairs.finish()
    assert (rest.answer, rest.asker, rest.query_mark, rest.answer_mark) == (None, Side.CLIENT, 1, None)


def test_a_repeated_query_counts_twice_and_its_answer_goes_to_the_first() -> None:
    pairs = DnsPairs()
    for mark in (1, 2):
        pairs.feed(Side.CLIENT, message("phone.example"), mark)
    (pair,) = pairs.feed(Side.SERVER, message("phone.example", answer=True), 3)
    assert pair.query_mark == 1
    assert [one.query_mark for one in pairs.finish()] == [2]


def test_a_refusal_without_a_question_answers_by_number() -> None:
    pairs = DnsPairs()
    pairs.feed(Side.CLIENT, message("phone.example"), 1)
    (pair,) = pairs.feed(Side.SERVER, message("", answer=True, asks=False), 2)
    assert pair.query_mark == 1


def test_unanswered_queries_are_bounded_and_none_is_lost() -> None:
    pairs = DnsPairs()
    given_up = [
        one.query_mark
        for mark in range(MAX_WAITING + 3)
        for one in pairs.feed(Side.CLIENT, message("phone.example", number=mark % 5), mark)
    ]
    assert given_up == [0, 1, 2]
    assert len(pairs.finish()) == MAX_WAITING


def test_what_is_no_dns_raises_the_declared_error() -> None:
    with pytest.raises(DecodeError):
        DnsPairs().feed(Side.CLIENT, b"hello", 1)


MESSAGES = [message(f"{'a' * size}.example", number=size) for size in (1, 40, 63)]


def test_a_stream_gives_its_messages_with_their_places() -> None:
    stream = DnsStream()
    found = stream.feed(framed(*MESSAGES))
    assert [one[2] for one in found] == MESSAGES
    assert found[0][:2] == (0, 2 + len(MESSAGES[0]))
    assert found[1][0] == found[0][1]
    assert (stream.unfinished(), stream.skipped) == ([], 0)


Step = bytes | int


def _run(steps: list[Step]) -> tuple[list[tuple[int, int, bytes]], int, list[int]]:
    stream, found = DnsStream(), []
    for step in steps:
        if isinstance(step, int):
            stream.gap(step)
        else:
            found += stream.feed(step)
    unfinished = stream.unfinished()
    stream.finish()
    return found, stream.skipped, unfinished


def _cut(data: bytes, cuts: list[int]) -> list[Step]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from([framed(one) for one in MESSAGES]), st.binary(max_size=20), st.integers(1, 100)
        ),
        max_size=8,
    ),
    cuts=st.lists(st.integers(0, 500), max_size=8),
)
def test_fed_whole_or_in_pieces_a_stream_gives_the_same(parts: list[Step], cuts: list[int]) -> None:
    pieces = [piece for part in parts for piece in (_cut(part, cuts) if isinstance(part, bytes) else [part])]
    found, skipped, unfinished = _run(parts)
    assert (found, skipped, unfinished) == _run(pieces)
    taken = sum(end - start for start, end, _ in found)
    assert taken + skipped == sum(len(part) for part in parts if isinstance(part, bytes))


def test_reading_goes_on_behind_a_gap_within_a_message() -> None:
    first, second = framed(MESSAGES[0]), framed(MESSAGES[1])
    found, skipped, _ = _run([first[:5], 4, first[9:] + second])
    assert found == [(len(first), len(first) + len(second), MESSAGES[1])]
    assert skipped == len(first) - 4


def test_reading_goes_on_behind_a_gap_that_ends_at_a_message() -> None:
    first, second = framed(MESSAGES[0]), framed(MESSAGES[1])
    found, _, _ = _run([first[:5], len(first) - 5 + 100, second])
    assert found == [(len(first) + 100, len(first) + 100 + len(second), MESSAGES[1])]


def test_what_is_no_message_behind_a_gap_is_skipped_until_the_next_gap() -> None:
    first = framed(MESSAGES[0])
    found, skipped, _ = _run([100, b"\0\x10" + b"no message at all", first, 50, first])
    assert [one[2] for one in found] == [MESSAGES[0]]
    assert skipped == 19 + len(first)


def test_a_message_cut_at_the_end_is_counted() -> None:
    data = framed(*MESSAGES)
    for end in range(len(data)):
        found, skipped, unfinished = _run([data[:end]])
        assert sum(one[1] - one[0] for one in found) + skipped == end
        assert bool(unfinished) == bool(skipped)
