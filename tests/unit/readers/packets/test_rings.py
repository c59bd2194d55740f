"""What a connection held is gone with it: no objects in a ring, which only a search for garbage would free."""

import gc
from collections.abc import Iterator

import pytest

from cases import CAPTURES, keylog_of
from phonehome.readers import ReadingOptions, iter_inputs, read_inputs

SMALL = [path for path in CAPTURES if path.stat().st_size < 200_000]


@pytest.fixture
def searched() -> Iterator[None]:
    """Garbage is looked for when the test says so, and kept."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


@pytest.mark.usefixtures("searched")
def test_reading_leaves_no_rings_of_objects() -> None:
    read = 0
    for path in SMALL:
        keys = keylog_of(path)
        options = ReadingOptions(key_logs=(keys.read_bytes(),) if keys is not None else ())
        for reading in read_inputs(iter_inputs([str(path)]), options):
            read += sum(1 for _ in reading)
        del reading
    gc.collect()
    rings = {type(left).__name__ for left in gc.garbage if type(left).__module__.startswith("phonehome.")}
    assert not rings
    assert read > 500
