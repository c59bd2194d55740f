"""A cloud by itself, to look at: `python -m phonehome.lab.cloud FOLDER [--config FILE] [--keep]`.

Prints its endpoints as JSON when all regions answer, and serves until it is interrupted.
"""

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from pydantic import ValidationError

from phonehome.lab.cloud.config import CloudConfig
from phonehome.lab.cloud.running import LABEL, start
from phonehome.model.errors import PhonehomeError


def main() -> int:
    """Start, print, wait, stop; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m phonehome.lab.cloud", description=LABEL)
    parser.add_argument("folder", type=Path, help="where its databases, certificates and logs go")
    parser.add_argument("--config", type=Path, help="a JSON file of the fields of CloudConfig")
    parser.add_argument("--keep", action="store_true", help="go on with what is in the folder")
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        config = None if given.config is None else CloudConfig.model_validate_json(given.config.read_bytes())
        with start(given.folder, config, fresh=not given.keep) as cloud:
            told = {
                "label": LABEL,
                "ca": str(cloud.ca_file),
                "endpoints": [asdict(endpoint) for endpoint in cloud.endpoints],
            }
            print(json.dumps(told), flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except (OSError, ValidationError, PhonehomeError) as error:
        print(f"the lab's cloud did not start: {error}", file=sys.stderr)
        return 2
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
