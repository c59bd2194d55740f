"""Whether bytes look like ciphertext: of high entropy, and of no format that is known.

The measure is the chi-square statistic of the byte counts against equal counts. Random bytes give about 255 with a
standard deviation of 22.6; text, machine code, images without compression give thousands. Short data is tested on
its share of different values, since 256 counts of less than one mean nothing.
"""

import numpy as np

MIN_OPAQUE = 64
"""Bytes below which nothing that stands among other things is called ciphertext."""

MIN_PIECE = 16
"""Bytes of the smallest part that counts where it makes up a body, alone or with others: one block of AES."""

_MAX_CHI_SQUARE = 400.0  # six standard deviations above what random bytes give
_MAX_SAMPLE = 1 << 16
_MIN_DIFFERENT = 0.8  # of 16 random bytes 15.5 are different, of 63 random ones 56
_MIN_HIGH, _MAX_HIGH = 0.15, 0.85  # of 16 random bytes, 2 or fewer are above 127 once in 500 times


def is_opaque(data: bytes) -> bool:
    """Whether `data` is at least 64 bytes that cannot be told from random ones."""
    if len(data) < MIN_OPAQUE:
        return False
    sample = np.frombuffer(data, dtype=np.uint8, count=min(len(data), _MAX_SAMPLE))
    counts = np.bincount(sample, minlength=256)
    expected = len(sample) / 256
    if float(((counts - expected) ** 2).sum() / expected) > _MAX_CHI_SQUARE:
        return False
    # Text spread over 64 bytes passes the first test by its size alone; it does not reach into all values.
    high = float(counts[128:].sum()) / len(sample)
    return 0.3 < high < 0.7


def is_short_opaque(data: bytes) -> bool:
    """Whether 16 to 63 bytes that are all of a body look random: no two alike, and half of them no ASCII."""
    if not MIN_PIECE <= len(data) < MIN_OPAQUE:
        return False
    high = sum(byte > 127 for byte in data) / len(data)
    return len(set(data)) >= _MIN_DIFFERENT * len(data) and _MIN_HIGH < high < _MAX_HIGH
