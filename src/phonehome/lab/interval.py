"""The Clopper-Pearson interval of a binomial rate (Biometrika 26, 1934, pages 404 to 413)."""

from collections.abc import Callable
from math import exp, lgamma, log

STEPS = 60
"""Halvings; each gives one binary digit of the bound."""


def clopper_pearson(count: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the lowest and the highest rate that `count` of `of` allow; `of` is at least 1."""
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else _solve(lambda rate: 1 - _at_most(count - 1, of, rate) < tail)
    high = 1.0 if count == of else _solve(lambda rate: _at_most(count, of, rate) > tail)
    return low, high


def _solve(is_below: Callable[[float], bool]) -> float:
    """Find where a condition that holds of small rates ceases to hold."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if is_below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(count: int, of: int, rate: float) -> float:
    """The probability of at most `count` successes in `of` trials."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return 1.0 if count >= of else 0.0
    whole = lgamma(of + 1)
    terms = (
        whole - lgamma(k + 1) - lgamma(of - k + 1) + k * log(rate) + (of - k) * log(1 - rate)
        for k in range(count + 1)
    )
    return min(1.0, sum(map(exp, terms)))
