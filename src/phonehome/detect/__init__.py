"""Finding known values: forms → lexicon → unfold → search → locate."""

from phonehome.detect.detector import Detector, Examined
from phonehome.detect.lexicon import explain

__all__ = ["Detector", "Examined", "explain"]
