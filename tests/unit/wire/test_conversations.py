"""Segments of a window are parted by conversation and direction, collisions of the hash or not."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from segment_columns import CLOUD, PHONE, Part, columns

from phonehome.wire import conversations
from phonehome.wire.columns import Words
from phonehome.wire.conversations import Endpoint, Pair, sort_conversations

Sorted = list[tuple[Pair, list[int], list[int]]]
ENDS = [
    (0, PHONE, 40_000),
    (0, PHONE, 40_001),
    (0, CLOUD, 443),
    (0, CLOUD, 40_000),
    (0x20010DB8 << 32, 1, 443),
    (0x20010DB8 << 32, PHONE, 40_000),
]


def parted(parts: list[Part], chosen: list[int] | None = None) -> Sorted:
    """Each conversation with its places in the window: from its first end, from its second."""
    segments = columns(parts)
    picked = np.array(range(len(parts)) if chosen is None else chosen, np.int64)
    order, talks = sort_conversations(segments, picked)
    places = order.tolist()
    return [(talk.pair, places[talk.begin : talk.middle], places[talk.middle : talk.end]) for talk in talks]


def by_hand(parts: list[Part]) -> Sorted:
    """The same, one segment at a time."""
    found: dict[Pair, tuple[list[int], list[int]]] = {}
    for place, one in enumerate(parts):
        source, target = Endpoint(*one.source), Endpoint(*one.target)
        pair = Pair(min(source, target), max(source, target), one.protocol)
        found.setdefault(pair, ([], []))[source > target].append(place)
    return [(pair, there, back) for pair, (there, back) in found.items()]


def some_parts(seed: int, count: int = 400) -> list[Part]:
    """Segments between a few ends, both ways, of two protocols."""
    chance = random.Random(seed)
    return [
        Part(source=chance.choice(ENDS), target=chance.choice(ENDS), protocol=chance.choice((6, 17)))
        for _ in range(count)
    ]


def test_no_segments_are_no_conversations() -> None:
    assert parted([]) == []


def test_both_directions_are_one_conversation() -> None:
    there, back = Part(), Part(source=(0, CLOUD, 443), target=(0, PHONE, 40_000))
    [(pair, one, two)] = parted([there, back, back, there])
    assert pair == Pair(Endpoint(0, PHONE, 40_000), Endpoint(0, CLOUD, 443), 6)
    assert (one, two) == ([0, 3], [1, 2])


def test_an_end_that_talks_to_itself_has_one_direction() -> None:
    itself = Part(source=(0, PHONE, 80), target=(0, PHONE, 80))
    [(pair, one, two)] = parted([itself, itself])
    assert pair.one == pair.two
    assert (one, two) == ([0, 1], [])


def test_only_the_chosen_segments_are_sorted() -> None:
    parts = [Part(), Part(protocol=17), Part()]
    assert [one for _, one, _ in parted(parts, [0, 2])] == [[0, 2]]


@pytest.mark.parametrize("seed", range(5))
def test_conversations_come_in_the_order_of_their_first_segments(seed: int) -> None:
    parts = some_parts(seed)
    assert parted(parts) == by_hand(parts)


@pytest.mark.parametrize("kept", [0, 1, 0x8000_0000_0000_0000, 0xFF])
def test_pairs_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    mix = conversations._mix

    def weak(of: tuple[Words, ...]) -> Words:
        return mix(of) & np.uint64(kept)

    monkeypatch.setattr(conversations, "_mix", weak)
    parts = some_parts(7)
    assert parted(parts) == by_hand(parts)


def test_two_pairs_made_to_have_one_hash_are_told_apart() -> None:
    """The mix is public, so a hostile capture can choose a second address for it."""
    port = Endpoint(0, PHONE, 40_000).port << 16 | 443 | 6 << 32
    states = []
    for high in (0x20010DB8 << 32, 0x20010DB9 << 32):
        mixed = np.array([port], np.uint64)
        for number, word in enumerate((high, 1)):
            mixed ^= np.uint64(word)
            if number == 0:
                mixed *= conversations._MULTIPLIERS[0]
                mixed ^= mixed >> np.uint64(29)
        states.append(int(mixed[0]))
    other = states[0] ^ states[1]  # what turns the second state, before its next step, into the first
    one = (0x20010DB8 << 32, 1, 40_000)
    two = (0x20010DB9 << 32, 1 ^ other, 40_000)
    target = (0xFE80 << 48, 9, 443)
    parts = [Part(source=source, target=target) for source in (one, two, one, two)]
    canonical, _ = conversations._canonical(columns(parts), np.arange(4))
    assert len(set(conversations._mix(canonical).tolist())) == 1, "the test no longer knows the mix"
    assert parted(parts) == by_hand(parts)


@given(
    st.lists(
        st.builds(
            Part,
            source=st.sampled_from(ENDS),
            target=st.sampled_from(ENDS),
            protocol=st.sampled_from([6, 17]),
        ),
        max_size=40,
    ),
    st.booleans(),
)
def test_any_segments_are_parted_as_one_by_one(parts: list[Part], collide: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if collide:
            patch.setattr(conversations, "_mix", lambda of: np.zeros(len(of[0]), np.uint64))
        assert parted(parts) == by_hand(parts)
