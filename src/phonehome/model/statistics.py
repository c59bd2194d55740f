"""What silence is worth: the rate of sending that a number of silent exposures still allows.

With a rate p per exposure, n exposures stay silent with a probability of (1 − p)^n. The highest p at which that is not
below 5 % is the upper bound of Clopper and Pearson for 0 of n, one-sided at 95 %: 1 − 0.05^(1/n).
"""

CONFIDENCE = 0.95


def rate_bound(exposures: int) -> float | None:
    """Give the highest rate of sending per exposure that `exposures` silent ones still allow; None for none."""
    if exposures <= 0:
        return None
    return float(1 - (1 - CONFIDENCE) ** (1 / exposures))
