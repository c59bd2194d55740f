"""Reads a capture with the library, and writes a line for each exchange: bytes of its bodies, and its own number.

`python -m benchmarks.packets.reading CAPTURE KEYLOG HEADER [WORKERS]`; HEADER is the name of what numbers requests.
Every exchange is complete in memory, with headers and bodies, as an audit takes it, in the process that read it;
nothing of it is written in another form, which `phonehome exchanges --bodies` does besides.
"""

import gc
import os
import sys
from functools import partial
from pathlib import Path

from benchmarks.packets.numbered import describe_numbered
from phonehome.model.exchange import Exchange
from phonehome.readers import ReadingOptions, iter_inputs, read_inputs
from phonehome.readers.base import Rendered

ROOT = Path(__file__).resolve().parents[2]


def main(capture: str, keylog: str, header: str, workers: str = "1") -> None:
    """Read it once."""
    gc.set_threshold(5_000_000, 20, 100)  # as the command does
    # Workers import what describes an exchange, and nothing that lies in the working folder unless told so.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    wanted = header.encode(), header.lower().encode()  # as HTTP/1.1 and HTTP/2 write it
    describe = partial(describe_numbered, wanted)
    options = ReadingOptions(
        key_logs=(Path(keylog).read_bytes(),),
        audited=False,
        workers=int(workers),
        render=describe if workers != "1" else None,
    )
    for reading in read_inputs(iter_inputs([capture]), options):
        for item in reading:
            if isinstance(item, Exchange):
                sys.stdout.write(describe(item).decode())
            elif isinstance(item, Rendered):
                sys.stdout.write(item.data.decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
