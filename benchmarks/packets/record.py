"""Records the benchmark's traffic: curl runs as apps run, an nginx answers, tcpdump writes.

`python -m benchmarks.packets.record [--requests N] [--seed N] [--out DIR]` writes capture.pcap, keys.log,
subject.yaml and truth.json.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

from curl_client import curl
from nginx_server import nginx
from recording import Network, network, record, why_not

from benchmarks.detection.generate import subject_yaml
from benchmarks.detection.generator.identities import make_identity
from benchmarks.detection.generator.traffic import Traffic
from benchmarks.packets import BUILD
from benchmarks.packets.traffic import Request, make_answers, make_requests

REQUESTS = 40_000
BATCH = 200
"""Requests in one run of curl; each keeps its connections to its end."""
AT_ONCE = 3
# One of HTTP/1.1 and HTTP/2 each for TLS 1.3; of TLS 1.2 a sixth, half of it each.
_KINDS = (
    ("http1.1",),
    ("http2",),
    ("http1.1",),
    ("http2",),
    ("http1.1", 'tls-max = "1.2"'),
    ("http2",),
    ("http1.1",),
    ("http2",),
    ("http1.1",),
    ("http2",),
    ("http1.1",),
    ("http2", 'tls-max = "1.2"'),
)
_FILES = ("capture.pcap", "keys.log", "subject.yaml", "truth.json")


def make_recording(folder: Path, seed: int, count: int) -> Path:
    """Record into `folder` what is not there yet; the folder.

    Raises:
        RecordingError: A program failed; what is not there cannot be recorded on this machine.
    """
    if all((folder / name).is_file() for name in _FILES):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    people = make_identity(seed)
    # The truth last: its presence says that the rest is whole.
    with tempfile.TemporaryDirectory() as scratch, network() as net:
        base = Path(scratch)
        with nginx(net, base / "nginx", make_answers(seed)), record(net, folder / "capture.pcap"):
            truth = _send_all(net, base, make_requests(seed, count, people), folder / "keys.log")
    traffic = Traffic(people=people, entries=(), truth=())
    (folder / "subject.yaml").write_text(subject_yaml(traffic), encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return folder


def _send_all(net: Network, base: Path, requests: Iterable[Request], keylog: Path) -> dict[str, object]:
    planted: list[dict[str, object]] = []
    keylog.write_bytes(b"")
    total = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = []
        for number, batch in enumerate(_batches(requests)):
            total += len(batch)
            planted += [
                {"number": request.number, "value_id": request.value_id, "case": request.case}
                for request in batch
                if request.value_id is not None
            ]
            options = (*_KINDS[number % len(_KINDS)], "parallel", "parallel-max = 4")
            # HTTP/2 has no chunks, and a server refuses the header.
            chunks = "http1.1" in options
            calls = [replace(request.call, chunked=request.call.chunked and chunks) for request in batch]
            jobs.append(pool.submit(curl, net, base / f"run-{number}", calls, *options, keylog=keylog))
        for job in jobs:
            job.result()
    return {"requests": total, "planted": planted}


def _batches(requests: Iterable[Request]) -> Iterator[list[Request]]:
    rest = iter(requests)
    while batch := list(islice(rest, BATCH)):
        yield batch


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=BUILD / "seed-1")
    options = parser.parse_args()
    if reason := why_not():
        parser.exit(2, f"{reason}\n")
    folder = make_recording(options.out, options.seed, options.requests)
    print(f"{(folder / 'capture.pcap').stat().st_size / 1e6:.0f} MB in {folder}")


if __name__ == "__main__":
    main()
