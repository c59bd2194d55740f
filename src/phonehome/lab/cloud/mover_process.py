"""The mover as a process: `python -m phonehome.lab.cloud.mover_process FOLDER move ORIGIN TARGET [COUNTRY…]`.

Or `… FOLDER recover`, `… FOLDER give-up`. It prints, as JSON, how the moves ended.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.mover import Mover, recover_patiently
from phonehome.lab.cloud.peers import Peers
from phonehome.lab.cloud.region import open_directory, read_config
from phonehome.lab.cloud.topology import read_topology
from phonehome.lab.processes import READY


def main() -> None:
    """Move, recover or give up."""
    folder, action, *rest = Path(sys.argv[1]), *sys.argv[2:]
    directory = open_directory(folder, read_config(folder))
    peers = Peers(folder, read_topology(folder))
    mover = Mover(directory, peers)
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    match action:
        case "move":
            origin, target, *countries = rest
            result = mover.move(RegionName(origin), RegionName(target), countries=countries or None)
        case "recover" | "give-up":
            result = recover_patiently(mover, give_up=action == "give-up")
        case _:
            raise SystemExit(f"there is no action {action!r}")
    print(json.dumps(asdict(result)))
    peers.close()
    directory.close()


if __name__ == "__main__":
    main()
