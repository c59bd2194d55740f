"""Finding known values: forms → lexicon → unfold → search → locate."""

from phonehome.detect.detector import BLOCK_BATCHES, Detector, Examined, Tally, iter_batches
from phonehome.detect.lexicon import explain

__all__ = ["BLOCK_BATCHES", "Detector", "Examined", "Tally", "explain", "iter_batches"]
