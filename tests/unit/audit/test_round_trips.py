"""Round-trip times of a destination: exact while they are few, bounded and repeatable when they are many."""

import random

import pytest

from phonehome.audit.round_trips import MAX_KEPT, RoundTripTally, quantile


def tally_of(times: list[int]) -> RoundTripTally:
    tally = RoundTripTally()
    for time in times:
        tally.add(time)
    return tally


def test_a_single_time_is_every_quantile() -> None:
    found = tally_of([12_345]).describe()
    assert (found.count, found.minimum, found.p10, found.median, found.p90, found.maximum) == (
        1,
        *[12.345] * 5,
    )


def test_quantiles_lie_between_neighbours_in_proportion() -> None:
    found = tally_of([40_000, 10_000, 20_000, 30_000]).describe()
    assert (found.minimum, found.p10, found.median, found.p90, found.maximum) == (
        10.0,
        13.0,
        25.0,
        37.0,
        40.0,
    )


def test_many_times_are_kept_in_bounds_and_their_quantiles_stay_near() -> None:
    source = random.Random(4)
    times = [source.randrange(20_000, 120_000) for _ in range(50_000)]
    tally = tally_of(times)
    found = tally.describe()
    assert len(tally._kept) < MAX_KEPT
    assert (found.count, found.minimum, found.maximum) == (50_000, min(times) / 1000, max(times) / 1000)
    for share, given in ((0.1, found.p10), (0.5, found.median), (0.9, found.p90)):
        assert given == pytest.approx(quantile(sorted(times), share), abs=3.0)


def test_the_same_times_give_the_same_quantiles() -> None:
    times = [(number * 7919) % 90_001 for number in range(3 * MAX_KEPT)]
    assert tally_of(times).describe() == tally_of(times).describe()
    assert tally_of(times).describe().p10 == pytest.approx(9.0, abs=1.0)
