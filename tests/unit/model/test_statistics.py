import pytest

from phonehome.model.statistics import rate_bound


@pytest.mark.parametrize(("exposures", "percent"), [(1, 95), (3, 63), (10, 26), (30, 10), (299, 1)])
def test_silent_exposures_still_allow_a_rate(exposures: int, percent: int) -> None:
    bound = rate_bound(exposures)
    assert bound is not None
    assert round(100 * bound) == percent


def test_the_bound_is_the_rate_at_which_silence_has_a_chance_of_five_percent() -> None:
    bound = rate_bound(7)
    assert bound is not None
    assert (1 - bound) ** 7 == pytest.approx(0.05)


def test_no_exposure_bounds_nothing() -> None:
    assert rate_bound(0) is None
