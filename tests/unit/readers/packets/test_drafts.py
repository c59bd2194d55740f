"""Exchanges are numbered by their first packets, window by window."""

from phonehome.model.exchange import Protocol
from phonehome.readers.packets.drafts import Begun, Draft, Outbox
from phonehome.readers.packets.origins import Origins


def draft(first: int, numbers: dict[int, int] | None = None, key: int = 0) -> Draft:
    return Draft(
        first, {} if numbers is None else numbers, key, {"protocol": Protocol.RAW, "packets": (first,)}
    )


def given(outbox: Outbox, *begun: Begun) -> list[tuple[int, int]]:
    """Index and first packet of each exchange that is released."""
    return [(one.index, one.packets[0]) for one in outbox.release(begun)]


def test_those_of_one_window_are_numbered_by_their_first_packets() -> None:
    outbox = Outbox(Origins(0))
    for first in (30, 10, 20):
        outbox.put(draft(first))
    assert given(outbox) == [(0, 10), (1, 20), (2, 30)]
    outbox.put(draft(40))
    assert given(outbox) == [(3, 40)]


def test_one_that_is_not_complete_keeps_its_number_until_it_is() -> None:
    outbox, numbers = Outbox(Origins(0)), dict[int, int]()
    outbox.put(draft(20))
    assert given(outbox, Begun(10, numbers, 7)) == [(1, 20)]
    assert given(outbox, Begun(10, numbers, 7)) == []
    outbox.put(draft(30))
    outbox.put(draft(10, numbers, 7))
    assert given(outbox) == [(0, 10), (2, 30)]
    assert numbers == {}


def test_one_that_ended_after_it_was_said_to_have_begun_has_one_number() -> None:
    outbox, numbers = Outbox(Origins(0)), dict[int, int]()
    outbox.put(draft(10, numbers, 7))
    outbox.put(draft(20))
    assert given(outbox, Begun(10, numbers, 7), Begun(10, numbers, 7)) == [(0, 10), (1, 20)]
