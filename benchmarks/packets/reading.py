"""Reads a capture with the library, and writes a line for each exchange: index, bytes of its bodies, its own number.

`python -m benchmarks.packets.reading CAPTURE KEYLOG HEADER`; HEADER is the name of that which numbers requests. Every
exchange is complete in memory, with headers and bodies, as an audit takes it; nothing of it is written in another
form, which `phonehome exchanges --bodies` does besides.
"""

import gc
import sys
from pathlib import Path

from phonehome.model.exchange import Exchange
from phonehome.readers import ReadingOptions, iter_inputs, read_inputs


def main(capture: str, keylog: str, header: str) -> None:
    """Read it once."""
    gc.set_threshold(5_000_000, 20, 100)  # as the command does
    options = ReadingOptions(key_logs=(Path(keylog).read_bytes(),), audited=False)
    wanted = header.encode(), header.lower().encode()  # as HTTP/1.1 and HTTP/2 write it
    for reading in read_inputs(iter_inputs([capture]), options):
        for item in reading:
            if isinstance(item, Exchange) and item.request is not None:
                named = dict(item.request.headers)
                number = named.get(wanted[0]) or named.get(wanted[1]) or b""
                size = len(item.request.body) + (len(item.response.body) if item.response is not None else 0)
                sys.stdout.write(f"{item.index} {size} {number.decode()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
