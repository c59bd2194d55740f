"""Readers: one capture format a file, bytes in, exchanges and problems out."""

from phonehome.readers.base import ReadingOptions, Rendered
from phonehome.readers.inputs import READERS, InputFile, iter_inputs
from phonehome.readers.reading import InputFacts, Reading, read_input, read_inputs

__all__ = [
    "READERS",
    "InputFacts",
    "InputFile",
    "Reading",
    "ReadingOptions",
    "Rendered",
    "iter_inputs",
    "read_input",
    "read_inputs",
]
