"""Whether bytes look like ciphertext: of high entropy, and of no format that is known.

The measure is the chi-square statistic of the byte counts against equal counts. Random bytes give about 255 with a
standard deviation of 22.6; text, machine code, images without compression give thousands. Short data is tested on
its share of different values, since 256 counts of less than one mean nothing.
"""

import numpy as np

MIN_OPAQUE = 64
"""Bytes below which nothing is called ciphertext."""

MIN_PIECE = 16
"""Bytes of the smallest part that counts where several make up a body: one block of AES."""

_MAX_CHI_SQUARE = 400.0  # six standard deviations above what random bytes give
_MAX_SAMPLE = 1 << 16


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
