"""One region as a process: `python -m phonehome.lab.cloud.process FOLDER REGION`.

It ends when it is asked to (SIGTERM), or when its standard input ends, because its parent is gone.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.loop import run
from phonehome.lab.cloud.serving import serve_region
from phonehome.lab.processes import READY


def main() -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    folder, name = Path(sys.argv[1]), RegionName(sys.argv[2])
    run(_serve(folder, name))


async def _serve(folder: Path, name: RegionName) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def watch_parent() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch_parent, daemon=True).start()

    def ready() -> None:
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()

    await serve_region(folder, name, stop=stop, ready=ready)


if __name__ == "__main__":
    main()
